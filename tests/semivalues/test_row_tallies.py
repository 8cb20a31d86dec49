"""Values by validation row against every coalition's scores, row by row, in NumPy float64."""

from dataclasses import replace
from functools import partial
from math import comb

import jax
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.semivalues import (
    Sampling,
    banzhaf,
    beta_shapley,
    leave_one_out,
    row_sums,
    row_tallies,
    shapley,
)
from davinz_jax.semivalues.permutations import unit_of
from davinz_jax.semivalues.sampling import unit_generator
from davinz_jax.semivalues.size_weights import banzhaf_weights, beta_weights, shapley_weights
from davinz_jax.utility import KernelRegressionUtility, all_coalitions
from davinz_jax.utility.cross_fit import CrossFitUtility, judged_by_itself, take_validation
from tests.utility.cases import random_kernel

CLASSES, RIDGE, NUM = np.array([0, 1, 2, 2, 1, 0, 1]), 1e-2, 5
KEY = jax.random.key(3)
WORDS = np.asarray(jax.random.key_data(KEY)).ravel().astype(np.int64)
PARTIES = Parties(np.array([0, 1, 2, 3, 4, 0, 1, 2, 3, 3]), tuple("abcde"))
METRICS = ("accuracy", "soft_accuracy", "mse", "cross_entropy", "balanced_accuracy")
BETA = partial(beta_shapley, alpha=4.0, beta=1.0)


def kernel_of(num_draws=2):
    """A dense random kernel of ten rows in row order, and its first draws."""
    kernel = random_kernel(1, num_rows=10, num_validation_rows=7)
    names = ("blocks", "residual", "validation_kernel", "validation_outputs")
    return replace(kernel, **{name: getattr(kernel, name)[:num_draws] for name in names})


def utility_of(metric="soft_accuracy", **options):
    return KernelRegressionUtility(
        kernel_of(), PARTIES, CLASSES, ridge=RIDGE, metric=metric, **options
    )


def row_scores(outputs, metric):
    """Score of each validation row, written out."""
    own = outputs[np.arange(7), CLASSES]
    if metric == "accuracy":
        return (outputs.argmax(1) == CLASSES) * 1.0
    if metric == "balanced_accuracy":
        return (outputs.argmax(1) == CLASSES) * 7 / (3 * np.bincount(CLASSES)[CLASSES])
    if metric == "mse":
        return -((outputs - np.eye(3)[CLASSES]) ** 2).mean(1)
    if metric == "cross_entropy":
        return own - np.log(np.exp(outputs).sum(1))
    clipped = np.clip(outputs, 0, 1)
    total = clipped.sum(1)
    share = clipped[np.arange(7), CLASSES] / np.where(total > 0, total, 1)
    return np.where(total > 0, share, 1 / 3)


def table(metric):
    """Scores (2^p, m) of every coalition, mean over draws, each coalition solved anew."""
    kernel, found = kernel_of(), []
    place = np.argsort(kernel.rows[0])
    for members in all_coalitions(NUM):
        rows, scores = np.flatnonzero(members[PARTIES.indices]), 0
        for i in range(2):
            block = kernel.blocks[i, 0].astype(float)[np.ix_(place[rows], place[rows])]
            solved = np.linalg.solve(block + RIDGE * np.eye(len(rows)), kernel.residual[i, rows])
            outputs = kernel.validation_outputs[i] + kernel.validation_kernel[i][:, rows] @ solved
            scores += row_scores(outputs, metric) / 2
        found.append(scores)
    return np.array(found)


def by_definition(worths, size_weights):
    """Semivalues (p, m): mean marginals, each coalition by its size's weight."""
    values = np.zeros((NUM, worths.shape[1]))
    for j in range(NUM):
        for coalition in range(2**NUM):
            if not coalition >> j & 1:
                size = coalition.bit_count()
                weight = size_weights[size] / comb(NUM - 1, size)
                values[j] += weight * (worths[coalition | 1 << j] - worths[coalition])
    return values


def check_mean(valuation):
    """The rows' mean is the value, to 1e-12 of the largest entry."""
    rows = valuation.by_validation_row
    scale = np.abs(rows.values).max()
    np.testing.assert_allclose(rows.mean(), valuation.values, rtol=0, atol=1e-12 * scale)
    return rows


@pytest.mark.parametrize("metric", METRICS)
def test_exact_values_equal_the_definition(metric):
    worths, utility = table(metric), utility_of(metric)
    for semivalue, weights in (
        (shapley, shapley_weights(NUM)),
        (banzhaf, banzhaf_weights(NUM)),
        (BETA, beta_weights(NUM, alpha=4.0, beta=1.0)),
        (leave_one_out, np.eye(NUM)[-1]),
    ):
        rows = check_mean(semivalue(utility, per_validation_row=True))
        np.testing.assert_allclose(rows.values, by_definition(worths, weights), atol=1e-9)
        assert rows.stderr is None


def weighed_marginals(worths, orders, weights):
    """Σ w m (p, m) and Σ w (p,) of the orders, looked up in the table of all coalitions."""
    total, weight = np.zeros((NUM, worths.shape[1])), np.zeros(NUM)
    for order in orders:
        members = 0
        for size, j in enumerate(order):
            total[j] += weights[size] * (worths[members | 1 << j] - worths[members])
            weight[j] += weights[size]
            members |= 1 << int(j)
    return total, weight


@pytest.mark.parametrize("design", ["permutation", "antithetic", "stratified"])
@pytest.mark.parametrize(
    ("semivalue", "weights"),
    [(shapley, shapley_weights(NUM)), (BETA, beta_weights(NUM, alpha=4.0, beta=1.0))],
    ids=["shapley", "beta"],
)
def test_sampled_values_and_errors_equal_those_of_their_units(design, semivalue, weights):
    """φ = Σ M / Σ W and its error from the deviations M − W φ of each unit's own sums."""
    worths, sampling = table("soft_accuracy"), Sampling(design, 16)
    found = semivalue(utility_of(), sampling=sampling, key=KEY, per_validation_row=True)
    rows, words = check_mean(found), WORDS
    samples = len(unit_of(np.arange(NUM), design))
    drawn = [
        weighed_marginals(
            worths, unit_of(unit_generator(words, u).permutation(NUM), design), NUM * weights
        )
        for u in range(-(-16 // samples))
    ]
    sums, weight = (np.array(each) for each in zip(*drawn, strict=True))
    values = sums.sum(0) / weight.sum(0)[:, None]
    away = sums - weight[..., None] * values
    variance = len(drawn) / (len(drawn) - 1) * (away**2).sum(0) / weight.sum(0)[:, None] ** 2
    np.testing.assert_allclose(rows.values, values, atol=1e-9)
    np.testing.assert_allclose(rows.stderr, np.sqrt(variance), atol=1e-8)
    assert rows.degrees == len(drawn) - 1


def test_reused_coalitions_equal_the_means_with_and_without_each_player():
    worths, words = table("mse"), WORDS
    found = banzhaf(utility_of("mse"), sampling=Sampling("sample_reuse", 60), key=KEY,
                    per_validation_row=True)  # fmt: skip
    rows = check_mean(found)
    inside = np.array([unit_generator(words, u).integers(0, 2, NUM) for u in range(60)]) == 1
    scores = worths[inside @ (1 << np.arange(NUM))]
    for j in range(NUM):
        holds = inside[:, j]
        a, b = scores[holds], scores[~holds]
        np.testing.assert_allclose(rows.values[j], a.mean(0) - b.mean(0), atol=1e-9)
        variance = a.var(0) / len(a) + b.var(0) / len(b)
        np.testing.assert_allclose(rows.stderr[j], np.sqrt(60 / 59 * variance), atol=1e-8)


@pytest.mark.parametrize("metric", ["accuracy", "soft_accuracy"])
def test_intervals_hold_the_exact_entries(metric):
    """At 95 %, of 35 entries: hits take few values, and their intervals allow for what is rare."""
    utility = utility_of(metric)
    for semivalue, method in ((shapley, "antithetic"), (banzhaf, "sample_reuse")):
        truth = semivalue(utility, per_validation_row=True).by_validation_row.values
        held = []
        for seed in range(3):
            found = semivalue(utility, sampling=Sampling(method, 24), key=jax.random.key(seed),
                              per_validation_row=True).by_validation_row  # fmt: skip
            for row, own in enumerate(truth.T):
                limits = found.columns(row)
                held.append((limits["low"] <= own) & (own <= limits["high"]))
        assert np.mean(held) >= 0.9


def test_a_killed_run_goes_on_to_the_same_matrices_on_disk_as_in_memory(tmp_path, monkeypatch):
    """Beyond memory they are temporary files; of two checkpoints, the later one's sums are left."""

    class Killed(Exception):
        pass

    def kill(done, *_):
        if done >= 8:
            raise Killed

    options = {"sampling": Sampling("antithetic", 16, checkpoint_seconds=0.0), "key": KEY}
    options["per_validation_row"] = True
    whole = BETA(utility_of(), **options).by_validation_row
    monkeypatch.setattr(row_sums, "MOST_BYTES", 0)
    options["checkpoint"] = tmp_path / "state"
    with pytest.raises(Killed):
        BETA(utility_of(), progress=kill, **options)
    assert [path.name for path in row_sums.files_of(tmp_path / "state")] == [
        f"state_rows_4_{name}.npy" for name in ("crossed", "marginals", "squares")
    ]
    resumed = BETA(utility_of(), **options).by_validation_row
    assert isinstance(resumed.values, np.memmap)
    np.testing.assert_array_equal(resumed.values, whole.values)
    np.testing.assert_array_equal(resumed.stderr, whole.stderr)
    row_sums.files_of(tmp_path / "state")[0].write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"state_rows_8_crossed.npy: wanted sums .*remove state"):
        BETA(utility_of(), **options)


def test_rows_that_judge_each_other_in_folds():
    """A row is judged without its fold; the mean is divided by what a player is judged on."""
    folds, targets = np.array([0, 0, 1, 1, 1, 0, -1, 1, 0, 0]), np.arange(10) % 3
    validation = Validation(np.zeros((10, 1)), targets)
    data = Dataset(np.zeros((10, 1)), targets, "classification", 3, validation, folds=folds)
    kernel = judged_by_itself(kernel_of(), data)
    parts = [
        KernelRegressionUtility(
            take_validation(kernel, np.flatnonzero(folds == k)), PARTIES, targets[folds == k],
            ridge=RIDGE, metric="mse", multiplicity=(folds != k) * 1.0,
        )
        for k in range(2)
    ]  # fmt: skip
    utility = CrossFitUtility(parts, PARTIES, folds)
    assert (utility.exposure < 1).any()
    for semivalue in (shapley, leave_one_out,
                      partial(shapley, sampling=Sampling("antithetic", 8), key=KEY)):  # fmt: skip
        rows = check_mean(semivalue(utility, per_validation_row=True))
        alone = semivalue(parts[1], per_validation_row=True).by_validation_row
        np.testing.assert_allclose(rows.values[:, folds == 1], alone.values, atol=1e-12)
        assert not rows.values[:, 6].any()
        assert rows.weights[6] == 0
    np.testing.assert_allclose(utility.row_scores()[folds == 0], parts[0].row_scores())


def test_a_step_that_no_sample_saw_widens_the_interval():
    """Two more of 10 samples that moved by 1: variance 2/100; of soft scores nothing is added."""
    assert row_tallies._floor(1.0, 10) == pytest.approx(0.02)
    assert row_tallies._floor(0.0, 10) == 0
