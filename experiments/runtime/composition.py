"""Errors of composing a configuration in the words of all others: option, wanted, got, remedy.

Hydra and OmegaConf speak of overrides, nodes and grammar; each text of theirs that a command line
can bring about has a line in `SAYINGS`.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.runtime.schema import registry

TYPES = {"Float": "a number", "Integer": "a whole number", "Boolean": "true or false"}
HELP = "--help lists every option"
QUOTES = "put what has special characters in quotes within quotes: 'OPTION=\"VALUE\"'"


def explain_composition(text: str, folder: Path, config_name: str, arguments: Sequence[str]) -> str:
    """What was wanted, got and is to be done; empty for a text that is none of theirs.

    Args:
        text: of the error and its causes.
        folder: of the configurations.
        config_name: the command's.
        arguments: of its command line.
    """
    for pattern, say in SAYINGS:
        if match := re.search(pattern, text):
            said = match.groupdict("")
            key = re.search(r"full_key: (\S+)", text)
            said["key"] = said.get("key") or (key.group(1) if key else _named(arguments, folder))
            return say(said) + (_meaning(said["key"], config_name) or HELP)
    return ""


def _meaning(key: str, config_name: str) -> str:
    """What an option is, as --help has it."""
    _, text = registry.option_texts(config_name).get(key, ("", ""))
    return f"it is: {text}" if text else ""


def _named(arguments: Sequence[str], folder: Path) -> str:
    """The group to which an argument gives what is no name."""
    groups = {path.name for path in folder.iterdir() if path.is_dir()}
    named = (argument.partition("=")[::2] for argument in arguments)
    found = [key for key, value in named if key in groups and not re.fullmatch(r"[a-z_]\w+", value)]
    return found[0] if found else "command line"


def _wanted(wanted: str, got: str = "{got}") -> Callable[[dict[str, str]], str]:
    """A text whose remedy is what the option means."""

    def say(said: dict[str, str]) -> str:
        kind = TYPES.get(said.get("kind", ""), "another kind of value")
        text = f"{{key}}: wanted {wanted}, got {got}; "
        return text.format(**said | {"kind": kind, "got": said.get("got", "").strip()})

    return say


def _added(said: dict[str, str]) -> str:
    """A text for an option that was added by +, though it is there."""
    key = said["key"]
    return f"{key}: wanted {key}=…, got a + before an option that there is; leave + out; "


SAYINGS: Sequence[tuple[str, Callable[[dict[str, str]], str]]] = (
    (r"Value '?(?P<got>.*?)'? of type '\w+' could not be converted to (?P<kind>\w+)",
     _wanted("{kind}")),
    (r"Invalid value '?(?P<got>.*?)'?, expected one of \[(?P<choices>.*)\]",
     _wanted("one of {choices}")),
    (r"Value (?P<got>.*) \(\w+\) is not a valid input for <enum", _wanted("one of its choices")),
    (r"Value '(?P<got>.*)' is not a valid bool", _wanted("true or false")),
    (r"Cannot convert '\w+' to string: '(?P<got>.*)'", _wanted(f"text ({QUOTES})")),
    (r"[Ff]ield '(?P<key>[\w.]+)' is not Optional", _wanted("a value", "null")),
    (r"Invalid type assigned: (?P<got>\w+) is not a subclass", _wanted("options below it")),
    (r"Invalid value assigned: (?P<got>\w+) is not a ListConfig", _wanted("a list in brackets")),
    (r"Missing mandatory value: (?P<key>[\w.]+)", _wanted("a value", "none")),
    (r"Error merging override (?P<key>[\w.]+)=(?P<got>.*)", _wanted("a value of its kind")),
    (r"dereferencing interpolation '.*': Incompatible value '(?P<got>.*?)' for field of type",
     _wanted("a value of its kind")),
    (r"Interpolation key '(?P<got>.*)' not found",
     _wanted("an option that there is in ${{…}}", "{got!r}")),
    (r"InterpolationResolution|Interpolation.*(?P<got>\$\{.*)", _wanted("a value", "one that hangs "
     "on another option which has none")),
    (r"Config group override must be a string or a list. Got (?P<got>\w+)",
     _wanted("the name of a choice", "a value of type {got}")),
    (r"You must specify '(?P<key>[\w/]+)'", _wanted("the name of a choice", "none")),
    (r"Ambiguous value for argument '(?P<key>[\w.]+)=(?P<got>.*)'",
     _wanted("one value, a list in brackets, or -m for a sweep")),
    (r"(?P<key>[\w/.]+) appears more than once in the final defaults list", _added),
    (r"Multiple values for (?P<key>[\w/.]+)\. To override", _added),
    (r"Could not append to config. An item is already at '(?P<key>[\w/.]+)'", _added),
    (r"force-add of config groups is not supported: '\+\+(?P<key>[\w/.]+)=", _added),
    (r"Error parsing override '(?P<got>.*)'", _wanted(f"OPTION=VALUE ({QUOTES})", "{got!r}")),
    (r"LexerNoViableAltException: (?P<got>.*)", _wanted(f"OPTION=VALUE ({QUOTES})", "{got!r}")),
    (r"Could not override ''|mismatched input|extraneous input|token recognition error",
     _wanted(f"OPTION=VALUE ({QUOTES})", "something else")),
)  # fmt: skip
"""Text of a library, and what it says in our words."""


def unknown_options(cfg: DictConfig) -> list[str]:
    """Options of a configuration that its schema does not have, though forced in by `++`."""
    return sorted(_unknown(cfg, ""))


def _unknown(node: Any, prefix: str) -> Sequence[str]:
    kind = OmegaConf.get_type(node) if OmegaConf.is_dict(node) else None
    known = getattr(kind, "__dataclass_fields__", None)
    if known is None:
        return ()
    found = [f"{prefix}{key}" for key in node if key not in known]
    for key in known:
        if key in node and not OmegaConf.is_missing(node, key):
            found += _unknown(node._get_node(key), f"{prefix}{key}.")
    return found
