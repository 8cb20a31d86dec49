"""The layer-wise engine on networks of many kinds, against whole Jacobians in float64."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.ntk.engines.layerwise.contraction import contract_features
from davinz_jax.ntk.engines.layerwise.gradients import represent_rows
from davinz_jax.ntk.engines.layerwise.survey import Survey, survey_network
from davinz_jax.ntk.outputs import Network
from davinz_jax.ntk.parameters import merge_variables, promote_variables, split_variables
from tests.ntk.engines.layerwise import zoo

pytestmark = pytest.mark.usefixtures("quick_compilation")


def by_jacobian(kind, parameters):
    """Mean over the outputs of ⟨∇f_c(x), ∇f_c(x')⟩, from whole Jacobians."""
    chosen, rest = split_variables(kind.variables, parameters=parameters)
    outputs = lambda leaves: kind.apply(merge_variables(leaves, rest), kind.inputs)  # noqa: E731
    jacobians = jax.jit(jax.jacobian(outputs))(chosen)
    flat = [np.asarray(each).reshape(*each.shape[:2], -1) for each in jacobians.values()]
    whole = np.concatenate(flat, axis=2)
    return np.einsum("ncp,mcp->nm", whole, whole) / whole.shape[1]


def by_layers(kind, survey: Survey, network: Network):
    """The same by the engine, all outputs in one pass."""
    count = survey.num_logits
    logits = np.tile(np.arange(count, dtype=np.int32), (len(kind.inputs), 1))
    features = represent_rows(
        network, survey, kind.variables, kind.inputs, logits, chunk=len(logits)
    )
    return contract_features(survey, features, None) / count


def other_form(survey: Survey) -> Survey:
    """Layers that were to be kept as gradients in factors, and the other way round."""
    forms = tuple("pixels" if form == "gradient" else "gradient" for form in survey.forms)
    return replace(survey, forms=forms)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_equals_whole_jacobians(name):
    """1e-12 of the largest entry; in the forms that are cheapest, and in others."""
    if name == "equinox":
        pytest.importorskip("equinox")
    with jax.enable_x64(True):
        kind = zoo.make(name)
        kind = kind._replace(variables=promote_variables(kind.variables, np.zeros(1)))
        network = Network(kind.apply, "trace", "all")
        survey = survey_network(network, kind.variables, kind.inputs, block_size=3)
        assert set(survey.hindrances) - {"elementwise"} == kind.jacobian
        survey = survey.with_logits(survey.num_logits, block_size=3)
        wanted = by_jacobian(kind, "all")
        for each in (survey, other_form(survey)):
            found = by_layers(kind, each, network)
            np.testing.assert_allclose(found, wanted, atol=1e-12 * np.abs(wanted).max(), rtol=0)
