"""The figure of a saved run, of whichever experiment, from its table and numbers alone."""

from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.figure import Figure

from experiments.report.estimates import Estimates, OverSeeds
from experiments.report.plots_studies import estimates_figure, scatter_figure
from experiments.studies.comparison import CAPTIONS as METHODS
from experiments.studies.comparison import TRUTHS
from experiments.studies.correlation import CAPTIONS as SCORES
from experiments.studies.correlation import find_scores, find_truths

Draw = Callable[[pd.DataFrame, Estimates], Figure]


def figure_of(experiment: str, frame: pd.DataFrame, estimates: Estimates) -> Figure | None:
    """The figure of a run; None where the experiment has none of these kinds.

    Args:
        experiment: name of its command.
        frame: its measurements.
        estimates: its numbers over seeds.
    """
    draw = DRAWN.get(experiment)
    return None if draw is None else draw(frame, estimates)


def _scatter(frame: pd.DataFrame, estimates: Estimates) -> Figure:
    scores = [name for name in find_scores(frame) if estimates.has("spearman", name, _truth(frame))]
    return scatter_figure(frame, scores, _truth(frame), captions=SCORES)


def _truth(frame: pd.DataFrame) -> str:
    return find_truths(frame)[0]


def _methods(_: pd.DataFrame, estimates: Estimates) -> Figure:
    return estimates_figure(
        _panels(estimates, "pearson", METHODS, TRUTHS), xlabel="Pearson correlation over parties"
    )


def _doses(frame: pd.DataFrame, estimates: Estimates) -> Figure:
    return estimates_figure(
        _panels(estimates, "spearman", {}, {}), xlabel="Spearman correlation over parties"
    )


def _networks(_: pd.DataFrame, estimates: Estimates) -> Figure:
    """One panel a part of the value; pairs of networks are the rows."""
    panels: dict[str, dict[str, OverSeeds]] = {}
    for statistic, subject, against in estimates.identities:
        if statistic == "spearman":
            panels.setdefault(subject, {})[against] = estimates.get(statistic, subject, against)
    return estimates_figure(panels, xlabel="Spearman correlation over parties")


def _variants(_: pd.DataFrame, estimates: Estimates) -> Figure:
    """One panel an option; what was as configured stands in each."""
    points = _panels(estimates, "spearman", {}, {})["reference"]
    options = dict.fromkeys(name.partition("=")[0] for name in points if "=" in name)
    same = {name: point for name, point in points.items() if "=" not in name}
    panels = {
        option: same | {n.partition("=")[2]: p for n, p in points.items() if _is_of(n, option)}
        for option in options
    }
    return estimates_figure(panels or {"values": same}, xlabel="Spearman correlation", zero=False)


def _is_of(name: str, option: str) -> bool:
    return name.startswith(f"{option}=")


def _panels(
    estimates: Estimates, statistic: str, captions: Mapping[str, str], titles: Mapping[str, str]
) -> dict[str, dict[str, OverSeeds]]:
    """Every number of one statistic: what it was held against -> of what -> the number."""
    panels: dict[str, dict[str, OverSeeds]] = {}
    for found, subject, against in estimates.identities:
        if found == statistic:
            panel = panels.setdefault(titles.get(against, against), {})
            panel[captions.get(subject, subject)] = estimates.get(found, subject, against)
    return panels


DRAWN: Mapping[str, Draw] = {
    "correlation": _scatter,
    "comparison": _methods,
    "data_quantity": _doses,
    "data_preference": _doses,
    "noise_stability": _doses,
    "model_robustness": _networks,
    "ablation": _variants,
}
"""How the figure of each experiment is drawn, by its command."""
