"""The same parties valued by several networks: rank agreement, and their kernels' condition."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from omegaconf import OmegaConf

from davinz_jax import Ingredients
from davinz_jax.linalg import extreme_eigenvalues
from experiments.report.estimates import Estimates, Number, OverSeeds, correlations
from experiments.report.plots_studies import matrix_figure
from experiments.runtime import compose
from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.errors import InputError, nearest
from experiments.runtime.network import Model
from experiments.studies.base import Setting, StudyResult
from experiments.studies.beside import (
    CAPTIONS,
    RETRAINED,
    VALUE,
    Beside,
    compose_beside,
    value_all,
)

ALL_PAIRS = "all pairs"
EIGENVALUE = "min_eigenvalue"
CLEAR = 0.8
"""Mean Spearman correlation from which networks are said to agree."""


def run(setting: Setting) -> StudyResult:
    """Values by every network in every seed, and how well each pair of networks agrees."""
    models = choose_models(compose.plain(setting.cfg)["models"])
    beside = compose_beside(setting)
    frame = setting.repeat(partial(measure, setting, models, beside))
    terms = [c for c in ("complexity", "discrepancy") if c in frame.columns]
    columns, spoken = [VALUE, *terms, *beside.names], [VALUE, *terms[:1], *beside.names]
    estimates = Estimates.of(_numbers(frame, columns, list(models)), level=setting.level)
    return StudyResult(
        measurements=frame,
        headers=["Spearman of", *(CAPTIONS.get(c, c) for c in spoken)],
        rows=[_row(estimates, pair, spoken) for pair in combinations(models, 2)],
        estimates=estimates,
        verdicts=[
            *(verdict(c, estimates.get("spearman", c, ALL_PAIRS)) for c in spoken),
            *_with_retraining(estimates, spoken),
            _condition(estimates, list(models), setting.cfg.eigenvalue_ridge),
        ],
        figure=_figure(estimates, list(models), columns),
        notes=[
            "the discrepancy is the same in every network, so it raises the agreement of values;"
            " RBF ridge looks at no network, so that it agrees with itself"
        ],
        details=beside.details(),
        parts=pd.concat(beside.parts, ignore_index=True),
    )


def choose_models(names: Sequence[str], *, least: int = 2) -> dict[str, Model]:
    """The networks named, from the choices of the group `model`.

    Raises:
        InputError: for fewer than `least`, one that occurs twice, or one that there is not.
    """
    if len(set(names)) < max(least, len(names)):
        wanted = f"{'one' if least == 1 else 'two'} or more different ones"
        raise InputError(f"models: wanted {wanted}, got {list(names)}; e.g. cnn")
    known = [path.stem for path in (CONFIG_FOLDER / "model").glob("*.yaml")]
    for name in names:
        if name not in known:
            raise InputError(f"models: unknown choice {name!r}; {nearest(name, known)}")
    return {name: _read_model(name) for name in names}


def _read_model(name: str) -> Model:
    settings = compose.plain(OmegaConf.load(CONFIG_FOLDER / "model" / f"{name}.yaml"))  # pyright: ignore
    return Model.of(settings)


def measure(
    setting: Setting, models: Mapping[str, Model], beside: Beside, seed: int
) -> pd.DataFrame:
    """One row a network and party: values, terms of ours, and the kernel's least eigenvalue."""
    rows = setting.load(seed)
    parts = []
    for name, model in models.items():
        components = replace(setting.components[seed], model=model)
        context, found = value_all(setting, beside, components, rows, seed=seed, model=name)
        with setting.stages.stage(f"eigenvalues of {name}"):
            smallest = min_eigenvalue(context.ingredients, setting.cfg.eigenvalue_ridge)
        valuation = found[VALUE]
        columns = {"model": name, "player": valuation.players}
        columns |= {each: found[each].values for each in found}
        columns |= dict(zip(valuation.terms, valuation.term_values, strict=True))
        parts.append(pd.DataFrame(columns | {EIGENVALUE: smallest}))
    return pd.concat(parts, ignore_index=True)


def min_eigenvalue(ingredients: Ingredients, ridge: float) -> float:
    """Smallest eigenvalue of Θ + λI, mean over initialisations; NaN where there is no kernel."""
    if not ingredients.computed_kernels:
        return float("nan")
    kernel = ingredients.computed_kernels[0]
    return float(extreme_eigenvalues(kernel.blocks, kernel.rows, ridge=ridge)[:, 0].mean())


def pair_name(pair: tuple[str, str]) -> str:
    """What two networks' agreement is filed under."""
    return " and ".join(pair)


def _numbers(
    frame: pd.DataFrame, columns: Sequence[str], models: Sequence[str]
) -> Iterator[Number]:
    """Agreements of all pairs and their mean, and each network's smallest eigenvalue."""
    for seed, part in frame.groupby("seed", sort=False):
        by_model: dict[str, Any] = {model: part[part["model"] == model] for model in models}
        for column in columns:
            pairs = list(_pairs(by_model, column, seed))
            yield from pairs
            yield from _means(pairs)
        if RETRAINED in columns:
            yield from _against_retraining(by_model, columns, seed)
        for model, own in by_model.items():
            yield Number(EIGENVALUE, model, "", seed, float(own[EIGENVALUE].iloc[0]))


def _pairs(by_model: Mapping[str, pd.DataFrame], column: str, seed: Any) -> Iterator[Number]:
    for pair in combinations(by_model, 2):
        values = (by_model[model][column].to_numpy() for model in pair)
        yield from correlations(column, pair_name(pair), seed, *values)


def _against_retraining(
    by_model: Mapping[str, pd.DataFrame], columns: Sequence[str], seed: Any
) -> Iterator[Number]:
    """Agreement of each column with what the same network says once trained; mean over networks."""
    for column in (each for each in columns if each != RETRAINED):
        found = [
            own._replace(against=f"{RETRAINED} {model}")
            for model, part in by_model.items()
            for own in correlations(
                column, RETRAINED, seed, part[column].to_numpy(), part[RETRAINED].to_numpy()
            )
        ]
        yield from found
        yield from (mean._replace(against=RETRAINED) for mean in _means(found))


def _with_retraining(estimates: Estimates, columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        if estimates.has("spearman", column, RETRAINED):
            found = estimates.get("spearman", column, RETRAINED)
            name = "values" if column == VALUE else CAPTIONS.get(column, f"parts {column}")
            yield f"{name} against those of the same network trained: mean Spearman {found}"


def _means(pairs: Sequence[Number]) -> Iterator[Number]:
    """Mean of each statistic over pairs; NaN if it is not defined for one."""
    for statistic in dict.fromkeys(number.statistic for number in pairs):
        own = [number for number in pairs if number.statistic == statistic]
        mean = float(np.mean([number.value for number in own]))
        yield own[0]._replace(against=ALL_PAIRS, value=mean)


def _row(estimates: Estimates, pair: tuple[str, str], columns: Sequence[str]) -> list[str]:
    name = pair_name(pair)
    return [name, *(str(estimates.get("spearman", column, name)) for column in columns)]


def _condition(estimates: Estimates, models: Sequence[str], ridge: float) -> str:
    smallest = {model: estimates.get(EIGENVALUE, model).mean for model in models}
    texts = (f"{model} {'-' if e is None else f'{e:.2g}'}" for model, e in smallest.items())
    return f"smallest eigenvalue of the kernel + {ridge:g}: {', '.join(texts)}"


def verdict(column: str, found: OverSeeds) -> str:
    """Whether networks agree, in words and numbers.

    Args:
        column: `value`, or one of its terms.
        found: Spearman correlation, mean over pairs.
    """
    name = "values" if column == VALUE else CAPTIONS.get(column, f"their parts {column}")
    if found.mean is None:
        return f"{name}: agreement undefined"
    if found.low is not None and found.low <= 0:
        return f"networks do not clearly agree on {name}: mean Spearman {found} over pairs"
    strength = "agree" if found.mean >= CLEAR else "agree weakly" if found.mean > 0 else "disagree"
    return f"networks {strength} on {name}: mean Spearman {found} over pairs"


def _figure(estimates: Estimates, models: Sequence[str], columns: Sequence[str]) -> Figure:
    matrix = np.full((len(columns), len(models), len(models)), np.nan)
    for panel, column in enumerate(columns):
        for i, j in combinations(range(len(models)), 2):
            pair = models[i], models[j]
            found = estimates.get("spearman", column, pair_name(pair)).mean
            matrix[panel, i, j] = matrix[panel, j, i] = np.nan if found is None else found
    return matrix_figure(matrix, models, title="Spearman correlation", titles=columns)
