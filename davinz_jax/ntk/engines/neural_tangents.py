"""The engine of neural-tangents: Jacobians (or their products) of the whole network.

Exact for any differentiable `apply`. The chosen leaves are its parameters; rows go in as a tree
(inputs, classes), so that the own-label output is a function of them. Slow and large in memory
beside the layer-wise engine, and its yardstick.

References:
    Novak et al. 2022 (`novak2022fast`): implementations 1 and 2.
"""

import warnings
from dataclasses import dataclass
from functools import partial

import jax
from jaxtyping import Float, Num

from davinz_jax.choices import check_choice
from davinz_jax.ntk.engines.base import PASSING, TILE_ROWS, ComputeCost, MemoryCost
from davinz_jax.ntk.engines.bridge import neural_tangents
from davinz_jax.ntk.outputs import Network, Rows, example_row, network_outputs
from davinz_jax.ntk.parameters import (
    Parameters,
    merge_variables,
    num_parameters,
    split_variables,
)
from davinz_jax.types import Array, Variables

_NUMBERS: dict[str, int] = {"jacobian_contraction": 1, "ntk_vector_products": 2}
_ROW_BY_ROW = 2.5
"""Cost of passes of single rows, beside those of a batch."""
_WRITING = 1000
"""Cost of one number of a Jacobian, in multiply-adds; both are fitted to times on a CPU."""
_REFUSED = {0: "auto", 3: "structured_derivatives"}


@dataclass(frozen=True)
class NeuralTangentsEngine:
    """Kernels by neural_tangents.empirical_ntk_fn.

    Attributes:
        implementation: `jacobian_contraction` (1) or `ntk_vector_products` (2), by name.
    """

    implementation: str | int = "jacobian_contraction"
    name: str = "neural_tangents"
    tile_rows: int = TILE_ROWS

    def __post_init__(self) -> None:
        got = self.implementation
        if got in _REFUSED or got in _REFUSED.values():
            raise ValueError(
                f"implementation: wanted one of {', '.join(map(repr, _NUMBERS))}, got {got!r}, "
                "which does not run on JAX 0.10 or later; use 'jacobian_contraction'"
            )
        check_choice("implementation", got, tuple(_NUMBERS))

    def fit(
        self,
        network: Network,
        variables: Variables,
        inputs: Num[Array, "n ..."],
        *,
        block_size: int,
    ) -> "NeuralTangentsEngine":
        """The engine itself: nothing is prepared."""
        del network, variables, inputs, block_size
        return self

    def with_logits(self, logits_per_pass: int, *, block_size: int) -> "NeuralTangentsEngine":
        """The engine itself: it takes all logits at once."""
        del logits_per_pass, block_size
        return self

    def alternatives(self, *, block_size: int) -> "tuple[NeuralTangentsEngine, ...]":
        """The engine itself: it has one way."""
        del block_size
        return (self,)

    def num_passes(self, num_logits: int, network: Network) -> int:
        """One: all logits are contracted at once."""
        del num_logits, network
        return 1

    def represent(self, network: Network, variables: Variables, rows: Rows, index: int) -> Rows:
        """The rows themselves: a tile is computed from rows."""
        del network, variables, index
        return jax.tree.map(jax.numpy.asarray, rows)

    def contract(
        self, network: Network, variables: Variables, features: Rows, other: Rows | None
    ) -> Float[jax.Array, "n m"]:
        """Tile of the mean over outputs of ⟨∇f_c(x), ∇f_c(x')⟩."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            number = _NUMBERS[str(self.implementation)]
            return _kernel_tile(network, variables, features, other, implementation=number)

    def verify(
        self, network: Network, variables: Variables, rows: Rows, *, batch_size: int
    ) -> None:
        """Nothing is amiss: these are plain Jacobians."""
        del network, variables, rows, batch_size

    def memory_cost(
        self, network: Network, variables: Variables, inputs: Num[Array, "n ..."]
    ) -> MemoryCost:
        """A Jacobian of each row, of every logit for `trace`, and a quarter for copies."""
        outputs = jax.eval_shape(network.apply, variables, example_row(inputs))
        columns = outputs.shape[1] if network.output == "trace" else 1
        count = num_parameters(variables, parameters=network.parameters)
        row = 5 * columns * count * outputs.dtype.itemsize // 4
        return MemoryCost(fixed=2**28, row=row, cached=inputs[0].nbytes)

    def compute_cost(
        self, network: Network, variables: Variables, inputs: Num[Array, "n ..."]
    ) -> ComputeCost:
        """A backward pass of each row of a tile for every output, and products of Jacobians."""
        lowered = jax.jit(network.apply).lower(variables, example_row(inputs))
        columns = lowered.out_info.shape[1] if network.output == "trace" else 1
        forward = PASSING * (lowered.cost_analysis() or {}).get("flops", 0.0) / 2
        count = columns * num_parameters(variables, parameters=network.parameters)
        row = _ROW_BY_ROW * (1 + 2 * columns) * forward + _WRITING * count
        return ComputeCost(tile_row=row, feature_row=0.0, pair=count, output_row=forward)


@partial(jax.jit, static_argnames=("network", "implementation"))
def _kernel_tile(
    network: Network, variables: Variables, rows: Rows, others: Rows | None, *, implementation: int
) -> Float[jax.Array, "n m"]:
    """One call of neural_tangents, with one input axis mapped so that rows stay apart."""
    chosen, rest = split_variables(variables, parameters=network.parameters)

    def outputs(chosen: Parameters, rows: tuple[Array, Array]) -> Float[jax.Array, "n k"]:
        return network_outputs(network, merge_variables(chosen, rest), Rows(*rows))

    kernel = neural_tangents().empirical_ntk_fn(
        outputs, trace_axes=(-1,), vmap_axes=0, implementation=implementation
    )
    with jax.default_matmul_precision("highest"):
        return kernel(tuple(rows), None if others is None else tuple(others), chosen)
