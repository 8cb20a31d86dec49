"""How each chosen leaf enters a program: as the kernel of products, or in another way.

A value may be a leaf rearranged (reshaped, transposed, cast, sliced) and scaled by a number, plus
what does not depend on that leaf. Where it multiplies inputs, not leaves themselves, the leaf's
gradient is Σ_t u_t b_tᵀ of that product, times the scale. A leaf all of whose uses are such
products of one form is a layer, their positions side by side; slices that do not overlap are layers
of their own. Any other leaf goes by Jacobian, whatever it is used for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from davinz_jax.ntk.engines.layerwise.layer import Layer, Use
from davinz_jax.ntk.engines.layerwise.products import (
    Convolution,
    DotGeneral,
    Product,
    read_product,
    stacked,
)
from davinz_jax.ntk.engines.layerwise.program import Program, Step, row_values
from davinz_jax.ntk.engines.layerwise.windows import PatchProduct, read_patches

_MOVES = ("reshape", "transpose", "squeeze", "rev", "slice", "broadcast_in_dim", "copy", "copy_p")
"""Steps that take each number of a leaf to one place at most, where they do not repeat any."""
_ELEMENTWISE = ("add", "sub", "mul", "div", "broadcast_in_dim", "neg")


class Image(NamedTuple):
    """A leaf as a value holds it: moved by some steps, then times some scalars.

    Attributes:
        moves: numbers of the steps.
        scales: numbers of the scalars' values.
        divisors: numbers of scalars that it is divided by.
    """

    moves: tuple[int, ...] = ()
    scales: tuple[int, ...] = ()
    divisors: tuple[int, ...] = ()


class LeafUses(NamedTuple):
    """How leaves are used.

    Attributes:
        products: uses of each leaf as a kernel, by the leaf's number.
        others: a step that uses a leaf in another way, by the leaf's number.
    """

    products: dict[int, list[tuple[Use, Image]]]
    others: dict[int, str]


def find_layers(
    program: Program, shapes: Mapping[str, Any]
) -> tuple[tuple[Layer, ...], dict[str, str]]:
    """Layers of a program, and the leaves that go by Jacobian, each with what hinders it.

    Args:
        program: of one row.
        shapes: shapes of the chosen leaves, by path.

    Returns:
        Layers in the order in which they are computed; and by path the name of a step,
        `elementwise` for sums and products with the leaf's numbers, or `shared` for products whose
        forms differ.
    """
    uses = find_uses(program)
    layers, by_jacobian = list[Layer](), dict[str, str]()
    for number, path in enumerate(program.paths):
        if number in uses.others:
            by_jacobian[path] = uses.others[number]
        elif number in uses.products:
            found = _join(program, uses.products[number], tuple(shapes[path].shape))
            if found is None:
                by_jacobian[path] = "shared"
            else:
                layers += [replace(layer, path=path) for layer in found]
    return tuple(sorted(layers, key=lambda layer: layer.uses[0].step)), by_jacobian


def find_uses(program: Program) -> LeafUses:
    """Uses of the chosen leaves of a program, step by step."""
    follower = _Follower(program, row_values(program))
    for number, step in enumerate(program.steps):
        follower.follow(number, step)
    # Outputs that are a leaf's numbers themselves.
    follower.use_otherwise(follower.images.get(program.output, {}), "output")
    return LeafUses(follower.products, follower.others)


@dataclass
class _Follower:
    """Follows leaves from step to step.

    Attributes:
        program: that is followed.
        of_row: numbers of values that depend on the row.
        images: images of leaves that each value holds.
        scalars: numbers of values that repeat one number, with that of the number.
        products: see `LeafUses`.
        others: see `LeafUses`.
    """

    program: Program
    of_row: set[int]
    images: dict[int, dict[int, Image]] = field(default_factory=dict)
    scalars: dict[int, int] = field(default_factory=dict)
    products: dict[int, list[tuple[Use, Image]]] = field(default_factory=dict)
    others: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.images |= {leaf: {leaf: Image()} for leaf in range(len(self.program.paths))}

    def follow(self, number: int, step: Step) -> None:
        """Note what one step does with the leaves that its operands hold."""
        self._note_scalar(step)
        held = [self.images.get(operand, {}) for operand in step.operands]
        if not any(held):
            return
        carried = self._carry(number, step, held)
        if carried is not None:
            self.images[step.results[0]] = carried
        elif not self._note_product(number, step, held):
            for images in held:
                self.use_otherwise(images, step.name)

    def use_otherwise(self, images: Mapping[int, Image], name: str) -> None:
        """Note that leaves are used by a step that is no product with a kernel."""
        for leaf in images:
            self.others.setdefault(leaf, "elementwise" if name in _ELEMENTWISE else name)

    def _note_scalar(self, step: Step) -> None:
        """Follow a number through casts and repetitions."""
        if step.name in ("broadcast_in_dim", "reshape", "squeeze", "convert_element_type"):
            source = step.operands[0]
            if step.operand(0).size == 1 and jnp.issubdtype(step.operand(0).dtype, jnp.floating):
                self.scalars[step.results[0]] = self.scalars.get(source, source)

    def _carry(
        self, number: int, step: Step, held: list[dict[int, Image]]
    ) -> dict[int, Image] | None:
        """Images that the result holds; None if it is no linear image of a leaf."""
        if self.of_row.intersection(step.operands) or not jnp.issubdtype(
            step.output.dtype, jnp.floating
        ):
            return None
        first = held[0]
        if step.name == "convert_element_type":
            return first
        if _is_move(step):
            return {
                leaf: image._replace(moves=(*image.moves, number)) for leaf, image in first.items()
            }
        if step.name in ("mul", "div"):
            return self._scale(step, held)
        return self._add(step, held) if step.name in ("add", "add_any", "sub") else None

    def _scale(self, step: Step, held: list[dict[int, Image]]) -> dict[int, Image] | None:
        """Images times a number, or divided by one; a number that is a leaf is used up."""
        place = 0 if held[0] and step.operand(0).size == step.output.size else 1
        other = 1 - place
        scalar = self.scalars.get(step.operands[other], step.operands[other])
        is_number = step.operand(other).size == 1 or step.operands[other] in self.scalars
        is_kept = is_number and step.output.size == step.operand(place).size
        if not is_kept or held[0].keys() & held[1].keys() or (step.name == "div" and place == 1):
            return None
        self.use_otherwise(held[other], step.name)
        name = "scales" if step.name == "mul" else "divisors"
        return {
            leaf: image._replace(**{name: (*getattr(image, name), scalar)})
            for leaf, image in held[place].items()
        }

    def _add(self, step: Step, held: list[dict[int, Image]]) -> dict[int, Image] | None:
        """Images of either summand, of different leaves."""
        first, second = held
        is_repeated = any(
            images and step.operand(place).size != step.output.size
            for place, images in enumerate(held)
        )
        if first.keys() & second.keys() or is_repeated or (step.name == "sub" and second):
            return None
        return first | second

    def _note_product(self, number: int, step: Step, held: list[dict[int, Image]]) -> bool:
        """Note the use of leaves as a kernel, if the step is such a product."""
        place = next(place for place, images in enumerate(held) if images)
        is_one = sum(map(bool, held)) == 1
        product = read_product(step, place) if is_one and len(step.operands) == 2 else None
        if product is None:
            return False
        for leaf, image in held[place].items():
            use = Use(number, place, image.scales, image.divisors)
            self.products.setdefault(leaf, []).append((use, image))
        return True


def _is_move(step: Step) -> bool:
    """Whether a step only takes numbers to other places, none of them to several."""
    is_permuted = step.name == "reshape" and step.equation.params.get("dimensions") is not None
    return step.name in _MOVES and not is_permuted and step.output.size <= step.operand(0).size


def _join(
    program: Program, found: list[tuple[Use, Image]], shape: tuple[int, ...]
) -> list[Layer] | None:
    """Layers of one leaf's products; None where their gradients cannot be kept apart or joined."""
    products = [product_of(program, use) for use, _ in found]
    if len(found) == 1:
        return [replace(products[0].layer, uses=(found[0][0],))]
    kernels = [
        product.kernel(_indices(program, image.moves, shape))
        for product, (_, image) in zip(products, found, strict=True)
    ]
    groups = _group(kernels)
    if groups is None:
        return None
    layers = [_join_group([products[at] for at in group]) for group in groups]
    if any(layer is None for layer in layers):
        return None
    return [
        replace(layer, uses=tuple(found[at][0] for at in group))
        for layer, group in zip(layers, groups, strict=True)
        if layer is not None
    ]


def product_of(program: Program, use: Use) -> Product | PatchProduct:
    """The product that a use is."""
    product = read_product(program.steps[use.step], use.place)
    assert product is not None  # it was one when the use was found
    patches = read_patches(program, product) if isinstance(product, DotGeneral) else None
    return patches or product


def _group(kernels: list[Int[np.ndarray, "..."]]) -> list[list[int]] | None:
    """Kernels of the same numbers of a leaf together; None if some share a part of them."""
    groups: list[list[int]] = []
    for at, kernel in enumerate(kernels):
        same = [group for group in groups if np.array_equal(kernels[group[0]], kernel)]
        if same:
            same[0].append(at)
        elif any(np.intersect1d(kernels[group[0]], kernel).size for group in groups):
            return None
        else:
            groups.append([at])
    return groups


def _join_group(products: list[Product | PatchProduct]) -> Layer | None:
    """One layer of products with the same kernel; None where their forms differ."""
    layers = [product.layer for product in products]
    first = layers[0]
    if len({type(product) for product in products}) > 1:
        return None
    if isinstance(products[0], Convolution | PatchProduct):
        return stacked(first, len(layers)) if len(set(layers)) == 1 else None
    space = (sum(layer.positions for layer in layers),)
    joined = replace(first, space_in=space, space_out=space)
    others = {replace(layer, space_in=space, space_out=space) for layer in layers}
    return joined if others == {joined} else None


def _indices(
    program: Program, moves: tuple[int, ...], shape: tuple[int, ...]
) -> Int[np.ndarray, "..."]:
    """Which number of a leaf is where, after some steps."""
    indices = np.arange(int(np.prod(shape))).reshape(shape)
    for number in moves:
        step = program.steps[number]
        params = step.equation.params
        if step.name == "transpose":
            indices = indices.transpose(params["permutation"])
        elif step.name == "rev":
            indices = np.flip(indices, params["dimensions"])
        elif step.name == "slice":
            strides = params["strides"] or (1,) * indices.ndim
            bounds = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
            indices = indices[tuple(slice(*each) for each in bounds)]
        indices = indices.reshape(step.output.shape)
    return indices
