"""Tiles of layers whose gradients Σ_t u_t b_tᵀ are formed when they are multiplied, and let go.

Where a layer meets many positions with few channels, as a dense layer on a sequence does, its
gradient is the cheapest thing to multiply and the dearest to keep: inputs and signals take a
fraction of its memory. So these are what is cached, and gradients of one layer exist at a time, a
part of its input channels at once. A window is taken offset by offset: each is a dense layer
between the positions that meet there.
"""

import itertools
import math
import os
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from davinz_jax.linalg.threads import single_threaded
from davinz_jax.ntk.engines.layerwise.host import Factors
from davinz_jax.ntk.engines.layerwise.layer import Layer, window_meets

ROOM_BYTES = 2**26
"""Bytes of one batch's gradients that a thread has at a time."""
_MOST_THREADS = 8
_PARTS = 8
"""Parts into which a layer's input channels are cut at least, for as many threads."""
_LEAST_CHANNELS = (32, 64)
"""Channels, of inputs and of signals, below which nothing is cut but for want of room: products of
few are slow."""


class _Place(NamedTuple):
    """Part of a layer's kernel: a group, an offset of its window, and some input channels.

    Attributes:
        inputs: index into inputs (n, *space_in, groups, channels).
        signals: index into signals (n, *space_out, groups, channels).
    """

    inputs: tuple[Any, ...]
    signals: tuple[Any, ...]


def outer_tile(layer: Layer, factors: Factors, others: Factors | None) -> Float[np.ndarray, "n m"]:
    """Tile of one layer from inputs and signals of two batches of rows.

    Each thread multiplies parts of the layer with a BLAS of one thread; parts are added in their
    own order, so that the tile does not depend on how many threads there are.

    Args:
        layer: geometry.
        factors: inputs and signals of n rows.
        others: of m other rows; None is the n rows themselves, at half the cost.
    """
    own = _arrange(layer, factors)
    sides = [own] if others is None else [own, _arrange(layer, others)]
    tile = np.zeros((own.num_rows, sides[-1].num_rows), own.signals.dtype)
    channels = layer.channels_in // layer.groups, own.signals.shape[-1]
    widths = _channels_at_once(*channels, max(side.num_rows for side in sides) * tile.itemsize)
    num_threads = most_threads()
    rooms = queue.SimpleQueue[list[Float[np.ndarray, " p"]]]()
    for _ in range(num_threads):
        rooms.put([side.room(math.prod(widths)) for side in sides])

    def part(place: _Place) -> Float[np.ndarray, "n m"]:
        taken = rooms.get()
        formed = [side.gradients(place, room) for side, room in zip(sides, taken, strict=True)]
        product = formed[0] @ formed[-1].T
        rooms.put(taken)
        return product

    places = _places(layer, *map(_cut, channels, widths))
    with single_threaded(), ThreadPoolExecutor(num_threads) as pool:
        while few := list(itertools.islice(places, num_threads)):
            for product in pool.map(part, few):
                tile += product
    return tile


def most_threads() -> int:
    """Threads that form gradients side by side."""
    return min(_MOST_THREADS, len(os.sched_getaffinity(0)))


class _Side(NamedTuple):
    """One batch's inputs and signals, by position and group."""

    inputs: Float[np.ndarray, "n ... g u"]
    signals: Float[np.ndarray, "n ... g o"]

    @property
    def num_rows(self) -> int:
        """How many rows these are."""
        return len(self.signals)

    def room(self, count: int) -> Float[np.ndarray, " p"]:
        """Room for some numbers of each row's gradient."""
        return np.empty(self.num_rows * count, self.signals.dtype)

    def gradients(self, place: _Place, room: Float[np.ndarray, " r"]) -> Float[np.ndarray, "n p"]:
        """Gradients of a part of the kernel, in a room."""
        inputs, signals = self.inputs[place.inputs], self.signals[place.signals]
        inputs = inputs.reshape(self.num_rows, -1, inputs.shape[-1]).swapaxes(1, 2)
        signals = signals.reshape(self.num_rows, -1, signals.shape[-1])
        shape = (self.num_rows, inputs.shape[1], signals.shape[2])
        formed = room[: np.prod(shape)].reshape(shape)
        return np.matmul(inputs, signals, out=formed).reshape(self.num_rows, -1)


def _arrange(layer: Layer, factors: Factors) -> _Side:
    """Factors by position and group, in no less than float32."""
    inputs, signals = (_wide(np.asarray(factor)) for factor in factors)
    return _Side(
        inputs.reshape(len(inputs), *layer.space_in, layer.groups, -1),
        signals.reshape(len(signals), *layer.space_out, layer.groups, -1),
    )


def _channels_at_once(channels: int, outputs: int, column_bytes: int) -> tuple[int, int]:
    """Channels of inputs and of signals whose products each thread forms at a time."""
    room = max(1, ROOM_BYTES // column_bytes)
    least_in, least_out = _LEAST_CHANNELS
    width = min(channels, max(least_in, -(-channels // _PARTS)))
    out_width = min(outputs, room, max(least_out, room // width))
    return max(1, min(width, room // out_width)), out_width


def _places(layer: Layer, inputs: list[slice], outputs: list[slice]) -> Iterator[_Place]:
    """Parts of a kernel, some channels at a time."""
    rows = slice(None)
    offsets = itertools.product(*(window_meets(layer, axis) for axis in range(len(layer.window))))
    for offset, group in itertools.product(offsets, range(layer.groups)):
        out, into = zip(*offset, strict=True)
        for few, few_out in itertools.product(inputs, outputs):
            yield _Place((rows, *into, group, few), (rows, *out, group, few_out))


def _cut(count: int, width: int) -> list[slice]:
    """Runs of channels."""
    return [slice(first, first + width) for first in range(0, count, width)]


def _wide(array: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "n ..."]:
    """Numbers in no less than float32."""
    return array.astype(np.promote_types(array.dtype, np.float32), copy=False)
