"""The one place where neural-tangents meets today's JAX.

Release 0.6.5, the last, imports names that JAX has since moved, and a TensorFlow half that is not
needed here. While it is imported, JAX is lent those names and an empty module stands in for the
TensorFlow half; afterwards JAX's namespaces are as before and TensorFlow was never imported. Its
implementations 1 and 2 then run exactly; 0 and 3 use more of JAX's inside and do not run.
"""

import importlib
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.core
import jax.extend.core
import jax.random
from jax.interpreters import ad

_EXPERIMENTAL = "neural_tangents.experimental"
_UTIL = "jax.util"
_LOCK = threading.Lock()
_MISSING = object()


def neural_tangents() -> types.ModuleType:
    """The neural_tangents package, imported on first use.

    Raises:
        ImportError: if it, or a JAX name that it needs, cannot be had.
    """
    with _LOCK:
        if "neural_tangents" not in sys.modules:
            with _lent_attributes(), _lent_modules(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module("neural_tangents")
        return sys.modules["neural_tangents"]


def _safe_map(function: Any, *columns: Any) -> list[Any]:
    """`map` as a list, over columns of equal length."""
    return [function(*row) for row in _safe_zip(*columns)]


def _safe_zip(*columns: Any) -> list[tuple[Any, ...]]:
    """`zip` as a list, over columns of equal length."""
    return list(zip(*columns, strict=True))


def _loans() -> dict[tuple[types.ModuleType, str], Any]:
    """What JAX is lent: an object for each (module, name) that it may lack."""
    core = jax.extend.core
    moved = ("Jaxpr", "JaxprEqn", "Literal", "Var", "Primitive")
    loans: dict[tuple[types.ModuleType, str], Any] = {
        (jax.core, name): getattr(core, name) for name in moved
    }
    # Names that only annotations or the unused implementations look up.
    for name in ("ShapedArray", "AbstractValue", "Value"):
        loans[jax.core, name] = Any
    loans[ad, "zeros_like_p"] = core.Primitive("zeros_like")
    loans[ad, "UndefinedPrimal"] = object
    loans[ad, "Zero"] = object
    loans[jax.random, "KeyArray"] = jax.Array
    return loans


@contextmanager
def _lent_attributes() -> Iterator[None]:
    """Lend the attributes that JAX lacks, and take them back."""
    lent = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for (module, name), value in _loans().items():
            if getattr(module, name, _MISSING) is _MISSING:
                setattr(module, name, value)
                lent.append((module, name))
    try:
        yield
    finally:
        for module, name in lent:
            delattr(module, name)


@contextmanager
def _lent_modules() -> Iterator[None]:
    """Lend `jax.util` where JAX lacks it and an empty TensorFlow half, and take them back."""
    util = types.ModuleType(_UTIL)
    util.safe_map, util.safe_zip = _safe_map, _safe_zip  # type: ignore[attr-defined]
    stand_ins = {_UTIL: util, _EXPERIMENTAL: types.ModuleType(_EXPERIMENTAL)}
    had_util = "util" in vars(jax)
    before = {name: sys.modules.get(name, _MISSING) for name in stand_ins}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is _MISSING:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module  # type: ignore[assignment]
        if not had_util:
            jax.__dict__.pop("util", None)
