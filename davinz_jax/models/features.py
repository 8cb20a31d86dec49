"""What a network sees before its last linear layer."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.extend.core import get_opaque_trace_state
from jaxtyping import Float, Num

from davinz_jax.models.initialise import apply_function
from davinz_jax.types import Apply, Variables


def features(
    model: nn.Module | Apply,
    variables: Variables,
    inputs: Num[jax.Array | np.ndarray, "n ..."],
    *,
    batch_size: int = 256,
) -> Float[jax.Array, "n d"]:
    """Inputs to the last `nn.Dense` that the network calls, BatchNorm in its fixed form.

    Args:
        model: any Flax Linen module, or a function `apply(variables, inputs)` that calls one.
        variables: its variables.
        inputs: rows.
        batch_size: rows sent through the network at once.

    Returns:
        One row of features a row of inputs.

    Raises:
        ValueError: if the network calls no `nn.Dense`, or the last one within a trace of its own,
            as of plain `jax.checkpoint` or `jit`, from which nothing may be taken.
    """
    apply = apply_function(model) if isinstance(model, nn.Module) else model
    capture = _last_dense_input(apply)
    starts = range(0, max(len(inputs), 1), batch_size)
    parts = [capture(variables, jnp.asarray(inputs[s : s + batch_size])) for s in starts]
    return jnp.concatenate(parts)


@functools.lru_cache(maxsize=16)
def _last_dense_input(apply: Apply) -> Callable[..., Float[jax.Array, "n d"]]:
    """Function that gives what the last `nn.Dense` sees."""

    @jax.jit
    def capture(variables: Variables, inputs: Num[jax.Array, "n ..."]) -> Float[jax.Array, "n d"]:
        seen: list[Float[jax.Array, "n ..."] | None] = []
        trace = get_opaque_trace_state()

        def watch(call: Any, args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:
            if isinstance(context.module, nn.Dense) and context.method_name == "__call__":
                seen.append(args[0] if get_opaque_trace_state() == trace else None)
            return call(*args, **kwargs)

        with nn.intercept_methods(watch):
            apply(variables, inputs)
        if not seen:
            raise ValueError(
                "model: wanted a network with a linear layer (flax.linen.Dense), got none; "
                "compare raw inputs in place of features"
            )
        if seen[-1] is None:
            raise ValueError(
                "model: wanted the last linear layer outside of plain jax.checkpoint, jit, scan or "
                "map, got it within; call it outside, or compare raw inputs in place of features"
            )
        return seen[-1].reshape(inputs.shape[0], -1)

    return capture
