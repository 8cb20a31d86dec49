"""Reference numbers in float64: complexity and smallest eigenvalue, dense and in blocks."""

import json

import jax
import numpy as np
import pytest

from davinz_jax import equations
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import CNN, MLP, apply_function, load_torch_weights
from davinz_jax.ntk import empirical_ntk, tangent_kernel
from tests import reference

MODELS = {"cnn_mnist": CNN(), "mlp_ising": MLP()}
OUTPUTS = {"cls": "label", "reg": "scalar"}


def find_case(folder, name):
    """The reference numbers of a model."""
    return next(c for c in json.loads((folder / "golden.json").read_text()) if c["model"] == name)


def load_case(folder, case):
    """Dataset with channels last, model and variables of a case, in float64."""
    path = folder / f"{case['model']}.npz"
    arrays, is_image = np.load(path), case["mode"] == "cls"
    inputs, validation_inputs = (
        np.moveaxis(arrays[name].astype(np.float64), 1, -1)
        if is_image
        else arrays[name].reshape(len(arrays[name]), -1).astype(np.float64)
        for name in ("inputs", "target_inputs")
    )
    targets = arrays["targets"] if is_image else arrays["targets"].reshape(-1).astype(np.float64)
    task, num_classes = ("classification", 10) if is_image else ("regression", 1)
    model = MODELS[case["model"]]
    variables = load_torch_weights(path, model, inputs[:1])
    return (
        Dataset(inputs, targets, task, num_classes, Validation(validation_inputs)),
        model,
        variables,
    )


def complexity_and_eigenvalue(kernel, ridge):
    """The equation's complexity, and the smallest eigenvalue of K + ridge by NumPy."""
    whole = reference.dense(kernel.blocks, kernel.rows, kernel.residual.shape[1])[0]
    found = equations.complexity(whole, kernel.residual[0], ridge=ridge)
    return found, np.linalg.eigvalsh(whole)[0] + ridge


@pytest.mark.parametrize("name", list(MODELS))
def test_reproduces_reference_numbers(golden, name):
    """1e-6 relative in float64, with one block and with several, rows in the order given."""
    case = find_case(golden, name)
    with jax.enable_x64(True):
        dataset, model, variables = load_case(golden, case)
        for num_blocks in (1, 3 if name == "cnn_mnist" else 4):
            kernel = tangent_kernel(
                apply_function(model), [variables], dataset, output=OUTPUTS[case["mode"]],
                engine="layerwise", num_blocks=num_blocks, shuffle=False,
            )  # fmt: skip
            found = complexity_and_eigenvalue(kernel, case["ridge"])
            wanted = [
                case[f"{what}_blocks{num_blocks}"] for what in ("complexity", "min_eigenvalue")
            ]
            np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", list(MODELS))
def test_engines_agree_at_full_width(golden, name):
    """neural-tangents, slow in float64, on the first rows of the same data."""
    case = find_case(golden, name)
    with jax.enable_x64(True):
        dataset, model, variables = load_case(golden, case)
        found, wanted = (
            empirical_ntk(
                apply_function(model), variables, dataset.inputs[:12], dataset.targets[:12],
                output=OUTPUTS[case["mode"]], engine=engine,
            )
            for engine in ("layerwise", "neural_tangents")
        )  # fmt: skip
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, atol=1e-12 * np.abs(wanted).max(), rtol=1e-9)
