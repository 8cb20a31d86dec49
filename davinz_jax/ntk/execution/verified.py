"""A plan whose engine has been seen to give the network's kernel, once for each network.

The reference engine takes the place of an engine that `auto` chose and that does not.
"""

import warnings
from collections.abc import Callable, Hashable

import jax

from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.execution.plan import Plan, Request, make_plan
from davinz_jax.ntk.outputs import Network, Rows, check_independent, example_row
from davinz_jax.types import Variables

_REFERENCE = "neural_tangents"
_KEPT = 128
"""Findings that are kept."""
_findings: dict[Hashable, str | None] = {}


class EngineFaultError(ValueError):
    """An engine's kernel is not that of a plain Jacobian of the network."""


class EngineFaultWarning(UserWarning):
    """The reference engine took the place of one that would have been wrong."""


def make_verified_plan(
    engine: str | Engine,
    network: Network,
    variables: Variables,
    rows: Rows,
    request: Request = Request(),  # noqa: B008 -- immutable
    *,
    batch_size: int | None = None,
    memory: int | str | None = None,
) -> Plan:
    """A plan as `make_plan` makes it, which explains the arguments, of an engine that was checked.

    Raises:
        EngineFaultError: if the engine's kernel of two rows is not a plain Jacobian's; the text
            names the layer. With `auto` the reference engine goes on, and a warning says so.
        ValueError: as `make_plan`; or for outputs that depend on the rows beside a row.
    """
    settings = {"batch_size": batch_size, "memory": memory}
    plan = make_plan(engine, network, variables, rows, request, **settings)
    _once("outputs", network, rows, lambda: check_independent(network, variables, rows))
    fault = _once(
        repr(plan.engine),
        network,
        rows,
        lambda: plan.engine.verify(network, variables, rows, batch_size=plan.batch_size),
    )
    if fault is None:
        return plan
    if engine != "auto":
        raise EngineFaultError(
            f"engine: wanted the kernel of this network, got another: {fault}; use "
            f"engine={_REFERENCE!r}, or 'auto'"
        )
    note = f"{fault}; the reference engine, {_REFERENCE}, takes its place"
    warnings.warn(f"engine: {note}", EngineFaultWarning, stacklevel=3)
    plan = make_plan(_REFERENCE, network, variables, rows, request, **settings)
    return plan._replace(note=note)


def _once(what: str, network: Network, rows: Rows, find: Callable[[], str | None]) -> str | None:
    """A finding about a network and rows of this shape, kept; the oldest ones are forgotten."""
    row = example_row(rows.inputs)
    known = (what, network, row.shape, str(row.dtype), jax.default_backend())
    if known not in _findings:
        _findings[known] = find()
    while len(_findings) > _KEPT:
        _findings.pop(next(iter(_findings)))
    return _findings[known]
