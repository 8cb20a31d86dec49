"""Every command's options, gathered from the modules that declare them; read by help and errors."""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from hydra.core.config_store import ConfigStore

from experiments.runtime.schema import (
    benchmark,
    coverage,
    detect,
    fidelity,
    finetuning,
    party_quality,
    protocol,
    reproduce,
    result,
    rivals,
    studies,
    trust,
    value,
)

COMMANDS: dict[str, type] = {
    "study": studies.Study,
    **value.COMMANDS,
    **result.COMMANDS,
    **studies.COMMANDS,
    **benchmark.COMMANDS,
    **coverage.COMMANDS,
    **fidelity.COMMANDS,
    **finetuning.COMMANDS,
    **party_quality.COMMANDS,
    **protocol.COMMANDS,
    **detect.COMMANDS,
    **trust.COMMANDS,
    **rivals.COMMANDS,
    **reproduce.COMMANDS,
}
"""Schema of each command, by the name of its primary configuration; `study` has what all share."""


def register(config_name: str, options: type | None = None) -> None:
    """Make every schema known to Hydra, as NAME_schema, under which conf/NAME.yaml takes it.

    Args:
        config_name: the command that is started.
        options: its schema, where it is none of `COMMANDS`.
    """
    if options is not None:
        COMMANDS[config_name] = options
    for name, node in COMMANDS.items():
        ConfigStore.instance().store(name=f"{name}_schema", node=node)


def option_texts(config_name: str) -> dict[str, tuple[str, str]]:
    """Dotted key -> (default, description) of every scalar of a command's schema.

    A command without a schema of its own has the options of `study`.
    """
    return _texts(COMMANDS.get(config_name, studies.Study)(), "")


def _texts(node: Any, prefix: str) -> dict[str, tuple[str, str]]:
    texts = {}
    for entry in fields(node):
        value = getattr(node, entry.name)
        if is_dataclass(value):
            texts |= _texts(value, f"{prefix}{entry.name}.")
        elif "text" in entry.metadata:
            default = _default_text(value)
            texts[f"{prefix}{entry.name}"] = (default, entry.metadata["text"] + _values_of(entry))
    return texts


def _default_text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values_of(entry: Any) -> str:
    for kind in getattr(entry.type, "__args__", (entry.type,)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return f": {' | '.join(choice.value for choice in kind)}"
    return ""
