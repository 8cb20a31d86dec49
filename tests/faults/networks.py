"""Random Linen networks from a grammar, and their tangent kernel by a plain Jacobian.

A network is a list of steps; each keeps rows apart and images (h, w, c) until `flat`. What the
layer-wise engine, or `auto`, gives has to be ⟨∇f(x_i), ∇f(x_j)⟩ of the very function.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict
from hypothesis import strategies as st

from davinz_jax.models import apply_function, initialise
from davinz_jax.ntk import empirical_ntk
from davinz_jax.types import Apply, Variables

SIDE, CHANNELS, NUM_ROWS, NUM_OUTPUTS = 4, 3, 3, 2
TOLERANCE = 1e-4
"""Of the largest entry, in float32."""

Step = tuple[str, ...]


class Network(nn.Module):
    """What a list of steps does to images (n, 4, 4, 3).

    Attributes:
        steps: names of the steps, each with its settings.
    """

    steps: tuple[Step, ...]

    @nn.compact
    def __call__(self, inputs: Any) -> Any:
        """Outputs (n, 2)."""
        hidden = inputs
        for step in self.steps:
            hidden = take(step, hidden)
        hidden = hidden.reshape(len(inputs), -1)
        return nn.Dense(NUM_OUTPUTS)(nn.tanh(hidden))


class Block(nn.Module):
    """A layer with its activation, to be repeated, added to its input, or computed twice."""

    kind: str

    @nn.compact
    def __call__(self, inputs: Any) -> Any:
        """Of the shape of the inputs."""
        width = inputs.shape[-1]
        if self.kind == "conv":
            return nn.gelu(nn.Conv(width, (3, 3))(inputs))
        if self.kind == "norm":
            return nn.gelu(nn.LayerNorm()(nn.Dense(width)(inputs)))
        return nn.gelu(nn.Dense(width)(inputs))


class Scanned(nn.Module):
    """The carry of a scan over layers."""

    @nn.compact
    def __call__(self, carry: Any, _: Any) -> tuple[Any, None]:
        """The carry, one layer on."""
        return nn.gelu(nn.Dense(carry.shape[-1])(carry)), None


class Shared(nn.Module):
    """One layer used twice."""

    @nn.compact
    def __call__(self, inputs: Any) -> Any:
        """Of the shape of the inputs."""
        layer = nn.Dense(inputs.shape[-1])
        return layer(nn.tanh(layer(inputs)))


def take(step: Step, hidden: Any) -> Any:
    """One step of a network, inside its compact call."""
    kind, *settings = step
    width = hidden.shape[-1]
    if kind in LAYERS:
        return LAYERS[kind](hidden)
    if kind == "residual":
        return hidden + Block(settings[0])(hidden)
    if kind == "remat":
        return nn.remat(Block)(settings[0])(hidden)
    if kind == "jit":
        return nn.jit(Block)(settings[0])(hidden)
    if kind == "scan":
        over = nn.scan(Scanned, variable_axes={"params": 0}, split_rngs={"params": True}, length=2)
        return over()(hidden, None)[0]
    if kind == "attention":
        words = hidden.reshape(len(hidden), -1, width)
        return nn.MultiHeadDotProductAttention(1, qkv_features=4)(words).reshape(hidden.shape)
    raise ValueError(f"step: wanted one that is known, got {kind}; add it to `take`")


LAYERS: dict[str, Any] = {
    "conv": lambda h: nn.gelu(nn.Conv(4, (3, 3))(h)),
    "strided": lambda h: nn.gelu(nn.Conv(4, (3, 3), strides=2)(h)),
    "padded": lambda h: nn.gelu(nn.Conv(4, (3, 3), padding=((1, 0), (0, 1)))(h)),
    "grouped": lambda h: nn.gelu(
        nn.Conv(2 * h.shape[-1], (3, 3), feature_group_count=h.shape[-1])(h)
    ),
    "dilated": lambda h: nn.gelu(nn.Conv(3, (2, 2), kernel_dilation=2, padding="CIRCULAR")(h)),
    "transposed": lambda h: nn.gelu(nn.ConvTranspose(3, (2, 2))(h)),
    "dense": lambda h: nn.gelu(nn.Dense(5)(h)),
    "without bias": lambda h: nn.silu(nn.Dense(4, use_bias=False)(h)),
    "general": lambda h: nn.tanh(nn.DenseGeneral((2, 2))(h)).reshape(*h.shape[:-1], 4),
    "einsum": lambda h: nn.tanh(nn.Einsum((h.shape[-1], 3), "...c,cd->...d")(h)),
    "layer norm": lambda h: nn.LayerNorm()(h),
    "group norm": lambda h: nn.GroupNorm(num_groups=1)(h),
    "rms norm": lambda h: nn.RMSNorm()(h),
    "batch norm": lambda h: nn.BatchNorm(use_running_average=True)(h),
    "pool": lambda h: nn.avg_pool(h, (2, 2), (1, 1), "SAME"),
    "prelu": lambda h: nn.PReLU()(h),
    "shared": lambda h: Shared()(h),
    "weight norm": lambda h: nn.WeightNorm(nn.Dense(4))(h),
    "spatial mean": lambda h: h + h.mean((1, 2), keepdims=True),
}  # fmt: skip

BLOCKS = st.sampled_from(["conv", "norm", "dense"])
STEPS = (
    st.sampled_from(sorted(LAYERS)).map(lambda name: (name,))
    | st.tuples(st.sampled_from(["residual", "remat", "jit"]), BLOCKS)
    | st.sampled_from([("scan",), ("attention",)])
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks of one to four steps."""
    return Network(tuple(draw(st.lists(STEPS, min_size=1, max_size=4))))


def kernels(module: nn.Module, seed: int, *, parameters: str, output: str, engine: str) -> Any:
    """The kernel of a few rows, by an engine and by a plain Jacobian.

    Args:
        module: the network.
        seed: of weights and rows.
        parameters: weights or all.
        output: label or trace.
        engine: layerwise or auto.
    """
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(NUM_ROWS, SIDE, SIDE, CHANNELS)).astype(np.float32)
    labels = np.arange(NUM_ROWS) % NUM_OUTPUTS
    variables, apply = initialise(module, jax.random.key(seed), rows), apply_function(module)
    found = empirical_ntk(
        apply, variables, rows, labels, output=output, parameters=parameters, engine=engine
    )  # pyright: ignore
    return found, by_jacobian(apply, variables, rows, labels, parameters, output)


def by_jacobian(
    apply: Apply, variables: Variables, rows: Any, labels: Any, parameters: str, output: str
) -> np.ndarray:
    """Kernel (n, n) from the Jacobian (n, k, p) of the whole network, in float32."""
    fixed = {name: value for name, value in variables.items() if name != "params"}
    jacobian = jax.jacrev(lambda params: apply({**fixed, "params": params}, jnp.asarray(rows)))(
        variables["params"]
    )
    chosen = [
        np.asarray(leaf, np.float64).reshape(NUM_ROWS, NUM_OUTPUTS, -1)
        for path, leaf in flatten_dict(jacobian).items()
        if parameters == "all" or is_weight(path, variables["params"])
    ]
    gradients = np.concatenate(chosen, axis=-1)  # (n, k, p)
    if output == "label":
        own = gradients[np.arange(NUM_ROWS), labels]
        return own @ own.T
    return np.einsum("ikp,jkp->ij", gradients, gradients) / NUM_OUTPUTS


def is_weight(path: tuple[str, ...], params: Any) -> bool:
    """Whether a leaf is the kernel of a linear or convolution layer."""
    leaf = flatten_dict(params)[path]
    return path[-1] == "kernel" and leaf.ndim >= 2


def difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference as a share of the largest entry."""
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())
