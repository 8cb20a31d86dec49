"""The ridge of least leave-one-out error, against refitting without each row."""

import json

import numpy as np
import pytest

from davinz_jax.linalg import choose_ridge, mean_diagonal
from davinz_jax.linalg.ridge import last_least
from tests.linalg.cases import random_blocks

CLASSES = np.arange(24) % 3
TARGETS = np.eye(3)[CLASSES]
GRID = (1e-4, 1e-2, 1.0)


def problem(num_blocks=1, seed=0):
    rng = np.random.default_rng(seed)
    blocks, rows = random_blocks(
        rng, num_initialisations=2, num_rows=24, num_blocks=num_blocks, rank=8
    )
    start = rng.normal(size=(2, 24, 3))
    return blocks, rows, TARGETS - start, TARGETS


def refitted(blocks, rows, residual, targets, ridge, weights):
    """Leave-one-out predictions (i, n, k), each from a regression of its own."""
    found = np.zeros((len(blocks), *targets.shape))
    for i, each in enumerate(blocks.astype(np.float64)):
        for block, own in zip(each, rows, strict=True):
            for at, row in enumerate(own):
                kept = (own >= 0) & (own != row) & (weights[own] > 0)
                shifted = block[np.ix_(kept, kept)] + np.diag(ridge / weights[own[kept]])
                fitted = block[at, kept] @ np.linalg.solve(shifted, residual[i, own[kept]])
                if row >= 0:
                    found[i, row] = targets[row] - residual[i, row] + fitted
    return found


@pytest.mark.parametrize("num_blocks", [1, 5])
@pytest.mark.parametrize("ensemble", [False, True])
def test_the_curve_equals_refitting(num_blocks, ensemble):
    blocks, rows, residual, targets = problem(num_blocks)
    weights = (np.arange(24) % 4).astype(float)
    curve = choose_ridge(
        blocks,
        rows,
        residual,
        targets,
        grid=GRID,
        weights=weights,
        also=("misclassification",),
        ensemble=ensemble,
    )
    kept = weights > 0
    assert curve.num_rows == kept.sum()
    for at, ridge in enumerate(curve.ridges):
        twin = refitted(blocks, rows, residual, targets, ridge, weights)
        twin = twin.mean(0, keepdims=True) if ensemble else twin
        square = np.average(((twin - targets) ** 2).mean(2), axis=1, weights=weights).mean()
        wrong = np.average(twin.argmax(2) != CLASSES, axis=1, weights=weights).mean()
        assert curve.errors["squared_error"][at] == pytest.approx(square, rel=1e-6)
        assert curve.errors["misclassification"][at] == pytest.approx(wrong)


def test_relative_ridges_follow_the_scale_of_the_kernel():
    blocks, rows, residual, targets = problem()
    curve = choose_ridge(blocks, rows, residual, targets)
    larger = choose_ridge(1000 * blocks, rows, residual, targets)
    assert larger.relative_ridge == curve.relative_ridge
    assert larger.ridge == pytest.approx(1000 * curve.ridge, rel=1e-5)
    assert curve.scale == pytest.approx(mean_diagonal(blocks, rows))


def test_copies_left_out_together_do_not_tell_of_each_other():
    """Every row twice: one copy predicts the other without a ridge, unless both are left out."""
    rng = np.random.default_rng(3)
    factor = np.repeat(rng.normal(size=(20, 30)), 2, axis=0)
    targets = np.repeat(rng.normal(size=(20, 1)), 2, axis=0)
    kernel, rows = (factor @ factor.T)[None, None], np.arange(40)[None]
    pairs = np.repeat(np.arange(20), 2)
    alone = choose_ridge(kernel, rows, targets[None], targets)
    together = choose_ridge(kernel, rows, targets[None], targets, groups=pairs)
    assert alone.error < 1e-6
    assert together.error > 0.3
    assert together.ridge > alone.ridge


def test_of_equal_errors_the_largest_ridge_is_chosen():
    assert last_least(np.array([0.5, 0.1, 0.1 * (1 + 1e-12), 0.3])) == 2


def test_the_ends_of_the_grid_are_flagged():
    """K = I tells nothing of other rows, at any ridge; what K explains wholly wants the least."""
    rng = np.random.default_rng(0)
    factor, rows = rng.normal(size=(30, 5)), np.arange(30)[None]
    explained = factor @ rng.normal(size=(5, 1))
    nothing = choose_ridge(np.eye(30)[None, None], rows, explained[None], explained)
    least = choose_ridge((factor @ factor.T)[None, None], rows, explained[None], explained)
    assert [nothing.edge, least.edge] == ["largest", "least"]
    one = choose_ridge(np.eye(30)[None, None], rows, explained[None], explained, grid=[1.0])
    assert one.edge is None


def test_json_holds_the_curve():
    curve = choose_ridge(*problem(), criterion="cross_entropy", also=("misclassification",))
    told = json.loads(json.dumps(curve.describe()))
    assert told["ridge"] == curve.ridge
    assert told["criterion"] == "cross_entropy"
    assert len(told["errors"]["misclassification"]) == len(told["ridges"])


def test_ridges_below_rounding_are_left_out():
    factor = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    kernel = (factor @ factor.T)[None, None]
    targets = np.random.default_rng(1).normal(size=(300, 1))
    curve = choose_ridge(
        kernel, np.arange(300)[None], targets[None], targets, grid=np.logspace(-12, 0, 13)
    )
    assert curve.relative[0] > 1e-9
    np.linalg.cholesky(kernel[0, 0].astype(np.float64) + curve.ridges[0] * np.eye(300))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(blocks=np.zeros((2, 1, 24, 24))), "relative to, got a zero kernel"),
        (
            dict(blocks=-np.ones((2, 1, 24, 24))),
            "kernel: wanted one that is positive semi-definite",
        ),
        (dict(blocks=np.full((2, 1, 24, 24), np.nan)), "kernel: wanted finite numbers"),
        (dict(grid=(0.0, 1.0)), "grid: wanted finite numbers > 0"),
        (dict(grid=()), "grid: wanted finite numbers > 0"),
    ],
)
def test_what_has_no_answer_is_refused(change, message):
    given = dict(zip(("blocks", "rows", "residual", "targets"), problem(), strict=True))
    with pytest.raises(ValueError, match=message):
        choose_ridge(**{**given, **change})
