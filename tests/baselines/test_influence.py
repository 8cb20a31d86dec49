"""Influence of parties, against refits in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.baselines import influence_functions
from davinz_jax.data.dataset import Validation


def test_equals_closed_form(regression, fitted):
    """-⟨s, mean gradient of the others⟩ with s = (H + 0.25)⁻¹ v, all of linear regression."""
    data, parties, variables = regression
    found = influence_functions(fitted, solver="conjugate_gradients", batch_size=8)
    fit = np.asarray(variables["params"]["out"]["kernel"], np.float64)[:, 0]
    gradients = 2 * (data.inputs @ fit - data.targets)[:, None] * data.inputs
    error = data.validation.inputs @ fit - data.validation.targets
    vector = 2 * data.validation.inputs.T @ error / len(data.validation.inputs)
    hessian = 2 * data.inputs.T @ data.inputs / len(data) + 0.25 * np.eye(2)
    products = gradients @ np.linalg.solve(hessian, vector)
    wanted = [-products[parties.indices != party].mean() for party in range(3)]
    np.testing.assert_allclose(found.values, wanted, rtol=2e-3, atol=1e-6)


def test_predicts_the_change_of_leaving_out(regression, fitted):
    """With little damping, influences are near the true rise of the validation loss of a refit."""
    data, parties, _ = regression
    found = influence_functions(fitted, solver="conjugate_gradients", damping=1e-4)

    def loss(rows):
        fit = np.linalg.lstsq(data.inputs[rows], data.targets[rows], rcond=None)[0]
        return np.mean((data.validation.inputs @ fit - data.validation.targets) ** 2)

    true = [loss(parties.indices != j) - loss(parties.indices >= 0) for j in range(3)]
    assert np.corrcoef(found.values, true)[0, 1] > 0.9
    assert (np.sign(found.values) == np.sign(true)).sum() >= 2


def test_lissa_agrees_with_conjugate_gradients(fitted):
    found = influence_functions(fitted)
    exact = influence_functions(fitted, solver="conjugate_gradients")
    np.testing.assert_allclose(found.values, exact.values, rtol=0.02, atol=1e-5)
    assert found.description["solver"] == "lissa"


def test_divergence_is_refused(fitted):
    with pytest.raises(ValueError, match="solver: wanted a finite solution"):
        influence_functions(fitted, scale=1e-3)


def test_validation_targets_must_be_known(regression, make_context):
    data, parties, variables = regression
    blind = replace(data, validation=Validation(data.validation.inputs))
    context = make_context(blind, parties, variables, trained_variables=variables)
    with pytest.raises(ValueError, match="dataset: wanted known targets"):
        influence_functions(context)
