"""Finds the layers of a network, and how each is best contracted.

The network is traced once on one row (`program`), and what each chosen leaf does there is read off
(`leaves`). Leaves of no layer go by Jacobian, which is always exact.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Num

from davinz_jax.ntk.engines.layerwise.layer import Layer, is_pointwise, window_meets
from davinz_jax.ntk.engines.layerwise.leaves import find_layers
from davinz_jax.ntk.engines.layerwise.program import trace_program
from davinz_jax.ntk.outputs import Network, example_row
from davinz_jax.ntk.parameters import split_variables
from davinz_jax.types import Array, Precision, Variables

Form = Literal["gradient", "patches", "pixels", "outer", "sketch"]
"""How a layer's gradients are cached and contracted: as they are; as factors, by products of inputs
(of pixels or of patches) and of signals between positions, or by forming the gradients when they
are multiplied; or, estimated, as sketches."""

EXACT: tuple[Form, ...] = ("gradient", "patches", "pixels", "outer")
"""Forms in which nothing is estimated."""
FACTORED: tuple[Form, ...] = ("patches", "pixels", "outer")
"""Forms in which inputs and signals are kept."""

_WRITING = 485
"""Cost of keeping one number of a row's gradient, in multiply-adds of a large matrix product:
memory is slow beside products, and forming the gradient costs no more than the backward pass."""
_PRODUCT = 3
"""Cost of a multiply-add in products of positions, whose matrices are small, likewise."""
_ELEMENTWISE = 70
"""Cost of an elementwise multiply-add, likewise; all are fitted to times on a CPU."""
_FORMING = 40
"""Cost of writing one number of a row's gradient where it is multiplied at once, likewise."""
FORMING_ROWS = 2048
"""Rows of a tile's side where gradients are formed for each tile anew."""


@dataclass(frozen=True)
class Survey:
    """What reading found; hashable, so that it can be static under jit.

    Attributes:
        layers: layers, each of one leaf or a part of one.
        forms: form of each layer.
        remaining: paths of chosen leaves that go by Jacobian.
        num_remaining: parameters of these leaves.
        num_logits: outputs of the model.
        hindrances: why each of the remaining leaves goes by Jacobian, as in `find_layers`.
        logits_per_pass: logits whose gradients one pass takes.
        is_forming: whether gradients may be formed when they are multiplied, instead of kept.
        precision: in which gradients and factors are cached and multiplied.
    """

    layers: tuple[Layer, ...]
    forms: tuple[Form, ...]
    remaining: tuple[str, ...]
    num_remaining: int
    num_logits: int
    hindrances: tuple[str, ...] = ()
    logits_per_pass: int = 1
    is_forming: bool = True
    precision: Precision = "full"

    @property
    def num_features(self) -> int:
        """Numbers that a row's gradients take, of the layers in this form."""
        counts = (
            layer.num_parameters
            for layer, form in zip(self.layers, self.forms, strict=True)
            if form == "gradient"
        )
        return self.logits_per_pass * (self.num_remaining + sum(counts))

    def with_forms(
        self, *, block_size: int, logits_per_pass: int | None = None, is_forming: bool | None = None
    ) -> "Survey":
        """The survey with the forms that are cheapest for so many logits in one pass."""
        logits = self.logits_per_pass if logits_per_pass is None else logits_per_pass
        forming = self.is_forming if is_forming is None else is_forming
        forms = tuple(
            cheapest_form(layer, block_size, logits, is_forming=forming) for layer in self.layers
        )
        return replace(self, logits_per_pass=logits, is_forming=forming, forms=forms)

    def factored_layers(self) -> list[tuple[Layer, Form]]:
        """Layers that are kept as inputs and signals."""
        pairs = zip(self.layers, self.forms, strict=True)
        return [(layer, form) for layer, form in pairs if form in FACTORED]


def survey_network(
    network: Network, variables: Variables, inputs: Num[Array, "n ..."], *, block_size: int
) -> Survey:
    """Layers and their forms, for kernels of each row with `block_size` others."""
    chosen, rest = split_variables(variables, parameters=network.parameters)
    program = trace_program(network.apply, chosen, rest, example_row(inputs))
    layers, by_jacobian = find_layers(program, chosen)
    return Survey(
        layers,
        tuple(cheapest_form(layer, block_size) for layer in layers),
        tuple(by_jacobian),
        sum(int(np.prod(chosen[path].shape)) for path in by_jacobian),
        program.num_logits,
        tuple(by_jacobian.values()),
    )


class FormCost(NamedTuple):
    """Multiply-adds of a form, in those of a large matrix product.

    Attributes:
        row: of a row, when its features are computed.
        tile_row: of a row in each tile.
        pair: of a pair of rows.
    """

    row: float
    tile_row: float
    pair: float


def form_cost(layer: Layer, form: Form, logits_per_pass: int) -> FormCost:
    """What one layer costs beyond its passes, in one form, for the logits of one pass.

    Products of inputs serve all of these logits; gradients and signals are each one's own.
    """
    if form == "gradient":
        count = logits_per_pass * layer.num_parameters
        return FormCost(count * _WRITING, 0, count)
    if form == "outer":
        count = logits_per_pass * layer.num_parameters
        return FormCost(0, count * (layer.positions + _FORMING), count)
    if layer.table:  # rows meet where they looked up the same row of the table, at most
        count = logits_per_pass * layer.positions * layer.channels_out
        return FormCost(0, count * _FORMING, _PRODUCT * count)
    signals = logits_per_pass * layer.positions**2 * layer.channels_out
    if form == "patches":
        inputs, elementwise = layer.positions**2 * layer.patch_size, layer.positions**2
    else:
        inputs = layer.positions_in**2 * layer.channels_in
        elementwise = math.prod(
            sum((out.stop - out.start) ** 2 for out, _ in window_meets(layer, axis))
            for axis in range(len(layer.window))
        )
    products = _PRODUCT * (inputs + signals)
    return FormCost(0, 0, products + _ELEMENTWISE * elementwise * layer.groups)


def jacobian_cost(num_parameters: int, block_size: int) -> float:
    """What a leaf that goes by Jacobian costs a row, if the row meets `block_size` others."""
    return num_parameters * (_WRITING + block_size / 2)


def cheapest_form(
    layer: Layer, block_size: int, logits_per_pass: int = 1, *, is_forming: bool = True
) -> Form:
    """The form with the fewest operations a row, if the row meets `block_size` others.

    A symmetric tile takes half the products, and gradients are formed for one tile; whether the
    tiles that there will be, and the memory, ask for another form is for the plan to say.
    """

    def cost(form: Form) -> float:
        row, tile_row, pair = form_cost(layer, form, logits_per_pass)
        return row + tile_row + block_size * pair / 2

    return min(_possible_forms(layer, is_forming=is_forming), key=cost)


def _possible_forms(layer: Layer, *, is_forming: bool) -> tuple[Form, ...]:
    """Forms that a layer can take; gradients are formed late at many positions without a window."""
    if layer.table:
        return ("gradient", "pixels")
    kept = ("gradient", "patches", "pixels")
    is_sequence = is_pointwise(layer) and layer.positions > 1
    return (*kept, "outer") if is_forming and is_sequence else kept
