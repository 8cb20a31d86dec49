"""What a node of a configuration gives, refused under the name of its option."""

import re
from collections.abc import Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from experiments.runtime import option_types, protocols
from experiments.runtime.errors import InputError

MISSING = "???"
"""What stands for a setting that is to be given."""

AUTO = "auto"
"""Target of a node that leaves the choice to the command (`auto.py`)."""


def function(option: str, node: Mapping[str, Any], kind: type) -> Any:
    """What a node of a configuration names, refused if it is not of its kind.

    Raises:
        InputError: for a function of another kind, or a choice that is left to the command.
    """
    if node["_target_"] == AUTO:
        raise InputError(
            f"{option}: wanted a choice, got auto, which this command does not resolve; name one"
        )
    return protocols.check(option, make(option, node), kind)


def make(option: str, node: Mapping[str, Any]) -> Any:
    """What a node of a configuration gives.

    Raises:
        InputError: for a setting that is to be given and is not; with what it was refused for,
            under the option's name.
    """
    for name, value in node.items():
        if value == MISSING:
            raise InputError(
                f"{option}.{name}: wanted a value, got none; set {option}.{name}=…, which --help "
                "explains"
            )
    option_types.check_node(option, node)
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        reason = str(error.__cause__ or error)
        link = "." if re.match(r"[\w.]+: wanted", reason) else ": "
        raise InputError(f"{option}{link}{reason}") from error


def plain(cfg: DictConfig) -> dict[str, Any]:
    """A configuration as plain containers, resolved, choices as text."""
    return OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)  # pyright: ignore
