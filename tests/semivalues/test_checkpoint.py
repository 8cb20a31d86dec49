"""Checkpoints: what resumes, and what is refused and kept."""

import numpy as np
import pytest

from davinz_jax.semivalues.archive import write_archive
from davinz_jax.semivalues.checkpoint import (
    SamplingState,
    differences,
    load_checkpoint,
    save_checkpoint,
)

CONFIGURATION = {"method": "shapley", "utility": {"kappa": 0.3, "ridge": 1e-4}, "players": ("a",)}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "run.checkpoint"
    save_checkpoint(path, CONFIGURATION, SamplingState({"x": np.arange(4.0)}, 7, 1.5))
    return path


def test_what_is_saved_is_loaded(saved):
    state = load_checkpoint(saved, CONFIGURATION)
    assert (state.units, state.seconds) == (7, 1.5)
    np.testing.assert_array_equal(state.sums["x"], np.arange(4.0))


def test_no_file_is_a_fresh_start(tmp_path):
    assert load_checkpoint(tmp_path / "none", CONFIGURATION) is None


def test_another_configuration_is_refused_by_name_and_kept(saved):
    before = saved.read_bytes()
    other = {**CONFIGURATION, "utility": {"kappa": 0.5, "ridge": 1e-4}}
    with pytest.raises(ValueError, match=r"utility.kappa: 0.3 in the file, 0.5 now"):
        load_checkpoint(saved, other)
    assert saved.read_bytes() == before


def test_a_damaged_one_is_refused_by_name_and_kept(saved):
    damaged = saved.read_bytes()[:-40]
    saved.write_bytes(damaged)
    with pytest.raises(ValueError, match="run.checkpoint: wanted a checkpoint, got a damaged"):
        load_checkpoint(saved, CONFIGURATION)
    assert saved.read_bytes() == damaged


def test_a_valuation_is_no_checkpoint(tmp_path):
    write_archive(tmp_path / "values.npz", "valuation", {}, {})
    with pytest.raises(ValueError, match="wanted a checkpoint, got a valuation"):
        load_checkpoint(tmp_path / "values.npz", CONFIGURATION)


def test_differences_are_named():
    found = list(differences({"a": {"b": 1}, "c": [1], "d": 0}, {"a": {"b": 2}, "c": [1], "e": 5}))
    assert found == [
        "a.b: 1 in the file, 2 now",
        "d: 0 in the file, None now",
        "e: None in the file, 5 now",
    ]
    assert list(differences("x" * 100, "y"))[0].count("...") == 1
