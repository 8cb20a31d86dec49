"""Utilities of coalitions of players (parties or rows), each answered from one pass over the data.

`ComplexityUtility` and `DiscrepancyUtility` are the in-domain and the out-of-domain part;
`DavinzUtility` is their sum ν, with κ from `calibrate_kappa`; `KernelRegressionUtility` measures
predictions on a labelled target set; `FunctionUtility` is any function of a coalition.
"""

from davinz_jax.utility.complexity import ComplexityUtility
from davinz_jax.utility.davinz import DavinzUtility, KappaFamily, calibrate_kappa
from davinz_jax.utility.discrepancy import DiscrepancyUtility
from davinz_jax.utility.function import FunctionUtility
from davinz_jax.utility.kernel_regression import KernelRegressionUtility, Metric

__all__ = [
    "ComplexityUtility",
    "DavinzUtility",
    "DiscrepancyUtility",
    "FunctionUtility",
    "KappaFamily",
    "KernelRegressionUtility",
    "Metric",
    "calibrate_kappa",
]
