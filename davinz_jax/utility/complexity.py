"""The in-domain part: what a coalition's labels cost to fit under its tangent kernel."""

from collections.abc import Sequence
from functools import partial
from typing import Any, final

import numpy as np
from jaxtyping import Float, Num

from davinz_jax.data.dataset import Parties
from davinz_jax.kernels import Kernel
from davinz_jax.linalg import Ridge, RidgeCurve, SolverName, squares
from davinz_jax.utility.kernel_algebra import AbstractKernelUtility, divide
from davinz_jax.utility.row_scores import Places


@final
class ComplexityUtility(AbstractKernelUtility):
    r"""c(S) = sqrt(q(S) / n(S)) with q(S) = tr(r_Sᵀ (K_SS + λI)⁻¹ r_S), a cost; c(∅) = 0.

    A coalition's blocks are its restriction to the blocks of all rows, their quadratic forms
    summed before the root is taken. A row that counts w times has the damping λ/w.

    Args:
        kernel: kernel and residuals of all rows.
        parties: players; a party of one row is a row as player.
        ridge: λ ≥ 0, absolute, in the kernel's unit (output²); or one for each initialisation; or
            the curve that chose it.
        multiplicity: times each row counts, in row order; once by default.
        solver: where the algebra runs; `auto` suits the machine.

    Raises:
        ValueError: for numbers that are not finite, a ridge below zero, a single party, parties
            that do not match the rows; NotPositiveDefiniteError where K + λI has no Cholesky
            factor.

    References:
        Wu et al. 2022 (`wu2022davinz`), as in the authors' code.
        Departs from it: the partition into blocks is drawn once for all coalitions.
    """

    terms = ("complexity",)

    def __init__(
        self,
        kernel: Kernel,
        parties: Parties,
        *,
        ridge: Ridge | RidgeCurve,
        multiplicity: Num[np.ndarray, " n"] | None = None,
        solver: SolverName = "auto",
    ) -> None:
        self._remake = partial(
            ComplexityUtility, parties=parties, multiplicity=multiplicity, solver=solver
        )
        super().__init__(
            kernel,
            parties,
            kernel.residual,
            squares(),
            ridge=ridge,
            multiplicity=multiplicity,
            solver=solver,
        )

    def describe(self) -> dict[str, Any]:
        """Kind, ridge, blocks and how the kernel was made."""
        return {"kind": "complexity", **self.describe_kernel()}

    def _finish(
        self,
        draws: Sequence[int],
        sums: Sequence[Float[np.ndarray, " c"]],
        sizes: Float[np.ndarray, " c"],
        coalitions: Places,
    ) -> Float[np.ndarray, "1 1 c"]:
        # removal may round q of 0 below 0
        return np.sqrt(divide(np.maximum(sums[0], 0.0), sizes))[None, None]
