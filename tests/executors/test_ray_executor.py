"""Tasks on a cluster of Ray on this machine: the bytes of one process, whatever is lost."""

import os

import jax
import numpy as np
import pytest

from davinz_jax import Dataset, Parties, Sampling, davinz_utility, shapley, use_threads
from davinz_jax.data import Validation
from davinz_jax.executors import cluster
from davinz_jax.executors.ray_executor import ClusterWarning, check_alike
from davinz_jax.models import MLP
from davinz_jax.training import Schedule, train_coalitions

pytest.importorskip("ray")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4)).astype(np.float32)
DATA = Dataset(
    X, (X[:, 0] > 0).astype(int), "classification", 2, Validation(X[:9], np.ones(9, int))
)
MODEL = MLP((3,), num_outputs=2)


def values():
    """Values by permutations of 48 rows, whose kernel is made of nine tiles."""
    parties = Parties(np.arange(48), tuple(map(str, range(48))))
    utility = davinz_utility(MODEL, DATA, parties, key=jax.random.key(0), num_initialisations=1)
    sampling = Sampling(method="permutation", num_samples=12)
    return shapley(utility, key=jax.random.key(1), sampling=sampling).values.tobytes()


def refusing():
    """Work that fails by a person's fault; sent as it stands, not by name."""

    def refuse(task):
        raise ValueError(f"rows: wanted some, got {task}")

    return refuse


def deadly():
    """Work that kills the first process that does it."""

    def end_once(task, path):
        if not path.exists():
            path.touch()
            os.kill(os.getpid(), 9)
        return task

    return end_once


def test_two_workers_give_the_bytes_of_one_process():
    with use_threads(1):
        here = values()
        with cluster("ray", num_workers=2) as executor:
            assert executor.num_places == 2
            assert values() == here
            with pytest.raises(ValueError, match="^rows: wanted some, got 0$"):
                list(executor.map(refusing(), [0] * 3))


def test_more_workers_than_there_is_room_for_are_refused():
    from davinz_jax.executors.ray_cluster import Resources
    from davinz_jax.executors.ray_executor import RayExecutor

    class Small:
        def nodes(self):
            return [{"Alive": True, "Resources": {"CPU": 2.0}}]

    with pytest.raises(
        ValueError, match=r"wanted room for 8 workers of 1 CPUs each, got room for 2"
    ):
        RayExecutor(Small(), Resources(1, 0), 8, 1)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            {"jax": "0.10", "davinz_jax": "none"},
            "wanted the package davinz_jax .* got none on node",
        ),
        ({"jax": "0.11", "davinz_jax": "abc"}, r"got other ones on node: jax 0.11 \(here 0.10\)"),
        ({"jax": "0.10", "davinz_jax": "abd"}, r"davinz_jax abd \(here abc\)"),
    ],
)
def test_other_versions_are_refused_by_name(found, words):
    with pytest.raises(ValueError, match=words):
        check_alike(found, {"jax": "0.10", "davinz_jax": "abc"}, "node")


@pytest.mark.slow
def test_tasks_of_a_worker_that_dies_run_again(tmp_path):
    with cluster("ray", num_workers=2) as executor:
        with pytest.warns(ClusterWarning, match=r"worker \d .* was lost .*run again elsewhere"):
            found = sorted(executor.map(deadly(), range(8), (tmp_path / "once",)))
        assert found == [(task, task) for task in range(8)]


@pytest.mark.slow
def test_trainings_of_coalitions_are_those_of_one_process():
    variables = jax.tree.map(np.asarray, MODEL.init(jax.random.key(0), X[:1]))
    sets = [np.arange(48), np.arange(20), np.arange(3, 30)]
    schedule = Schedule(min_epochs=2, max_epochs=6)
    options = {"schedule": schedule, "key": jax.random.key(1), "group_size": 1}
    with use_threads(1):
        here = train_coalitions(MODEL, variables, DATA, sets, **options)
        with cluster("ray", num_workers=2):
            found = train_coalitions(MODEL, variables, DATA, sets, **options)
    performances = [[each.performance for each in some] for some in (here, found)]
    assert performances[0] == performances[1]
