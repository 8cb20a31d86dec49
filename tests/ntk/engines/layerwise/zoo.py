"""Small networks of many kinds, each with variables and rows: what reading has to cope with.

Written in Linen, NNX and plain JAX. A row is tokens (t,), an image (h, w, c), a sequence (t, d) or
features of a graph's nodes; outputs are three.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

VOCABULARY, WIDTH, LENGTH, NUM_OUTPUTS = 7, 4, 5, 3
EDGES = np.array([[0, 1, 2, 3, 1, 0, 4], [1, 2, 3, 4, 0, 2, 0]])
"""Senders and receivers of a graph of five nodes."""


class Kind(NamedTuple):
    """A network.

    Attributes:
        apply: network.
        variables: its variables.
        inputs: rows.
        jacobian: what hinders leaves that go by Jacobian, beside `elementwise`.
    """

    apply: Callable[[Any, Any], Any]
    variables: Any
    inputs: np.ndarray
    jacobian: frozenset[str] = frozenset()


class Mixer(nn.Module):
    """MLP-Mixer: layers over tokens, and over channels."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(WIDTH, (2, 2), 2)(x).reshape(len(x), -1, WIDTH)
        mixed = jnp.swapaxes(nn.LayerNorm()(x), 1, 2)
        x = x + jnp.swapaxes(nn.Dense(4)(nn.gelu(nn.Dense(6)(mixed))), 1, 2)
        x = x + nn.Dense(WIDTH)(nn.gelu(nn.Dense(6)(nn.LayerNorm()(x))))
        return nn.Dense(NUM_OUTPUTS)(x.mean(axis=1))


class Encoder(nn.Module):
    """A block of a transformer."""

    @nn.compact
    def __call__(self, x, mask=None):
        x = x + nn.MultiHeadDotProductAttention(2)(nn.LayerNorm()(x), mask=mask)
        return x + nn.Dense(WIDTH)(nn.gelu(nn.Dense(6)(nn.LayerNorm()(x))))


class ViT(nn.Module):
    """Vision transformer: patches, a token for the class, positions."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(WIDTH, (2, 2), 2, "VALID")(x).reshape(len(x), -1, WIDTH)
        token = self.param("token", nn.initializers.normal(1.0), (1, 1, WIDTH))
        x = jnp.concatenate([jnp.tile(token, (len(x), 1, 1)), x], axis=1)
        x = x + self.param("positions", nn.initializers.normal(1.0), (1, 5, WIDTH))
        return nn.Dense(NUM_OUTPUTS)(Encoder()(x)[:, 0])


class Bert(nn.Module):
    """Tokens, their places and their kinds looked up; padding is masked."""

    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(VOCABULARY, WIDTH)(tokens) + nn.Embed(9, WIDTH)(jnp.arange(LENGTH)[None])
        x = nn.LayerNorm()(x + nn.Embed(2, WIDTH)(jnp.zeros_like(tokens)))
        x = Encoder()(x, nn.make_attention_mask(tokens > 0, tokens > 0))
        return nn.Dense(NUM_OUTPUTS)(nn.tanh(nn.Dense(WIDTH)(x[:, 0])))


class Gpt(nn.Module):
    """A causal decoder whose logits are products with the table that tokens are looked up in."""

    @nn.compact
    def __call__(self, tokens):
        table = nn.Embed(VOCABULARY, WIDTH)
        x = Encoder()(table(tokens), nn.make_causal_mask(tokens))
        return table.attend(nn.LayerNorm()(x)[:, -1])[:, :NUM_OUTPUTS]


class Residual(nn.Module):
    """ResNet with GroupNorm: strides, and a projection beside."""

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.GroupNorm(2)(nn.Conv(4, (3, 3), use_bias=False)(x)))
        y = nn.relu(nn.GroupNorm(2)(nn.Conv(6, (3, 3), 2, use_bias=False)(x)))
        y = nn.GroupNorm(2)(nn.Conv(6, (3, 3), use_bias=False)(y))
        x = nn.relu(y + nn.Conv(6, (1, 1), 2, use_bias=False)(x))
        return nn.Dense(NUM_OUTPUTS)(x.mean(axis=(1, 2)))


class UNet(nn.Module):
    """Down, up by a transposed convolution, and what was before beside it."""

    @nn.compact
    def __call__(self, x):
        before = nn.silu(nn.Conv(3, (3, 3))(x))
        x = nn.silu(nn.Conv(4, (3, 3))(nn.avg_pool(before, (2, 2), (2, 2))))
        x = jnp.concatenate([nn.ConvTranspose(3, (2, 2), (2, 2))(x), before], axis=-1)
        x = nn.ConvTranspose(NUM_OUTPUTS, (3, 3), (2, 2), "VALID", transpose_kernel=True)(x)
        return nn.tanh(x).mean(axis=(1, 2))


class Recurrent(nn.Module):
    """An LSTM, whose steps are a loop."""

    @nn.compact
    def __call__(self, x):
        cell = nn.LSTMCell(WIDTH, param_dtype=x.dtype)
        return nn.Dense(NUM_OUTPUTS)(nn.RNN(cell)(nn.Dense(3)(x))[:, -1])


class Unrolled(nn.Module):
    """A cell of two kernels called step by step: one kernel, many products."""

    @nn.compact
    def __call__(self, x):
        into, on = nn.Dense(WIDTH), nn.Dense(WIDTH, use_bias=False)
        state = jnp.zeros((len(x), WIDTH))
        for step in range(LENGTH):
            state = nn.tanh(into(x[:, step]) + on(state))
        return nn.Dense(NUM_OUTPUTS)(state)


class Graph(nn.Module):
    """Messages along edges, added up at their receivers."""

    @nn.compact
    def __call__(self, x):
        senders, receivers = EDGES
        for _ in range(2):
            pairs = jnp.concatenate([x[:, senders], x[:, receivers]], axis=-1)
            messages = nn.relu(nn.Dense(WIDTH)(pairs))
            summed = jax.vmap(lambda row: jax.ops.segment_sum(row, receivers, LENGTH))(messages)
            x = nn.tanh(nn.Dense(WIDTH)(jnp.concatenate([x, summed], axis=-1)))
        return nn.Dense(NUM_OUTPUTS)(x.sum(axis=1))


class Normalised(nn.Module):
    """Weight-normalised layers."""

    @nn.compact
    def __call__(self, x):
        x = nn.tanh(nn.WeightNorm(nn.Dense(WIDTH))(x.reshape(len(x), -1)))
        return nn.WeightNorm(nn.Dense(NUM_OUTPUTS))(x)


class Siamese(nn.Module):
    """One convolution of two images, and its kernel's halves as kernels of their own."""

    @nn.compact
    def __call__(self, x):
        shared = nn.Conv(4, (3, 3), 2)
        x = nn.tanh(shared(x)) * shared(x[:, ::-1])
        whole = self.param("halves", nn.initializers.normal(1.0), (2, 4, 4))
        x = jnp.einsum("nhwc,dc->nhwd", x, whole[0].T) + 3 * nn.tanh(x) @ whole[1] / 2
        grouped = self.param("grouped", nn.initializers.normal(1.0), (2, 2, NUM_OUTPUTS))
        return jnp.einsum("nhwgc,gco->no", x.reshape(*x.shape[:3], 2, 2), grouped)


class Adapter(nnx.Module):
    """In NNX: a layer with a low-rank addition, convolution, LayerNorm."""

    def __init__(self, rngs: nnx.Rngs):
        self.conv = nnx.Conv(2, 3, (3, 3), rngs=rngs)
        self.norm = nnx.LayerNorm(3, rngs=rngs)
        self.low = nnx.LoRA(3, 2, WIDTH, rngs=rngs, b_initializer=nnx.initializers.normal(1.0))
        self.wide = nnx.Linear(3, WIDTH, rngs=rngs)
        self.out = nnx.Linear(WIDTH, NUM_OUTPUTS, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.norm(self.conv(x))).mean(axis=(1, 2))
        return self.out(nnx.tanh(self.low(x) + self.wide(x)))


def low_rank(variables, x):
    """By hand: x (W + A·B / 2), which is A·B within the kernel, as merged adapters have it."""
    params = variables["params"]
    kernel = params["kernel"] + params["a"] @ params["b"] / 2
    return jnp.tanh(x.reshape(len(x), -1) @ kernel) @ params["head"]["kernel"]


def draw_rows(shape, *, tokens=False):
    """Three rows."""
    rng = np.random.default_rng(0)
    whole = rng.integers(0, VOCABULARY, (3, LENGTH)) if tokens else rng.normal(size=(3, *shape))
    return whole.astype(np.int32) if tokens else whole


def draw_variables(shapes):
    """Numbers of these shapes, without the compiling that initialisers need."""
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(leaf.dtype) / 2, shapes)


IMAGE, SEQUENCE = (4, 4, 2), (LENGTH, 3)
MODULES: dict[str, tuple[Any, tuple[int, ...], frozenset[str]]] = {
    "mixer": (Mixer(), IMAGE, frozenset()),
    "vit": (ViT(), IMAGE, frozenset({"tile"})),
    "bert": (Bert(), (), frozenset()),
    "gpt": (Gpt(), (), frozenset({"shared"})),
    "resnet": (Residual(), IMAGE, frozenset()),
    "unet": (UNet(), IMAGE, frozenset()),
    "lstm": (Recurrent(), SEQUENCE, frozenset({"scan"})),
    "unrolled": (Unrolled(), SEQUENCE, frozenset()),
    "graph": (Graph(), SEQUENCE, frozenset()),
    "weight norm": (Normalised(), SEQUENCE, frozenset()),
    "siamese": (Siamese(), IMAGE, frozenset()),
}
NAMES = (*MODULES, "nnx", "low rank", "equinox")
SLOW = ("mixer", "vit", "gpt", "siamese")
"""Those whose kinds of steps others have too."""


def make(name: str) -> Kind:
    """A network by name, in the precision that JAX has."""
    if name == "nnx":
        graph, state = nnx.split(Adapter(nnx.Rngs(0)))
        return Kind(
            lambda v, x: nnx.merge(graph, v["params"])(x), {"params": state}, draw_rows(IMAGE)
        )
    if name == "low rank":
        shapes = {"kernel": (15, WIDTH), "a": (15, 2), "b": (2, WIDTH), "head": {"kernel": (4, 3)}}
        params = jax.tree.map(
            lambda shape: np.random.default_rng(shape).normal(size=shape) / 2,
            shapes,
            is_leaf=lambda leaf: isinstance(leaf, tuple),
        )
        return Kind(low_rank, {"params": params}, draw_rows(SEQUENCE), frozenset({"dot_general"}))
    if name == "equinox":
        return make_equinox()
    module, shape, jacobian = MODULES[name]
    rows = draw_rows(shape, tokens=not shape)
    variables = draw_variables(jax.eval_shape(module.init, jax.random.key(0), rows[:1]))
    return Kind(lambda v, x: module.apply(v, x), variables, rows, jacobian)


def make_equinox() -> Kind:
    """A convolution with channels first and a perceptron, row by row under `vmap`."""
    import equinox as eqx

    class Net(eqx.Module):
        table: eqx.nn.Embedding
        conv: eqx.nn.Conv2d
        head: eqx.nn.MLP

        def __init__(self, key):
            keys = jax.random.split(key, 3)
            self.table = eqx.nn.Embedding(5, 16, key=keys[2])
            self.conv = eqx.nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2, key=keys[0])
            self.head = eqx.nn.MLP(16, NUM_OUTPUTS, 5, 1, key=keys[1])

        def __call__(self, row):
            hidden = jax.nn.relu(self.conv(jnp.transpose(row, (2, 0, 1)))).reshape(-1)
            return self.head(hidden + self.table(jnp.argmax(row[:, 0, 0])))

    arrays, rest = eqx.partition(Net(jax.random.key(0)), eqx.is_array)

    def apply(variables, inputs):
        return jax.vmap(eqx.combine(variables["params"], rest))(inputs)

    return Kind(apply, {"params": arrays}, draw_rows(IMAGE))
