"""Which parameters are differentiated: variables split into chosen leaves and the rest.

`weights` are the kernels of convolution and linear layers: leaves of the collection `params` that
are named `kernel` and have two axes or more. `all` is every leaf of `params`. Other collections
(running averages of BatchNorm) are never parameters. Leaves are arrays: those in a box that says
how they are parted among devices (`nn.with_partitioning`) are taken out of it.
"""

from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax.core import meta
from jaxtyping import Num, Shaped

from davinz_jax.choices import check_choice
from davinz_jax.types import Array, ParameterChoice, Variables

Parameters = dict[str, Any]
"""The chosen leaves by their path, as `jax.tree_util.keystr` writes it."""


def split_variables(
    variables: Variables, *, parameters: ParameterChoice
) -> tuple[Parameters, Variables]:
    """Chosen leaves by path, and the variables with None in their place.

    Raises:
        ValueError: if `parameters` is no choice, or no leaf is chosen.
    """
    check_choice("parameters", parameters, get_args(ParameterChoice))
    leaves, tree = jax.tree_util.tree_flatten_with_path(variables)
    chosen = {
        jax.tree_util.keystr(path): leaf
        for path, leaf in leaves
        if _is_chosen(path, leaf, parameters)
    }
    if not chosen:
        wanted = "a `kernel` of two axes or more" if parameters == "weights" else "a parameter"
        raise ValueError(
            f"variables: wanted {wanted} in the collection `params`, got "
            f"{len(leaves)} leaves without one; pass the whole variables dict of the model"
            + (', or parameters="all"' if parameters == "weights" else "")
        )
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


def _is_chosen(
    path: tuple[Any, ...], leaf: Shaped[Array, "..."], parameters: ParameterChoice
) -> bool:
    """Whether the leaf at a path is a chosen parameter."""
    names = [getattr(step, "key", getattr(step, "name", None)) for step in path]
    if not names or names[0] != "params":
        return False
    return parameters == "all" or (names[-1] == "kernel" and leaf.ndim >= 2)
