"""The choice `auto` of a group: which node it stands for, once that is known."""

from collections.abc import Mapping, Set
from typing import Any

from omegaconf import OmegaConf

from experiments.runtime import usage
from experiments.runtime.app import CONFIG_FOLDER

AUTO = "auto"


def is_auto(node: Mapping[str, Any]) -> bool:
    """Whether a node leaves the choice to the command."""
    return node["_target_"] == AUTO


def read_choice(group: str, name: str, **changes: Any) -> dict[str, Any]:
    """The node that GROUP=NAME gives, with some of its options changed."""
    node: Any = OmegaConf.to_container(OmegaConf.load(CONFIG_FOLDER / group / f"{name}.yaml"))
    return node | changes


def choose_kernel(node: Mapping[str, Any], named: Set[str], *, raw: str = "rbf") -> dict[str, Any]:
    """The node `kernel`; of `auto`, the network's where a network is asked for.

    Args:
        node: as composed.
        named: options that the run's author names, as `app.named_options`.
        raw: the kernel of raw inputs that is taken otherwise.
    """
    if not is_auto(node):
        return dict(node)
    return read_choice("kernel", "ntk" if usage.names_network(named) else raw)
