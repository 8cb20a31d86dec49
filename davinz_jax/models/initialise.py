"""From a Flax module to what kernels and training know: variables, and a pure function of them."""

import functools
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import errors
from flax import linen as nn
from flax.core import meta
from jaxtyping import Num, Shaped

from davinz_jax.types import Apply, PRNGKey, Variables


def initialise(
    module: nn.Module, key: PRNGKey, inputs: Num[jax.Array | np.ndarray, "n ..."]
) -> Variables:
    """Draw a network: its variables at initialisation.

    Weights are drawn in the module's own dtype and take that of `inputs` where it is wider, so
    that under `jax.enable_x64` float64 inputs give a float64 network with the same weights.

    Args:
        module: any Flax Linen module called as `module(inputs)`.
        key: decides the draw.
        inputs: rows of the shape that the network is for; one is enough.

    Returns:
        The Flax variables: `params`, and `batch_stats` if the module has BatchNorm; arrays, out of
        the boxes of `nn.with_partitioning`.

    Raises:
        ValueError: if the module cannot take inputs of this shape, or is called with more.
    """
    _check_call(module)
    row = jnp.asarray(inputs[:1])
    shape = jax.ShapeDtypeStruct(row.shape, row.dtype)
    variables = meta.unbox(module.lazy_init(key, shape))  # draws weights; runs no forward pass
    return widen(variables, row.dtype)


def check_module(model: Any) -> Any:
    """The model given, if it is a Flax Linen module.

    Raises:
        ValueError: if it is anything else, such as a module of flax.nnx or a bare function.
    """
    if isinstance(model, nn.Module):
        return model
    is_nnx = any(each.__module__.startswith("flax.nnx") for each in type(model).__mro__)
    if is_nnx:
        kind, remedy = "one of flax.nnx", "wrap it: davinz_jax.models.as_linen(model)"
    elif isinstance(model, type):
        kind, remedy = f"the class {model.__name__}", "give an instance, with its settings"
    elif not callable(model):
        kind, remedy = type(model).__name__, "give one, such as davinz_jax.MLP()"
    else:
        kind = f"the function {getattr(model, '__name__', type(model).__name__)}"
        remedy = "call it in the __call__ of a module, whose parameters are then its own"
    raise ValueError(f"model: wanted a Flax Linen module, got {kind}; {remedy}")


def _check_call(module: nn.Module) -> None:
    """Refuses a module that cannot be called with its inputs alone."""
    check_module(module)
    try:
        inspect.signature(module.__call__).bind(None)
    except TypeError as error:
        raise ValueError(
            f"model: wanted a module that is called with its inputs alone, got "
            f"{type(module).__name__}: {error}; give the rest defaults, such as train=False"
        ) from error


def widen(variables: Variables, dtype: np.dtype) -> Variables:
    """Variables in the wider of their own dtype and a floating one."""
    if not jnp.issubdtype(dtype, jnp.floating):
        return variables
    return jax.tree.map(lambda leaf: leaf.astype(jnp.promote_types(leaf.dtype, dtype)), variables)


def apply_function(module: nn.Module) -> Apply:
    """The network as a pure function `apply(variables, inputs) -> (n, k)`.

    BatchNorm is in its fixed form. Equal modules give the same function object, so that what
    `jax.jit` compiled for one serves the other.

    Args:
        module: any Flax Linen module called as `module(inputs)`.

    Returns:
        The function; it raises ValueError for inputs of another shape than the variables are for.
    """
    try:
        return _cached_apply(module)
    except TypeError:  # a module of the user's with a field that cannot be hashed
        return _Network(module)


class _Network:
    """A module as a function; another process gets its own, the same for equal modules."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def __reduce__(self) -> tuple[Any, ...]:
        return apply_function, (self._module,)

    def __call__(
        self, variables: Variables, inputs: Num[jax.Array | np.ndarray, "n ..."], /
    ) -> Shaped[jax.Array, "n ..."]:
        try:
            return self._module.apply(variables, inputs)  # pyright: ignore[reportReturnType]
        except errors.ScopeParamShapeError as error:
            raise ValueError(
                f"inputs: wanted rows of the shape that the variables were made for, got "
                f"{jnp.shape(inputs)} ({error}); initialise {type(self._module).__name__} anew on "
                "them"
            ) from error


_cached_apply = functools.lru_cache(maxsize=128)(_Network)
