"""What runs in a worker of a Ray cluster: one actor a device.

This module travels to the worker by value and imports nothing but the standard library before it
is there, so that a machine without the package, or with another version, can say so.
"""

import hashlib
import os
import pickle
import platform
import sys
from collections import OrderedDict
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_COMPARED = ("jax", "jaxlib", "flax", "numpy", "scipy", "neural-tangents")
"""Packages whose versions numbers depend on."""
FUNCTION = "function "
"""How the names of functions begin."""
_KEPT = 8
"""Functions that are kept for other work than that at hand."""


def describe_installation() -> dict[str, str]:
    """Versions that numbers depend on, by name; "none" for what is not installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in _COMPARED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    spec = find_spec("davinz_jax")
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    return {**found, "davinz_jax": _code_hash(Path(places[0])) if places else "none"}


def _code_hash(folder: Path) -> str:
    """Hash of a package's code, finer than its version."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class Worker:
    """An actor that keeps what tasks hold in common: data, weights, and functions once compiled.

    Args:
        environment: variables of the process, set before JAX is loaded.
        threads: threads of one unit of work.
        options: settings of JAX, as the driver has them.
        peers: versions of the driver, as `describe_installation`.
    """

    def __init__(
        self,
        environment: dict[str, str],
        threads: int,
        options: dict[str, Any],
        peers: dict[str, str],
    ) -> None:
        os.environ.update(environment)
        self._parts: OrderedDict[str, Any] = OrderedDict()
        self._installed = describe_installation()
        if self._installed == peers:
            self._prepare(threads, options)

    def _prepare(self, threads: int, options: dict[str, Any]) -> None:
        import jax

        from davinz_jax.linalg.threads import use_threads

        for name, value in options.items():
            jax.config.update(name, value)
        self._limit = use_threads(threads)
        self._limit.__enter__()

    def describe(self) -> dict[str, str]:
        """Versions here, the machine and the process."""
        return {**self._installed, "machine": platform.node(), "process": str(os.getpid())}

    def do(self, names: list[str], references: list[Any], task: Any) -> tuple[bool, Any]:
        """Whether a task was done, and its result; else the error, as bytes.

        Args:
            names: of the work and of what it holds, by content.
            references: where they are in the cluster.
            task: the work's first argument.
        """
        try:
            forget(self._parts, names)
            work, *held = [self._part(*each) for each in zip(names, references, strict=True)]
            return True, work(task, *held)
        except Exception as error:
            return False, _packed(error)

    def peak_memory(self) -> int:
        """Most bytes that this process has had in memory."""
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    def _part(self, name: str, reference: Any) -> Any:
        if name not in self._parts:
            import ray

            self._parts[name] = ray.get(reference)
        self._parts.move_to_end(name)
        return self._parts[name]


def forget(parts: "OrderedDict[str, Any]", used: Iterable[str]) -> None:
    """Let go of parts that are not used now, but for the latest functions."""
    unused = [name for name in parts if name not in set(used)]
    functions = [name for name in unused if name.startswith(FUNCTION)][-_KEPT:]
    for name in unused:
        if name not in functions:
            del parts[name]


def _packed(error: Exception) -> bytes:
    """An error as bytes; one that cannot be sent, by its name and text."""
    try:
        found = pickle.dumps(error)
        pickle.loads(found)
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return found
