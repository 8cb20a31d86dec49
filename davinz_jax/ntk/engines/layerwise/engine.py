"""The layer-wise engine: a network is read, each row goes back once, and layers are multiplied.

For `trace`, the logits of one pass share its forward pass and the products of inputs; how many they
are follows from the memory.
"""

from dataclasses import dataclass, replace
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Num

from davinz_jax.choices import check_choice
from davinz_jax.ntk.engines.base import BETWEEN, PASSING, TILE_ROWS, ComputeCost, MemoryCost
from davinz_jax.ntk.engines.layerwise.contraction import (
    SCRATCH_BYTES,
    contract_features,
    contract_sketches,
)
from davinz_jax.ntk.engines.layerwise.coverage import describe_survey
from davinz_jax.ntk.engines.layerwise.gradients import Features, represent_rows
from davinz_jax.ntk.engines.layerwise.outer import ROOM_BYTES, most_threads
from davinz_jax.ntk.engines.layerwise.sketch import (
    HALVES,
    Sketch,
    draw_projections,
    num_projected,
    num_sketched,
    sketch_cost,
    with_sketch,
)
from davinz_jax.ntk.engines.layerwise.survey import (
    FORMING_ROWS,
    Form,
    FormCost,
    Survey,
    form_cost,
    survey_network,
)
from davinz_jax.ntk.engines.layerwise.verification import find_fault
from davinz_jax.ntk.outputs import Network, Rows, telling_rows
from davinz_jax.types import Array, Precision, Variables


@dataclass(frozen=True)
class LayerwiseEngine:
    """Kernels by layers; exact for any model, fast for what multiplies its inputs by kernels.

    Attributes:
        chunk: backward passes at a time: rows, or rows times logits.
        precision: `full` is that of the network; `bfloat16` caches gradients and factors in half
            the memory, for matrix units that multiply them faster, and adds their products in
            float32: entries are then off by less than 0.1 % of √(K_ii K_jj) (measured: 0.06 % for
            CNN and CNN8, 0.03 % for VGG13 and ResNet18).
        survey: the layers found, by `fit`.
        sketch: estimate layers by sketches; None is exact.
    """

    chunk: int = 20
    precision: Precision = "full"
    survey: Survey | None = None
    sketch: Sketch | None = None

    def __post_init__(self) -> None:
        check_choice("precision", self.precision, get_args(Precision))

    @property
    def name(self) -> str:
        """The engine, its precision where that is not full, and its sketch."""
        precision = [] if self.precision == "full" else [self.precision]
        sketch = [] if self.sketch is None else [f"sketch of {self.sketch.size}"]
        return ", ".join(["layerwise", *precision, *sketch])

    @property
    def halves(self) -> tuple[int, ...]:
        """First axis of its tiles: (2,), estimate and error, of a sketch; () where it is exact."""
        return () if self.sketch is None else (HALVES,)

    def of_draw(self, draw: int) -> "LayerwiseEngine":
        """The engine for one draw of the network: each has a sketch of its own."""
        if self.sketch is None:
            return self
        return replace(self, sketch=replace(self.sketch, seed=(*self.sketch.seed, draw)))

    def fit(
        self,
        network: Network,
        variables: Variables,
        inputs: Num[Array, "n ..."],
        *,
        block_size: int,
    ) -> "LayerwiseEngine":
        """The engine with the model's layers surveyed.

        Raises:
            ValueError: for a sketch that makes no layer cheaper.
        """
        survey = survey_network(network, variables, inputs, block_size=block_size)
        survey = replace(survey, precision=self.precision)
        if self.sketch is not None:
            if network.output == "trace":  # one projection takes the signals of all logits
                count = survey.num_logits
                survey = survey.with_forms(block_size=block_size, logits_per_pass=count)
            survey = with_sketch(survey, self.sketch.size)
        return replace(self, survey=survey)

    def coverage(self) -> dict[str, str]:
        """How each parameter's share of a kernel is computed, by path."""
        return describe_survey(self._survey)

    def with_logits(self, logits_per_pass: int, *, block_size: int) -> "LayerwiseEngine":
        """The engine with so many logits in one pass; a sketch takes all."""
        if self.sketch is not None:
            return self
        survey = self._survey.with_forms(block_size=block_size, logits_per_pass=logits_per_pass)
        return replace(self, survey=survey)

    def alternatives(self, *, block_size: int) -> "tuple[LayerwiseEngine, ...]":
        """The engine, and one that keeps all gradients where this one forms some anew."""
        if not self._is_forming or self.sketch is not None:
            return (self,)
        kept = self._survey.with_forms(block_size=block_size, is_forming=False)
        return self, replace(self, survey=kept)

    @property
    def tile_rows(self) -> int:
        """Rows of a tile's side: many where each tile forms gradients of its rows."""
        return FORMING_ROWS if self._is_forming else TILE_ROWS

    @property
    def _is_forming(self) -> bool:
        """Whether gradients of some layers are formed when they are multiplied."""
        return self.survey is not None and "outer" in self.survey.forms

    def num_passes(self, num_logits: int, network: Network) -> int:
        """For `trace`, as many as the logits need."""
        return num_logits // self._survey.logits_per_pass if network.output == "trace" else 1

    def represent(self, network: Network, variables: Variables, rows: Rows, index: int) -> Features:
        """Features of the rows for the logits of pass `index`, or of their own classes."""
        logits, count = np.asarray(rows.labels)[:, None], self._survey.logits_per_pass
        if network.output == "trace":
            every = np.arange(index * count, (index + 1) * count, dtype=np.int32)
            logits = np.tile(every, (rows.num_rows, 1))
        chunk, sketch = max(1, self.chunk // count), self.sketch
        signs = () if sketch is None else draw_projections(self._survey, sketch)
        return represent_rows(
            network, self._survey, variables, rows.inputs, logits, chunk=chunk,
            projections=jax.tree.map(jnp.asarray, signs),
        )  # fmt: skip

    def contract(
        self, network: Network, variables: Variables, features: Features, other: Features | None
    ) -> Float[np.ndarray, "*h n m"]:
        """Tile of one pass; a k-th of it for each of k logits. Of a sketch, with its error."""
        del variables
        tile = contract_features(self._survey, features, other)
        if self.sketch is not None:
            tile = contract_sketches(tile, features, other)
        return tile / self._survey.num_logits if network.output == "trace" else tile

    def verify(
        self, network: Network, variables: Variables, rows: Rows, *, batch_size: int
    ) -> str | None:
        """What is amiss in its kernel of two rows, and in which layer.

        Rows go through in the shape that the kernel's will have, so that it is compiled once. Of a
        sketch, what is looked at is the kernel that it estimates.
        """
        if self.sketch is not None:
            exact = replace(self, sketch=None, chunk=1)
            exact = exact.fit(network, variables, rows.inputs, block_size=1)
            return exact.verify(network, variables, rows, batch_size=batch_size)
        count, num_logits = self._survey.logits_per_pass, self._survey.num_logits
        chunk = min(batch_size, max(1, self.chunk // count))
        telling = telling_rows(rows.inputs)
        index = np.resize(telling, max(chunk, len(telling)))
        logits = np.asarray(rows.labels)[index, None]
        if network.output == "trace":
            spread = np.linspace(0, num_logits - 1, count).astype(np.int32)
            logits = np.tile(spread, (len(index), 1))
        inputs = np.asarray(rows.inputs)[index]
        fault = find_fault(network, self._survey, variables, inputs, logits, chunk=chunk)
        return None if fault is None else str(fault)

    def memory_cost(
        self, network: Network, variables: Variables, inputs: Num[Array, "n ..."]
    ) -> MemoryCost:
        """A row's features, and what a chunk of rows takes on its way forward and back."""
        del network, inputs
        found = self._survey
        size = np.dtype(jnp.result_type(*jax.tree.leaves(variables))).itemsize
        factors = {form: 0 for form in get_args(Form)}
        for layer, form in found.factored_layers():
            window = layer.window_size if form == "patches" else 1
            factors[form] += layer.positions_in * layer.channels_in * window
            factors[form] += found.logits_per_pass * layer.positions * layer.channels_out
        passing = sum(
            layer.positions_in * layer.channels_in + layer.positions * layer.channels_out
            for layer in found.layers
        )
        is_full = self.precision == "full"
        cached_size = size if is_full else np.dtype(self.precision).itemsize
        kept = sum(factors.values())
        # A tile in hand takes factors by position, but for those that gradients are formed of,
        # and what is cached in less as float32.
        by_position = kept - factors["outer"]
        in_hand = size * (by_position if is_full else kept + found.num_features)
        features = 2 * found.num_features // found.logits_per_pass
        at_work = max(self.chunk, found.logits_per_pass) * size * (4 * passing + features)
        sketches = projected = 0
        if self.sketch is not None:
            sketches = num_sketched(found, self.sketch.size)
            projected = num_projected(found, self.sketch.size)
        chunk = max(1, self.chunk // found.logits_per_pass)
        forming = 2 * most_threads() * ROOM_BYTES if self._is_forming else 0
        return MemoryCost(
            fixed=at_work + chunk * size * (projected + sketches) + 4 * SCRATCH_BYTES + forming,
            row=in_hand + (0 if is_full else size * sketches),
            cached=cached_size * (found.num_features + kept + sketches),
        )

    def compute_cost(
        self, network: Network, variables: Variables, inputs: Num[Array, "n ..."]
    ) -> ComputeCost:
        """Forward and backward pass of a row, and the products of its features."""
        del network, variables, inputs
        found = self._survey
        forms = self._form_costs()
        layers = PASSING * sum(
            layer.positions * layer.patch_size * layer.channels_out // layer.groups
            for layer in found.layers
        )
        between = BETWEEN * sum(layer.positions * layer.channels_out for layer in found.layers)
        return ComputeCost(
            tile_row=sum(form.tile_row for form in forms),
            feature_row=(1 + found.logits_per_pass) * layers
            + (1 + 2 * found.logits_per_pass) * between / 3
            + sum(form.row for form in forms),
            pair=found.logits_per_pass * found.num_remaining + sum(form.pair for form in forms),
            output_row=layers + between / 3,
        )

    def _form_costs(self) -> list[FormCost]:
        """What each layer costs beyond its passes."""
        found, costs = self._survey, list[FormCost]()
        for layer, form in zip(found.layers, found.forms, strict=True):
            if self.sketch is not None and form == "sketch":
                costs.append(sketch_cost(layer, self.sketch.size, found.logits_per_pass))
            else:
                costs.append(form_cost(layer, form, found.logits_per_pass))
        return costs

    @property
    def _survey(self) -> Survey:
        """The survey, which `fit` makes."""
        if self.survey is None:
            raise ValueError("survey: wanted an engine fit to the model, got none; call fit")
        return self.survey
