"""What each group of a configuration names: one signature a kind, checked when it is composed.

A function that does not take what its kind is called with is refused by the name of its option,
before anything runs; none is called with less than its kind says.
"""

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from jaxtyping import Bool
from numpy import ndarray

from davinz_jax import Dataset, Ingredients, Parties, Valuation
from davinz_jax.baselines import BaselineContext
from davinz_jax.models.adapters import drawn_with, signature_of
from davinz_jax.training import Schedule
from davinz_jax.types import PRNGKey, Progress, Task, Utility
from experiments.runtime.errors import InputError, nearest


class Source(Protocol):
    """Gives the data: `data=…`."""

    def __call__(self, *, key: PRNGKey, progress: Progress) -> Dataset:
        """The dataset, with its validation set; draws from the key, if at all."""
        ...


class Partition(Protocol):
    """Shares the data out: `parties=…`."""

    def __call__(self, dataset: Dataset, *, key: PRNGKey) -> tuple[Dataset, Parties]:
        """The rows in use, and who holds which."""
        ...


class Corruption(Protocol):
    """Makes data worse on purpose: `corruption=…`."""

    def __call__(self, dataset: Dataset, *, key: PRNGKey) -> tuple[Dataset, Bool[ndarray, " n"]]:
        """The data, and a mask of the rows that were changed."""
        ...


class RowKernel(Protocol):
    """Says what two rows have in common: `kernel=…`, of the user's own."""

    def __call__(self, rows: ndarray, others: ndarray) -> ndarray:
        """Kernel (a, b) of rows (a, ...) with others (b, ...): positive semi-definite."""
        ...


class UtilityFactory(Protocol):
    """Makes what is shared out: `utility=…`."""

    def __call__(self, ingredients: Ingredients) -> Utility:
        """The utility of any coalition, from kernels, data and players."""
        ...


class Semivalue(Protocol):
    """Values the players: `semivalue=…`."""

    def __call__(
        self, utility: Utility, *, key: PRNGKey, checkpoint: Path | None, progress: Progress
    ) -> Valuation:
        """Values; sampling draws from the key and goes on from the checkpoint."""
        ...


class Baseline(Protocol):
    """Values parties another way: `baselines.NAME`."""

    def __call__(self, context: BaselineContext) -> Valuation:
        """Values of the context's parties."""
        ...


class NetworkFactory(Protocol):
    """Makes a network for the data: `model=…` with `_partial_: true`."""

    def __call__(self, *, input_shape: tuple[int, ...], num_outputs: int) -> Any:
        """A Flax module."""
        ...


class ScheduleFactory(Protocol):
    """Says how networks are trained: `training=…`."""

    def __call__(self, *, task: Task) -> Schedule:
        """The schedule for a task."""
        ...


def check(option: str, function: Any, kind: type) -> Any:
    """The function, refused if it is not of its kind.

    Args:
        option: dotted name of the configuration's node, e.g. `data`.
        function: what the node was instantiated to.
        kind: one of the protocols of this module.

    Raises:
        InputError: naming the option and the nearest that there is, or the signature wanted.
    """
    if not callable(function):
        raise InputError(
            f"{option}: wanted a function of the form {form(kind)}, got {function!r}; "
            f"set {option}._partial_=true"
        )
    check_settings(option, function)
    try:
        inspect.signature(function).bind(*_names(kind, True), **dict.fromkeys(_names(kind, False)))
    except TypeError as error:
        name = getattr(getattr(function, "func", function), "__qualname__", repr(function))
        raise InputError(
            f"{option}: wanted a function of the form {form(kind)}, got {name}: {error}; give it "
            "these parameters"
        ) from error
    return function


def check_settings(option: str, function: Callable[..., Any]) -> None:
    """Refuse a setting below an option that its function does not know.

    Raises:
        InputError: naming the nearest that there is.
    """
    parameters = signature_of(getattr(function, "func", function)).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for name in getattr(function, "keywords", {}):
        if name not in parameters and not takes_any:
            raise InputError(f"{option}.{name}: unknown option; {nearest(name, parameters)}")


def check_complete(option: str, network: partial[Any]) -> None:
    """Refuse a module class that lacks a setting, but for its random numbers.

    Raises:
        InputError: naming the setting.
    """
    try:
        drawn = drawn_with(network.func)
        known = network.keywords | ({drawn: None} if drawn else {})
        signature_of(network.func).bind(*network.args, **known)
    except TypeError as error:
        name = getattr(network.func, "__qualname__", repr(network))
        raise InputError(
            f"{option}: wanted every setting of {name}, got less: {error}; set {option}.NAME=…, or "
            "give it a default"
        ) from error


def form(kind: type) -> str:
    """The signature of a kind, by the names of its parameters: `(dataset, *, key)`."""
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in _parameters(kind)]
    return str(inspect.Signature(parameters))


def _parameters(kind: type) -> list[inspect.Parameter]:
    return list(inspect.signature(kind.__call__).parameters.values())[1:]


def _names(kind: type, is_positional: bool) -> list[str]:
    """Names of a kind's positional parameters, or of its keywords."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [p.name for p in _parameters(kind) if (p.kind is not keyword) == is_positional]
