"""Refuses a name that is not among the choices, with the nearest one that is."""

import difflib
from collections.abc import Sequence


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
    near = difflib.get_close_matches(str(got), choices, n=1, cutoff=0.4)
    remedy = f"did you mean {near[0]!r}?" if near else "choose one of these"
    wanted = ", ".join(repr(choice) for choice in choices)
    raise ValueError(f"{argument}: wanted one of {wanted}, got {got!r}; {remedy}")
