"""Refuses a name that is not among the choices, with the nearest one that is."""

import difflib
from collections.abc import Iterable, Sequence


def check_choice(argument: str, got: object, choices: Sequence[str]) -> None:
    """Do nothing if `got` is one of the choices.

    Raises:
        ValueError: if it is not; names the choices and the nearest one.

    Example:
        >>> check_choice("output", "lable", ("label", "trace"))
        Traceback (most recent call last):
        ValueError: output: wanted one of 'label', 'trace', got 'lable'; did you mean 'label'?
    """
    if got in choices:
        return
    remedy = suggestion(str(got), choices) or "choose one of these"
    wanted = ", ".join(repr(choice) for choice in choices)
    raise ValueError(f"{argument}: wanted one of {wanted}, got {got!r}; {remedy}")


def suggestion(word: str, choices: Iterable[str]) -> str:
    """A question that names the nearest choice; empty where none is near.

    >>> suggestion("ntk.rigde", ["ntk.ridge", "seed"])
    "did you mean 'ntk.ridge'?"
    """
    near = difflib.get_close_matches(word, sorted(choices), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else ""
