"""The layer-wise engine: interception, one backward pass a row, and products of layers.

For `trace`, the logits of one pass share its forward pass and the products of inputs; how many they
are follows from the memory.
"""

from dataclasses import dataclass, replace
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np

from davinz_jax.choices import check_choice
from davinz_jax.ntk.engines.base import BETWEEN, PASSING, ComputeCost, MemoryCost
from davinz_jax.ntk.engines.layerwise.contraction import SCRATCH_BYTES, contract_kept
from davinz_jax.ntk.engines.layerwise.gradients import Kept, kept_rows
from davinz_jax.ntk.engines.layerwise.survey import Survey, form_cost, survey_network
from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.types import Precision, Variables


@dataclass(frozen=True)
class LayerwiseEngine:
    """Kernels by layers; exact for any model, fast for Linen's Dense and Conv.

    Attributes:
        chunk: backward passes at a time: rows, or rows times logits.
        precision: `full` is that of the network; `bfloat16` keeps gradients and factors in half
            the memory, for matrix units that multiply them faster, and adds their products in
            float32: entries are then off by less than 0.1 % of √(K_ii K_jj) (measured: 0.06 % for
            CNN and CNN8, 0.03 % for VGG13 and ResNet18).
        survey: the layers found, once `fitted`.
    """

    chunk: int = 20
    precision: Precision = "full"
    survey: Survey | None = None

    def __post_init__(self) -> None:
        check_choice("precision", self.precision, get_args(Precision))

    @property
    def name(self) -> str:
        """The engine, and its precision where that is not full."""
        return "layerwise" if self.precision == "full" else f"layerwise, {self.precision}"

    def fitted(
        self, network: Network, variables: Variables, inputs: Any, *, block_size: int
    ) -> "LayerwiseEngine":
        """The engine with the model's layers surveyed."""
        survey = survey_network(network, variables, inputs, block_size=block_size)
        return replace(self, survey=replace(survey, precision=self.precision))

    def logits_per_pass(self, num_outputs: int, *, block_size: int) -> "LayerwiseEngine":
        """The engine with so many logits in one pass."""
        return replace(self, survey=self._found.taking(num_outputs, block_size=block_size))

    def num_passes(self, num_logits: int, network: Network) -> int:
        """For `trace`, as many as the logits need."""
        return num_logits // self._found.logits_per_pass if network.output == "trace" else 1

    def represent(self, network: Network, variables: Variables, rows: Rows, index: int) -> Kept:
        """What the rows keep for the logits of pass `index`, or for their own."""
        labels = rows.labels[:, None]
        logits_per_pass = self._found.logits_per_pass
        if network.output == "trace":
            first = index * logits_per_pass
            labels = np.tile(
                np.arange(first, first + logits_per_pass, dtype=np.int32), (len(labels), 1)
            )
        chunk = max(1, self.chunk // logits_per_pass)
        return kept_rows(network, self._found, variables, Rows(rows.inputs, labels), chunk=chunk)

    def contract(
        self, network: Network, variables: Variables, left: Kept, right: Kept | None
    ) -> np.ndarray:
        """Tile of one pass; a k-th of it for each of k logits."""
        del variables
        tile = contract_kept(self._found, left, right)
        return tile / self._found.num_logits if network.output == "trace" else tile

    def diagonal(self, network: Network, variables: Variables, rows: Rows) -> np.ndarray:
        """Symmetric tile, one pass after another."""
        passes = self.num_passes(self._found.num_logits, network)
        total = 0
        for index in range(passes):
            kept = self.represent(network, variables, rows, index)
            total = total + self.contract(network, variables, kept, None)
        return np.asarray(total)

    def memory_cost(self, network: Network, variables: Variables, inputs: Any) -> MemoryCost:
        """What a row keeps, and what a chunk of rows takes on its way forward and back."""
        del network, inputs
        found = self._found
        size = np.dtype(jnp.result_type(*jax.tree.leaves(variables))).itemsize
        factors = sum(
            layer.positions_in * layer.channels_in * (layer.reach if form == "patches" else 1)
            + found.logits_per_pass * layer.positions * layer.channels_out
            for layer, form in found.factored()
        )
        passing = sum(
            layer.positions_in * layer.channels_in + layer.positions * layer.channels_out
            for layer in found.layers
        )
        is_full = self.precision == "full"
        kept = size if is_full else np.dtype(self.precision).itemsize
        # A tile in hand takes its factors by position, and what is kept in less as float32.
        in_hand = size * (factors + (0 if is_full else found.num_features))
        features = 2 * found.num_features // found.logits_per_pass
        fixed = (
            max(self.chunk, found.logits_per_pass) * size * (4 * passing + features)
            + 4 * SCRATCH_BYTES
        )
        return MemoryCost(fixed=fixed, row=in_hand, kept=kept * (found.num_features + factors))

    def compute_cost(self, network: Network, variables: Variables, inputs: Any) -> ComputeCost:
        """Forward and backward pass of a row, and the products of what is kept."""
        del network, variables, inputs
        found = self._found
        pairs = zip(found.layers, found.forms, strict=True)
        forms = [form_cost(layer, form, found.logits_per_pass) for layer, form in pairs]
        layers = PASSING * sum(
            layer.positions * layer.patch_size * layer.channels_out // layer.groups
            for layer in found.layers
        )
        between = BETWEEN * sum(layer.positions * layer.channels_out for layer in found.layers)
        return ComputeCost(
            tile_row=0.0,
            kept_row=(1 + found.logits_per_pass) * layers
            + (1 + 2 * found.logits_per_pass) * between / 3
            + sum(form.row for form in forms),
            pair=found.logits_per_pass * found.num_remaining + sum(form.pair for form in forms),
            output_row=layers + between / 3,
        )

    @property
    def _found(self) -> Survey:
        """The survey, which `fitted` makes."""
        if self.survey is None:
            raise ValueError("survey: wanted an engine fitted to the model, got none; call fitted")
        return self.survey
