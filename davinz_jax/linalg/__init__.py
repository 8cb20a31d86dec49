"""Float64 algebra on positive definite block-diagonal systems, one kernel for every coalition.

Equations and their places: prefixes, leave-one-out and single coalitions in `coalitions`, many
coalitions of few groups in `elimination`, what is summed in `reductions`, rows with multiplicity in
`systems`, eigenvalues and the refusal of indefinite kernels in `definite`, LAPACK or XLA in
`solvers`; leave-one-out at every ridge in `spectral`, the ridge that it chooses in `ridge`, by an
error of `losses`. All arguments and answers are host arrays; answers are float64.
"""

from davinz_jax.linalg.coalitions import (
    coalition_sums,
    grand_sums,
    leave_one_out_sums,
    prefix_sums,
)
from davinz_jax.linalg.definite import (
    NotPositiveDefiniteError,
    condition_number,
    extreme_eigenvalues,
    not_positive_definite,
)
from davinz_jax.linalg.elimination import elimination_sums
from davinz_jax.linalg.finite import check_finite
from davinz_jax.linalg.losses import Loss, inverse_temperature
from davinz_jax.linalg.reductions import Chunk, Reduction, predictions, squares
from davinz_jax.linalg.ridge import (
    LeaveOneOut,
    RidgeCurve,
    choose_ridge,
    leave_one_out,
    mean_diagonal,
)
from davinz_jax.linalg.solvers import (
    AbstractSolver,
    LapackSolver,
    SolverName,
    XlaSolver,
    choose_solver,
)
from davinz_jax.linalg.spectral import (
    Spectrum,
    leave_group_out_residuals,
    leave_one_out_residuals,
    spectrum,
)
from davinz_jax.linalg.systems import BlockSystem, Ridge, block_system, check_ridges

__all__ = [
    "AbstractSolver",
    "BlockSystem",
    "Chunk",
    "LapackSolver",
    "LeaveOneOut",
    "Loss",
    "NotPositiveDefiniteError",
    "Reduction",
    "Ridge",
    "RidgeCurve",
    "SolverName",
    "Spectrum",
    "XlaSolver",
    "block_system",
    "check_finite",
    "check_ridges",
    "choose_ridge",
    "choose_solver",
    "coalition_sums",
    "condition_number",
    "elimination_sums",
    "extreme_eigenvalues",
    "grand_sums",
    "inverse_temperature",
    "leave_group_out_residuals",
    "leave_one_out",
    "leave_one_out_residuals",
    "leave_one_out_sums",
    "mean_diagonal",
    "not_positive_definite",
    "predictions",
    "prefix_sums",
    "spectrum",
    "squares",
]
