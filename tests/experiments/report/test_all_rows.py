"""What is said of all rows together."""

import numpy as np
import pytest

from davinz_jax.utility import FunctionUtility
from davinz_jax.utility.set_score import Judged, SetScore
from experiments.report import all_rows

OUTPUTS = np.array([[0.9, 0.1], [0.2, 0.7], [0.4, 0.5]])


class Regression(FunctionUtility):
    """Predictions of a regression, by whatever kernel."""

    def __init__(self, kernel, targets=(0, 1, 0)):
        super().__init__(len, ["a", "b"])
        self._kernel, self._targets = kernel, np.array(targets)

    def judged(self):
        return Judged(OUTPUTS, self._targets, None)

    def describe(self):
        named = {} if self._kernel is None else {"kernel": self._kernel}
        return {"kind": "kernel_regression", **named}


@pytest.mark.parametrize(
    ("kernel", "metric"),
    [("rbf", "correlation"), ("ntk", "sharpened_accuracy"), ("my_kernel", "correlation"),
     (None, "sharpened_accuracy")],
)  # fmt: skip
def test_the_metric_is_what_suits_the_kernel(kernel, metric):
    found = all_rows.score_all_rows(Regression(kernel), "classification")
    assert found is not None
    assert found.metric == metric
    assert all_rows.describe(found) == {"metric": metric, "value": found.value, "stderr": None}


def test_there_is_none_where_nothing_is_predicted_or_told_apart():
    assert all_rows.score_all_rows(FunctionUtility(len, ["a", "b"]), "classification") is None
    assert all_rows.score_all_rows(Regression("rbf", (1, 1, 1)), "classification") is None
    assert all_rows.describe(None) is None


def test_the_sentence_says_how_sure_it_is():
    said = all_rows.sentence(SetScore("correlation", 0.8312, 0.0213))
    assert said.startswith(
        "all rows together score 0.831 ± 0.021 by the correlation of predictions"
    )
