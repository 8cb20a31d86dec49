"""Whether the settings of a node fit the annotations of the function that takes them.

A person's `data.num_rows=many` is refused by name before the function trips over it. Annotations
that are no plain types (shapes of arrays, callables) take anything.
"""

import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import PurePath
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra.errors import HydraException
from hydra.utils import get_object
from jaxtyping import ScalarLike

from experiments.runtime.errors import InputError

NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
MOST = 2**31 - 1
"""Largest whole number in 32 bits, as JAX's programs count."""

SCALARS = frozenset(map(str, get_args(ScalarLike)))


_UNKNOWN = ("${", "???")
"""Beginnings of what stands for another option's value, or for one that is to be given."""

OURS = ("davinz_jax.", "experiments.")
DECIDED_LATER = "num_outputs"
"""Setting of a network that the data decides where it is null."""


def check_node(option: str, node: Mapping[str, Any]) -> None:
    """Refuse settings of functions of ours that are of another type than their parameters.

    Args:
        option: dotted name of a configuration's node, e.g. `data`; empty for all of it.
        node: the node; those in it are checked too.

    Raises:
        InputError: as `check_types`.
    """
    settings = {name: value for name, value in node.items() if not str(name).startswith("_")}
    nested = {name: value for name, value in settings.items() if isinstance(value, Mapping)}
    for name, inner in nested.items():
        check_node(f"{option}.{name}".lstrip("."), inner)
    target = node.get("_target_")
    if isinstance(target, str) and target.startswith(OURS):
        plain = {name: settings[name] for name in settings.keys() - nested.keys()}
        plain |= {name: inner for name, inner in nested.items() if "_target_" not in inner}
        if plain.get(DECIDED_LATER, "") is None:
            del plain[DECIDED_LATER]
        if (function := find_function(target)) is not None:
            check_types(option, function, plain)


def find_function(target: str) -> Callable[..., Any] | None:
    """What a target names; None where it is none, which is told where it is made."""
    try:
        return get_object(target)
    except (HydraException, ImportError, AttributeError, ValueError):
        return None


def check_types(option: str, function: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    """Refuse a setting that is of another type than its parameter.

    Args:
        option: dotted name of the node, e.g. `data`.
        function: what takes the settings.
        settings: by the name of their parameter.

    Raises:
        InputError: naming the option, its type and what was got.
    """
    hints = _hints(function)
    for name, value in settings.items():
        hint = hints.get(name, Any)
        check_value(f"{option}.{name}", value, hint)
        if _counts(hint) and any(abs(each) > MOST for each in _whole_numbers(value)):
            raise InputError(
                f"{option}.{name}: wanted {describe(hint)} up to {MOST}, got {value!r}; name a "
                "smaller one"
            )


def check_value(option: str, value: Any, hint: Any) -> None:
    """Refuse the value of an option that is of another type.

    Raises:
        InputError: as `check_types`.
    """
    if not fits(value, hint):
        raise InputError(
            f"{option}: wanted {describe(hint)}, got {value!r}; --help shows the default, and what "
            "it means"
        )


def _counts(hint: Any) -> bool:
    """Whether a type is that of whole numbers, and neither of sizes in words nor of any number."""
    leaves = list(_leaves(hint))
    return int in leaves and str not in leaves and float not in leaves


def _leaves(hint: Any) -> Iterator[Any]:
    if get_origin(hint) not in (Union, types.UnionType, list, tuple, Sequence):
        yield hint
        return
    for each in get_args(hint):
        yield from _leaves(each)


def _whole_numbers(value: Any) -> Iterator[int]:
    for each in value if isinstance(value, list | tuple) else [value]:
        if isinstance(each, int):
            yield each


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Annotations of a function or of a class's fields; none where they cannot be read."""
    try:
        found = get_type_hints(function)
        if inspect.isclass(function):
            found |= get_type_hints(function.__init__)
        return found
    except (NameError, TypeError, AttributeError):
        return {}


def fits(value: Any, hint: Any) -> bool:
    """Whether a value from a configuration is of an annotated type.

    >>> fits(3, int | None), fits("3", int | None), fits([1], Sequence[str])
    (True, False, False)
    """
    if isinstance(value, str) and value.startswith(_UNKNOWN):
        return True
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in _alternatives(arguments))
    if origin is Literal:
        return value in arguments or isinstance(value, str)  # the function names the choices
    if hint in (None, type(None)):
        return value is None
    if hint in NAMES:
        return _is_of(value, hint)
    if _is_path(hint):
        return isinstance(value, str)
    if origin in (list, tuple, Sequence) or hint in (list, tuple):
        return _are_of(value, arguments)
    if origin in (dict, Mapping) or hint is dict:
        return isinstance(value, Mapping)
    return True


def _alternatives(arguments: tuple[Any, ...]) -> Iterator[Any]:
    """Members of a union; those that make up a scalar of any kind are one number."""
    is_scalar = set(map(str, arguments)) >= SCALARS
    if is_scalar:
        yield float
    yield from (each for each in arguments if not (is_scalar and str(each) in SCALARS))


def _is_path(hint: Any) -> bool:
    kind = get_origin(hint) or hint
    return kind is PathLike or (inspect.isclass(kind) and issubclass(kind, PurePath))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of(value: Any, kind: type) -> bool:
    if kind is float:
        return _is_number(value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _are_of(values: Any, arguments: tuple[Any, ...]) -> bool:
    if not isinstance(values, list | tuple):
        return False
    inner = arguments[0] if arguments else Any
    return all(fits(value, inner) for value in values)


def describe(hint: Any) -> str:
    """An annotated type in words.

    >>> describe(int | None)
    'a whole number or null'
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(describe, _alternatives(arguments))))
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if hint in (None, type(None)):
        return "null"
    if hint in NAMES:
        return NAMES[hint]
    if _is_path(hint):
        return "a path"
    if origin in (list, tuple, Sequence):
        return f"a list of {describe(arguments[0])}" if arguments else "a list"
    return "options below it" if origin in (dict, Mapping) else str(hint)
