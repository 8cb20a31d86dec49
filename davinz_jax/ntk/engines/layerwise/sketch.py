r"""Layers as sketches: inputs and signals are projected before their outer product is taken.

With inputs u_t (U numbers) and signals b_t (O numbers: of all logits, a group's in their place) a
row's gradient is Σ_t u_t b_tᵀ. Its sketch is Σ_t (P u_t)(Q b_t)ᵀ / k with P (k, U) and Q (k, O) of
independent random signs. As E PᵀP = E QᵀQ = k I, inner products of sketches are in the mean those
of gradients, and no gradient ever exists. P of patches is applied as a convolution; of a table, as
a row of signs for each index. A side of at most k numbers is not projected.

Two independent sketches of every layer, the halves, give two Gram matrices: their mean is the
estimate, positive semidefinite as either is, and half their difference is its error. Uses of one
kernel share one projection. What goes by Jacobian stays exact, as do layers
that cost little more so.

References:
    Achlioptas 2003 (`achlioptas2003database`): projections by signs.
    Departs from it: either side of an outer product is projected, not its entries.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Float, Int, Num

from davinz_jax.ntk.engines.layerwise.layer import Layer, joined_signals
from davinz_jax.ntk.engines.layerwise.survey import EXACT, FormCost, Survey, form_cost
from davinz_jax.types import Array

HALVES = 2
"""Independent sketches of each layer."""
_PROJECTING = 3
"""Cost of a multiply-add of a projection, in those of a large matrix product."""
_WRITING = 485
"""Cost of keeping one number, likewise, as in `survey`."""
_GAIN = 2
"""Times that a pair of rows is cheaper at least where a layer is sketched."""
_MOST = 4096
"""Largest sketch that is looked for where one is too large."""


@dataclass(frozen=True)
class Sketch:
    """How layers are sketched.

    Attributes:
        size: k, numbers to which inputs and signals are projected, in each half.
        seed: words from which the signs are drawn; left out of what it looks like, so that what
            is found of one seed is known of all.
    """

    size: int
    seed: tuple[int, ...] = field(default=(0,), repr=False)


class Projection(NamedTuple):
    """Signs of one layer in both halves, not yet divided by √k; the identity where all is kept.

    Attributes:
        inputs: Pᵀ.
        signals: Qᵀ.
    """

    inputs: Int[Array, "h u a"]
    signals: Int[Array, "h o b"]


def with_sketch(survey: Survey, size: int) -> Survey:
    """The survey with those layers as sketches that are twice as cheap so for a pair of rows.

    Which they are depends on the network alone, not on rows, blocks or memory, so that the same
    key gives the same estimate however a kernel is cut into tiles.

    Raises:
        ValueError: if no layer is.
    """
    forms = tuple(
        "sketch" if _pays(layer, size, survey.logits_per_pass) else form
        for layer, form in zip(survey.layers, survey.forms, strict=True)
    )
    if "sketch" not in forms:
        raise ValueError(_describe_none(survey, size))
    return replace(survey, forms=forms)


def sketched_layers(survey: Survey) -> list[Layer]:
    """Layers that are sketched."""
    pairs = zip(survey.layers, survey.forms, strict=True)
    return [layer for layer, form in pairs if form == "sketch"]


def num_sketched(survey: Survey, size: int) -> int:
    """Numbers that a row's sketches take, of both halves."""
    layers = sketched_layers(survey)
    return HALVES * sum(math.prod(_kept(each, size, survey.logits_per_pass)) for each in layers)


def num_projected(survey: Survey, size: int) -> int:
    """Numbers that a row's projected inputs and signals take on their way, of both halves."""
    return HALVES * sum(
        layer.positions * layer.groups * sum(_kept(layer, size, survey.logits_per_pass))
        for layer in sketched_layers(survey)
    )


def sketch_cost(layer: Layer, size: int, num_logits: int) -> FormCost:
    """What one layer costs beyond its passes as a sketch, as in `form_cost`."""
    inputs, signals = _kept(layer, size, num_logits)
    own, theirs = _sides(layer, num_logits)
    reading = inputs * (1 if layer.table else own * layer.groups) + signals * theirs
    work = layer.positions * (reading + layer.groups * inputs * signals)
    numbers = HALVES * inputs * signals
    return FormCost(HALVES * _PROJECTING * work + _WRITING * numbers, 0, numbers)


def draw_projections(survey: Survey, sketch: Sketch) -> tuple[Projection, ...]:
    """Signs of each sketched layer; the same for the same seed, whatever the rows and device."""
    draws = list[Projection]()
    for at, layer in enumerate(sketched_layers(survey)):
        pairs = zip(
            _sides(layer, survey.logits_per_pass),
            _kept(layer, sketch.size, survey.logits_per_pass),
            strict=True,
        )
        signs = (_signs(*pair, [*sketch.seed, at, side]) for side, pair in enumerate(pairs))
        draws.append(Projection(*signs))
    return tuple(draws)


def sketch_rows(
    every: Sequence[tuple[Layer, Num[Array, "n _ _"], Float[Array, "n _ _ _"]]],
    projections: Sequence[Projection],
) -> tuple[Float[Array, "n q"], ...]:
    """Sketches of rows' gradients, those of all layers side by side, in each half.

    Args:
        every: layers that are sketched; their inputs by position, signals by logit and position.
        projections: their signs; where there are none, nothing is sketched.
    """
    if not projections:
        return ()
    parts = [_sketch_layer(*each, signs) for each, signs in zip(every, projections, strict=True)]
    return tuple(jnp.concatenate([part[half] for part in parts], axis=1) for half in range(HALVES))


def _sketch_layer(
    layer: Layer,
    inputs: Num[Array, "n p c"],
    signals: Float[Array, "n l t o"],
    projection: Projection,
) -> Float[Array, "h n q"]:
    """Σ_t (P u_t)(Q b_t)ᵀ / k of one layer."""
    signs = projection.signals.reshape(HALVES, layer.groups, -1, projection.signals.shape[2])
    b = joined_signals(layer, signals).reshape(len(signals), layer.positions, layer.groups, -1)
    back = _einsum("ntgo,hgok->hntgk", b, _scaled(signs, math.prod(signs.shape[1:3]), b.dtype))
    scaled = _scaled(projection.inputs, projection.inputs.shape[1], b.dtype)
    front = _project_inputs(layer, inputs, scaled)
    sketches = _einsum("hntgu,hntgk->hnuk", front, back)
    return sketches.reshape(HALVES, len(signals), -1)


def _project_inputs(
    layer: Layer, inputs: Num[Array, "n p c"], projection: Float[Array, "h u k"]
) -> Float[Array, "h n t g k"]:
    """P u_t of all positions, without the patches u: by a convolution with P as its kernel."""
    if layer.table:
        known = jnp.where(inputs[..., 0] < 0, layer.table, inputs[..., 0])
        rows = jnp.take(projection, known, axis=1, mode="fill", fill_value=0)
        return rows[:, :, :, None]  # (h, n, t, g = 1, k)
    num_rows, size = len(inputs), projection.shape[2]
    plain = _num_plain(layer)
    apart = inputs.reshape(num_rows, *layer.space_in, layer.groups, -1)
    images = jnp.moveaxis(apart, -2, 1 + plain)  # groups are images of their own
    lead = images.shape[: 2 + plain]
    images = images.reshape(math.prod(lead), *images.shape[2 + plain :])
    kernel = jnp.moveaxis(projection, 0, 1).reshape(projection.shape[1], -1)  # (u, h·k)
    found = _convolve(layer, images, kernel, plain)
    by_group = jnp.moveaxis(found.reshape(*lead, *found.shape[1:-1], HALVES, size), 1 + plain, -3)
    by_position = by_group.reshape(num_rows, layer.positions, layer.groups, HALVES, size)
    return jnp.moveaxis(by_position, 3, 0)


def _convolve(
    layer: Layer, images: Float[Array, "m ..."], kernel: Float[Array, "u k"], plain: int
) -> Float[Array, "m ..."]:
    """Images met by a kernel along the axes of the window after the first few, plain ones."""
    window = layer.window[plain:]
    if not window:
        return _einsum("mc,ck->mk", images, kernel)
    axes = "XYZABDEFGH"[: len(window)]
    return lax.conv_general_dilated(
        jnp.asarray(images),
        jnp.asarray(kernel).reshape(*window, images.shape[-1], -1),
        layer.strides[plain:],
        layer.padding[plain:],
        rhs_dilation=layer.dilation[plain:],
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        precision=lax.Precision.HIGHEST,
    )


def _num_plain(layer: Layer) -> int:
    """How many of the first axes a window of one position goes along, step by step."""
    axes = zip(layer.window, layer.strides, layer.padding, strict=True)
    for number, (size, stride, padding) in enumerate(axes):
        if (size, stride) != (1, 1) or any(padding):
            return number
    return len(layer.window)


def _sides(layer: Layer, num_logits: int) -> tuple[int, int]:
    """U and O: numbers of a group's inputs at a position, and of all signals at one."""
    return layer.table or layer.patch_size // layer.groups, num_logits * layer.channels_out


def _kept(layer: Layer, size: int, num_logits: int) -> tuple[int, int]:
    """Numbers of either side once it is projected."""
    inputs, signals = _sides(layer, num_logits)
    return min(size, inputs), min(size, signals)


def _signs(count: int, kept: int, seed: list[int]) -> Int[np.ndarray, "h c k"]:
    """Random signs in each half, or the identity where all numbers are kept."""
    if kept == count:
        return np.repeat(np.eye(count, dtype=np.int8)[None], HALVES, axis=0)
    bits = np.random.default_rng(seed).integers(0, 2, (HALVES, count, kept), np.int8)
    return 2 * bits - 1


def _scaled(signs: Int[Array, "..."], count: int, dtype: np.dtype) -> Float[Array, "..."]:
    """Signs over √k; the identity as it is."""
    kept = signs.shape[-1]
    return signs.astype(dtype) * (1.0 if kept == count else kept**-0.5)


def _einsum(subscripts: str, *operands: Float[Array, "..."]) -> Float[Array, "..."]:
    return jnp.einsum(subscripts, *operands, precision=lax.Precision.HIGHEST)


def _exact_pair(layer: Layer, num_logits: int) -> float:
    """What a pair of rows costs at least where a layer is exact."""
    forms = ("gradient", "pixels") if layer.table else EXACT
    return float(min(form_cost(layer, form, num_logits).pair for form in forms))


def _pays(layer: Layer, size: int, num_logits: int) -> bool:
    """Whether a sketch makes a pair of rows so much cheaper that it is worth its error."""
    return _GAIN * sketch_cost(layer, size, num_logits).pair < _exact_pair(layer, num_logits)


def _describe_none(survey: Survey, size: int) -> str:
    """What to say where a sketch would make no layer cheaper."""
    logits = survey.logits_per_pass
    fits = (
        s for s in range(min(size, _MOST), 0, -1) if any(_pays(e, s, logits) for e in survey.layers)
    )
    largest = next(fits, 0)
    wanted = f"at most {largest} dimensions" if largest else "none"
    remedy = "take fewer, or leave" if largest else "leave"
    return (
        f"sketch: wanted {wanted} for this network, got {size}, with which no layer takes "
        f"half of what it does exactly; {remedy} the sketch out"
    )
