"""Sums by validation row in memory and on disk, and beside a checkpoint."""

import numpy as np
import pytest

from davinz_jax.semivalues import row_sums
from davinz_jax.semivalues.row_sums import RowSums, files_of


def test_few_numbers_are_in_memory_and_many_are_mapped_files(tmp_path, monkeypatch):
    """Two matrices of 2 × 3 take 96 bytes."""
    monkeypatch.setattr(row_sums, "MOST_BYTES", 96)
    assert not isinstance(RowSums(["a", "b"], (2, 3))["a"], np.memmap)
    mapped = RowSums(["a"], (2, 4), folder=tmp_path, scratch=["b"])["b"]
    assert isinstance(mapped, np.memmap)
    assert not mapped.any()
    mapped += 1
    assert mapped.sum() == 8
    assert not list(tmp_path.iterdir()), "it has no name that a kill could leave"


def test_the_sums_of_the_checkpoint_written_last_are_kept(tmp_path):
    checkpoint, sums = tmp_path / "state", RowSums(["a"], (2, 3), scratch=["b"])
    for units in (3, 10):
        sums["a"][...] = units
        sums.save(checkpoint, units)
    assert [path.name for path in files_of(checkpoint)] == ["state_rows_10_a.npy",
                                                            "state_rows_3_a.npy"]  # fmt: skip
    again = RowSums(["a"], (2, 3), scratch=["b"])
    again.load(checkpoint, 3)
    assert (again["a"] == 3).all()
    sums.forget_others(checkpoint, 10)
    assert [path.name for path in files_of(checkpoint)] == ["state_rows_10_a.npy"]
    with pytest.raises(ValueError, match=r"state_rows_3_a.npy: wanted sums .*remove state"):
        again.load(checkpoint, 3)
