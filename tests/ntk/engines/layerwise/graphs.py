"""Random networks in plain JAX: whatever may be done to a parameter on its way into a product."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

LENGTH, WIDTH, TABLE, DEPTH = 3, 4, 6, 7

MOVES = {
    "as it is": lambda w: w,
    "transposed": lambda w: w.T,
    "turned": lambda w: w[::-1],
    "scaled": lambda w: 3 * w / 2,
    "cast": lambda w: w.astype(jnp.float32).astype(w.dtype),
    "reshaped": lambda w: w.reshape(2, 2, WIDTH).reshape(WIDTH, WIDTH),
    "first half": lambda w: jnp.concatenate([w[:2], jnp.zeros((2, WIDTH))]),
    "squared": lambda w: w**2,
    "plus one": lambda w: w + jnp.eye(WIDTH),
}
PRODUCTS = {
    "dense": lambda x, w: x @ w,
    "kernel first": lambda x, w: (w @ x.swapaxes(-1, -2)).swapaxes(-1, -2),
    "half": lambda x, w: x[..., :2] @ w[2:],
    "heads": lambda x, w: jnp.einsum(
        "nthc,hcd->nthd", x.reshape(*x.shape[:2], 2, 2), w.reshape(2, 2, WIDTH)
    ).sum(axis=2),
    "convolution": lambda x, w: lax.conv_general_dilated(
        x, w[None], (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")
    ),
    "window": lambda x, w: lax.conv_general_dilated(
        x, w.reshape(2, 2, WIDTH), (1,), [(1, 0)], rhs_dilation=(1,), feature_group_count=2,
        dimension_numbers=("NWC", "WIO", "NWC"),
    ),
    "elementwise": lambda x, w: x * w[:1][None] + w[1:2][None],
}  # fmt: skip


@jax.custom_jvp
def clipped(x):
    """The identity up to 1, whose derivative is told otherwise."""
    return jnp.minimum(x, 1.0)


@clipped.defjvp
def _(primals, tangents):
    return clipped(*primals), 0.5 * tangents[0]


def within(kind, step, x, w):
    """A step within a transformation of JAX."""
    if kind == "jit":
        return jax.jit(step)(x, w)
    if kind == "checkpoint":
        return jax.checkpoint(step)(x, w)
    if kind == "scan":
        return lax.scan(lambda state, _: (jnp.tanh(step(state, w)), None), x, None, length=2)[0]
    if kind == "cond":
        return lax.cond(w.sum() > 0, step, lambda x, w: x, x, w)
    return step(x, w)


def draw(seed):
    """A network, its variables, and three rows of tokens."""
    rng = np.random.default_rng(seed)
    shapes = {"a": (WIDTH, WIDTH), "b": (WIDTH, WIDTH), "c": (WIDTH, WIDTH), "t": (TABLE, WIDTH)}
    params = {name: jnp.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}
    whole = ("", "", "jit", "checkpoint", "scan", "cond")
    plan = [
        tuple(
            str(rng.choice(options))
            for options in (["a", "b", "c"], list(MOVES), list(PRODUCTS), list(whole))
        )
        for _ in range(DEPTH)
    ]

    def apply(variables, tokens):
        leaves = variables["params"]
        x = leaves["t"][tokens] / 2
        for name, move, product, kind in plan:
            step = functools.partial(_step, MOVES[move], PRODUCTS[product])
            x = clipped(x + jnp.sin(within(kind, step, x, leaves[name])))
        return x.mean(axis=1)[:, :2]

    return apply, {"params": params}, rng.integers(0, TABLE, (3, LENGTH)).astype(np.int32)


def _step(move, product, x, w):
    return product(x, move(w))
