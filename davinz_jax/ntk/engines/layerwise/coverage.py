"""What the layer-wise engine makes of each parameter of a network, told to whoever asks."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Num

from davinz_jax.ntk.engines.layerwise.layer import Layer
from davinz_jax.ntk.engines.layerwise.survey import (
    Form,
    Survey,
    form_cost,
    jacobian_cost,
    survey_network,
)
from davinz_jax.ntk.outputs import Network
from davinz_jax.ntk.parameters import split_variables
from davinz_jax.types import Apply, Array, ParameterChoice, Variables


class Coverage(NamedTuple):
    """How one parameter's share of a kernel is computed.

    Attributes:
        leaf: path of the parameter.
        size: numbers in it.
        how: `gradient`, `outer`, `pixels`, `patches` or `lookup` for what multiplies inputs, as
            costs least; `unused`; or `Jacobian`, with what else is done with it: `elementwise`,
            `shared` by products of different forms, or the name of JAX's primitive (`scan`).
        cost: multiply-adds at the rate of a large matrix product, for each row of a kernel, beyond
            its forward and backward pass.
    """

    leaf: str
    size: int
    how: str
    cost: float


def survey(
    apply: Apply,
    variables: Variables,
    row: Num[Array, "..."],
    *,
    parameters: ParameterChoice = "all",
    num_rows: int = 1000,
) -> list[Coverage]:
    """What the layer-wise engine makes of each chosen parameter.

    Args:
        apply: network.
        variables: its variables.
        row: inputs of one row, without an axis of rows.
        parameters: `weights`, `all` or a pattern of paths.
        num_rows: rows of the kernel that the costs are for, and the forms.

    Returns:
        One entry a parameter, in the order of the variables' paths.

    Raises:
        ValueError: if no parameter is chosen.
    """
    network = Network(apply, "label", parameters)
    found = survey_network(network, variables, np.asarray(row)[None], block_size=num_rows)
    chosen, _ = split_variables(variables, parameters=parameters)
    ways = describe_survey(found)
    costs = _costs(found, num_rows)
    costs |= {path: jacobian_cost(int(chosen[path].size), num_rows) for path in found.remaining}
    return [
        Coverage(path, int(leaf.size), ways.get(path, "unused"), costs.get(path, 0.0))
        for path, leaf in chosen.items()
    ]


def describe_survey(found: Survey) -> dict[str, str]:
    """How each parameter that is used is covered, by path; as in `Coverage`."""
    ways: dict[str, list[str]] = {}
    for layer, form in zip(found.layers, found.forms, strict=True):
        ways.setdefault(layer.path, []).append(_name(layer, form))
    by_jacobian = zip(found.remaining, found.hindrances, strict=True)
    return {path: ", ".join(dict.fromkeys(names)) for path, names in ways.items()} | {
        path: f"Jacobian ({hindrance})" for path, hindrance in by_jacobian
    }


def _name(layer: Layer, form: Form) -> str:
    return "lookup" if layer.table and form != "gradient" else form


def _costs(found: Survey, num_rows: int) -> dict[str, float]:
    """Multiply-adds a row of each leaf's layers."""
    costs: dict[str, float] = {}
    for layer, form in zip(found.layers, found.forms, strict=True):
        cost = form_cost(layer, form, found.logits_per_pass)
        own = cost.row + cost.tile_row + num_rows * cost.pair / 2
        costs[layer.path] = costs.get(layer.path, 0.0) + own
    return costs
