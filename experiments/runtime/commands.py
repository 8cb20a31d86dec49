"""All commands as one program: which there are, what each answers, and how one is started."""

import ast
import re
import runpy
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from experiments.runtime.program import COMMANDS, as_typed, command_names, command_words

USUAL = ("value", "trust", "score", "explain", "detect", "payout", "collect")
"""Commands for people with data of their own; the others are studies of the method."""


def run(arguments: Sequence[str]) -> None:
    """Run the command that the first argument names on the others, as its module is run by -m."""
    name, *rest = arguments or ("--help",)
    if name in ("--help", "-h", "help"):
        sys.stdout.write(listing())
        return
    if name not in command_names():
        sys.exit(f"error: {_unknown(name)}")
    sys.argv = [" ".join(command_words(name)), *rest]
    runpy.run_module(f"experiments.{name}", run_name="__main__", alter_sys=True)


def listing() -> str:
    """Every command with the question it answers, a line each."""
    studies = [name for name in command_names() if name not in USUAL]
    usage = as_typed(" ".join(command_words("COMMAND")))
    lines = [f"usage: {usage} [GROUP=CHOICE] [KEY=VALUE] ...", ""]
    lines += ["What is data worth? Commands:", *map(_line, USUAL), ""]
    lines += ["Studies of the method:", *map(_line, studies), ""]
    lines += [
        f"Options of one: {' '.join(command_words('value'))} --help",
        "Configurations of your own: --config-dir DIR, laid out as conf/ is.",
    ]
    return "\n".join(lines) + "\n"


def question(name: str) -> str:
    """The question that a command answers: what its module's first line says."""
    tree = ast.parse((COMMANDS / f"{name}.py").read_text(encoding="utf-8"))
    first = (ast.get_docstring(tree) or "").splitlines()[0]
    return re.sub(r":? *`python -m .*", "", first)


def _line(name: str) -> str:
    return f"  {name:<18} {question(name)}"


def _unknown(name: str) -> str:
    near = get_close_matches(name, command_names(), n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else "--help lists all"
    return f"command: wanted one of {', '.join(_all())}, got {name!r}; {remedy}"


def _all() -> Iterator[str]:
    yield from USUAL
    yield from (name for name in command_names() if name not in USUAL)
