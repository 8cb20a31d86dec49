"""Training-free scores of many data sets drawn with replacement from one, out of its kernels.

A row drawn w times counts w times: in the complexity as once with the ridge λ/w, in the MMD with
the weight w; so that no kernel is computed a second time.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from davinz_jax import Ingredients
from davinz_jax.mmd import coalition_mmd_squared, rbf_self_products, validation_sums
from davinz_jax.ntk import TangentKernel
from davinz_jax.types import Progress
from davinz_jax.utility import ComplexityUtility, KernelRegressionUtility

Counts = Int[np.ndarray, "c n"]


def set_scores(
    ingredients: Ingredients, counts: Counts, *, progress: Progress | None = None
) -> dict[str, Float[np.ndarray, " c"]]:
    """Scores of each set, the higher the better, means over initialisations.

    Args:
        ingredients: kernels of all rows.
        counts: times each set holds each row.
        progress: told sets done, sets in all, and the score.

    Returns:
        `nu_label` (or `nu_scalar`), `nu_trace`, each one's complexity part, `mmd`,
        `kernel_regression` by metric, and `log_size`.
    """
    data = ingredients.dataset
    distances = set_mmds(ingredients, counts)
    scores = {}
    kernels = [ingredients.kernel(with_validation=True)]
    if data.task == "classification" and ingredients.kernel_options.output is None:
        kernels.insert(0, ingredients.kernel())
    for kernel in kernels:
        costs = _complexities(ingredients, kernel, counts, progress)
        kappa = (distances.mean() / costs.mean(axis=1)).mean()
        scores[f"nu_{kernel.output}"] = -kappa * costs.mean(axis=0) - distances
        scores[f"complexity_{kernel.output}"] = -costs.mean(axis=0)
    metrics = ("accuracy", "mse") if data.task == "classification" else ("mse",)
    for metric in metrics:
        name = f"kernel_regression_{metric}"
        scores[name] = _performances(ingredients, kernels[-1], counts, metric, progress)
    return scores | {"mmd": -distances, "log_size": np.log(counts.sum(axis=1))}


def set_mmds(ingredients: Ingredients, counts: Counts) -> Float[np.ndarray, " c"]:
    """MMD of each set to the validation set, on the inputs, with the ingredients' bandwidth."""
    data, bandwidth = ingredients.dataset, ingredients.discrepancy_cost().bandwidths[0]
    weights = counts.astype(np.float64)
    with_rows = rbf_self_products(data.inputs, weights.T, bandwidth=bandwidth)  # (n, c)
    to_validation, within_validation = validation_sums(
        data.inputs, data.validation.inputs, bandwidth=bandwidth
    )
    squared = coalition_mmd_squared(
        (weights.T * with_rows).sum(axis=0),
        weights @ to_validation[:, 0],
        weights.sum(axis=1),
        within_validation=within_validation[0],
        num_validation_rows=len(data.validation.inputs),
    )
    return np.sqrt(squared)


def _complexities(
    ingredients: Ingredients, kernel: TangentKernel, counts: Counts, progress: Progress | None
) -> Float[np.ndarray, "i c"]:
    """sqrt(q/n) of each set, positive."""
    ridge, costs = ingredients.find_ridge(kernel), []
    for done, row in enumerate(counts, 1):
        whole = ComplexityUtility(kernel, ingredients.parties, ridge=ridge, multiplicity=row)
        costs.append(whole.grand()[0])
        _tell(progress, done, len(counts), f"complexity ({kernel.output})")
    return np.stack(costs, axis=1)


def _performances(
    ingredients: Ingredients,
    kernel: TangentKernel,
    counts: Counts,
    metric: Any,
    progress: Progress | None,
) -> Float[np.ndarray, " c"]:
    """Performance of kernel regression on each set."""
    targets = ingredients.dataset.validation.targets
    if targets is None:
        raise ValueError(
            "validation_targets: wanted targets of the validation set, got none; label it"
        )
    ridge, found = ingredients.find_ridge(kernel), []
    for done, row in enumerate(counts, 1):
        whole = KernelRegressionUtility(
            kernel, ingredients.parties, targets, ridge=ridge, metric=metric, multiplicity=row
        )
        found.append(whole.grand().mean())
        _tell(progress, done, len(counts), f"kernel regression ({metric})")
    return np.array(found)


def _tell(progress: Progress | None, done: int, total: int, stage: str) -> None:
    if progress is not None:
        progress(done, total, stage)
