"""Which functions a configuration may name: ours, those of Flax, Optax and Equinox, and the user's.

A configuration is text from anywhere, and `_target_` calls what it names; so that a name is
refused unless its package is one of these, or the option `packages` names it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.utils import get_object

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
        InputError: naming the option, the function, and how to allow its package.
    """
    allowed = {*ALLOWED, *packages}
    for option, target in _targets(settings, ""):
        package = target.partition(".")[0]
        if package not in allowed:
            raise _refusal(option, target, package)
        owner = _owner(target).partition(".")[0]
        if owner and owner not in {*allowed, *RELAYED}:
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


def _owner(target: str) -> str:
    """Module that a function is defined in; empty where it cannot be found, which is told later."""
    try:
        found = get_object(target)
    except Exception:  # whatever importing it raises
        return ""
    return getattr(found, "__module__", None) or type(found).__module__
