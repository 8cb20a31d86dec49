"""What data is worth, told from a network at initialisation: DAVINZ in JAX.

    import davinz_jax as dv

    dataset, parties = dv.partition_by_class(dv.load_digits(num_rows=500, num_validation_rows=200))
    utility = dv.kernel_regression_utility(dv.CNN(), dataset, parties, key=jax.random.key(0))
    values = dv.shapley(utility)          # .to_frame(), .plot(), .save(path), .payouts(budget)

or, for arrays and frames, as scikit-learn has it:

    dv.DataValuer(random_state=0).fit(X, y, groups=hospital).values_

docs/architecture.md has the floors, each of which imports only from those below it.
"""

from typing import TYPE_CHECKING, Any

from davinz_jax.data import Dataset, Parties, load_digits, load_table, partition_by_class
from davinz_jax.executors import cluster
from davinz_jax.linalg.threads import use_threads
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

if TYPE_CHECKING:
    from davinz_jax.estimator import DataValuer

__all__ = [
    "CNN",
    "MLP",
    "DataValuer",
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
    "cluster",
    "confidence_utility",
    "davinz_utility",
    "kernel_regression_utility",
    "leave_one_out",
    "load_digits",
    "load_table",
    "partition_by_class",
    "shapley",
    "standalone",
    "use_threads",
]


def __getattr__(name: str) -> Any:
    """`DataValuer`, which scikit-learn is loaded for when it is asked for."""
    if name == "DataValuer":
        from davinz_jax.estimator import DataValuer

        return DataValuer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
