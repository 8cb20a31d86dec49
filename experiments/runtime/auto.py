"""The choice `auto` of utility, kernel and semivalue: what it stands for, once the data is known.

A configuration with `auto` is resolved to one without, which runs alone, together with the reasons.
What is chosen is what `davinz_jax.defaults` says.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any

from omegaconf import OmegaConf

from davinz_jax import Dataset, KernelChoice
from davinz_jax.defaults import (
    usual_kernel,
    usual_metric,
    usual_ridge,
    usual_semivalue,
    usual_utility,
)
from davinz_jax.types import Task
from experiments.runtime import usage
from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.compose import AUTO, kernel_choice
from experiments.runtime.context import Rows


@dataclass(frozen=True)
class Situation:
    """What choices go by.

    Attributes:
        task: classification or regression.
        is_labelled: whether the validation rows have targets, those held out among them.
        values_rows: whether single rows are the players.
        num_players: parties, or rows.
        judged_by: the rows that judge, in words.
        has_tokens: whether inputs are tokens, which a network alone compares.
    """

    task: Task
    is_labelled: bool
    values_rows: bool
    num_players: int
    judged_by: str = ""
    has_tokens: bool = False

    @classmethod
    def of(cls, rows: Rows, *, values_rows: bool) -> "Situation":
        """The situation of loaded data."""
        num_players = len(rows.dataset) if values_rows else len(rows.parties)
        is_labelled = rows.dataset.validation.targets is not None
        judges, has_tokens = judges_of(rows.dataset), rows.dataset.input_kind == "tokens"
        return cls(rows.dataset.task, is_labelled, values_rows, num_players, judges, has_tokens)


@dataclass(frozen=True)
class Resolved:
    """A configuration without `auto`.

    Attributes:
        settings: of every group, plain.
        reasons: why, of each group that was `auto`.
        uses_network: whether anything in it looks through a network.
    """

    settings: dict[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)
    uses_network: bool = True

    def with_reason(self, name: str, reason: str) -> "Resolved":
        """The same with one more reason."""
        return replace(self, reasons={**self.reasons, name: reason})


def judges_of(dataset: Dataset) -> str:
    """The rows that judge coalitions, in words."""
    if dataset.folds is not None:
        return f"the rows themselves, in {dataset.folds.max() + 1} folds"
    return f"{len(dataset.validation):,} validation rows"


def is_auto(node: Mapping[str, Any]) -> bool:
    """Whether a node leaves the choice to the command."""
    return node.get("_target_") == AUTO


def read_choice(group: str, name: str, **changes: Any) -> dict[str, Any]:
    """The node that GROUP=NAME gives, with some of its options changed."""
    node: Any = OmegaConf.to_container(OmegaConf.load(CONFIG_FOLDER / group / f"{name}.yaml"))
    return node | changes


def provide(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same with something in place of `auto`, for what is made before the data is known."""
    usual = {"utility": "kernel_regression", "kernel": "rbf", "semivalue": "shapley"}
    replaced = {
        group: read_choice(group, name) for group, name in usual.items() if is_auto(settings[group])
    }
    return {**settings, **replaced}


def resolve(settings: Mapping[str, Any], situation: Situation, named: Set[str]) -> Resolved:
    """What a configuration stands for in a situation, refused if it names what is not used.

    Args:
        settings: plain, as composed.
        situation: the data and the players.
        named: options that the run's author names, as `app.named_options`.

    Raises:
        InputError: for a named option that the run would not use.
    """
    utility, why_utility = choose_utility(settings["utility"], situation)
    kind = usage.kind_of(utility)
    kernel = choose_kernel(settings["kernel"], named, kind, has_tokens=situation.has_tokens)
    choice = kernel_choice(kernel)
    if is_auto(settings["utility"]) and kind in usage.REGRESSIONS:
        utility |= choose_scoring(kind, choice, situation)
    semivalue, why_semivalue = choose_semivalue(settings["semivalue"], kind, situation)
    mmd = choose_discrepancy(settings["mmd"], named, situation)
    resolved = {
        **settings,
        "mmd": mmd,
        "utility": utility,
        "kernel": kernel,
        "semivalue": semivalue,
        "ntk": settings["ntk"] | {"ridge": choose_ridge(settings["ntk"]["ridge"], kind)},
    }
    used = usage.used_by(kind, choice, mmd, has_tokens=situation.has_tokens)
    usage.refuse_all_unused(named, used, kind, choice, resolved["ntk"]["ridge"])
    reasons = {"utility": why_utility, "kernel": _why_kernel(settings, kind, named, situation),
               "semivalue": why_semivalue}  # fmt: skip
    return Resolved(resolved, {k: v for k, v in reasons.items() if v}, "model" in used)


def choose_utility(node: Mapping[str, Any], situation: Situation) -> tuple[dict[str, Any], str]:
    """The node `utility`, and why, where it was `auto`."""
    if not is_auto(node):
        return dict(node), ""
    name, why = usual_utility(situation.task, is_labelled=situation.is_labelled)
    return read_choice("utility", name), why


def choose_scoring(kind: str, choice: KernelChoice, situation: Situation) -> dict[str, Any]:
    """How a regression of `auto` is scored: its metric, and whether draws of a network average."""
    scoring: dict[str, Any] = {"ensemble": choice.needs_network}
    if kind == "confidence":
        return scoring
    metric = usual_metric(
        situation.task, values_rows=situation.values_rows, with_network=choice.needs_network
    )
    return scoring | {"metric": metric}


def choose_kernel(
    node: Mapping[str, Any],
    named: Set[str],
    kind: str = "kernel_regression",
    *,
    has_tokens: bool = False,
) -> dict[str, Any]:
    """The node `kernel`; of `auto`, the network's where a network is asked for.

    Args:
        node: as composed.
        named: options that the run's author names, as `app.named_options`.
        kind: name of the utility.
        has_tokens: whether rows are tokens, which nothing but a network compares.
    """
    if not is_auto(node):
        return dict(node)
    with_network = has_tokens or usage.names_network(named)
    return read_choice("kernel", usual_kernel(kind, with_network=with_network))


def choose_discrepancy(
    node: Mapping[str, Any], named: Set[str], situation: Situation
) -> dict[str, Any]:
    """The node `mmd`; of tokens that of features, where none is named."""
    is_named = any(name.partition(".")[0] == "mmd" for name in named)
    if situation.has_tokens and not is_named:
        return read_choice("mmd", "paper", bandwidth="median", features="network")
    return dict(node)


def choose_semivalue(
    node: Mapping[str, Any], kind: str, situation: Situation
) -> tuple[dict[str, Any], str]:
    """The node `semivalue`, and why, where it was `auto`."""
    if not is_auto(node):
        return dict(node), ""
    usual = usual_semivalue(kind, situation.num_players, values_rows=situation.values_rows)
    node, sampling = read_choice("semivalue", usual.name), usual.sampling
    if sampling is not None:
        node["method"] = sampling.method
    if sampling is not None and sampling.stopping is not None:
        limit = {"relative_stderr": sampling.stopping.relative_stderr}
        node["stopping"] = node["stopping"] | limit
    return node, usual.reason


def choose_ridge(ridge: Any, kind: str) -> Any:
    """λ as named; else the paper's for its score, and that of least leave-one-out error."""
    return usual_ridge(kind) if ridge is None else ridge


def _why_kernel(
    settings: Mapping[str, Any], kind: str, named: Set[str], situation: Situation
) -> str:
    if not is_auto(settings["kernel"]) or kind not in usage.REGRESSIONS:
        return ""
    if situation.has_tokens:
        return "texts are compared by a network alone"
    return "a network is named" if usage.names_network(named) else "no network is named"
