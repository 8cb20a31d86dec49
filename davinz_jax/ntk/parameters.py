"""Which parameters are differentiated: variables split into chosen leaves and the rest.

`weights` are the kernels of convolution and linear layers: leaves of the collection `params` that
are named `kernel` (or `weight`, as in Equinox) and have two axes or more. `all` is every leaf of
`params` of real numbers. Anything else is a pattern, searched for in each leaf's path below
`params`, as `layer_4/attention/kernel`: `layer_(4|5)|head` are all leaves of two layers and a head.
Other collections (running averages of BatchNorm) are never parameters. Leaves are arrays: those in
a box that says how they are parted among devices (`nn.with_partitioning`) are taken out of it.
"""

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.core import meta
from jaxtyping import Num, Shaped

from davinz_jax.choices import suggestion
from davinz_jax.types import Array, ParameterChoice, Variables

CHOICES = ("weights", "all")
"""Choices by name; any other is a pattern."""
_NUM_NAMED = 3
"""Paths that an error names."""

Parameters = dict[str, Any]
"""The chosen leaves by their path, as `jax.tree_util.keystr` writes it."""


def split_variables(
    variables: Variables, *, parameters: ParameterChoice
) -> tuple[Parameters, Variables]:
    """Chosen leaves by path, and the variables with None in their place.

    Raises:
        ValueError: if `parameters` is no pattern, or no leaf is chosen.
    """
    check_parameters(parameters)
    leaves, tree = jax.tree_util.tree_flatten_with_path(variables)
    chosen = {
        jax.tree_util.keystr(path): leaf
        for path, leaf in leaves
        if _is_chosen(path, leaf, parameters)
    }
    if not chosen:
        raise ValueError(_describe_none(leaves, parameters))
    rest = [None if jax.tree_util.keystr(path) in chosen else leaf for path, leaf in leaves]
    return chosen, jax.tree_util.tree_unflatten(tree, rest)


def merge_variables(chosen: Parameters, rest: Variables) -> Variables:
    """The inverse of `split_variables`."""

    def fill(path: Any, leaf: Any) -> Any:
        return chosen.get(jax.tree_util.keystr(path), leaf)

    return jax.tree_util.tree_map_with_path(fill, rest, is_leaf=lambda leaf: leaf is None)


def num_parameters(variables: Variables, *, parameters: ParameterChoice) -> int:
    """Number of chosen parameters."""
    chosen, _ = split_variables(variables, parameters=parameters)
    return sum(int(np.prod(leaf.shape)) for leaf in chosen.values())


def promote_variables(variables: Variables, inputs: Num[Array, "n ..."]) -> Variables:
    """Variables, out of their boxes, with the inputs' float dtype, so that float64 stays so."""
    variables = meta.unbox(variables)
    if not np.issubdtype(inputs.dtype, np.floating):
        return variables
    dtype = jax.dtypes.canonicalize_dtype(inputs.dtype)

    def cast(leaf: Shaped[Array, "..."]) -> Shaped[jax.Array, "..."]:
        return jnp.asarray(leaf, dtype if jnp.issubdtype(leaf.dtype, jnp.floating) else None)

    return jax.tree.map(cast, variables)


def kernel_dtype(variables: Variables) -> np.dtype:
    """Dtype of the kernel: the widest float of the variables."""
    return np.dtype(jnp.result_type(*jax.tree.leaves(variables)))


def check_parameters(parameters: ParameterChoice) -> None:
    """Refuse what is neither a choice nor a pattern.

    Raises:
        ValueError: if it is empty, or no regular expression.
    """
    try:
        re.compile(parameters)
    except re.error as error:
        problem = f"{parameters!r}: {error}"
    else:
        if parameters:
            return
        problem = "an empty text"
    raise ValueError(
        f"parameters: wanted 'weights', 'all' or a pattern of paths, got {problem}; "
        "'layer_(4|5)|head' are all parameters of two layers and a head"
    )


def _is_chosen(
    path: tuple[Any, ...], leaf: Shaped[Array, "..."], parameters: ParameterChoice
) -> bool:
    """Whether the leaf at a path is a chosen parameter."""
    names = _names(path)
    if not names or names[0] != "params" or not jnp.issubdtype(leaf.dtype, jnp.floating):
        return False
    if parameters == "weights":
        return names[-1] in ("kernel", "weight") and leaf.ndim >= 2
    return parameters == "all" or re.search(parameters, "/".join(names[1:])) is not None


def _names(path: tuple[Any, ...]) -> list[str]:
    """Names on the way to a leaf, but for that of the box in which NNX has it."""
    names = [jax.tree_util.keystr((step,), simple=True) for step in path]
    return names[:-1] if names[-1:] == ["value"] else names


def _describe_none(leaves: list[tuple[Any, Any]], parameters: ParameterChoice) -> str:
    """What to say where no leaf is chosen."""
    paths = [_names(path) for path, _ in leaves]
    known = ["/".join(names[1:]) for names in paths if names[:1] == ["params"]]
    if known and parameters not in CHOICES:
        some = ", ".join(map(repr, known[:_NUM_NAMED])) + (", …" if known[_NUM_NAMED:] else "")
        remedy = suggestion(parameters, CHOICES) or "see davinz_jax.ntk.survey for all paths"
        return (
            "parameters: wanted 'weights', 'all' or a pattern of some parameter's path, got "
            f"{parameters!r}, which none of {len(known)} matches ({some}); {remedy}"
        )
    wanted = "a `kernel` of two axes or more" if parameters == "weights" else "a parameter"
    return (
        f"variables: wanted {wanted} in the collection `params`, got {len(leaves)} leaves without "
        "one; pass the whole variables dict of the model"
        + (', or parameters="all"' if parameters == "weights" else "")
    )
