"""What stands beside ν: refused by name, and valued by the same semivalue on the same parties."""

import jax
import numpy as np
import pytest
from omegaconf import OmegaConf

from davinz_jax import MLP, Ingredients, load_digits, partition_by_class
from davinz_jax.baselines import RetrainingUtility
from davinz_jax.semivalues import leave_one_out, standalone
from davinz_jax.training import Schedule
from experiments.runtime.console import Stages
from experiments.runtime.context import Context
from experiments.runtime.errors import InputError
from experiments.studies import beside
from experiments.studies.base import Setting

SCHEDULE = Schedule(0.1, batch_size=16, min_epochs=1, max_epochs=1)


@pytest.fixture(scope="module")
def context():
    key = jax.random.key(0)
    dataset, parties = partition_by_class(load_digits(num_rows=30, num_validation_rows=10))
    made = Ingredients(MLP((), 10), dataset, parties, key=key, num_initialisations=2)
    nobody = np.zeros(len(dataset), bool)
    return Context(dataset, parties, nobody, {"training": key}, made, lambda *_: None)


def make_setting(tmp_path, names):
    cfg = {"beside": names, "training": {}, "checkpoints": None, "num_trainings": 2}
    return Setting(OmegaConf.create(cfg), {}, tmp_path, Stages())


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(InputError, match="beside: unknown choice 'retraining'"):
        beside.compose_beside(make_setting(tmp_path, ["retraining"]))


def test_no_schedule_is_needed_where_nothing_is_trained(tmp_path):
    assert beside.compose_beside(make_setting(tmp_path, ["rbf_ridge"])).schedule is None


def test_coalitions_are_those_of_the_semivalue(context):
    utility = context.ingredients.kernel_regression(kernel="rbf")
    assert beside._members(standalone(utility), context).shape == (10, 10)
    assert beside._members(leave_one_out(utility), context).shape == (11, 10)


def test_parts_and_details_of_trained_networks(context, tmp_path):
    given = beside.Beside(["retrained"], lambda *, task: SCHEDULE)
    setting = make_setting(tmp_path, ["retrained"])
    utility = beside._retraining(setting, given, context)
    assert isinstance(utility, RetrainingUtility)
    assert utility.num_initialisations == 2
    members = np.eye(10, dtype=bool)[:2]
    given.parts.append(beside._parts("retrained", utility, members, context, 0.0))
    assert given.parts[0]["coalition"].tolist() == ["class_0", "class_1"] * 2
    assert len(list(setting.checkpoints.iterdir())) == 4
    found = given.details()
    assert (found["settled"], found["draws"]) == ({"retrained": 0.0}, {"retrained": 2})
