"""Methods beside the truth: baselines' contexts and time, and the numbers, on made-up values."""

import itertools

import jax
import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from davinz_jax import MLP, Ingredients, load_digits, partition_by_class
from davinz_jax.baselines import log_size, random_values, validation_performance
from davinz_jax.training import Schedule
from experiments.report.estimates import Estimates
from experiments.runtime.console import Stages
from experiments.runtime.context import Context
from experiments.studies import comparison
from experiments.studies.base import Setting
from experiments.studies.comparison import Methods

SCHEDULE = Schedule(learning_rate=0.1, batch_size=16, min_epochs=1, max_epochs=1)


@pytest.fixture(scope="module")
def context():
    key = jax.random.key(0)
    dataset, parties = partition_by_class(load_digits(num_rows=60, num_validation_rows=20))
    ingredients = Ingredients(MLP((4,), 10), dataset, parties, key=key, num_initialisations=1)
    corrupted = np.zeros(len(dataset), bool)
    return Context(dataset, parties, corrupted, {"training": key}, ingredients, lambda *_: None)


@pytest.fixture
def setting(tmp_path):
    options = {"checkpoints": None, "num_trainings": None, "num_initialisations": 1}
    return Setting(OmegaConf.create(options), {}, tmp_path, Stages())


def make_methods(baselines):
    return Methods(baselines, truth=lambda *, task: SCHEDULE, training=lambda *, task: SCHEDULE)


def look_at_the_trained(context):
    assert context.trained is not context.variables
    return log_size(context)


def refuse(context):
    raise ValueError("dataset: wanted something else; leave this baseline out")


def test_training_counts_for_those_that_look_at_it(setting, context, monkeypatch):
    """On a clock that goes one second a look, training takes one, and so does every baseline."""
    ticks = (float(tick) for tick in itertools.count())
    for module in ("experiments.studies.comparison", "davinz_jax.evaluation.timing"):
        monkeypatch.setattr(f"{module}.perf_counter", lambda: next(ticks))
    methods = make_methods({"looks": look_at_the_trained, "blind": log_size})
    found = comparison.value_baselines(setting, methods, context)
    assert (found["looks"].seconds, found["blind"].seconds) == (2, 1)


def test_refusals_are_told_and_the_others_valued(setting, context):
    methods = make_methods({"refuses": refuse, "random": random_values})
    assert list(comparison.value_baselines(setting, methods, context)) == ["random"]
    assert methods.refusals == {
        "refuses": "dataset: wanted something else; leave this baseline out"
    }


def test_truth_by_accuracy_and_loss_is_kept(setting, context):
    methods = make_methods({})
    found = comparison.value_truth(setting, methods, context)
    assert list(found) == ["accuracy", "loss"]
    (parts,) = methods.parts
    worths = parts["accuracy"].to_numpy()
    np.testing.assert_allclose(worths[0] - worths[1:], found["accuracy"].values)
    assert len(list(setting.checkpoints.iterdir())) == 11  # all rows, and all but each class
    assert found["accuracy"].description["metric"] == "accuracy"


def test_retraining_takes_the_time_of_its_networks_whichever_run_trained_them(setting, context):
    methods = make_methods({"vp": validation_performance})
    first, again = (comparison.value_baselines(setting, methods, context)["vp"] for _ in range(2))
    assert first.seconds == again.seconds > 0
    assert len(methods.parts[0]) == 11


@pytest.mark.parametrize(("asked", "start"), [(None, "methods that"), (3, "num_trainings=3 was")])
def test_unequal_draws_are_explained(setting, asked, start):
    setting.cfg.num_trainings = asked
    assert comparison.explain_draws(setting).startswith(start)


@pytest.fixture
def frame():
    """Three parties: ours follows the truth, class share runs against it; one lacks in seed 1."""
    values = {
        "davinz": [1.0, 2.0, 3.0],
        "class_share": [3.0, 2.0, 1.0],
        "accuracy": [0.1, 0.2, 0.3],
    }
    parts = [
        pd.DataFrame({"seed": seed, "method": name, "player": list("abc"), "value": each})
        for seed in (0, 1)
        for name, each in values.items()
        if (seed, name) != (1, "class_share")
    ]
    return pd.concat(parts, ignore_index=True)


def test_agreements_with_the_truth(frame):
    names = ["davinz", "class_share"]
    estimates = Estimates.of(comparison._agreements(frame, names, ["accuracy"]), level=0.95)
    assert estimates.get("pearson", "davinz", "accuracy").each == pytest.approx((1, 1))
    assert estimates.get("kendall", "class_share", "accuracy").each == (pytest.approx(-1), None)
    seconds = {"davinz": 2.0, "class_share": 0.0, "validation_performance": 30.0}
    ours, blind, time = comparison._verdicts(estimates, seconds, "accuracy")
    assert (
        ours == "DAVINZ: Pearson 1.00 [1.00, 1.00] with the fall in accuracy, from one kernel pass"
    )
    assert blind == "predictors that look at next to nothing: class share -1.00"
    assert time == "time: DAVINZ 2.00 s, VP 30.00 s, 15.00 times as long"


def test_rivals_that_do_as_well_are_named(frame):
    mirrored = frame.assign(
        value=frame["value"].where(frame["method"] != "davinz", -frame["value"])
    )
    names = ["davinz", "class_share"]
    estimates = Estimates.of(comparison._agreements(mirrored, names, ["accuracy"]), level=0.95)
    seconds = {"davinz": 2.0, "class_share": 0.0}
    assert list(comparison._verdicts(estimates, seconds, "accuracy"))[-1] == (
        "as good as DAVINZ here, or better: class share"
    )
