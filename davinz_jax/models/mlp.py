"""Fully connected network of any widths."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Float, Num

from davinz_jax.models.layers import dense, flatten, freeze


class MLP(nn.Module):
    """Linear layers with a ReLU after each, then one linear layer to the outputs; no biases.

    Inputs of any shape are flattened. The defaults are the paper's network for 8×8 Ising spins.

    Attributes:
        widths: units of each hidden layer.
        num_outputs: classes, or 1 for regression.
    """

    widths: Sequence[int] = (128, 256, 256, 256, 128, 64, 32, 16, 10)
    num_outputs: int = 1

    def __post_init__(self) -> None:
        self.widths = freeze(self.widths)
        if min(self.widths, default=1) < 1:
            raise ValueError(
                f"widths: wanted at least 1 unit in each layer, got {list(self.widths)}; leave a "
                "layer out that is to be none"
            )
        super().__post_init__()

    @nn.compact
    def __call__(
        self, inputs: Num[jax.Array | np.ndarray, "n ..."], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of rows; `train` changes nothing here."""
        hidden = flatten(jnp.asarray(inputs))
        for layer, width in enumerate(self.widths):
            hidden = nn.relu(dense(width, name=f"linear.{2 * layer}")(hidden))
        return dense(self.num_outputs, name="out")(hidden)
