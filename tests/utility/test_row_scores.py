"""Which utilities are means over validation rows, and what they tell."""

import numpy as np
import pytest

from davinz_jax.utility import FunctionUtility, KernelRegressionUtility
from davinz_jax.utility.metrics import CLASS_METRICS
from davinz_jax.utility.row_scores import MEANS, row_scored
from tests.utility.cases import RIDGE, random_kernel, random_parties

CLASSES = np.array([0, 1, 2, 2, 1, 0, 1])


def utility_of(metric, **options):
    kernel = random_kernel(1, num_validation_rows=7)
    return KernelRegressionUtility(
        kernel, random_parties(), CLASSES, ridge=RIDGE, metric=metric, **options
    )


def test_named_means_are_the_metrics_that_have_rows():
    assert {name for name, each in CLASS_METRICS.items() if each.by_row is None} == {
        "auc", "correlation"
    }  # fmt: skip
    assert {"accuracy", "soft_accuracy", "mse", "cross_entropy", "r2"} <= set(MEANS)


@pytest.mark.parametrize("is_ensemble", [False, True])
def test_what_is_told_adds_up_to_every_answer(is_ensemble):
    """Over initialisations, of all coalitions, prefixes and leave-one-out, in their places."""
    utility = utility_of("soft_accuracy", is_ensemble=is_ensemble)
    asked = {
        "prefixes": (lambda u: u.prefixes(np.arange(8)), 9),
        "coalitions": (lambda u: u.coalitions(np.array([[True] * 8, [True] * 8, [False] * 8])), 3),
        "power_set": (lambda u: u.power_set(), 256),
        "leave_one_out": (lambda u: u.grand()[..., None] - u.leave_one_out(), 8),
    }
    for answer, num in asked.values():
        scores = np.zeros((num, 7))

        def tell(places, rows, told, scores=scores):
            scores[places, rows] += told

        found = answer(row_scored(utility).telling(tell))
        np.testing.assert_array_equal(found, answer(utility))
        np.testing.assert_allclose(scores @ utility.row_weights, found.sum(0).mean(0), atol=1e-13)
    np.testing.assert_allclose(utility.row_scores() @ utility.row_weights, utility.grand().mean())


def test_others_are_refused_by_name():
    with pytest.raises(ValueError, match="mean over validation rows, got function; take kernel_re"):
        row_scored(FunctionUtility(len, ["a", "b"]))
    with pytest.raises(ValueError, match=r"metric that is a mean .*cross_entropy.*, got 'auc'"):
        row_scored(utility_of("auc"))
    with pytest.raises(ValueError, match="got weighted_sum"):
        row_scored(2 * utility_of("accuracy"))
