"""The seam between kernels and the engines that compute them.

An engine turns a batch of rows into a representation of their gradients (`represent`), and two
representations into a tile of the Gram matrix (`contract`). It may run over several passes (some
logits each), whose tiles are summed; `diagonal` is a whole symmetric tile from rows, all passes at
once.
Everything else (batches, tiles, blocks, checks) is shared and lives in `gram`.
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable

from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.types import Variables

PASSING = 2
"""Cost of a multiply-add in a network's forward or backward pass, in those of a large matrix
product; fitted, like the next, to times on a CPU."""
BETWEEN = 2400
"""Cost of one number of a layer's output on its way through what lies between layers, both ways:
normalisation, activation, pooling. In small networks they cost more than the layers do."""


class MemoryCost(NamedTuple):
    """Bytes that an engine takes.

    Attributes:
        fixed: whatever the batch.
        row: for each row of the tile in hand.
        kept: for each row whose representation is kept.
    """

    fixed: int
    row: int
    kept: int


class ComputeCost(NamedTuple):
    """Operations that an engine needs, in multiply-adds at the rate of a large matrix product.

    Attributes:
        tile_row: for each row of each tile, when the tile is contracted.
        kept_row: for each row, each time that it is represented.
        pair: for each pair of rows.
        output_row: for the outputs of a row.
    """

    tile_row: float
    kept_row: float
    pair: float
    output_row: float


@runtime_checkable
class Engine(Protocol):
    """A way to compute tangent kernels exactly."""

    @property
    def name(self) -> str:
        """Name by which results and configs call it."""
        ...

    def fitted(
        self, network: Network, variables: Variables, inputs: Any, *, block_size: int
    ) -> "Engine":
        """The engine prepared for this model and kernels of each row with `block_size` others."""
        ...

    def logits_per_pass(self, num_outputs: int, *, block_size: int) -> "Engine":
        """The fitted engine taking so many logits in one pass, if it takes them apart at all."""
        ...

    def num_passes(self, num_logits: int, network: Network) -> int:
        """Passes whose tiles add up to the kernel."""
        ...

    def represent(self, network: Network, variables: Variables, rows: Rows, index: int) -> Any:
        """What a batch of n rows contributes to pass `index`; a pytree of arrays."""
        ...

    def contract(self, network: Network, variables: Variables, left: Any, right: Any | None) -> Any:
        """Tile (n, m) of one pass from two representations; of `left` with itself for None."""
        ...

    def diagonal(self, network: Network, variables: Variables, rows: Rows) -> Any:
        """Symmetric tile (n, n) of a batch with itself, over all passes."""
        ...

    def memory_cost(self, network: Network, variables: Variables, inputs: Any) -> MemoryCost:
        """Memory that it takes."""
        ...

    def compute_cost(self, network: Network, variables: Variables, inputs: Any) -> ComputeCost:
        """Operations of one pass."""
        ...


class Request(NamedTuple):
    """Kernels to be planned.

    Attributes:
        num_blocks: diagonal blocks.
        num_draws: initialisations.
        is_stored: whether the blocks go to disk.
        num_validation_rows: rows of the kernels to validation sets, kept in memory.
    """

    num_blocks: int = 1
    num_draws: int = 1
    is_stored: bool = False
    num_validation_rows: int = 0


class Plan(NamedTuple):
    """How a kernel will be computed, and what that takes.

    Attributes:
        engine: what computes the tiles, fitted to the model.
        network: model, output and chosen parameters.
        num_passes: passes of the engine whose tiles add up.
        batch_size: rows of a batch, and so of a tile's side, at most.
        num_cached: batches whose representations are kept at a time.
        peak_bytes: memory expected at the worst moment beside the data, kernel included where it
            is in memory; on an accelerator, of the device.
        operations: multiply-adds expected in all, at the rate of a large matrix product.
    """

    engine: Engine
    network: Network
    num_passes: int
    batch_size: int
    num_cached: int
    peak_bytes: int
    operations: float
