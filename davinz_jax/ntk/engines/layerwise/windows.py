"""Convolutions written as products of patches: a `dot_general` of slices of one image side by side.

Where a kernel has more positions than an image, XLA's convolution is slow and patches are made by
hand: the image is padded with zeros, cut at every place of the window, joined along its channels
and multiplied by the kernel. Kept as patches, inputs would take the window's size times the memory.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from davinz_jax.ntk.engines.layerwise.layer import Layer
from davinz_jax.ntk.engines.layerwise.products import DotGeneral, stacked
from davinz_jax.ntk.engines.layerwise.program import Program, Step, Values
from davinz_jax.types import Array


@dataclass(frozen=True)
class PatchProduct:
    """A product of patches and kernel.

    Attributes:
        dot: the product, of patches as they lie.
        image: number of the image's value.
        layer: geometry of the convolution.
    """

    dot: DotGeneral
    image: int
    layer: Layer

    def inputs(self, values: Values) -> Num[Array, "p c"]:
        """Pixels of the image."""
        return values[self.image].reshape(self.layer.positions_in, -1)

    def signals(self, signals: Float[Array, "l ..."]) -> Float[Array, "l t o"]:
        """Signals by position."""
        return self.dot.signals(signals)

    def kernel(self, kernel: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "g u o"]:
        """The kernel by input and output."""
        return self.dot.kernel(kernel)


def read_patches(program: Program, dot: DotGeneral) -> PatchProduct | None:
    """The convolution that a product is; None if its inputs are no patches of an image."""
    free, batch, contracted = dot.axes(1 - dot.place)
    patches = dot.step.operand(1 - dot.place)
    last = len(patches.shape) - 1
    if batch or contracted != (last,) or free != tuple(range(last)) or last < 2:
        return None
    parts = _joined(program, dot.step.operands[1 - dot.place], last)
    grid = _read_grid(parts)
    if grid is None:
        return None
    space_out, padded = patches.shape[1:-1], parts[0].operand(0).shape
    image, padding = _unpadded(program, parts[0].operands[0], len(space_out))
    space_in = tuple(size - sum(sides) for size, sides in zip(padded[1:-1], padding, strict=True))
    layer = Layer(
        "", space_in, space_out, padded[-1], dot.layer.channels_out, grid.window, grid.strides,
        padding, grid.dilation, 1,
    )  # fmt: skip
    return PatchProduct(dot, image, stacked(layer, patches.shape[0]))


class _Grid(NamedTuple):
    """Places of a window along each axis, and steps between them and between its positions."""

    window: tuple[int, ...]
    dilation: tuple[int, ...]
    strides: tuple[int, ...]


def _joined(program: Program, number: int, axis: int) -> list[Step]:
    """Steps that give the parts which a value joins along an axis; none if it joins none."""
    step = program.producers.get(number)
    if step is None:
        return []
    if step.name != "concatenate" or step.equation.params["dimension"] != axis:
        return [step]
    return [part for operand in step.operands for part in _joined(program, operand, axis)]


def _read_grid(parts: list[Step]) -> _Grid | None:
    """The window whose places several slices of one value are, in order; None if they are none."""
    if len(parts) < 2 or any(part.name != "slice" for part in parts):
        return None
    strides = {part.equation.params["strides"] or (1,) * part.output.ndim for part in parts}
    starts = np.array([part.equation.params["start_indices"] for part in parts])
    one_value = len({part.operands[0] for part in parts}) == 1
    if not one_value or len(strides) > 1 or len({part.output.shape for part in parts}) > 1:
        return None
    (steps,) = strides
    is_whole = all(parts[0].output.shape[at] == parts[0].operand(0).shape[at] for at in (0, -1))
    places = [_steps(starts[:, axis]) for axis in range(1, starts.shape[1] - 1)]
    if not is_whole or any(each is None for each in places):
        return None
    along = [each for each in places if each is not None]
    wanted = list(product(*(range(0, count * step, step) for count, step in along)))
    if starts[:, 1:-1].tolist() != [list(each) for each in wanted]:
        return None
    window, dilation = zip(*along, strict=True)
    return _Grid(window, dilation, tuple(steps[1:-1]))


def _steps(starts: Int[np.ndarray, " s"]) -> tuple[int, int] | None:
    """How many places starts from 0 take, and the step between them; None if it is not even."""
    places = np.unique(starts)
    steps = np.unique(np.diff(places))
    if places[0] != 0 or len(steps) > 1:
        return None
    return len(places), int(steps[0]) if len(steps) else 1


def _unpadded(
    program: Program, number: int, num_axes: int
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The value that was padded with zeros around, if one was, and how."""
    step = program.producers.get(number)
    nothing = ((0, 0),) * num_axes
    if step is None or step.name != "pad" or not _is_zero(program, step.operands[1]):
        return number, nothing
    sides = step.equation.params["padding_config"]
    config = [tuple(int(each) for each in side) for side in sides]
    is_plain = all(min(low, high) >= 0 and between == 0 for low, high, between in config)
    if not is_plain or any(config[0]) or any(config[-1]):
        return number, nothing
    return step.operands[0], tuple((low, high) for low, high, _ in config[1:-1])


def _is_zero(program: Program, number: int) -> bool:
    """Whether a value is known to be 0."""
    step = program.producers.get(number)
    if step is not None and step.name == "convert_element_type":
        return _is_zero(program, step.operands[0])
    return number in program.constants and not np.any(np.asarray(program.constants[number]))
