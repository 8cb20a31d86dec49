"""Utilities of coalitions of players (parties or rows), each answered from one pass over the data.

`ComplexityUtility` and `DiscrepancyUtility` are the in-domain and the out-of-domain part;
`DavinzUtility` is their sum ν, with κ from `calibrate_kappa`; `KernelRegressionUtility` measures
predictions on a labelled validation set; `FunctionUtility` is any function of a coalition.
`Ingredients` computes the kernels once and makes these utilities, with `KernelOptions` and
`DiscrepancyOptions`; `davinz_utility` is the short way to ν.
"""

from davinz_jax.utility.complexity import ComplexityUtility
from davinz_jax.utility.davinz import DavinzUtility, KappaFamily, calibrate_kappa
from davinz_jax.utility.discrepancy import DiscrepancyUtility
from davinz_jax.utility.function import FunctionUtility
from davinz_jax.utility.ingredients import Ingredients, davinz_utility
from davinz_jax.utility.kernel_regression import KernelRegressionUtility, Metric
from davinz_jax.utility.options import DiscrepancyOptions, KernelOptions

__all__ = [
    "ComplexityUtility",
    "DavinzUtility",
    "DiscrepancyOptions",
    "DiscrepancyUtility",
    "FunctionUtility",
    "Ingredients",
    "KappaFamily",
    "KernelOptions",
    "KernelRegressionUtility",
    "Metric",
    "calibrate_kappa",
    "davinz_utility",
]
