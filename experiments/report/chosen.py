"""What a run computes and why, in one line or two that come before anything else."""

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.runtime import usage
from experiments.runtime.auto import Resolved, Situation
from experiments.runtime.compose import kernel_choice

PARTS = {"complexity": "complexity, a part of the paper's score",
         "discrepancy": "discrepancy, a part of the paper's score",
         "davinz": "ν, the paper's score"}  # fmt: skip

CAPITALS = {"shapley": "Shapley", "banzhaf": "Banzhaf", "beta-shapley": "Beta-Shapley"}


def describe_choice(choice: Resolved, situation: Situation) -> list[str]:
    """The lines.

    Args:
        choice: what was chosen or named.
        situation: the data and the players.
    """
    settings = choice.settings
    players = f"{situation.num_players:,} {'rows' if situation.values_rows else 'parties'}"
    values = f"{_semivalue(settings['semivalue'])} values of {players}"
    first = f"{values} by {describe_utility(settings, situation)}"
    if situation.judged_by:
        first += f", judged by {situation.judged_by}"
    return [first, *_reasons(choice, situation)]


def describe_utility(settings: Mapping[str, Any], situation: Situation) -> str:
    """A utility with what it is made of.

    Args:
        settings: of every group, nothing in them left to be chosen.
        situation: the data and the players.
    """
    node, kind = settings["utility"], usage.kind_of(settings["utility"])
    if kind == "discrepancy":
        return PARTS[kind]
    if kind in usage.COSTS:
        return f"{PARTS[kind]} (ridge {_ridge(settings['ntk'])})"
    if kind not in usage.REGRESSIONS:
        return kind
    kernel = kernel_choice(settings["kernel"])
    usual = "mse" if situation.task == "regression" else "accuracy"
    metric = "" if kind == "confidence" else f"{node.get('metric') or usual}, "
    ensemble = "ensemble, " if node.get("ensemble") else ""
    what = "confidence of kernel regression" if kind == "confidence" else "kernel regression"
    return f"{what} ({kernel.name}, {ensemble}{metric}ridge {_ridge(settings['ntk'])})"


def _ridge(node: Mapping[str, Any]) -> str:
    if node["ridge"] == "auto":
        return "by leave-one-out error"
    unit = " × mean diagonal" if node.get("ridge_unit") == "relative" else ""
    return f"{node['ridge']:g}{unit}"


def _semivalue(node: Mapping[str, Any]) -> str:
    """A semivalue's name, and how it is found where that is said."""
    inner = (node.get("_args_") or [node])[0]
    name = inner["_target_"].rpartition(".")[2].replace("_", "-")
    name = str(CAPITALS.get(name, name))
    method = node.get("method", "auto")
    return name if method == "auto" else f"{'exact' if method == 'exact' else 'sampled'} {name}"


def _reasons(choice: Resolved, situation: Situation) -> Iterator[str]:
    """Why, where something was chosen; where else to look."""
    reasons = choice.reasons
    if not reasons:
        return
    hints = []
    if "utility" in reasons and usage.kind_of(choice.settings["utility"]) != "davinz":
        hints.append("utility=davinz is the paper's score")
    if situation.values_rows:
        hints.append("wrong labels are found by experiments.detect")
    yield "; ".join([f"chosen for these reasons: {', '.join(reasons.values())}", *hints])
