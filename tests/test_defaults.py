"""What is chosen where nothing is said."""

import pytest

from davinz_jax.defaults import (
    usual_kernel,
    usual_metric,
    usual_ridge,
    usual_semivalue,
    usual_utility,
)


@pytest.mark.parametrize(
    ("task", "is_labelled", "wanted"),
    [
        ("classification", True, "kernel_regression"),
        ("regression", True, "kernel_regression"),
        ("classification", False, "confidence"),
        ("regression", False, "davinz"),
    ],
)
def test_the_utility_goes_by_labels(task, is_labelled, wanted):
    assert usual_utility(task, is_labelled=is_labelled)[0] == wanted


def test_a_network_is_looked_through_where_there_is_one():
    assert usual_kernel("kernel_regression", with_network=True) == "ntk"
    assert usual_kernel("kernel_regression", with_network=False) == "rbf"
    assert usual_kernel("confidence", with_network=False) == "laplace"


@pytest.mark.parametrize(
    ("task", "values_rows", "with_network", "wanted"),
    [
        ("regression", True, False, "mse"),
        ("classification", True, True, "soft_accuracy"),
        ("classification", False, False, "soft_accuracy"),
        ("classification", False, True, "soft_accuracy_minus_brier"),
    ],
)
def test_the_metric_is_no_count_of_hits(task, values_rows, with_network, wanted):
    assert usual_metric(task, values_rows=values_rows, with_network=with_network) == wanted


def test_the_ridge_of_costs_is_the_papers():
    assert usual_ridge("davinz") == 1e-4
    assert usual_ridge("confidence") == "auto"


def test_values_are_exact_sampled_or_in_closed_form():
    exact = usual_semivalue("confidence", 12, values_rows=False)
    sampled = usual_semivalue("confidence", 13, values_rows=False)
    assert (exact.name, exact.sampling.method) == ("shapley", "exact")
    assert (sampled.name, sampled.sampling.method) == ("shapley", "antithetic")
    assert sampled.sampling.stopping.relative_stderr == 0.05
    for rows in (
        usual_semivalue("confidence", 5, values_rows=True),
        usual_semivalue("davinz", 5, values_rows=False),
    ):
        assert (rows.name, rows.sampling) == ("leave_one_out", None)
