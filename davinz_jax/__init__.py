"""What data is worth, told from a network at initialisation: DAVINZ in JAX.

    import davinz_jax as dv

    dataset, parties = dv.partition_by_class(dv.load_digits(num_rows=500, num_validation_rows=200))
    utility = dv.kernel_regression_utility(dv.CNN(), dataset, parties, key=jax.random.key(0))
    values = dv.shapley(utility)          # .to_frame(), .save(path), .payouts(budget)

Floors, each importing only from those below it: `equations`, `types`, `linalg`; `data`, `models`;
`ntk`, `mmd`, `training`; `utility`; `semivalues`; `baselines`, `evaluation`.
"""

from davinz_jax.data import Dataset, Parties, load_digits, load_table, partition_by_class
from davinz_jax.models import CNN, MLP
from davinz_jax.semivalues import (
    Sampling,
    Stopping,
    Valuation,
    banzhaf,
    beta_shapley,
    leave_one_out,
    shapley,
    standalone,
)
from davinz_jax.utility import (
    DiscrepancyOptions,
    Ingredients,
    KernelChoice,
    KernelOptions,
    confidence_utility,
    davinz_utility,
    kernel_regression_utility,
)
from davinz_jax.versions import __version__

__all__ = [
    "CNN",
    "MLP",
    "Dataset",
    "DiscrepancyOptions",
    "Ingredients",
    "KernelChoice",
    "KernelOptions",
    "Parties",
    "Sampling",
    "Stopping",
    "Valuation",
    "__version__",
    "banzhaf",
    "beta_shapley",
    "confidence_utility",
    "davinz_utility",
    "kernel_regression_utility",
    "leave_one_out",
    "load_digits",
    "load_table",
    "partition_by_class",
    "shapley",
    "standalone",
]
