"""Values by validation row of two players by hand, and as files."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from davinz_jax.semivalues import Valuation, by_validation_row
from davinz_jax.semivalues.by_validation_row import ByValidationRow, blocks


def valuation_of(stderr=None, exposure=None):
    """Player a is worth 1, 2, 6 to three rows, of weight 1/2, 1/4, 1/4; b 3, −1, 0."""
    values = np.array([[1.0, 2.0, 6.0], [3.0, -1.0, 0.0]])
    rows = ByValidationRow(values, np.array([0.5, 0.25, 0.25]), stderr, 4, exposure)
    mean = rows.mean()[None, None]
    return Valuation("shapley", ("a", "b"), np.array([2, 1]), ("u",), mean, by_validation_row=rows)


def test_the_mean_has_the_rows_weights_and_what_a_player_is_judged_on(monkeypatch):
    """(1 + 2/2 + 6/2)/2 and (3 − 1/2)/2; b judged on half of the rows is worth twice that."""
    assert valuation_of().values.tolist() == [2.5, 1.25]
    assert valuation_of(exposure=np.array([1.0, 0.5])).values.tolist() == [2.5, 2.5]
    monkeypatch.setattr(by_validation_row, "BLOCK", 3)
    assert valuation_of().values.tolist() == [2.5, 1.25]
    assert list(blocks(np.zeros((2, 3)))) == [slice(0, 1), slice(1, 2)]


def test_players_of_one_row_come_best_first_with_their_limits():
    frame = valuation_of(stderr=np.full((2, 3), 0.5)).for_validation_row(0, level=0.9)
    assert frame["player"].tolist() == ["b", "a"]
    assert frame["num_rows"].tolist() == [1, 2]
    width = 0.5 * student.ppf(0.95, 4)
    np.testing.assert_allclose(frame["low"], np.array([3.0, 1.0]) - width)
    np.testing.assert_allclose(frame["high"], np.array([3.0, 1.0]) + width)
    exact = valuation_of().for_validation_row(2)
    assert exact[["low", "value", "high", "stderr"]].to_numpy().tolist() == [
        [6, 6, 6, 0], [0, 0, 0, 0]
    ]  # fmt: skip


@pytest.mark.parametrize("row", [-1, 3])
def test_another_row_is_refused(row):
    with pytest.raises(ValueError, match=rf"row: wanted a validation row 0..2, got {row}"):
        valuation_of().for_validation_row(row)


def test_a_valuation_that_kept_none_says_how_to():
    bare = Valuation("shapley", ("a",), np.array([1]), ("u",), np.ones((1, 1, 1)))
    with pytest.raises(ValueError, match="per_validation_row=True"):
        bare.for_validation_row(0)


@pytest.mark.parametrize("is_sampled", [False, True])
def test_a_saved_one_reads_back_from_files_beside_it(tmp_path, is_sampled):
    stderr = np.full((2, 3), 0.5) if is_sampled else None
    saved = valuation_of(stderr, np.array([1.0, 0.5]))
    saved.save(tmp_path / "v.npz")
    names = {"v.npz", "v_by_validation_row.npy"} | ({"v_by_validation_row_stderr.npy"}
                                                   if is_sampled else set())  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == names
    found = Valuation.load(tmp_path / "v.npz")
    assert isinstance(found.by_validation_row.values, np.memmap)
    pd.testing.assert_frame_equal(found.for_validation_row(1), saved.for_validation_row(1))


@pytest.mark.parametrize(
    ("spoil", "got"),
    [
        (lambda path: path.unlink(), "a missing or damaged file"),
        (lambda path: path.write_bytes(b"x"), "a missing or damaged file"),
        (lambda path: np.save(path, np.ones((2, 3))), "one of other values"),
        (lambda path: np.save(path, np.ones((3, 2))), r"float64 of shape \(3, 2\)"),
    ],
)
def test_matrices_of_another_valuation_are_refused(tmp_path, spoil, got):
    valuation_of().save(tmp_path / "v.npz")
    spoil(tmp_path / "v_by_validation_row.npy")
    with pytest.raises(ValueError, match=rf"v_by_validation_row.npy: wanted .*{got}.*; restore"):
        Valuation.load(tmp_path / "v.npz")
