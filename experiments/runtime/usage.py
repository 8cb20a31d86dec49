"""Options that a run would not use: named, they are refused rather than passed over in silence.

What a utility or a kernel looks at is a set of groups (`model`) and of options (`ntk.ridge`).
"""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from davinz_jax import KernelChoice
from experiments.runtime.errors import InputError

NETWORK = frozenset({"model", "num_initialisations"})
"""What is said of a network and its draws."""

EVERY_KERNEL = frozenset({"ntk.ridge", "ntk.ridge_unit", "ntk.num_blocks", "ntk.shuffle"})
"""Options of `ntk` that a regression with any kernel uses."""

CHECKED = NETWORK | {"kernel", "ntk", "mmd"}
"""Groups and options that some runs do not use."""

REMEDIES = {"kernel": "utility=kernel_regression", "mmd": "utility=davinz"}
"""What would use a group; the others want the network's kernel."""


def names_network(named: Set[str]) -> bool:
    """Whether a network, or how its tangent kernel is computed, is asked for."""
    return any(_group(name) in NETWORK | {"ntk"} for name in named - EVERY_KERNEL)


def used_by_kernel(choice: KernelChoice) -> Set[str]:
    """What a regression with a kernel looks at."""
    network = NETWORK if choice.needs_network else frozenset()
    tangent = {"ntk"} if choice.name in ("ntk", "sum") else set()
    return EVERY_KERNEL | {"kernel"} | network | tangent


def used_by_cost(term: str, discrepancy: Mapping[str, Any]) -> Set[str]:
    """What a part of ν looks at.

    Args:
        term: complexity or discrepancy.
        discrepancy: the node `mmd`.
    """
    if term == "complexity":
        return NETWORK | {"ntk"}
    return {"mmd"} | (NETWORK if discrepancy.get("features") == "network" else frozenset())


def refuse_unused(named: Iterable[str], used: Set[str], asker: str) -> None:
    """Refuse options of `CHECKED` that are named and not used.

    Args:
        named: groups and dotted options, as `app.named_options`.
        used: groups and options that are looked at.
        asker: what does not look at the others, as in `kernel=rbf`.

    Raises:
        InputError: naming all of them.
    """
    unused = sorted(name for name in named if _group(name) in CHECKED - used and name not in used)
    if unused:
        remedy = REMEDIES.get(_group(unused[0]), "kernel=ntk")
        raise InputError(
            f"{unused[0]}: wanted options that the run uses, got {asker}, which does not; leave "
            f"{', '.join(unused)} out, or set {remedy}"
        )


def _group(name: str) -> str:
    return name.partition(".")[0]
