"""Float64 algebra on positive definite block-diagonal systems, one kernel for every coalition.

Equations and their places: prefixes, leave-one-out and single coalitions in `coalitions`, many
coalitions of few groups in `elimination`, what is summed in `reductions`, rows with multiplicity in
`systems`, eigenvalues and the refusal of indefinite kernels in `definite`, LAPACK or XLA in
`solvers`. All arguments and answers are host arrays; answers are float64.
"""

from davinz_jax.linalg.coalitions import (
    coalition_values,
    grand_sums,
    leave_one_out_values,
    prefix_values,
)
from davinz_jax.linalg.definite import (
    NotPositiveDefiniteError,
    condition_number,
    extreme_eigenvalues,
    not_positive_definite,
)
from davinz_jax.linalg.elimination import elimination_values
from davinz_jax.linalg.reductions import Reduction, predictions, squares
from davinz_jax.linalg.solvers import Solver, SolverName, choose_solver
from davinz_jax.linalg.systems import BlockSystem, block_system

__all__ = [
    "BlockSystem",
    "NotPositiveDefiniteError",
    "Reduction",
    "Solver",
    "SolverName",
    "block_system",
    "choose_solver",
    "coalition_values",
    "condition_number",
    "elimination_values",
    "extreme_eigenvalues",
    "grand_sums",
    "leave_one_out_values",
    "not_positive_definite",
    "predictions",
    "prefix_values",
    "squares",
]
