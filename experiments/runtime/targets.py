"""Which functions a configuration may name: ours, those of Flax, Optax and Equinox, and the user's.

A configuration is text from anywhere, and `_target_` calls what it names; so that a name is
refused unless its package is one of these, or the option `packages` names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from experiments.runtime.errors import InputError

ALLOWED = ("davinz_jax", "experiments", "flax", "optax", "equinox")
"""Packages whose functions any configuration may name."""

RELAYED = ("jax", "jaxlib")
"""Packages whose functions those of `ALLOWED` may offer as their own, as `flax.linen.relu` is."""

AUTO = "auto"
"""Stands for a choice that is made later."""


def check_targets(settings: Mapping[str, Any], packages: Sequence[str] = ()) -> None:
    """Refuse a configuration that names a function of another package.

    Args:
        settings: configuration as plain containers.
        packages: packages that are allowed beside `ALLOWED`.

    Raises:
        InputError: naming the option, the function, and how to allow its package; or for a name
            that cannot be imported.
    """
    allowed = {*ALLOWED, *packages}
    for option, target in _targets(settings, ""):
        package = target.partition(".")[0]
        if package not in allowed:
            raise _refusal(option, target, package)
        owner = _owner(option, target).partition(".")[0]
        if owner not in {*allowed, *RELAYED}:
            raise _refusal(option, target, owner)


def _refusal(option: str, target: str, package: str) -> InputError:
    return InputError(
        f"{option}: wanted a function of {', '.join(ALLOWED)} or of a package that you name, got "
        f"{target!r}; if you trust it, set packages=[{package}]"
    )


def _targets(node: Any, option: str) -> Iterator[tuple[str, str]]:
    """Every option that names a function, and the name."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            where = f"{option}.{key}".lstrip(".")
            if key == "_target_" and value != AUTO:
                yield where, str(value)
            else:
                yield from _targets(value, where)
    elif isinstance(node, list | tuple):
        for place, value in enumerate(node):
            yield from _targets(value, f"{option}[{place}]")


def _owner(option: str, target: str) -> str:
    """Module that a function is defined in.

    Raises:
        InputError: for a name that cannot be imported.
    """
    try:
        found = _locate(target)
    except Exception as error:  # whatever importing it raises
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{option}: wanted a function that can be imported, got {target!r} ({reason}); mend "
            "its name, or put the folder of its module on PYTHONPATH"
        ) from error
    return getattr(found, "__module__", None) or type(found).__module__


def _locate(target: str) -> Any:
    """What a dotted name names: members before modules of the same name, as Hydra looks it up."""
    package, *parts = target.split(".")
    found, name = import_module(package), package
    for part in parts:
        name = f"{name}.{part}"
        found = getattr(found, part) if hasattr(found, part) else import_module(name)
    return found
