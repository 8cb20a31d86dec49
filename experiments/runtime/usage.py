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

COSTS = {
    "davinz": ("complexity", "discrepancy"),
    "complexity": ("complexity",),
    "discrepancy": ("discrepancy",),
}
"""The paper's utilities, and the costs that each is made of."""

REGRESSIONS = ("kernel_regression", "confidence")

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


def kind_of(utility: Mapping[str, Any]) -> str:
    """Name of a utility of ours, or the whole target of the user's own."""
    room, _, name = utility["_target_"].rpartition(".")
    return name if room == "davinz_jax.Ingredients" else utility["_target_"]


def used_by(
    kind: str, choice: KernelChoice, discrepancy: Mapping[str, Any], *, has_tokens: bool = False
) -> Set[str]:
    """What a utility looks at; the user's own may look at anything.

    Args:
        kind: as `kind_of`.
        choice: the kernel of regressions.
        discrepancy: the node `mmd`.
        has_tokens: whether rows are tokens, which are compared through the network alone.
    """
    network = NETWORK if has_tokens else frozenset()
    if kind in REGRESSIONS:
        return network | used_by_kernel(choice)
    if kind not in COSTS:
        return CHECKED
    return network.union(*(used_by_cost(term, discrepancy) for term in COSTS[kind]))


def refuse_all_unused(
    named: Set[str], used: Set[str], kind: str, choice: KernelChoice, ridge: Any
) -> None:
    """Refuse what neither a utility nor its kernel looks at.

    Args:
        named: as in `refuse_unused`.
        used: as `used_by`.
        kind: as `kind_of`.
        choice: the kernel of regressions.
        ridge: λ, whose unit matters where it is a number.

    Raises:
        InputError: naming what is not used.
    """
    if ridge == "auto" and "ntk.ridge_unit" in named:
        raise InputError(
            "ntk.ridge_unit: wanted it with a ridge in numbers, got ntk.ridge=auto, which has no "
            "unit; leave it out, or set ntk.ridge"
        )
    of_kernel = {name for name in named if kind in REGRESSIONS and _group(name) != "mmd"}
    refuse_unused(of_kernel, used, f"kernel={choice.name}")
    refuse_unused(named - of_kernel, used, f"utility={kind}")


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
        usual = "kernel=ntk" if asker.startswith("kernel=") else "utility=davinz"
        remedy = REMEDIES.get(_group(unused[0]), usual)
        raise InputError(
            f"{unused[0]}: wanted options that the run uses, got {asker}, which does not; leave "
            f"{', '.join(unused)} out, or set {remedy}"
        )


def _group(name: str) -> str:
    return name.partition(".")[0]
