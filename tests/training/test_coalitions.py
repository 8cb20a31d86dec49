"""Training coalitions with checkpoints."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.executors import use_executor
from davinz_jax.models import MLP, initialise
from davinz_jax.training import Schedule, coalitions, evaluate, train_coalitions, train_many

MODULE = MLP((), 2)
SETS = (np.arange(24), np.arange(6), np.arange(0))
SCHEDULE = Schedule(learning_rate=0.1, min_epochs=5, max_epochs=5)


@pytest.fixture
def options(blobs):
    variables = initialise(MODULE, jax.random.key(0), blobs.inputs)
    return {"module": MODULE, "variables": variables, "dataset": blobs, "key": jax.random.key(1)}


def test_equals_training_and_evaluating(options, blobs):
    found = train_coalitions(**options, row_sets=SETS, schedule=SCHEDULE)
    trained = train_many(**options, row_sets=SETS, schedule=SCHEDULE)
    for one, result in zip(found, trained, strict=True):
        wanted = evaluate(
            MODULE,
            result.variables,
            blobs.validation.inputs,
            blobs.validation.targets,
            "classification",
        )
        assert one.performance == wanted
        assert one.epochs == result.epochs
    assert [one.num_rows for one in found] == [24, 6, 0]


@pytest.mark.parametrize("group_size", [1, 2])
def test_trained_elsewhere_they_are_the_same(group_size, options, elsewhere):
    options = {**options, "schedule": SCHEDULE, "group_size": group_size}
    seen = []
    with use_executor(elsewhere):
        found = train_coalitions(
            **options, row_sets=SETS[:2], progress=lambda *a: seen.append(a[0])
        )
    here = train_coalitions(**options, row_sets=SETS[:2])
    assert [replace(each, seconds=0.0) for each in found] == [
        replace(each, seconds=0.0) for each in here
    ]
    assert seen == [1, 2]


def test_killed_run_resumes(options, tmp_path, monkeypatch):
    options = {**options, "schedule": SCHEDULE, "folder": tmp_path}

    def kill(done, total, stage):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_coalitions(**options, row_sets=SETS, group_size=1, progress=kill)
    assert len(list(tmp_path.iterdir())) == 2
    seen = []
    whole = train_coalitions(**options, row_sets=SETS, progress=lambda *a: seen.append(a))
    assert seen == [(3, 3, "coalitions")]

    def refuse(*args, **kwargs):
        assert not args[3]
        return iter(())

    monkeypatch.setattr(coalitions, "train_many", refuse)
    again = train_coalitions(**options, row_sets=SETS)
    assert again[:2] == whole[:2]
    assert np.isnan(again[2].train_loss)


def test_another_configuration_finds_nothing(options, tmp_path):
    train_coalitions(**options, row_sets=SETS[:1], schedule=SCHEDULE, folder=tmp_path)
    other = replace(SCHEDULE, learning_rate=0.2)
    train_coalitions(**options, row_sets=SETS[:1], schedule=other, folder=tmp_path)
    changed = {**options, "key": jax.random.key(2)}
    train_coalitions(**changed, row_sets=SETS[:1], schedule=other, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_damaged_checkpoint_is_refused_by_name(options, tmp_path):
    train_coalitions(**options, row_sets=SETS[:1], schedule=SCHEDULE, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text().replace('"epochs": ', '"epochs": 1'))
    with pytest.raises(ValueError, match=f"{path.name}: wanted a trained .* changed since; delete"):
        train_coalitions(**options, row_sets=SETS[:1], schedule=SCHEDULE, folder=tmp_path)


def test_unknown_targets_are_refused(options, blobs):
    options = {
        **options,
        "dataset": replace(blobs, validation=replace(blobs.validation, targets=None)),
    }
    with pytest.raises(ValueError, match="dataset: wanted a validation set with known targets"):
        train_coalitions(**options, row_sets=SETS, schedule=SCHEDULE)
