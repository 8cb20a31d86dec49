"""Products of a kernel with inputs, as a step computes them: geometry, and arrangement of arrays.

Three kinds: `dot_general`, whose batch axes are groups; `conv_general_dilated`; and `gather` of
rows of a table. Each says what `Layer` it is, and arranges inputs as (positions, channels), signals
as (logits, positions, channels), channels group by group, and its kernel with inputs and outputs
last, so that kernels of several steps may be compared.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Float, Num, Shaped

from davinz_jax.ntk.engines.layerwise.layer import Layer
from davinz_jax.ntk.engines.layerwise.program import Step, Values
from davinz_jax.types import Array


@dataclass(frozen=True)
class DotGeneral:
    """A `dot_general` with the kernel as one operand.

    Attributes:
        step: the equation.
        place: operand that is the kernel, 0 or 1.
    """

    step: Step
    place: int

    @property
    def layer(self) -> Layer:
        """Geometry: free axes of the inputs are positions, batch axes are groups."""
        free, batch, contracted = self.axes(1 - self.place)
        shape, kernel = self.step.operand(1 - self.place).shape, self.step.operand(self.place).shape
        groups = _size(shape, batch)
        return _flat_layer(
            _size(shape, free),
            groups * _size(shape, contracted),
            groups * _size(kernel, self.axes(self.place)[0]),
            groups,
        )

    def inputs(self, values: Values) -> Num[Array, "p c"]:
        """Inputs by position."""
        free, batch, contracted = self.axes(1 - self.place)
        operand = values[self.step.operands[1 - self.place]]
        inputs = jnp.transpose(operand, (*free, *batch, *contracted))
        return inputs.reshape(self.layer.positions, -1)

    def signals(self, signals: Float[Array, "l ..."]) -> Float[Array, "l t o"]:
        """Signals by position; a `dot_general` gives batch axes, then those of either operand."""
        first, second = self.axes(0), self.axes(1)
        num_batch, num_first, num_second = len(first[1]), len(first[0]), len(second[0])
        batch = range(1, 1 + num_batch)
        lhs = range(1 + num_batch, 1 + num_batch + num_first)
        rhs = range(1 + num_batch + num_first, 1 + num_batch + num_first + num_second)
        inputs, kernel = (lhs, rhs) if self.place == 1 else (rhs, lhs)
        by_position = jnp.transpose(signals, (0, *inputs, *batch, *kernel))
        return by_position.reshape(len(signals), self.layer.positions, -1)

    def kernel(self, kernel: Shaped[Any, "..."]) -> Shaped[Any, "g u o"]:
        """The kernel by group, input and output."""
        free, batch, contracted = self.axes(self.place)
        arranged = kernel.transpose((*batch, *contracted, *free))
        return arranged.reshape(_size(kernel.shape, batch), _size(kernel.shape, contracted), -1)

    def axes(self, place: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Free, batch and contracted axes of an operand."""
        contracted, batch = self.step.equation.params["dimension_numbers"]
        bound = (*batch[place], *contracted[place])
        axes = range(len(self.step.operand(place).shape))
        free = tuple(axis for axis in axes if axis not in bound)
        return free, tuple(batch[place]), tuple(contracted[place])


@dataclass(frozen=True)
class Convolution:
    """A `conv_general_dilated` with the kernel as its second operand.

    Inputs that are spread (`lhs_dilation`) or cut (negative padding) are first made so. Several
    images of a row are positions along a further axis.

    Attributes:
        step: the equation.
    """

    step: Step

    @property
    def layer(self) -> Layer:
        """Geometry, along the axes of the image."""
        params, dims = self.step.equation.params, self._dims
        kernel, output = self.step.operand(1).shape, self.step.output.shape
        space_in, padding = self._space()
        window = tuple(kernel[axis] for axis in dims.rhs_spec[2:])
        layer = Layer(
            "", space_in, tuple(output[axis] for axis in dims.out_spec[2:]),
            self.step.operand(0).shape[dims.lhs_spec[1]], output[dims.out_spec[1]],
            window, tuple(params["window_strides"]), padding, tuple(params["rhs_dilation"]),
            params["feature_group_count"],
        )  # fmt: skip
        return stacked(layer, output[dims.out_spec[0]])

    def inputs(self, values: Values) -> Num[Array, "p c"]:
        """Pixels of the images, spread and cut as the step does."""
        dims = self._dims
        image = values[self.step.operands[0]]
        image = jnp.transpose(image, (dims.lhs_spec[0], *dims.lhs_spec[2:], dims.lhs_spec[1]))
        if not self._is_plain:
            around = [(0, 0, 0), *self._spread(), (0, 0, 0)]
            image = lax.pad(image, jnp.zeros((), image.dtype), around)
        return image.reshape(-1, image.shape[-1])

    def signals(self, signals: Float[Array, "l ..."]) -> Float[Array, "l t o"]:
        """Signals by position."""
        batch, channels, *space = (axis + 1 for axis in self._dims.out_spec)
        by_position = jnp.transpose(signals, (0, batch, *space, channels))
        return by_position.reshape(len(signals), -1, by_position.shape[-1])

    def kernel(self, kernel: Shaped[Any, "..."]) -> Shaped[Any, "... u o"]:
        """The kernel with its window first."""
        out, into, *window = self._dims.rhs_spec
        return kernel.transpose((*window, into, out))

    @property
    def _dims(self) -> Any:
        return self.step.equation.params["dimension_numbers"]

    @property
    def _is_plain(self) -> bool:
        """Whether inputs go in as they are, with zeros around."""
        params = self.step.equation.params
        cut = any(side < 0 for pair in params["padding"] for side in pair)
        return not cut and set(params["lhs_dilation"]) <= {1}

    def _spread(self) -> list[tuple[int, int, int]]:
        """Zeros before, after and between the pixels along each axis."""
        params = self.step.equation.params
        pairs = zip(params["padding"], params["lhs_dilation"], strict=True)
        return [(before, after, dilation - 1) for (before, after), dilation in pairs]

    def _space(self) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """Positions along each axis, and zeros around them that are yet to be added."""
        shape = self.step.operand(0).shape
        space = tuple(shape[axis] for axis in self._dims.lhs_spec[2:])
        if self._is_plain:
            return space, tuple(tuple(pair) for pair in self.step.equation.params["padding"])
        sides = zip(space, self._spread(), strict=True)
        spread = tuple(
            size + before + after + max(0, size - 1) * between
            for size, (before, after, between) in sides
        )
        return spread, ((0, 0),) * len(space)


@dataclass(frozen=True)
class Lookup:
    """A `gather` of whole rows of a table, the first operand; its inputs are their indices.

    An index beyond the table becomes -1 where the step would fill: nothing was looked up.

    Attributes:
        step: the equation.
    """

    step: Step

    @property
    def layer(self) -> Layer:
        """Geometry: one input channel, the index."""
        table, axis = self.step.operand(0).shape, self._axis
        positions = math.prod(self.step.operand(1).shape[:-1])
        flat = _flat_layer(positions, 1, math.prod(table) // table[axis], 1)
        return replace(flat, table=table[axis])

    def inputs(self, values: Values) -> Num[Array, "p 1"]:
        """Indices by position."""
        column = self._dims.start_index_map.index(self._axis)
        indices, last = values[self.step.operands[1]][..., column], self.layer.table - 1
        indices = indices.reshape(-1, 1)
        mode = self.step.equation.params["mode"]
        if mode == lax.GatherScatterMode.CLIP:
            return jnp.clip(indices, 0, last)
        if mode == lax.GatherScatterMode.FILL_OR_DROP:
            return jnp.where((indices < 0) | (indices > last), -1, indices)
        return indices

    def signals(self, signals: Float[Array, "l ..."]) -> Float[Array, "l t o"]:
        """Signals by position."""
        offset = [axis + 1 for axis in self._dims.offset_dims]
        others = [axis for axis in range(1, signals.ndim) if axis not in offset]
        by_position = jnp.transpose(signals, (0, *others, *offset))
        return by_position.reshape(len(signals), self.layer.positions, -1)

    def kernel(self, kernel: Shaped[Any, "..."]) -> Shaped[Any, "1 u o"]:
        """The table with its rows first."""
        axis = self._axis
        others = [other for other in range(kernel.ndim) if other != axis]
        return kernel.transpose((axis, *others)).reshape(1, kernel.shape[axis], -1)

    @property
    def _axis(self) -> int:
        """Axis of the table along which rows are looked up."""
        return _lookup_axes(self.step)[0]

    @property
    def _dims(self) -> Any:
        return self.step.equation.params["dimension_numbers"]


Product = DotGeneral | Convolution | Lookup
"""A step that multiplies a kernel by inputs."""


def read_product(step: Step, place: int) -> Product | None:
    """What a step does with the operand that is a kernel; None if it is no such product."""
    if step.name == "dot_general":
        return DotGeneral(step, place)
    if step.name == "conv_general_dilated":
        is_one = place == 1 and step.equation.params["batch_group_count"] == 1
        return Convolution(step) if is_one else None
    return Lookup(step) if step.name == "gather" and place == 0 and _is_lookup(step) else None


def stacked(layer: Layer, count: int) -> Layer:
    """A layer that takes `count` images, one after another along a further axis."""
    if count == 1:
        return layer
    one = (1,)
    return replace(
        layer, space_in=(count, *layer.space_in), space_out=(count, *layer.space_out),
        window=one + layer.window, strides=one + layer.strides, dilation=one + layer.dilation,
        padding=((0, 0), *layer.padding),
    )  # fmt: skip


def _is_lookup(step: Step) -> bool:
    """Whether a gather takes whole rows along one axis of a table."""
    params, dims = step.equation.params, step.equation.params["dimension_numbers"]
    axes = _lookup_axes(step)
    if len(axes) != 1 or axes[0] not in dims.start_index_map or dims.operand_batching_dims:
        return False
    if params["mode"] == lax.GatherScatterMode.CLIP:
        return True  # along axes that are taken whole, any start is clipped to 0
    known = (lax.GatherScatterMode.FILL_OR_DROP, lax.GatherScatterMode.PROMISE_IN_BOUNDS)
    return params["mode"] in known and len(dims.start_index_map) == 1


def _lookup_axes(step: Step) -> list[int]:
    """Axes of a table along which a gather takes one place; none if it takes parts of any."""
    sizes = step.equation.params["slice_sizes"]
    parts = [
        (axis, size)
        for axis, (size, whole) in enumerate(zip(sizes, step.operand(0).shape, strict=True))
        if size != whole
    ]
    return [axis for axis, size in parts] if all(size == 1 for _, size in parts) else []


def _flat_layer(positions: int, channels_in: int, channels_out: int, groups: int) -> Layer:
    """A layer whose window is one position."""
    one, space = (1,), (positions,)
    return Layer("", space, space, channels_in, channels_out, one, one, ((0, 0),), one, groups)


def _size(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """Numbers along some axes."""
    return math.prod(shape[axis] for axis in axes)
