"""Contexts by name, and numbers that make no cluster."""

import pytest

from davinz_jax.executors import InProcess, cluster, current_executor


def test_none_is_this_process():
    with cluster("none") as executor:
        assert current_executor() is executor
        assert isinstance(executor, InProcess)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_workers": 0}, "cluster.num_workers: wanted 1 or more, got 0"),
        ({"cpus_per_worker": 0}, "cluster.cpus_per_worker: wanted 1 or more, got 0"),
        ({"gpus_per_worker": -1}, "cluster.gpus_per_worker: wanted 0 or more, got -1"),
    ],
)
def test_numbers_that_make_no_cluster_are_refused(settings, words):
    with pytest.raises(ValueError, match=words), cluster("ray", **settings):
        pass
