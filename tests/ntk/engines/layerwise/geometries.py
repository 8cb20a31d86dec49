"""Layers of many geometries, rows drawn for them, and their gradients written out in float64."""

import numpy as np

from davinz_jax.ntk.engines.layerwise.layer import Layer

LAYERS = {
    "dense": Layer("d", (1,), (1,), 6, 4, (1,), (1,), ((0, 0),), (1,), 1),
    "dense at positions": Layer("d", (5,), (5,), 3, 2, (1,), (1,), ((0, 0),), (1,), 1),
    "same": Layer("c", (4, 4), (4, 4), 3, 2, (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
    "strides": Layer("c", (5, 4), (3, 2), 2, 3, (3, 2), (2, 2), ((1, 1), (0, 0)), (1, 1), 1),
    "dilation, groups": Layer(
        "c", (6, 5), (4, 3), 4, 6, (2, 2), (1, 1), ((1, 0), (0, 1)), (3, 3), 2
    ),
    "one axis": Layer("c", (7,), (4,), 2, 2, (3,), (2,), ((1, 1),), (1,), 1),
    "window past the image": Layer("c", (2,), (2,), 2, 2, (5,), (1,), ((2, 2),), (1,), 1),
}


def drawn(layer: Layer, num_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(num_rows, layer.positions_in, layer.channels_in))
    return inputs, generator.normal(size=(num_rows, layer.positions, layer.channels_out))


def gradients(layer: Layer, inputs: np.ndarray, signals: np.ndarray) -> np.ndarray:
    """∂/∂kernel = Σ_t u_t ⊗ b_t with every patch u_t gathered pixel by pixel."""
    num_rows, groups = len(inputs), layer.groups
    image = inputs.reshape(num_rows, *layer.space_in, groups, -1)
    b = signals.reshape(num_rows, *layer.space_out, groups, -1)
    kernel = np.zeros((num_rows, *layer.window, groups, image.shape[-1], b.shape[-1]))
    for out in np.ndindex(*layer.space_out):
        for place in np.ndindex(*layer.window):
            at = tuple(
                o * stride + p * dilation - before
                for o, p, stride, dilation, (before, _) in zip(
                    out, place, layer.strides, layer.dilation, layer.padding, strict=True
                )
            )
            if all(0 <= x < size for x, size in zip(at, layer.space_in, strict=True)):
                whole = slice(None)
                kernel[(whole, *place)] += np.einsum(
                    "ngc,ngo->ngco", image[(whole, *at)], b[(whole, *out)]
                )
    return kernel.reshape(num_rows, -1)
