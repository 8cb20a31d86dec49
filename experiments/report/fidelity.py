"""How well a score follows trained networks: figures of the kept study (docs/fidelity.md)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / "results" / "fidelity.json"
"""The study's file; where it is not at hand, no figure is told."""

_NAMES = {"network_features": "features"}


@dataclass(frozen=True)
class Fidelity:
    """Correlation of two scores with the accuracy of trained networks.

    Attributes:
        first: mean Spearman of one.
        second: that of the other.
        num_sets: sets that they were compared on.
    """

    first: float
    second: float
    num_sets: int


def compare_fidelity(
    first: Mapping[str, Any], second: Mapping[str, Any], path: Path = KEPT
) -> Fidelity | None:
    """What the study found of two utilities; None where it did not look at one of them.

    Args:
        first: a utility as described. Regression stands for that of its kernel by accuracy where
            the study has no other metric of it.
        second: the other.
        path: the kept file.
    """
    if not path.is_file():
        return None
    content = _read(path)
    shown = content["showing"]
    one, other = (_mean_of(each, shown) for each in (first, second))
    if one is None or other is None:
        return None
    sets = sum(each["num_sets"] for each in content["specs"] if each["role"] == "showing")
    return Fidelity(one, other, sets)


def _mean_of(described: Mapping[str, Any], shown: Mapping[str, Any]) -> float | None:
    return next((shown[name]["mean"][0] for name in _candidates(described) if name in shown), None)


@cache
def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def _candidates(described: Mapping[str, Any]) -> list[str]:
    """Names in the study that a utility may have, the nearest first."""
    if described["kind"] == "davinz":
        return [f"nu_{described['complexity'].get('output')}"]
    kernel = str(described.get("kernel", "ntk"))
    start = _NAMES.get(kernel, kernel) + ("_ensemble" if described.get("is_ensemble") else "")
    return [f"{start}_{described.get('metric')}_loo", f"{start}_accuracy_loo"]
