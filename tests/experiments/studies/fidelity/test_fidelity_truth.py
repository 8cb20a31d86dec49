"""Trainings: kept one by one, taken up again, and better than chance on clean rows."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.fidelity import truth


@pytest.fixture(scope="module")
def small(draw):
    """A clean set of eight rows a class and one set of the draw, two seeds each."""
    rows = np.flatnonzero(np.arange(100) % 10 < 8)
    clean = replace(
        draw.sets[0], name="clean", inputs=draw.base.inputs[rows], targets=draw.base.targets[rows]
    )
    return replace(draw, sets=(clean, draw.sets[1]))


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """A folder in which all of it is trained."""
    made = tmp_path_factory.mktemp("truths")
    truth.train_sets(small, made, lambda done, total: None)
    return made


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}


def test_each_training_has_a_file(small, folder):
    assert len(files(folder)) == 4
    clean = truth.read_truth(small, folder)[0]
    assert all(0.4 < each.accuracy <= 1 for each in clean)
    assert all(1 <= each.best_epoch <= each.epochs for each in clean)


def test_a_killed_run_goes_on_with_what_is_missing(small, folder):
    before = files(folder)
    lost = sorted(before)[0]
    was = truth.read_truth(small, folder)
    lost.unlink()
    with pytest.raises(ValueError, match="1 too few; train them first"):
        truth.read_truth(small, folder)
    told = []
    truth.train_sets(small, folder, lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]
    after = files(folder)
    assert {path for path in after if after[path] != before[path]} == {lost}
    again = truth.read_truth(small, folder)
    assert [[a.accuracy for a in one] for one in again] == [
        [a.accuracy for a in one] for one in was
    ]


def test_other_rows_or_rates_are_other_trainings(small, folder):
    row_set = small.sets[0]
    path = truth.path_of(small, row_set, 0, folder)
    swapped = replace(row_set, targets=np.roll(row_set.targets, 1))
    assert truth.path_of(small, swapped, 0, folder) != path
    slower = replace(small, spec=replace(small.spec, rate=1e-4))
    assert truth.path_of(slower, row_set, 0, folder) != path
