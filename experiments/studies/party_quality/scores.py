"""What each score says a party is worth: by Shapley and leave-one-out values, or by its own means.

Kernel regression with the ridge of least leave-one-out error, by several kernels and metrics; ν;
and what costs next to nothing: KNN-Shapley, logistic regression, size.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from davinz_jax import Ingredients, KernelOptions
from davinz_jax.baselines.knn_shapley import row_values
from davinz_jax.linalg import RidgeCurve
from davinz_jax.models.default import default_model
from davinz_jax.semivalues import leave_one_out, shapley
from davinz_jax.types import Utility
from davinz_jax.utility import FunctionUtility
from davinz_jax.utility.metrics import BRIER_WEIGHT, Metric, make_metric, soft_accuracy
from davinz_jax.utility.ridges import find_temperature
from experiments.studies.party_quality.games import Game

KERNELS = {"ntk": "NTK, ensemble", "rbf": "RBF", "laplace": "Laplace"}
METRICS = {"soft_accuracy": "soft accuracy", "cross_entropy": "−cross-entropy", "mse": "−MSE",
           "accuracy": "accuracy"}  # fmt: skip
BOTH = "soft_accuracy_minus_brier"
"""A metric that is a sum of two others, and so are its values."""

SHAPLEY, LEAVE_ONE_OUT = "Shapley", "leave-one-out"
FEW_COLUMNS = 64
"""Columns of inputs and 2 classes up to which 1,023 logistic regressions are cheap."""

NUM_NEIGHBOURS = 5
Values = dict[str, list[float]]
"""Value of each party, by semivalue."""


@dataclass(frozen=True)
class Score:
    """A score's name in words, and whether it can be chosen, as kernel regression can."""

    title: str
    is_ours: bool = False


MEASURED: Mapping[str, Score] = {
    **{
        f"{kernel}_{metric}": Score(f"{name}: {how}", is_ours=True)
        for kernel, name in KERNELS.items()
        for metric, how in METRICS.items()
    },
    "nu": Score("ν, the paper's (label, λ 1e-4, σ 5)"),
    "knn_shapley": Score("KNN-Shapley (K = 5), sums of rows"),
    "logistic_soft": Score("logistic regression: soft accuracy"),
    "logistic": Score("logistic regression: accuracy"),
    "size": Score("rows"),
}
"""Scores that are measured of a game."""

SCORES: Mapping[str, Score] = {
    **{
        f"{kernel}_{BOTH}": Score(f"{name}: soft accuracy − {BRIER_WEIGHT:g} Brier", is_ours=True)
        for kernel, name in KERNELS.items()
    },
    **MEASURED,
}
"""All scores, those that are sums of measured ones first."""


def score_game(game: Game) -> dict[str, Values]:
    """Values of every party by every score; a score of rows has no leave-one-out values."""
    found = {}
    for name, utility in utilities(game):
        found[name] = {SHAPLEY: shapley(utility).values.tolist()} | _left_out(utility)
    owners, dataset = game.parties.indices, game.dataset
    targets = dataset.validation.targets
    assert targets is not None
    rows = row_values(
        _flat(dataset.inputs),
        dataset.targets,
        _flat(dataset.validation.inputs),
        targets,
        num_neighbours=NUM_NEIGHBOURS,
    )
    found["knn_shapley"] = {SHAPLEY: np.bincount(owners, rows).tolist()}
    for name, utility in logistic_utilities(game).items():
        is_cheap = dataset.num_classes == 2 and _flat(dataset.inputs).shape[1] <= FEW_COLUMNS
        both = {SHAPLEY: shapley(utility).values.tolist()} if is_cheap else {}
        found[name] = both | _left_out(utility)
    found["size"] = {SHAPLEY: game.parties.sizes.astype(float).tolist()}
    return found


def with_sums(values: Mapping[str, Values], num_classes: int) -> dict[str, Values]:
    """The values by all scores: semivalues are linear, so that those by a sum of metrics are sums.

    Args:
        values: by each measured score.
        num_classes: by which a mean over classes is multiplied, to be the Brier score's sum.
    """
    found = dict(values)
    for kernel in KERNELS:
        soft, mse = values[f"{kernel}_soft_accuracy"], values[f"{kernel}_mse"]
        found[f"{kernel}_{BOTH}"] = {
            how: (np.array(soft[how]) + BRIER_WEIGHT * num_classes * np.array(mse[how])).tolist()
            for how in soft
        }
    return found


def utilities(game: Game) -> Iterator[tuple[str, Utility]]:
    """Kernel regression by each kernel and metric, then ν."""
    shared = _ingredients(game, KernelOptions(ridge="auto"))
    for kernel in KERNELS:
        regression = shared.kernel_regression(
            kernel=kernel, ensemble=True, metric=_metrics(shared, kernel)
        )
        for metric, utility in regression.by_metric.items():
            yield f"{kernel}_{metric}", utility
    yield "nu", _ingredients(game, KernelOptions(ridge=1e-4)).davinz()


def _ingredients(game: Game, options: KernelOptions) -> Ingredients:
    dataset = game.dataset
    shape, num_classes = dataset.inputs.shape[1:], dataset.num_classes
    return Ingredients(
        default_model(input_shape=shape, num_outputs=num_classes),
        dataset,
        game.parties,
        key=game.key,
        num_initialisations=game.spec.num_initialisations,
        kernel_options=options,
        num_resamples=0,
    )


def _metrics(shared: Ingredients, kernel: str) -> Sequence[str | Metric]:
    """All metrics; the temperature of the cross-entropy is that of rows left out."""
    dataset, made = shared.dataset, shared.regression_kernel(kernel)
    curve = shared.find_ridge(made, ensemble=True)
    ridge = curve.ridge if isinstance(curve, RidgeCurve) else curve
    temperature = find_temperature(made, dataset, ridge=ridge, ensemble=True)
    targets = dataset.validation.targets
    assert targets is not None
    return [
        make_metric(name, targets, dataset.num_classes, temperature=temperature) for name in METRICS
    ]


def logistic_utilities(game: Game) -> dict[str, FunctionUtility]:
    """Accuracy and soft accuracy of logistic regression on a coalition's rows; nobody has 1/k."""
    dataset = game.dataset
    kept: dict[tuple[int, ...], Float[np.ndarray, "m k"]] = {}

    def chances(members: tuple[int, ...]) -> Float[np.ndarray, "m k"]:
        if members not in kept:
            rows = np.isin(game.parties.indices, members)
            kept[members] = _logistic_chances(
                _flat(dataset.inputs[rows]),
                dataset.targets[rows],
                _flat(dataset.validation.inputs),
                dataset.num_classes,
            )
        return kept[members]

    def make(by_row: Callable[..., np.ndarray]) -> FunctionUtility:
        return FunctionUtility(
            lambda members: float(
                by_row(chances(members)[None], dataset.validation.targets).mean()
            ),
            game.parties.names,
            receives="indices",
            sizes=game.parties.sizes.tolist(),
            empty=1 / dataset.num_classes,
        )

    hits = make_metric("accuracy", _targets(game), dataset.num_classes).by_row
    assert hits is not None
    return {"logistic_soft": make(soft_accuracy), "logistic": make(hits)}


def _logistic_chances(
    inputs: Num[np.ndarray, "n d"],
    targets: Num[np.ndarray, " n"],
    others: Num[np.ndarray, "m d"],
    num_classes: int,
) -> Float[np.ndarray, "m k"]:
    """Probability of each class; of one that no row has, 0."""
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(others), num_classes))
    classes = np.unique(targets)
    if len(classes) == 1:
        found[:, classes] = 1.0
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 300 steps were not enough, on rows that are nonsense
        model = LogisticRegression(max_iter=300).fit(inputs, targets)
    found[:, classes] = model.predict_proba(others)
    return found


def _left_out(utility: Utility) -> Values:
    return {LEAVE_ONE_OUT: leave_one_out(utility).values.tolist()}


def _targets(game: Game) -> Num[np.ndarray, " m"]:
    targets = game.dataset.validation.targets
    assert targets is not None
    return targets


def _flat(inputs: Num[np.ndarray, "n ..."]) -> Num[np.ndarray, "n d"]:
    return inputs.reshape(len(inputs), -1)
