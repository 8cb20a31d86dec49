"""Utilities of coalitions of players (parties or rows), each answered from one pass over the data.

`AbstractUtility` makes every answer of that for coalitions, and adds utilities up (`WeightedSum`).
`ComplexityUtility` and `DiscrepancyUtility` are the in-domain and the out-of-domain cost;
`davinz_score` is ν = −κ·complexity − discrepancy, with κ from `calibrate_kappa`;
`KernelRegressionUtility` measures predictions on a labelled validation set, or how sure they are;
`FunctionUtility` is any function of a coalition. `Ingredients` computes the kernels once and makes
these utilities, with `KernelChoice`, `KernelOptions` and `DiscrepancyOptions`;
`kernel_regression_utility`, `confidence_utility` and `davinz_utility` are the short ways.
"""

from davinz_jax.utility.base import AbstractUtility, WeightedSum
from davinz_jax.utility.complexity import ComplexityUtility
from davinz_jax.utility.davinz import KappaFamily, calibrate_kappa, davinz_score
from davinz_jax.utility.discrepancy import DiscrepancyUtility
from davinz_jax.utility.from_data import (
    confidence_utility,
    davinz_utility,
    kernel_regression_utility,
)
from davinz_jax.utility.function import FunctionUtility
from davinz_jax.utility.ingredients import Ingredients
from davinz_jax.utility.kernel_algebra import AbstractKernelUtility
from davinz_jax.utility.kernel_regression import KernelRegressionUtility
from davinz_jax.utility.metrics import Metric, MetricName, make_metric
from davinz_jax.utility.options import DiscrepancyOptions, KernelChoice, KernelOptions
from davinz_jax.utility.players import all_coalitions

__all__ = [
    "AbstractKernelUtility",
    "AbstractUtility",
    "ComplexityUtility",
    "DiscrepancyOptions",
    "DiscrepancyUtility",
    "FunctionUtility",
    "Ingredients",
    "KappaFamily",
    "KernelChoice",
    "KernelOptions",
    "KernelRegressionUtility",
    "Metric",
    "MetricName",
    "WeightedSum",
    "all_coalitions",
    "calibrate_kappa",
    "confidence_utility",
    "davinz_score",
    "davinz_utility",
    "kernel_regression_utility",
    "make_metric",
]
