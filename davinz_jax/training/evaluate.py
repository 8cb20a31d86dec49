"""What a network achieves on a validation set."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Bool, Float, Num

from davinz_jax.models import apply_function
from davinz_jax.training.losses import row_losses
from davinz_jax.types import Apply, Task, Variables


@dataclass(frozen=True)
class Performance:
    """Mean loss over a validation set, and the share of rows classified right.

    Attributes:
        loss: cross-entropy in nats, or mean squared error.
        accuracy: 0 to 1; None for regression.
    """

    loss: float
    accuracy: float | None

    @property
    def score(self) -> float:
        """The higher the better: accuracy, or minus the loss for regression."""
        return -self.loss if self.accuracy is None else self.accuracy


def evaluate(
    module: nn.Module,
    variables: Variables,
    inputs: Num[np.ndarray | jax.Array, "m ..."],
    targets: Num[np.ndarray | jax.Array, " m"],
    task: Task,
    *,
    batch_size: int = 1024,
) -> Performance:
    """Performance of a network on a validation set, BatchNorm in its fixed form.

    Args:
        module: the network.
        variables: its variables.
        inputs: rows of the validation set.
        targets: their targets.
        task: what the targets are.
        batch_size: rows sent through the network at once.

    Raises:
        ValueError: if there is no row.
    """
    if len(inputs) == 0:
        raise ValueError("inputs: wanted a validation set with rows, got none; hold out some rows")
    size = min(batch_size, len(inputs))
    sums = _batch_sums(apply_function(module), task)
    total = np.zeros(2)
    for start in range(0, len(inputs), size):
        rows = slice(max(0, min(start, len(inputs) - size)), start + size)
        is_fresh = jnp.arange(size) >= start - rows.start  # the last batch reaches back to be full
        part = sums(variables, jnp.asarray(inputs[rows]), jnp.asarray(targets[rows]), is_fresh)
        total += np.asarray(part, np.float64)
    loss, right = (float(value) for value in total / len(inputs))
    return Performance(loss, right if task == "classification" else None)


@functools.lru_cache(maxsize=32)
def _batch_sums(apply: Apply, task: Task) -> Callable[..., Float[jax.Array, "2"]]:
    """Function that sums losses, and rows classified right, over a batch's fresh rows."""

    @jax.jit
    def sums(
        variables: Variables,
        inputs: Num[jax.Array, "b ..."],
        targets: Num[jax.Array, " b"],
        is_fresh: Bool[jax.Array, " b"],
    ) -> Float[jax.Array, "2"]:
        outputs = apply(variables, inputs)
        losses = row_losses(outputs, targets, task)
        right = jnp.argmax(outputs, axis=-1) == targets
        return jnp.stack([jnp.sum(jnp.where(is_fresh, v, 0.0)) for v in (losses, right)])

    return sums
