"""The same parties valued by several networks: rank agreement, and their kernels' condition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from davinz_jax import Ingredients
from davinz_jax.evaluation import pearson, spearman
from davinz_jax.linalg import extreme_eigenvalues
from experiments.report.estimates import CORRELATION, OverSeeds, over_seeds
from experiments.report.plots_studies import matrix_figure
from experiments.runtime import compose
from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.compose import Components, Model
from experiments.runtime.errors import InputError, nearest
from experiments.studies.base import Setting, StudyResult

MEASURES = {"spearman": spearman, "pearson": pearson}


def run(setting: Setting) -> StudyResult:
    """Values by every network in every seed, and how well each pair of networks agrees."""
    models = chosen_models(compose.plain(setting.cfg)["models"])
    parts = [measure(setting, seed, models) for seed in setting.seeds]
    frame = pd.concat(parts, ignore_index=True)
    columns = [c for c in ("value", "complexity", "discrepancy") if c in frame.columns]
    pairs = list(combinations(models, 2))
    estimates = {
        f"{column}_{name}_{a}_{b}": _agreement(frame, column, (a, b), name, setting.level)
        for column in columns
        for name in MEASURES
        for a, b in pairs
    }
    estimates |= _means(estimates, columns, pairs, setting.level)
    eigenvalues = {m: _eigenvalue(frame, m, setting.level) for m in models}
    estimates |= {f"min_eigenvalue_{m}": e for m, e in eigenvalues.items()}
    return StudyResult(
        measurements=frame,
        headers=["Spearman of", *columns[:2]],
        rows=_rows(estimates, pairs, columns[:2]),
        estimates=estimates,
        verdicts=[
            *(_verdict(column, estimates[f"{column}_spearman_mean"]) for column in columns[:2]),
            _condition(eigenvalues, setting.cfg.eigenvalue_ridge),
        ],
        figure=_figure(estimates, list(models), columns),
        notes=[
            "the discrepancy is the same in every network, so it raises the agreement of values"
        ],
    )


def chosen_models(names: Sequence[str]) -> dict[str, Model]:
    """The networks named, from the choices of the group `model`.

    Raises:
        InputError: for fewer than two, one that occurs twice, or one that there is not.
    """
    if len(set(names)) < max(2, len(names)):
        raise InputError(f"models: wanted two or more different ones, got {list(names)}; e.g. cnn")
    known = [path.stem for path in (CONFIG_FOLDER / "model").glob("*.yaml")]
    for name in names:
        if name not in known:
            raise InputError(f"models: unknown choice {name!r}; {nearest(name, known)}")
    return {name: _model(name) for name in names}


def _model(name: str) -> Model:
    settings = compose.plain(OmegaConf.load(CONFIG_FOLDER / "model" / f"{name}.yaml"))  # pyright: ignore
    return Model.of(settings)


def measure(setting: Setting, seed: int, models: Mapping[str, Model]) -> pd.DataFrame:
    """One row a network and party: the value, its terms, and the kernel's smallest eigenvalue."""
    components, stages = setting.components[seed], setting.stages
    with stages.stage("data"):
        rows = components.load(stages.progress)
    measured = []
    for name, model in models.items():
        own: Components = replace(components, model=model)
        context = own.context(rows, stages)
        with stages.stage(f"values by {name}"):
            valuation = own.value(context)
            smallest = min_eigenvalue(context.ingredients, setting.cfg.eigenvalue_ridge)
        terms = dict(zip(valuation.terms, valuation.term_values, strict=True))
        columns = {"seed": seed, "model": name, "player": valuation.players}
        columns |= {"value": valuation.values, **terms, "min_eigenvalue": smallest}
        measured.append(pd.DataFrame(columns))
    return pd.concat(measured, ignore_index=True)


def min_eigenvalue(ingredients: Ingredients, ridge: float) -> float:
    """Smallest eigenvalue of Θ + λI, mean over initialisations; NaN where there is no kernel."""
    if not ingredients.computed_kernels:
        return float("nan")
    kernel = ingredients.computed_kernels[0]
    return float(extreme_eigenvalues(kernel.blocks, kernel.rows, ridge=ridge)[:, 0].mean())


def _agreement(
    frame: pd.DataFrame, column: str, pair: tuple[str, str], name: str, level: float
) -> OverSeeds:
    found = []
    for _, part in frame.groupby("seed", sort=False):
        first, second = (part.loc[part["model"] == m, column].to_numpy() for m in pair)
        found.append(MEASURES[name](first, second))
    return over_seeds(found, level=level, limits=CORRELATION)


def _means(estimates, columns, pairs, level: float) -> dict[str, OverSeeds]:
    """Mean over pairs in each seed, with its interval over seeds."""
    means = {}
    for column in columns:
        for name in MEASURES:
            each = [estimates[f"{column}_{name}_{a}_{b}"].each for a, b in pairs]
            per_seed = np.array(each, dtype=np.float64).mean(axis=0)
            means[f"{column}_{name}_mean"] = over_seeds(
                per_seed.tolist(), level=level, limits=CORRELATION
            )
    return means


def _eigenvalue(frame: pd.DataFrame, model: str, level: float) -> OverSeeds:
    own = frame[frame["model"] == model].groupby("seed")["min_eigenvalue"].first()
    return over_seeds(own.tolist(), level=level)


def _rows(estimates, pairs, columns: list[str]) -> list[list[str]]:
    return [
        [f"{a} and {b}", *(str(estimates[f"{column}_spearman_{a}_{b}"]) for column in columns)]
        for a, b in pairs
    ]


def _condition(eigenvalues: Mapping[str, OverSeeds], ridge: float) -> str:
    shown = (
        f"{model} {'-' if e.mean is None else f'{e.mean:.2g}'}" for model, e in eigenvalues.items()
    )
    return f"smallest eigenvalue of the kernel + {ridge:g}: {', '.join(shown)}"


def _pair(estimates, column: str, a: str, b: str) -> OverSeeds:
    return estimates.get(f"{column}_spearman_{a}_{b}") or estimates[f"{column}_spearman_{b}_{a}"]


def _verdict(column: str, found: OverSeeds) -> str:
    name = "values" if column == "value" else f"their parts {column}"
    if found.mean is None:
        return f"{name}: agreement undefined"
    if found.low is not None and found.low <= 0:
        return f"networks do not clearly agree on {name}: mean Spearman {found} over pairs"
    strength = "agree" if found.mean >= 0.8 else "agree weakly" if found.mean > 0 else "disagree"
    return f"networks {strength} on {name}: mean Spearman {found} over pairs"


def _figure(estimates, models: list[str], columns: list[str]):
    matrix = np.full((len(columns), len(models), len(models)), np.nan)
    for k, column in enumerate(columns):
        for i, j in combinations(range(len(models)), 2):
            found = _pair(estimates, column, models[i], models[j]).mean
            matrix[k, i, j] = matrix[k, j, i] = np.nan if found is None else found
    return matrix_figure(matrix, models, title="Spearman correlation", titles=columns)
