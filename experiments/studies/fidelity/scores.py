"""Every score of every set of a draw, larger better, and what it may look at."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from davinz_jax.utility.metrics import BRIER_WEIGHT
from experiments.studies.fidelity import regression, terms
from experiments.studies.fidelity.draws import Draw, RowSet
from experiments.studies.fidelity.regression import FIXED, Fits
from experiments.studies.fidelity.views import View, Views

LABELLED: str = "validation labels"
LABEL_FREE: str = "no validation labels"
RIVAL: str = "rival"


@dataclass(frozen=True)
class Score:
    """A score's name in words, and what it needs.

    Attributes:
        title: as tables show it.
        group: `LABELLED`, `LABEL_FREE` or `RIVAL`.
    """

    title: str
    group: str


@dataclass(frozen=True)
class Regressed:
    """A score of kernel regression: which kernel, at which ridge, by which metric."""

    kernel: str
    ridge: str
    metric: str
    is_ensemble: bool = False


_RIDGES = {"paper": "λ 1e-4", "01": "λ .01 relative", "1": "λ .1 relative",
           "loo": "λ by leave-one-out", "copies": "λ by leave-copies-out"}  # fmt: skip
_KERNELS = {"ntk": "NTK", "cosine": "cosine NTK", "sum": "NTK + RBF", "rbf": "RBF",
            "laplace": "Laplace", "features": "network features"}  # fmt: skip
_METRICS = {"accuracy": "accuracy", "mse": "−MSE", "cross_entropy": "−cross-entropy",
            "soft_accuracy": "soft accuracy", "sharpened_accuracy": "sharpened accuracy",
            "soft_accuracy_minus_brier": f"soft accuracy − {BRIER_WEIGHT:g} Brier",
            "correlation": "correlation", "confidence": "confidence",
            "own": "own accuracy", "own_copies": "own accuracy without copies"}  # fmt: skip

_SMOOTH = ("mse", "cross_entropy", "soft_accuracy", "soft_accuracy_minus_brier",
           "sharpened_accuracy", "correlation")  # fmt: skip
"""Metrics with which one row may count for part."""


def _make_regressions() -> dict[str, Regressed]:
    found = [Regressed("ntk", ridge, "accuracy") for ridge in ("paper", "01", "1", "loo")]
    for ridge in ("paper", "01", "1", "loo", "copies"):
        found += [Regressed("ntk", ridge, "accuracy", True)]
    for metric in (*_SMOOTH, "confidence", "own", "own_copies"):
        found += [Regressed("ntk", "loo", metric, True)]
    for kernel in ("cosine", "sum", "features"):
        found += [Regressed(kernel, ridge, "accuracy", True) for ridge in ("1", "loo")]
    for kernel in ("rbf", "laplace"):
        found += [Regressed(kernel, ridge, "accuracy") for ridge in ("01", "1", "loo")]
        found += [Regressed(kernel, "loo", metric) for metric in (*_SMOOTH, "confidence")]
    return {_name(each): each for each in found}


def _name(score: Regressed) -> str:
    kind = f"{score.kernel}_ensemble" if score.is_ensemble else score.kernel
    return f"{kind}_{score.metric}_{score.ridge}"


def _title(score: Regressed) -> str:
    kind = f"{_KERNELS[score.kernel]}{', ensemble' if score.is_ensemble else ''}"
    return f"{kind}: {_METRICS[score.metric]}, {_RIDGES[score.ridge]}"


REGRESSED = _make_regressions()
"""Scores of kernel regression, by name."""

_FREE = ("confidence", "own", "own_copies")
SCORES: Mapping[str, Score] = {
    **{
        name: Score(_title(each), LABEL_FREE if each.metric in _FREE else LABELLED)
        for name, each in REGRESSED.items()
    },
    "mean_rank": Score("mean rank of NTK ensemble and RBF, λ by leave-one-out", LABELLED),
    "agreement": Score("agreement of NTK ensemble and RBF on validation inputs", LABEL_FREE),
    "nu_label": Score("ν, the paper's (label, λ 1e-4, σ 5)", LABEL_FREE),
    "nu_trace": Score("ν trace", LABEL_FREE),
    "complexity_label": Score("complexity label, λ 1e-4", LABEL_FREE),
    "complexity_trace": Score("complexity trace, λ 1e-4", LABEL_FREE),
    "complexity_relative": Score("complexity trace, λ .1 relative", LABEL_FREE),
    "complexity_collapsed": Score("complexity trace, λ .1 relative, copies collapsed", LABEL_FREE),
    "complexity_laplace_collapsed": Score("complexity Laplace, λ 1, copies collapsed", LABEL_FREE),
    "mmd": Score("MMD, σ 5", LABEL_FREE),
    "mmd_median": Score("MMD, median σ", LABEL_FREE),
    "mmd_features": Score("MMD of network features", LABEL_FREE),
    "nu_plus": Score("ν+: Laplace complexity collapsed, MMD of features", LABEL_FREE),
    "mmd_joint": Score("joint (x, y) MMD", LABELLED),
    "mmd_class_features": Score("MMD of features by class", LABELLED),
    "nu_plus_joint": Score("ν+: Laplace complexity collapsed, joint MMD", LABELLED),
    "knn_1": Score("KNN-1 accuracy", RIVAL),
    "knn_5": Score("KNN-5 accuracy", RIVAL),
    "logistic": Score("logistic regression accuracy", RIVAL),
    "log_size": Score("log size", RIVAL),
}
"""All scores, by name."""


def score_sets(draw: Draw, views: Views, tell: Callable[[int, int], None]) -> pd.DataFrame:
    """One row a set: its name, kind, strength, share, and every score."""
    rows = []
    for number in range(len(views)):
        view = views[number]
        rows.append(describe(view.row_set) | score_set(view, draw))
        tell(number + 1, len(views))
    return _with_family_scores(pd.DataFrame(rows))


def describe(row_set: RowSet) -> dict[str, str | float]:
    """How a set was made."""
    steps = "+".join(f"{step.kind} {step.strength:g}x{step.share:g}" for step in row_set.steps)
    return {"set": row_set.name, "kind": row_set.recipe.kind, "steps": steps}


def score_set(view: View, draw: Draw) -> dict[str, float]:
    """Scores and costs of one set; those that need the other sets come later."""
    fits = _fits(view)
    labels, targets = view.row_set.targets, view.validation_targets
    found = {name: _regressed_score(fits, each, view) for name, each in REGRESSED.items()}
    ntk, rbf = (
        fits[name].validation[regression.choose(fits[name].left_out, view.one_hot)].argmax(1)
        for name in ("ntk_ensemble", "rbf")
    )
    found["agreement"] = float((ntk == rbf).mean())
    found |= terms.complexities(view) | terms.discrepancies(view)
    return (
        found
        | rivals(view.row_set, draw.validation.inputs, targets)
        | {"log_size": float(np.log(len(labels)))}
    )


def rivals(row_set: RowSet, inputs, targets) -> dict[str, float]:
    """Validation accuracy of cheap classifiers on raw inputs."""
    own, other = (each.reshape(len(each), -1) for each in (row_set.inputs, inputs))
    models = {
        "knn_1": KNeighborsClassifier(1),
        "knn_5": KNeighborsClassifier(5),
        "logistic": LogisticRegression(max_iter=300),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 300 steps were not enough, on a set that is nonsense
        return {
            name: float(model.fit(own, row_set.targets).score(other, targets))
            for name, model in models.items()
        }


def _fits(view: View) -> dict[str, Fits]:
    """Predictions of every kernel, of one initialisation and of all."""
    found = {}
    for name, regressions in view.regressions.items():
        each = [regression.fit(one, view.one_hot, view.copies) for one in regressions]
        found |= {name: each[0], f"{name}_ensemble": regression.average(each)}
    return found


def _regressed_score(fits: Mapping[str, Fits], score: Regressed, view: View) -> float:
    fit = fits[f"{score.kernel}_ensemble" if score.is_ensemble else score.kernel]
    left = fit.left_copies_out if score.ridge == "copies" else fit.left_out
    fixed = {"paper": 0} | {f"{each:g}"[2:]: at for at, each in enumerate(FIXED, start=1)}
    place = fixed[score.ridge] if score.ridge in fixed else regression.choose(left, view.one_hot)
    labels = view.row_set.targets
    if score.metric == "confidence":
        return regression.confidence(fit, place, labels)
    if score.metric.startswith("own"):
        rows = fit.left_copies_out if score.metric == "own_copies" else fit.left_out
        return regression.own_accuracy(rows[place], labels)
    return regression.measure(fit, place, score.metric, view.validation_targets, labels)


def _with_family_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """Costs become scores, and what is relative to the other sets is added."""
    costs = {
        name: frame[name].to_numpy()
        for name in frame
        if str(name).startswith(("complexity", "mmd"))
    }
    ranks = [rankdata(frame[f"{name}_loo"]) for name in ("ntk_ensemble_accuracy", "rbf_accuracy")]
    added = terms.weighted_sums(costs) | {"mean_rank": np.mean(ranks, axis=0)}  # pyright: ignore
    negated = {name: -values for name, values in costs.items()}
    complete = frame.assign(**negated, **added)
    return complete.reindex(columns=["set", "kind", "steps", *SCORES])
