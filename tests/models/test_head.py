"""A head fitted by ridge to features, against the closed form."""

import jax
import numpy as np
import pytest

from davinz_jax.models import features, fit_head, load_pretrained
from davinz_jax.models.head import RIDGES
from tests.encoders import write_encoder


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = write_encoder(tmp_path_factory.mktemp("encoder"), num_hidden_layers=1)
    return load_pretrained(folder, num_outputs=3, key=jax.random.key(0))


@pytest.mark.parametrize("num_outputs", [1, 3])
def test_the_head_solves_a_ridge_regression_of_the_grid(network, num_outputs):
    """W = (XᵀX + λI)⁻¹ Xᵀ(Y − Ȳ) of centred features X, for one λ of the grid."""
    module, variables = network
    generator = np.random.default_rng(0)
    rows = generator.integers(4, 14, (30, 5)).astype(np.int32)
    columns = generator.normal(size=(30, num_outputs))
    fitted = fit_head(module, variables, rows, columns)
    seen = np.asarray(features(module, variables, rows), np.float64)
    centred = seen - seen.mean(0)
    scale = (centred**2).sum(1).mean()
    closed = [
        np.linalg.solve(centred.T @ centred + ridge * scale * np.eye(8), centred.T @ columns)
        for ridge in RIDGES
    ]
    head = fitted["params"]["head"]
    assert min(np.abs(head["kernel"] - each).max() for each in closed) < 1e-5
    np.testing.assert_allclose(
        head["bias"], columns.mean(0) - seen.mean(0) @ head["kernel"], atol=1e-5
    )
    assert fitted["params"]["encoder"] is variables["params"]["encoder"]
