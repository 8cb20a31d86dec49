"""The sampling loop: resumed runs, refusals, progress."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest

from davinz_jax.executors import use_executor
from davinz_jax.semivalues import (
    Sampling,
    Stopping,
    banzhaf,
    beta_shapley,
    games,
    permutations,
    sampling,
    shapley,
)

RUNS = {
    "permutation": (shapley, "permutation"),
    "antithetic": (shapley, "antithetic"),
    "stratified": (shapley, "stratified"),
    "banzhaf": (banzhaf, "sample_reuse"),
    "beta": (partial(beta_shapley, alpha=4, beta=1), "antithetic"),
}

KILLED = """
import sys, time
from pathlib import Path
import jax, numpy as np
from davinz_jax.semivalues import Sampling, games, shapley
shapley(
    games.airport(np.sqrt(np.arange(1.0, 15.0))),
    sampling=Sampling(method="antithetic", num_samples=500, checkpoint_seconds=0),
    key=jax.random.key(7), checkpoint=Path(sys.argv[1]), progress=lambda *_: time.sleep(0.01),
)
"""


def assert_same(first, second):
    np.testing.assert_array_equal(first.contributions, second.contributions)
    np.testing.assert_array_equal(first.replicates, second.replicates)
    np.testing.assert_array_equal(first.evidence.effective, second.evidence.effective)
    np.testing.assert_array_equal(first.evidence.deviation, second.evidence.deviation)
    assert first.num_samples == second.num_samples
    assert first.description == second.description


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("name", RUNS)
def test_a_run_resumed_after_each_of_many_stops_is_bit_for_bit_the_same(
    name, wide_game, key, tmp_path
):
    (run, method), path = RUNS[name], tmp_path / "checkpoint"
    sampling = Sampling(method, num_samples=150, checkpoint_seconds=0)
    whole = run(wide_game, sampling=sampling, key=key)
    calls = []

    def stop_every_other(done, total, stage):
        calls.append(done)
        if len(calls) % 2:
            raise Killed

    for _ in range(200):
        try:
            options = {"checkpoint": path, "progress": stop_every_other}
            resumed = run(wide_game, sampling=sampling, key=key, **options)
            break
        except Killed:
            continue
    assert len(calls) > 2
    assert_same(resumed, whole)


def test_a_resumed_run_stops_at_the_same_sample(wide_game, key, tmp_path):
    sampling = Sampling(num_samples=10_000, stopping=Stopping(stderr=0.12), checkpoint_seconds=0)
    options = {"sampling": sampling, "key": key}
    whole = shapley(wide_game, **options)

    def stop(done, total, stage):
        if done > 70:
            raise Killed

    path = tmp_path / "checkpoint"
    with pytest.raises(Killed):
        shapley(wide_game, progress=stop, checkpoint=path, **options)
    assert 70 < whole.num_samples < 10_000
    assert_same(shapley(wide_game, checkpoint=path, **options), whole)


def test_what_was_not_in_the_last_checkpoint_is_sampled_again(wide_game, key, tmp_path):
    """The first checkpoint is due at the end only, so the killed run starts afresh."""
    path = tmp_path / "checkpoint"

    def stop(done, total, stage):
        raise Killed

    with pytest.raises(Killed):
        shapley(
            wide_game, sampling=Sampling(num_samples=50), key=key, checkpoint=path, progress=stop
        )
    assert not path.exists()
    resumed = shapley(wide_game, sampling=Sampling(num_samples=50), key=key, checkpoint=path)
    assert_same(resumed, shapley(wide_game, sampling=Sampling(num_samples=50), key=key))


def test_a_killed_process_resumes_bit_for_bit(tmp_path):
    path = tmp_path / "checkpoint"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    game, key = games.airport(np.sqrt(np.arange(1.0, 15.0))), jax.random.key(7)
    told = []
    options = {"sampling": Sampling(method="antithetic", num_samples=500), "key": key}
    resumed = shapley(game, checkpoint=path, progress=lambda *said: told.append(said), **options)
    assert 2 < told[0][0] < 500
    assert_same(resumed, shapley(game, **options))


def test_a_finished_run_is_returned_and_can_be_extended(wide_game, key, tmp_path):
    def run(num_samples, path=None):
        sampling = Sampling("antithetic", num_samples)
        return shapley(wide_game, sampling=sampling, key=key, checkpoint=path)

    path = tmp_path / "checkpoint"
    first = run(64, path)
    assert_same(run(64, path), first)
    assert_same(run(200, path), run(200))
    with pytest.raises(ValueError, match="num_samples: wanted at least the 200"):
        run(64, path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"key": jax.random.key(5)}, "settings.key"),
        ({"sampling": Sampling("permutation", 64)}, "settings.estimator"),
    ],
)
def test_another_configuration_is_refused_and_kept(wide_game, key, tmp_path, changed, message):
    path = tmp_path / "checkpoint"
    options = {"sampling": Sampling(num_samples=64), "key": key, "checkpoint": path}
    shapley(wide_game, **options)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        shapley(wide_game, **{**options, **changed})
    with pytest.raises(ValueError, match="utility.name"):
        shapley(games.majority(15), **options)
    with pytest.raises(ValueError, match="method: 'shapley' in the file, 'beta_shapley' now"):
        beta_shapley(wide_game, alpha=1, beta=1, **options)
    assert path.read_bytes() == before


def test_other_data_described_alike_is_refused(wide_game, key, tmp_path):
    sampling = Sampling(num_samples=64)
    options = {"sampling": sampling, "key": key, "checkpoint": tmp_path / "checkpoint"}
    shapley(games.airport(np.arange(1.0, 16.0)), **options)
    with pytest.raises(ValueError, match="worths: .* in the file, .* now"):
        shapley(games.airport(np.arange(2.0, 17.0)), **options)


def test_a_checkpoint_of_other_sums_is_refused(wide_game, key, tmp_path, monkeypatch):
    """As of a version that kept fewer: there is no way to fill in what it did not keep."""
    options = {"sampling": Sampling("antithetic", 64), "key": key, "checkpoint": tmp_path / "file"}
    shapley(wide_game, **options)
    made = permutations.permutation_sampler

    def with_more(*of):
        sampler = made(*of)
        return replace(sampler, shapes={**sampler.shapes, "cubes": (15,)})

    monkeypatch.setattr(permutations, "permutation_sampler", with_more)
    with pytest.raises(ValueError, match=r"sums: \['marginals', .* in the file, .*'cubes'.* now"):
        shapley(wide_game, **options)


def test_batches_make_no_difference(wide_game, key, monkeypatch):
    whole = banzhaf(wide_game, sampling=Sampling(num_samples=100), key=key)
    drawn = sampling.Sampler.__init__

    def in_fives(self, estimator, samples, batch, *others):
        drawn(self, estimator, samples, 5, *others)

    monkeypatch.setattr(sampling.Sampler, "__init__", in_fives)
    assert_same(banzhaf(wide_game, sampling=Sampling(num_samples=100), key=key), whole)


def test_samples_of_a_shorter_run_begin_a_longer_one(wide_game, key):
    """The first 32 permutations are one in each group, so they are the shorter run's replicates."""
    short, long = (
        shapley(wide_game, sampling=Sampling("permutation", num_samples), key=key)
        for num_samples in (32, 64)
    )
    rest = 2 * long.replicates - short.replicates
    assert short.replicates.shape == rest.shape == (32, 2, 3, 15)
    np.testing.assert_allclose((short.contributions + rest.mean(axis=0)) / 2, long.contributions)


def test_the_budget_is_the_semivalues_own_unless_a_number_is_given():
    for run, budget in ((shapley, 1000), (banzhaf, 10_000)):
        totals = []

        def stop(done, total, stage, totals=totals):
            totals.append(total)
            raise Killed

        with pytest.raises(Killed):
            run(games.majority(13), key=jax.random.key(0), progress=stop)
        assert totals == [budget]


def test_a_method_of_another_semivalue_is_refused(wide_game, key):
    with pytest.raises(ValueError, match="method: wanted one of 'auto', 'exact', 'sample_reuse'"):
        banzhaf(wide_game, sampling=Sampling("antithetic"), key=key)
    with pytest.raises(ValueError, match="method: wanted .*'stratified'.*, got 'sample_reuse'"):
        shapley(wide_game, sampling=Sampling("sample_reuse"), key=key)


@pytest.mark.parametrize(
    ("num_samples", "design"), [(None, "stratified"), (128, "stratified"), (127, "antithetic")]
)
def test_auto_is_stratified_where_there_are_groups_enough(num_samples, design):
    designs = {"stratified": 8, "antithetic": 2, "permutation": 1}
    assert Sampling(num_samples=num_samples).estimator(13, designs, 1000) == design
    assert Sampling(num_samples=num_samples).estimator(12, designs, 1000) == "exact"
    assert Sampling(num_samples=2).estimator(13, {"sample_reuse": 1}, 10_000) == "sample_reuse"


def test_generators_differ_by_unit_and_key():
    words = np.array([1, 2])
    draws = {sampling.unit_generator(words, unit).integers(2**60) for unit in range(50)}
    draws |= {sampling.unit_generator(words + 1, unit).integers(2**60) for unit in range(50)}
    assert len(draws) == 100
    again = sampling.unit_generator(words, 0).integers(2**60)
    assert again in draws


def test_progress_counts_samples(wide_game, key):
    told = []
    shapley(
        wide_game,
        sampling=Sampling(num_samples=10),
        key=key,
        progress=lambda *said: told.append(said),
    )
    assert told == [(done, 10, "shapley") for done in (2, 4, 6, 8, 10)]


def test_a_utility_that_answers_nan_is_refused_at_once(key):
    broken = games.game("broken", 15, lambda members: np.where(members[:, 3], np.nan, 1.0))
    with pytest.raises(ValueError, match="NaN or infinity for .*shapley"):
        shapley(broken, sampling=Sampling(num_samples=10**9), key=key)


def test_sampling_wants_a_key_and_two_units(wide_game, key):
    with pytest.raises(ValueError, match="key: wanted a random key"):
        shapley(wide_game)
    with pytest.raises(ValueError, match="num_samples: wanted at least 4"):
        shapley(wide_game, sampling=Sampling(num_samples=3), key=key)


def test_budgets_are_rounded_up_to_whole_units(wide_game, key):
    assert shapley(wide_game, sampling=Sampling(num_samples=7), key=key).num_samples == 8
    assert (
        shapley(
            wide_game, sampling=Sampling(method="stratified", num_samples=17), key=key
        ).num_samples
        == 24
    )


@pytest.mark.parametrize("name", RUNS)
def test_units_drawn_elsewhere_are_added_in_their_order(name, elsewhere, tmp_path):
    semivalue, method = RUNS[name]
    game = games.airport(np.sqrt(np.arange(1.0, 15.0)))
    stopping = Stopping(relative_stderr=0.5)
    how = Sampling(method=method, num_samples=130, stopping=stopping, checkpoint_seconds=0)
    run = partial(semivalue, game, sampling=how, key=jax.random.key(7))
    with use_executor(elsewhere):
        found = run(checkpoint=tmp_path / "checkpoint")
    assert_same(found, run())
