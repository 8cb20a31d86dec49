"""The seam between kernels and the engines that compute them.

An engine turns a batch of rows into features of their gradients (`represent`), and the features of
two batches into a tile of the Gram matrix (`contract`). It may run over several passes (some logits
each), whose tiles are summed. Everything else (batches, tiles, blocks, memory, disk) is shared and
lives in `execution`.
"""

from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float, Num, PyTree, Shaped

from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.types import Array, Variables

Features = PyTree[Shaped[Array, "n ..."]]
"""What an engine computes of n rows; only the engine knows more of it."""

PASSING = 2
"""Cost of a multiply-add in a network's forward or backward pass, in those of a large matrix
product; fitted, like the next, to times on a CPU."""
BETWEEN = 2400
"""Cost of one number of a layer's output on its way through what lies between layers, both ways:
normalisation, activation, pooling. In small networks they cost more than the layers do."""


TILE_ROWS = 512
"""Rows of a tile's side, if a kernel takes several: enough for matrix products at full rate."""


class MemoryCost(NamedTuple):
    """Bytes that an engine takes.

    Attributes:
        fixed: whatever the batch.
        row: for each row of the tile in hand.
        cached: for each row whose features are cached.
    """

    fixed: int
    row: int
    cached: int


class ComputeCost(NamedTuple):
    """Operations that an engine needs, in multiply-adds at the rate of a large matrix product.

    Attributes:
        tile_row: for each row of each tile, when the tile is contracted.
        feature_row: for each row, each time that its features are computed.
        pair: for each pair of rows.
        output_row: for the outputs of a row.
    """

    tile_row: float
    feature_row: float
    pair: float
    output_row: float


@runtime_checkable
class Engine(Protocol):
    """A way to compute tangent kernels exactly."""

    @property
    def name(self) -> str:
        """Name by which results and configs call it."""
        ...

    def fit(
        self,
        network: Network,
        variables: Variables,
        inputs: Num[Array, "n ..."],
        *,
        block_size: int,
    ) -> "Engine":
        """The engine prepared for this model and kernels of each row with `block_size` others."""
        ...

    def with_logits(self, logits_per_pass: int, *, block_size: int) -> "Engine":
        """The engine, once fit, taking so many logits a pass, if it takes them apart at all."""
        ...

    def alternatives(self, *, block_size: int) -> "tuple[Engine, ...]":
        """The engine, once fit, and others of the same kernel that other memory would suit."""
        ...

    @property
    def tile_rows(self) -> int:
        """Rows of a tile's side that suit it, if a kernel takes several tiles."""
        ...

    def num_passes(self, num_logits: int, network: Network) -> int:
        """Passes whose tiles add up to the kernel."""
        ...

    def represent(self, network: Network, variables: Variables, rows: Rows, index: int) -> Features:
        """Features of a batch of n rows in pass `index`."""
        ...

    def contract(
        self, network: Network, variables: Variables, features: Features, other: Features | None
    ) -> Float[Array, "n m"]:
        """Tile of one pass from the features of two batches; of the first with itself for None."""
        ...

    def verify(
        self, network: Network, variables: Variables, rows: Rows, *, batch_size: int
    ) -> str | None:
        """What is amiss in its kernel of two rows beside a plain Jacobian's; None for nothing.

        In batches of at most so many rows; at a cost of a few rows, once for each network.
        """
        ...

    def memory_cost(
        self, network: Network, variables: Variables, inputs: Num[Array, "n ..."]
    ) -> MemoryCost:
        """Memory that it takes."""
        ...

    def compute_cost(
        self, network: Network, variables: Variables, inputs: Num[Array, "n ..."]
    ) -> ComputeCost:
        """Operations of one pass."""
        ...
