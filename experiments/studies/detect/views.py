"""What a labelled validation set says of each row: Shapley values and KNN-Shapley.

Shapley values are of kernel regression, with the kernel and ridge that the margins are of, by soft
accuracy for classes and −MSE for numbers; they are sampled by orders of all rows, each of which is
one pass over their triangular factor. KNN-Shapley is exact, and for classes alone.
"""

from dataclasses import replace
from typing import Any

import jax
import numpy as np

from davinz_jax import Ingredients
from davinz_jax.baselines.knn_shapley import row_values
from davinz_jax.data import Dataset
from davinz_jax.semivalues import Sampling, shapley
from davinz_jax.types import PRNGKey
from davinz_jax.utility import KernelRegressionUtility
from experiments.report.views import RowView
from experiments.runtime.errors import InputError

MOST_VALIDATION_ROWS = 500
"""Validation rows that are looked at, drawn at random from more."""

MOST_ROWS = 5000
"""Rows up to which Shapley values are sampled."""

WORK = 1e11
"""Rows cubed times orders: some minutes of one core at most."""

ORDERS = (16, 200)
"""Fewest and most orders."""

NUM_NEIGHBOURS = 5


def wants_views(settings: dict[str, Any], asked: bool | None) -> bool:
    """Whether a validation set is looked at: as asked, else where the data names a file of one.

    Args:
        settings: the node `data`.
        asked: the option `views`.

    Raises:
        InputError: where it is asked for and rows would have to be held out for it.
    """
    has_file = settings.get("validation_path") is not None
    if asked and "holdout" in settings and not has_file:
        raise InputError(
            "views: wanted a validation set beside the rows, got none, and no row is held out; "
            "set data.validation_path, or leave views out"
        )
    return has_file if asked is None else asked


def with_few_validation_rows(dataset: Dataset, *, views: bool, key: PRNGKey) -> Dataset:
    """The dataset with the validation rows that are looked at: one where there are no views."""
    validation = dataset.validation
    if not views:
        return replace(dataset, validation=validation.take(np.arange(1)))
    if validation.targets is None:
        raise InputError(
            "views: wanted a labelled validation set, got one without labels; label it, or set "
            "views=false"
        )
    draw = jax.random.fold_in(key, 1)
    order = np.asarray(jax.random.permutation(draw, len(validation)))[:MOST_VALIDATION_ROWS]
    return replace(dataset, validation=validation.take(np.sort(order)))


def view_rows(ingredients: Ingredients, *, ridge: float, key: PRNGKey) -> tuple[RowView, ...]:
    """The views that apply, by the validation rows of the ingredients' dataset.

    Args:
        ingredients: rows as players, and their kernel.
        ridge: λ > 0, absolute.
        key: draws the orders.
    """
    dataset = ingredients.dataset
    found = []
    if len(dataset) <= MOST_ROWS:
        found.append(shapley_view(ingredients, ridge=ridge, key=key))
    if dataset.task == "classification":
        found.append(knn_view(ingredients.compared))
    return tuple(found)


def shapley_view(ingredients: Ingredients, *, ridge: float, key: PRNGKey) -> RowView:
    """Sampled Shapley values of rows by kernel regression; arguments as in `view_rows`."""
    dataset = ingredients.dataset
    targets = dataset.validation.targets
    assert targets is not None
    metric = "soft_accuracy" if dataset.task == "classification" else "mse"
    utility = KernelRegressionUtility(
        ingredients.regression_kernel(),
        ingredients.parties,
        targets,
        ridge=ridge,
        metric=metric,
        is_ensemble=True,
    )
    sampling = Sampling("antithetic", num_samples=num_orders(len(dataset)))
    found = shapley(utility, sampling=sampling, key=key)
    stderr = found.stderr
    details = {
        "metric": metric,
        "num_validation_rows": len(targets),
        "num_samples": found.num_samples,
        "mean_stderr": None if stderr is None else float(np.mean(stderr)),
    }
    return RowView("shapley", f"Shapley values of kernel regression by {metric}".replace("_", " "),
                   found.values, details)  # fmt: skip


def knn_view(dataset: Dataset) -> RowView:
    """Exact Shapley values of rows by K nearest neighbours of raw inputs."""
    inputs, others = (
        each.reshape(len(each), -1) for each in (dataset.inputs, dataset.validation.inputs)
    )
    targets = dataset.validation.targets
    assert targets is not None
    values = row_values(inputs, dataset.targets, others, targets, num_neighbours=NUM_NEIGHBOURS)
    details = {"num_neighbours": NUM_NEIGHBOURS, "num_validation_rows": len(targets)}
    return RowView("knn_shapley", f"KNN-Shapley, K = {NUM_NEIGHBOURS}", values, details)


def num_orders(num_rows: int) -> int:
    """Orders that are sampled, an even number: the more rows, the fewer.

    >>> num_orders(100), num_orders(1000), num_orders(5000)
    (200, 100, 16)
    """
    low, high = ORDERS
    return 2 * (min(max(round(WORK / num_rows**3), low), high) // 2)
