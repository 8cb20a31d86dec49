"""Loss of each row: cross-entropy for classes, squared error for numbers."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Float, Num

from davinz_jax.types import Task


def row_losses(
    outputs: Float[jax.Array, "n k"], targets: Num[jax.Array, " n"], task: Task
) -> Float[jax.Array, " n"]:
    """Loss of each row; nats for classification, squared unit of the target for regression."""
    if task == "classification":
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets.astype(jnp.int32))
    return jnp.square(outputs[:, 0] - targets)
