"""The in-domain part: what a coalition's labels cost to fit under its tangent kernel."""

from typing import Any

import numpy as np
from jaxtyping import Float, Num, ScalarLike

from davinz_jax.data.dataset import Parties
from davinz_jax.linalg import SolverName, squares
from davinz_jax.ntk.tangent_kernel import TangentKernel
from davinz_jax.utility.kernel_algebra import AbstractKernelUtility


class ComplexityUtility(AbstractKernelUtility):
    r"""u(S) = −sqrt(q(S) / n(S)) with q(S) = tr(r_Sᵀ (K_SS + λI)⁻¹ r_S); u(∅) = 0.

    A coalition's blocks are its restriction to the blocks of all rows, their quadratic forms
    summed before the root is taken. A row that counts w times has the damping λ/w.

    Args:
        kernel: tangent kernel and residuals of all rows.
        parties: players; a party of one row is a row as player.
        ridge: λ ≥ 0, absolute, in the kernel's unit (output²).
        multiplicity: times each row counts, in row order; once by default.
        solver: where the algebra runs; `auto` suits the machine.

    Raises:
        ValueError: for numbers that are not finite, a ridge below zero, a single party, labels that
            do not match the rows; NotPositiveDefiniteError where K + λI has no Cholesky factor.

    References:
        Wu et al. 2022 (`wu2022davinz`), as in the authors' code.
        Departs from it: the partition into blocks is drawn once for all coalitions.
    """

    def __init__(
        self,
        kernel: TangentKernel,
        parties: Parties,
        *,
        ridge: ScalarLike,
        multiplicity: Num[np.ndarray, " n"] | None = None,
        solver: SolverName = "auto",
    ) -> None:
        super().__init__(
            kernel,
            parties,
            kernel.residual,
            squares(),
            ridge=ridge,
            multiplicity=multiplicity,
            solver=solver,
        )

    @property
    def terms(self) -> tuple[str, ...]:
        """The one term."""
        return ("complexity",)

    def quadratic_forms(self) -> Float[np.ndarray, " i"]:
        """q(N) of all rows; unit 1."""
        return self._grand_sums

    def describe(self) -> dict[str, Any]:
        """Kind, ridge, blocks and how the kernel was made."""
        return {"kind": "complexity", **self._describe_kernel()}

    def _finish(self, initialisation, sums, sizes):
        share = np.divide(1.0, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
        return -np.sqrt(np.maximum(sums, 0.0) * share)  # removal may round q of 0 below 0
