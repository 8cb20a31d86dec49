"""The utilities that are asked for most, each from data in one call; `Ingredients` makes all."""

from typing import Any

import numpy as np
from flax import linen as nn
from jaxtyping import ScalarLike

from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.kernels import RowFunction
from davinz_jax.types import PRNGKey
from davinz_jax.utility.base import WeightedSum
from davinz_jax.utility.cross_fit import CrossFitUtility
from davinz_jax.utility.davinz import KappaFamily
from davinz_jax.utility.ingredients import Ingredients
from davinz_jax.utility.kernel_regression import KernelRegressionUtility
from davinz_jax.utility.metrics import MetricChoice
from davinz_jax.utility.options import KernelChoice, KernelOptions


def davinz_utility(
    model: nn.Module,
    data: Dataset,
    parties: Parties,
    *,
    key: PRNGKey,
    kappa: ScalarLike | None = None,
    kappa_family: KappaFamily = "leave_one_out",
    **choices: Any,
) -> WeightedSum:
    """ν of every coalition of parties, from one look at the data.

    Args:
        model: Flax Linen module called as `module(inputs)`.
        data: rows to be valued, and their validation set.
        parties: the player each row belongs to.
        key: draws the initialisations and the blocks.
        kappa: weight of the complexity; None calibrates it.
        kappa_family: coalitions that κ is calibrated on.
        **choices: further arguments of `Ingredients`.

    References:
        Wu et al. 2022 (`wu2022davinz`), Eqn (4) for κ.
    """
    ingredients = Ingredients(model, data, parties, key=key, **choices)
    return ingredients.davinz(kappa=kappa, kappa_family=kappa_family)


def kernel_regression_utility(
    model: nn.Module | None,
    data: Dataset,
    parties: Parties,
    *,
    key: PRNGKey,
    kernel: KernelChoice | str | RowFunction | None = None,
    metric: MetricChoice | None = None,
    ridge: ScalarLike | str = "auto",
    ensemble: bool = True,
    **choices: Any,
) -> KernelRegressionUtility | CrossFitUtility:
    """Performance of kernel regression on the labelled validation set, of every coalition.

    Args:
        model: as in `davinz_utility`; None for kernels of raw inputs.
        data: as in `davinz_utility`.
        parties: as in `davinz_utility`.
        key: draws the initialisations, the blocks, and the rows that a bandwidth is of.
        kernel: as in `KernelChoice`; None is the network's, or `rbf` where there is no network.
        metric: as in `make_metric`; None is accuracy for classes and −MSE for regression.
        ridge: λ ≥ 0, absolute; `auto` is that of least leave-one-out error.
        ensemble: score the mean prediction over initialisations, rather than each one's.
        **choices: further arguments of `Ingredients`.
    """
    chosen = kernel or ("rbf" if model is None else "ntk")
    ingredients = _for_regression(model, data, parties, key, ridge, choices)
    return ingredients.kernel_regression(kernel=chosen, metric=metric, ensemble=ensemble)


def confidence_utility(
    model: nn.Module | None,
    data: Dataset,
    parties: Parties,
    *,
    key: PRNGKey,
    kernel: KernelChoice | str | RowFunction | None = None,
    ridge: ScalarLike | str = "auto",
    ensemble: bool = True,
    **choices: Any,
) -> KernelRegressionUtility | CrossFitUtility:
    """How sure kernel regression is of the validation rows, whose labels nobody needs to know.

    Args:
        model: as in `kernel_regression_utility`, which explains the others too.
        data: see there.
        parties: see there.
        key: see there.
        kernel: see there; `laplace` where there is no network.
        ridge: see there.
        ensemble: see there.
        **choices: see there.
    """
    chosen = kernel or ("laplace" if model is None else "ntk")
    ingredients = _for_regression(model, data, parties, key, ridge, choices)
    return ingredients.confidence(kernel=chosen, ensemble=ensemble)


def _for_regression(
    model: nn.Module | None,
    data: Dataset,
    parties: Parties,
    key: PRNGKey,
    ridge: ScalarLike | str,
    choices: dict[str, Any],
) -> Ingredients:
    """Ingredients whose kernels are shifted by a ridge, unless options of the kernel say it."""
    number = ridge if isinstance(ridge, str) else float(np.asarray(ridge))
    options: dict[str, Any] = {"kernel_options": KernelOptions(ridge=number)} | choices
    return Ingredients(model, data, parties, key=key, **options)
