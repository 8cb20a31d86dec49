"""One option varied at a time: agreement with a large reference, and the time it takes.

The reference has the configuration as it is, with more initialisations, drawn independently: so
the configuration itself, under its own draws, shows how much agreement can be had at all.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import pandas as pd
from omegaconf import DictConfig, OmegaConf

from davinz_jax.evaluation import pearson, spearman
from davinz_jax.semivalues import Valuation
from experiments.report.estimates import CORRELATION, OverSeeds, figure, over_seeds, shown
from experiments.report.plots_studies import estimates_figure
from experiments.runtime import compose
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies import base as study
from experiments.studies.base import Setting, StudyResult

AS_CONFIGURED = ("as configured", "")
Variant = tuple[str, str]
"""Name of the option that is varied, and its value as text."""


def run(setting: Setting) -> StudyResult:
    """Fidelity and cost of every variant, over seeds."""
    parts = [measure(setting, seed) for seed in setting.seeds]
    frame = pd.concat(parts, ignore_index=True)
    estimates = {}
    for option, choice, part in _variants(frame):
        name = f"{option}={choice}" if choice else option
        for column in ("spearman", "pearson"):
            found = over_seeds(part[column].tolist(), level=setting.level, limits=CORRELATION)
            estimates[f"{column} {name}"] = found
        estimates[f"seconds {name}"] = over_seeds(part["seconds"].tolist(), level=setting.level)
    return StudyResult(
        measurements=frame,
        headers=["variant", "Spearman", "Pearson", "seconds"],
        rows=list(_rows(frame, estimates)),
        estimates=estimates,
        verdicts=_verdicts(frame, estimates),
        figure=_figure(frame, estimates),
        notes=[
            f"reference: as configured, {setting.cfg.reference_initialisations} other draws; "
            "seconds: kernel and values, the least over seeds, so that compiling is left out"
        ],
    )


def measure(setting: Setting, seed: int) -> pd.DataFrame:
    """One row a variant: agreement with the reference, and seconds."""
    stages = setting.stages
    with stages.stage("data"):
        rows = setting.components[seed].load(stages.progress)
    with stages.stage("reference"):
        reference, _ = _value(_reference(setting, seed), rows, stages)
    measured = []
    for (option, choice), components in variants(setting.cfg, seed):
        with stages.stage("variants"):
            valuation, seconds = _value(components, rows, stages)
        agreement = {
            "spearman": spearman(reference.values, valuation.values),
            "pearson": pearson(reference.values, valuation.values),
        }
        measured.append(
            {"seed": seed, "option": option, "choice": choice, **agreement, "seconds": seconds}
        )
    return pd.DataFrame(measured)


def variants(cfg: DictConfig, seed: int) -> Iterator[tuple[Variant, Components]]:
    """The configuration as it is, then with each option varied."""
    yield AS_CONFIGURED, study.seeded(cfg, seed)
    for option, choices in compose.plain(cfg)["vary"].items():
        for choice in choices:
            yield (option, str(choice)), study.seeded(_changed(cfg, option, choice), seed)


def _changed(cfg: DictConfig, option: str, choice: Any) -> DictConfig:
    changed = cfg.copy()
    if OmegaConf.select(changed, option, default=None) is None and not _is_known(changed, option):
        raise InputError(f"vary: unknown option {option!r}; give its dotted name, e.g. ntk.ridge")
    OmegaConf.update(changed, option, choice)
    return changed


def _is_known(cfg: DictConfig, option: str) -> bool:
    parent, _, key = option.rpartition(".")
    node = OmegaConf.select(cfg, parent, default=None) if parent else cfg
    return isinstance(node, DictConfig) and key in node


def _reference(setting: Setting, seed: int) -> Components:
    """As configured, with other and more draws of the network."""
    components = setting.components[seed]
    keys = {**components.keys}
    for name in ("initialisations", "blocks"):
        keys[name] = jax.random.fold_in(keys[name], 1)
    return replace(components, keys=keys, num_initialisations=setting.cfg.reference_initialisations)


def _value(components: Components, rows: Rows, stages: Stages) -> tuple[Valuation, float]:
    began = time.perf_counter()
    valuation = components.value(components.context(rows, stages))
    return valuation, time.perf_counter() - began


def _rows(frame: pd.DataFrame, estimates: Mapping[str, OverSeeds]) -> Iterator[Sequence[str]]:
    for option, choice, part in _variants(frame):
        name = f"{option}={choice}" if choice else option
        linear = estimates[f"pearson {name}"].mean
        ranks = str(estimates[f"spearman {name}"])
        yield [name, ranks, shown(linear), figure(float(part["seconds"].min()))]


def _variants(frame: pd.DataFrame) -> Iterator[tuple[str, str, Any]]:
    """Option, choice, and the measurements of each variant."""
    for (option, choice), part in frame.groupby(["option", "choice"], sort=False):  # pyright: ignore
        yield option, choice, part


def _choices(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Choices that were tried of each option."""
    found: dict[str, list[str]] = {}
    for option, choice, _ in _variants(frame):
        if choice:
            found.setdefault(option, []).append(choice)
    return found


def _verdicts(frame: pd.DataFrame, estimates: Mapping[str, OverSeeds]) -> list[str]:
    """For each option, the choice that departs most from the reference, beside the ceiling."""
    ceiling = estimates[f"spearman {AS_CONFIGURED[0]}"]
    verdicts = [f"as configured, other draws agree with the reference at Spearman {ceiling}"]
    for option, choices in _choices(frame).items():
        tried = {
            f"{option}={choice}": estimates[f"spearman {option}={choice}"] for choice in choices
        }
        defined = {name: e.mean for name, e in tried.items() if e.mean is not None}
        if defined:
            worst = min(defined, key=lambda name: defined[name])
            verdicts.append(f"{option}: least agreement {tried[worst]} at {worst}")
    return verdicts


def _figure(frame: pd.DataFrame, estimates: Mapping[str, OverSeeds]):
    ceiling = {AS_CONFIGURED[0]: estimates[f"spearman {AS_CONFIGURED[0]}"]}
    groups = {
        option: ceiling | {c: estimates[f"spearman {option}={c}"] for c in choices}
        for option, choices in _choices(frame).items()
    }
    shown_groups = groups or {"values": ceiling}
    return estimates_figure(shown_groups, xlabel="Spearman with the reference", zero=False)
