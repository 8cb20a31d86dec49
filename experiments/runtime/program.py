"""How a command is called where this program runs: in a checkout, or installed from a wheel."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COMMANDS = Path(__file__).resolve().parents[1]
"""Folder of the commands, a module each."""

IS_INSTALLED = COMMANDS.parent.name == "_commands"
"""Whether a wheel brought them (`davinz_jax/entry.py`)."""


def command_names() -> list[str]:
    """Every command, by its module."""
    return sorted(path.stem for path in COMMANDS.glob("*.py") if not path.stem.startswith("_"))


def command_words(name: str, *, is_installed: bool = IS_INSTALLED) -> Sequence[str]:
    """What a person types to start a command.

    >>> command_words("value", is_installed=True)
    ('davinz', 'value')
    """
    return ("davinz", name) if is_installed else ("python", "-m", f"experiments.{name}")


def as_typed(text: str, *, is_installed: bool = IS_INSTALLED) -> str:
    """A text with its commands named as a person types them here.

    >>> as_typed("see python -m experiments.detect --help", is_installed=True)
    'see davinz detect --help'
    """
    if not is_installed:
        return text
    return re.sub(rf"(?:python -m )?\bexperiments\.({_any_name()})\b(?!\.)", r"davinz \1", text)


def refuse_keeping(settings: Mapping[str, Any], *, is_installed: bool = IS_INSTALLED) -> None:
    """Refuse to keep results among those of a checkout where there is none.

    Raises:
        ValueError: if `keep` is set in an installed program.
    """
    if is_installed and settings.get("keep"):
        raise ValueError(
            "keep: wanted false, for results are kept in a checkout, got true in an installed "
            "program; leave it out, the run's folder holds them all"
        )


def _any_name() -> str:
    return "|".join(sorted(command_names(), key=len, reverse=True))
