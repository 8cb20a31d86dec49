"""One option varied at a time: agreement with a large reference, and the time it takes.

The reference has the configuration as it is, with more initialisations, drawn independently: so
the configuration itself, under its own draws, shows how much agreement can be had at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import pandas as pd
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf

from davinz_jax.evaluation import time_valuation
from davinz_jax.semivalues import Valuation
from experiments.report.estimates import CORRELATIONS, Estimates, Number, OverSeeds
from experiments.report.plots_studies import estimates_figure
from experiments.report.tables import cell, digits
from experiments.runtime import compose
from experiments.runtime.compose import Components
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.studies.base import Setting, StudyResult, components_of

REFERENCE = "reference"
SECONDS = "seconds"


@dataclass(frozen=True)
class Variant:
    """One option with one value; without either, the configuration as it is.

    Attributes:
        option: dotted name.
        choice: its value as text.
    """

    option: str = "as configured"
    choice: str = ""

    @property
    def name(self) -> str:
        """As it would be written on the command line."""
        return f"{self.option}={self.choice}" if self.choice else self.option


AS_CONFIGURED = Variant()


def run(setting: Setting) -> StudyResult:
    """Fidelity and cost of every variant, over seeds."""
    frame = setting.repeat(partial(measure, setting))
    variants = read_variants(frame)
    estimates = Estimates.of(_numbers(frame), level=setting.level)
    return StudyResult(
        measurements=frame,
        headers=["variant", "Spearman", "Pearson", "seconds"],
        rows=[_row(estimates, variant) for variant in variants],
        estimates=estimates,
        verdicts=list(_verdicts(estimates, variants)),
        figure=_figure(estimates, variants),
        notes=[
            f"reference: as configured, {setting.cfg.reference_initialisations} other draws; "
            "seconds: kernel and values, the least over seeds, so that compiling is left out"
        ],
    )


def measure(setting: Setting, seed: int) -> pd.DataFrame:
    """One row a variant: agreement with the reference, and seconds."""
    rows, stages = setting.load(seed), setting.stages
    with stages.stage("reference"):
        reference = _value(setting, _reference(setting, seed), rows)
    measured = []
    for variant, components in compose_variants(setting.cfg, seed):
        with stages.stage("variants"):
            valuation = time_valuation(partial(_value, setting, components, rows))
        agreement = {
            statistic: correlate(reference.values, valuation.values)
            for statistic, correlate in CORRELATIONS.items()
        }
        measured.append(vars(variant) | agreement | {SECONDS: valuation.seconds})
    return pd.DataFrame(measured)


def compose_variants(cfg: DictConfig, seed: int) -> Iterator[tuple[Variant, Components]]:
    """The configuration as it is, then with each option varied."""
    yield AS_CONFIGURED, components_of(cfg, seed)
    for option, choices in compose.plain(cfg)["vary"].items():
        for choice in choices:
            yield (
                Variant(option, str(choice)),
                components_of(change_option(cfg, option, choice), seed),
            )


def change_option(cfg: DictConfig, option: str, choice: Any) -> DictConfig:
    """The configuration with one option set.

    Raises:
        InputError: if there is no such option.
    """
    parent, _, key = option.rpartition(".")
    node = OmegaConf.select(cfg, parent, default=None) if parent else cfg
    if not (isinstance(node, DictConfig) and key in node):
        raise InputError(f"vary: unknown option {option!r}; give its dotted name, e.g. ntk.ridge")
    changed = cfg.copy()
    OmegaConf.update(changed, option, choice)
    return changed


def _reference(setting: Setting, seed: int) -> Components:
    """As configured, with other and more draws of the network."""
    components = setting.components[seed]
    keys = {**components.keys}
    for name in ("initialisations", "blocks"):
        keys[name] = jax.random.fold_in(keys[name], 1)
    return replace(components, keys=keys, num_initialisations=setting.cfg.reference_initialisations)


def _value(setting: Setting, components: Components, rows: Rows) -> Valuation:
    return components.value(components.context(rows, setting.stages))


def read_variants(frame: pd.DataFrame) -> list[Variant]:
    """The variants that were measured, in their order."""
    pairs = frame[["option", "choice"]].drop_duplicates()
    return [Variant(*pair) for pair in pairs.itertuples(index=False)]


def _numbers(frame: pd.DataFrame) -> Iterator[Number]:
    for line in frame.to_dict("records"):
        name = Variant(line["option"], line["choice"]).name
        for statistic in CORRELATIONS:
            yield Number(statistic, name, REFERENCE, line["seed"], line[statistic])
        yield Number(SECONDS, name, "", line["seed"], line[SECONDS])


def _fidelity(estimates: Estimates, variant: Variant) -> OverSeeds:
    return estimates.get("spearman", variant.name, REFERENCE)


def _row(estimates: Estimates, variant: Variant) -> list[str]:
    linear = estimates.get("pearson", variant.name, REFERENCE).mean
    seconds = min(s for s in estimates.get(SECONDS, variant.name).each if s is not None)
    ranks = str(_fidelity(estimates, variant))
    return [variant.name, ranks, cell(linear), digits(seconds)]


def _by_option(variants: Sequence[Variant]) -> dict[str, list[Variant]]:
    """Variants of each option that was varied."""
    found: dict[str, list[Variant]] = {}
    for variant in variants:
        if variant != AS_CONFIGURED:
            found.setdefault(variant.option, []).append(variant)
    return found


def _verdicts(estimates: Estimates, variants: Sequence[Variant]) -> Iterator[str]:
    """For each option, the choice that departs most from the reference, beside the ceiling."""
    ceiling = _fidelity(estimates, AS_CONFIGURED)
    yield f"as configured, other draws agree with the reference at Spearman {ceiling}"
    for option, own in _by_option(variants).items():
        found = {variant.name: _fidelity(estimates, variant) for variant in own}
        means = {name: each.mean for name, each in found.items() if each.mean is not None}
        if means:
            worst = min(means, key=lambda name: means[name])
            yield f"{option}: least agreement {found[worst]} at {worst}"


def _figure(estimates: Estimates, variants: Sequence[Variant]) -> Figure:
    ceiling = {AS_CONFIGURED.name: _fidelity(estimates, AS_CONFIGURED)}
    panels = {
        option: ceiling | {variant.choice: _fidelity(estimates, variant) for variant in own}
        for option, own in _by_option(variants).items()
    }
    return estimates_figure(
        panels or {"values": ceiling}, xlabel="Spearman with the reference", zero=False
    )
