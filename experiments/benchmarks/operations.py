"""Operations that a tangent kernel needs, parameters by formula from the shapes of its layers.

A multiply-add is two operations. A layer with T positions, w inputs to a position (window times
channels) and c outputs takes 2·T·w·c a row forward and as much backward. Two rows' inner product
is the cheaper of gradients, 2·w·c once each row's gradient is formed by 2·T·w·c, and position
products, 2·T²·(w + c), where a pair costs less that way. The count is the same for every
engine: what an engine does beyond it lowers its rate. BatchNorm, ReLU and pooling count nothing.
"""

import math
from dataclasses import dataclass
from typing import Any

import jax
from flax import linen as nn

from experiments.benchmarks.workloads import Workload


@dataclass(frozen=True)
class LayerShape:
    """T, w and c of one layer."""

    positions: int
    inputs: int
    outputs: int

    @property
    def forward(self) -> int:
        """Operations of a row's forward pass."""
        return 2 * self.positions * self.inputs * self.outputs

    @property
    def by_gradient(self) -> int:
        """Operations of a pair by gradients that are there."""
        return 2 * self.inputs * self.outputs

    @property
    def by_positions(self) -> int:
        """Operations of a pair by position products."""
        return 2 * self.positions**2 * (self.inputs + self.outputs)


@dataclass(frozen=True)
class Operations:
    """Operations of one kernel: passes of all rows, and products of all pairs."""

    passes: int
    products: int

    @property
    def total(self) -> int:
        """Both."""
        return self.passes + self.products


def kernel_operations(work: Workload, num_rows: int) -> Operations:
    """Operations of a symmetric kernel of n rows, of one output."""
    pairs = num_rows * (num_rows + 1) // 2
    passes = products = 0
    for layer in layer_shapes(work):
        gradients = num_rows * layer.forward + pairs * layer.by_gradient
        positions = pairs * layer.by_positions
        passes += 2 * num_rows * layer.forward
        products += min(gradients, positions)
    return Operations(passes, products)


def layer_shapes(work: Workload) -> list[LayerShape]:
    """Shapes of the Dense and Conv layers that one row goes through, in order."""
    found = []

    def note(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        answer = call(*args, **kwargs)
        if context.method_name == "__call__" and isinstance(context.module, nn.Dense | nn.Conv):
            kernel = context.module.variables["params"]["kernel"].shape
            positions = math.prod(answer.shape[1:-1])
            found.append(LayerShape(positions, math.prod(kernel[:-1]), kernel[-1]))
        return answer

    row = jax.ShapeDtypeStruct((1, *work.dataset.inputs.shape[1:]), work.dataset.inputs.dtype)
    with nn.intercept_methods(note):
        jax.eval_shape(work.module.apply, work.variables, row)
    return found
