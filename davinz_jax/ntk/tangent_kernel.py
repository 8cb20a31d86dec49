"""The empirical tangent kernel of a dataset, for each initialisation, in diagonal blocks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Num

from davinz_jax.ntk.outputs import residuals
from davinz_jax.types import Output, ParameterChoice


@dataclass(frozen=True)
class KernelSketch:
    """That a kernel is an estimate, and how far its halves are apart; lengths as there.

    The kernel is the mean of two independent unbiased estimates, the halves, both positive
    semidefinite. The mean square of half their difference is the variance of their mean, entry by
    entry.

    Attributes:
        size: k, numbers to which inputs and signals of layers were projected.
        half_difference: of the halves' blocks.
        validation_half_difference: of their kernels of validation rows, where asked for.
    """

    size: int
    half_difference: Float[np.ndarray, "i b s s"]
    validation_half_difference: Float[np.ndarray, "i m n"] | None = None


@dataclass(frozen=True)
class TangentKernel:
    """Block-diagonal tangent kernel with the residuals it is to explain.

    Lengths: i initialisations, b blocks, s rows of the largest block, n rows, m validation rows, k
    outputs (1 for `label` and `scalar`, the logits for `trace` and `first`). A dense kernel is one
    block.

    Attributes:
        blocks: Gram matrix of each block; zero in padding; unit output².
        rows: dataset row of each block position, -1 where a shorter block is padded.
        residual: targets minus outputs at initialisation, in dataset row order; unit output.
        output: which outputs the kernel sees.
        engine: name of the engine that computed it.
        parameters: which parameters count.
        validation_kernel: kernel of validation rows with dataset rows, where asked for.
        validation_outputs: outputs at initialisation on the validation rows, where asked for.
        note: why the engine is another than the one that suits the network.
        coverage: how the layer-wise engine made each parameter's share, as `survey` says it.
        has_initial_outputs: whether predictions start from what the network says at its weights.
        measure_rounding: finds `rounding`, by computing some rows in float64.
        sketch: how it was estimated; None where it is exact.
        make_halves: makes the two independent estimates that this one stands for, if it is one.
    """

    blocks: Float[np.ndarray, "i b s s"]
    rows: Int[np.ndarray, "b s"]
    residual: Float[np.ndarray, "i n k"]
    output: Output
    engine: str
    parameters: ParameterChoice
    validation_kernel: Float[np.ndarray, "i m n"] | None = None
    validation_outputs: Float[np.ndarray, "i m k"] | None = None
    note: str | None = None
    coverage: Mapping[str, str] | None = None
    has_initial_outputs: bool = True
    measure_rounding: Callable[[], float | None] | None = None
    sketch: KernelSketch | None = None
    make_halves: Callable[[], tuple["TangentKernel", "TangentKernel"]] | None = None

    @property
    def num_initialisations(self) -> int:
        """Independent draws of the network."""
        return self.blocks.shape[0]

    @property
    def num_blocks(self) -> int:
        """Diagonal blocks; 1 for a dense kernel."""
        return self.blocks.shape[1]

    def without_outputs(self, targets: Num[np.ndarray, " n"]) -> "TangentKernel":
        """The same kernel for predictions that start from 0: its residual is the targets alone.

        Args:
            targets: of the rows that it is of.
        """
        start, silent = self.validation_outputs, np.zeros_like(self.residual[0])
        alone = 1 + silent if self.output == "label" else residuals(self.output, silent, targets)
        return replace(
            self,
            residual=np.repeat(alone[None], self.num_initialisations, axis=0),
            validation_outputs=None if start is None else np.zeros_like(start),
            has_initial_outputs=False,
        )

    @cached_property
    def rounding(self) -> float | None:
        """Root mean square of its rounding error, of √(K_ii K_jj); None if there is none."""
        return None if self.measure_rounding is None else self.measure_rounding()

    @cached_property
    def sketch_error(self) -> float | None:
        """Root mean square of its entries' error by a sketch, of √(K_ii K_jj); None if exact."""
        if self.sketch is None:
            return None
        total, blocks = 0.0, zip(self.blocks, self.sketch.half_difference, strict=True)
        for kernel, error in ((k, e) for draw in blocks for k, e in zip(*draw, strict=True)):
            diagonal = np.diag(kernel).astype(np.float64)
            weights = np.divide(1, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
            total += weights @ np.square(error, dtype=np.float64) @ weights
        count = len(self.blocks) * np.square((self.rows >= 0).sum(axis=1, dtype=np.float64)).sum()
        return float(np.sqrt(total / count))

    def describe(self) -> dict[str, Any]:
        """How it was made, as JSON would hold it."""
        sketch = {} if self.sketch is None else {"size": self.sketch.size}
        return {
            "output": self.output,
            "engine": self.engine,
            "parameters": self.parameters,
            **({} if self.has_initial_outputs else {"initial_outputs": "left out"}),
            **({} if self.note is None else {"engine_note": self.note}),
            **({} if self.coverage is None else {"coverage": dict(self.coverage)}),
            **({"sketch": sketch | {"error": self.sketch_error}} if sketch else {}),
        }


def make_sketch_halves(kernel: TangentKernel) -> tuple[TangentKernel, TangentKernel]:
    """The two estimates of one sketch each whose mean a kernel is."""
    sketch = kernel.sketch
    assert sketch is not None  # exact kernels have none
    across, theirs = kernel.validation_kernel, sketch.validation_half_difference

    def half(sign: int) -> TangentKernel:
        return replace(
            kernel,
            blocks=kernel.blocks + sign * sketch.half_difference,
            validation_kernel=None if across is None or theirs is None else across + sign * theirs,
            measure_rounding=None,
            sketch=None,
        )

    return half(1), half(-1)
