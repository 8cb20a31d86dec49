"""The paper's two terms of a set, and variants of them: complexities and discrepancies.

All are costs here, larger worse, and become scores with a minus sign.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float

from experiments.studies.fidelity.regression import SHIPPED
from experiments.studies.fidelity.views import Pairs, View

RELATIVE = 0.1
"""Ridge of the variants, over the mean diagonal."""


def complexities(view: View) -> dict[str, float]:
    """sqrt(tr(Rᵀ(K + λI)⁻¹R) / n) of several kernels, means over initialisations."""
    first = _distinct(view)
    by_network = [_network_complexities(view, each, first) for each in range(len(view.networks))]
    names = by_network[0]
    found = {name: float(np.mean([each[name] for each in by_network])) for name in names}
    laplace = view.regressions["laplace"][0].within[np.ix_(first, first)]
    centred = view.one_hot[first] - 1 / view.one_hot.shape[1]
    return found | {"complexity_laplace_collapsed": complexity(laplace, centred, 1.0)}


def _network_complexities(view: View, initialisation: int, first) -> dict[str, float]:
    network = view.networks[initialisation]
    tangent = view.regressions["ntk"][initialisation]
    residual = view.one_hot - tangent.start
    own = 1 - (tangent.start * view.one_hot).sum(1, keepdims=True)
    ridge = RELATIVE * tangent.scale
    collapsed = tangent.within[np.ix_(first, first)]
    return {
        "complexity_label": complexity(network.own_label[view.number], own, SHIPPED),
        "complexity_trace": complexity(tangent.within, residual, SHIPPED),
        "complexity_relative": complexity(tangent.within, residual, ridge),
        "complexity_collapsed": complexity(collapsed, residual[first], ridge),
    }


def complexity(
    kernel: Float[np.ndarray, "n n"], residual: Float[np.ndarray, "n k"], ridge: float
) -> float:
    """sqrt(tr(Rᵀ(K + λI)⁻¹R) / n), eigenvalues that rounding made negative taken as zero."""
    values, vectors = np.linalg.eigh(kernel.astype(np.float64))
    rotated = np.square(vectors.T @ residual).sum(1)
    return float(np.sqrt((rotated / (np.maximum(values, 0) + ridge)).sum() / len(residual)))


def discrepancies(view: View) -> dict[str, float]:
    """MMD to the validation rows, of inputs, of features, of inputs and labels together."""
    labels, targets = view.row_set.targets, view.validation_targets
    return {
        "mmd": mmd(view.pairs["paper"]),
        "mmd_median": mmd(view.pairs["rbf"]),
        "mmd_features": mmd(view.pairs["features"]),
        "mmd_joint": mmd(_of_equal_labels(view.pairs["rbf"], labels, targets)),
        "mmd_class_features": _by_class(view.pairs["features"], labels, targets),
    }


def mmd(pairs: Pairs) -> float:
    """Root of the biased MMD² from kernel values."""
    squared = pairs.own.mean() + pairs.validation.mean() - 2 * pairs.across.mean()
    return float(np.sqrt(max(squared, 0.0)))


def _of_equal_labels(pairs: Pairs, labels, targets) -> Pairs:
    """The product with the kernel 1[y = y'] of labels."""
    return Pairs(
        pairs.own * (labels[:, None] == labels),
        pairs.across * (targets[:, None] == labels),
        pairs.validation * (targets[:, None] == targets),
    )


def _by_class(pairs: Pairs, labels, targets) -> float:
    """Mean over classes of the MMD between the rows of one class."""
    found = []
    for each in np.unique(targets):
        own, other = labels == each, targets == each
        found.append(mmd(_between(pairs, own, other)))
    return float(np.mean(found))


def _between(pairs: Pairs, own: Bool[np.ndarray, " n"], other: Bool[np.ndarray, " m"]) -> Pairs:
    return Pairs(
        pairs.own[np.ix_(own, own)],
        pairs.across[np.ix_(other, own)],
        pairs.validation[np.ix_(other, other)],
    )


def _distinct(view: View):
    """The first of all rows with equal inputs and label."""
    named = np.stack([view.copies, view.row_set.targets])
    return np.sort(np.unique(named, axis=1, return_index=True)[1])


def weighted_sums(costs: Mapping[str, Float[np.ndarray, " c"]]) -> dict[str, np.ndarray]:
    """ν and its variants: −κ·complexity − discrepancy, κ the ratio of their means over the sets."""
    return {
        name: -costs[one] * (costs[other].mean() / costs[one].mean()) - costs[other]
        for name, (one, other) in NU.items()
    }


NU = {
    "nu_label": ("complexity_label", "mmd"),
    "nu_trace": ("complexity_trace", "mmd"),
    "nu_plus": ("complexity_laplace_collapsed", "mmd_features"),
    "nu_plus_joint": ("complexity_laplace_collapsed", "mmd_joint"),
}
"""Weighted sums of a complexity and a discrepancy; the first is the paper's score."""
