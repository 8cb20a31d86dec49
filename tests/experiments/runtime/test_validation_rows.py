"""Runs that have no values by validation row are refused by name, before anything is computed."""

import pytest

from experiments.runtime.auto import read_choice
from experiments.runtime.errors import InputError
from experiments.runtime.validation_rows import refuse


def settings_of(utility="kernel_regression", semivalue="shapley", **changes):
    return {
        "utility": read_choice("utility", utility, **changes),
        "semivalue": read_choice("semivalue", semivalue),
    }


@pytest.mark.parametrize("semivalue", ["shapley", "leave_one_out", "banzhaf", "beta_shapley"])
def test_semivalues_that_keep_them(semivalue):
    assert refuse(settings_of(semivalue=semivalue, metric="soft_accuracy")) is None
    assert refuse(settings_of("confidence", semivalue)) is None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"utility": "davinz"}, "got utility=davinz; set utility=kernel_regression"),
        ({"metric": "auc"}, r"got utility.metric=auc; set utility.metric=soft_accuracy"),
        ({"semivalue": "standalone"}, "got semivalue=standalone; set semivalue=shapley"),
    ],
)
def test_others_are_refused_with_what_would_do(changes, word):
    with pytest.raises(InputError, match=f"per_validation_row: wanted .*{word}"):
        refuse(settings_of(**changes))
