"""The layer-wise engine beside whole Jacobians, for any network, all outputs and any parameters."""

from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np

from davinz_jax.ntk.engines.layerwise.contraction import contract_features
from davinz_jax.ntk.engines.layerwise.gradients import represent_rows
from davinz_jax.ntk.engines.layerwise.survey import Survey, survey_network
from davinz_jax.ntk.outputs import Network
from davinz_jax.ntk.parameters import merge_variables, split_variables


class Both(NamedTuple):
    """Kernels, mean over the outputs, and what the engine saw."""

    found: np.ndarray
    wanted: np.ndarray
    survey: Survey

    @property
    def error(self) -> float:
        """Largest difference, of the largest entry."""
        return float(np.abs(self.found - self.wanted).max() / np.abs(self.wanted).max())


def compare(apply, variables, inputs, parameters="all") -> Both:
    """Kernel of rows with themselves by the engine, and from whole Jacobians.

    Layers are kept as gradients and in factors by turns, so that all ways are met.
    """
    network = Network(apply, "trace", parameters)
    survey = survey_network(network, variables, inputs, block_size=len(inputs))
    survey = in_turn(survey.with_forms(block_size=len(inputs), logits_per_pass=survey.num_logits))
    found = by_layers(network, survey, variables, inputs)
    return Both(found, by_jacobian(network, variables, inputs), survey)


def by_jacobian(network, variables, inputs):
    """Mean over the outputs of ⟨∇f_c(x), ∇f_c(x')⟩, from whole Jacobians."""
    chosen, rest = split_variables(variables, parameters=network.parameters)
    outputs = lambda leaves: network.apply(merge_variables(leaves, rest), inputs)  # noqa: E731
    jacobians = jax.jit(jax.jacobian(outputs))(chosen)
    flat = [np.asarray(each).reshape(*each.shape[:2], -1) for each in jacobians.values()]
    whole = np.concatenate(flat, axis=2)
    return np.einsum("ncp,mcp->nm", whole, whole) / whole.shape[1]


def by_layers(network, survey, variables, inputs):
    """The same by the engine, all outputs in one pass."""
    count = survey.num_logits
    logits = np.tile(np.arange(count, dtype=np.int32), (len(inputs), 1))
    features = represent_rows(network, survey, variables, inputs, logits, chunk=len(logits))
    return contract_features(survey, features, None) / count


def in_turn(survey: Survey) -> Survey:
    """Forms by turns, from layer to layer, of those that a layer can take."""
    forms = []
    for at, layer in enumerate(survey.layers):
        possible = (
            ("gradient", "pixels") if layer.table else ("gradient", "pixels", "patches", "outer")
        )
        forms.append(possible[at % len(possible)])
    return replace(survey, forms=tuple(forms))
