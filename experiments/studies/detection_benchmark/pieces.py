"""Pieces of a plan, measured in processes of their own and kept, so that none is measured twice."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.runtime.console import Stages
from experiments.runtime.errors import InputError
from experiments.runtime.processes import run_pieces
from experiments.studies.detection_benchmark.methods import METHODS
from experiments.studies.detection_benchmark.specs import Piece, Plan
from experiments.studies.kept import find_once

NEEDED = ("cleanlab", "ott", "scikit_posthocs")
Records = list[dict[str, Any]]
Measure = Callable[[Piece, Path | None], Records]


def check_installed() -> None:
    """Refuse to begin without the packages that rivals and ranks need.

    Raises:
        InputError: naming the extra that brings them.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"packages: wanted {', '.join(NEEDED)} installed, got none of {', '.join(missing)}; "
            "pip install 'davinz-jax[benchmarks]'"
        )


def choose_seeds(plan: Plan, num_seeds: int | None) -> Plan:
    """The plan with as many draws of rows as are asked for.

    Raises:
        InputError: for fewer than one.
    """
    if num_seeds is None:
        return plan
    if num_seeds < 1:
        raise InputError(f"num_seeds: wanted 1 draw or more, got {num_seeds}; 25 is the full size")
    return plan.with_seeds(num_seeds)


def measure_all(
    plan: Plan,
    measure: Measure,
    *,
    root: Path | None,
    store: Path,
    stages: Stages,
    num_processes: int,
    names: tuple[Any, ...] = (),
) -> Records:
    """The records of every piece of a plan, in its order, each with its data set and seed.

    Args:
        plan: the pieces.
        measure: gives a piece's records; a function of a module, with `root` its second argument.
        root: folder of local data.
        store: folder that records are kept in.
        stages: told progress.
        num_processes: at once.
        names: of what is measured, other than the methods compared; others are measured anew.
    """
    pieces, found = list(plan.pieces()), {}
    work = partial(_measure_once, measure, root=root, store=store, names=names)
    with stages.stage("draws"):
        done = run_pieces(work, pieces, num_processes=num_processes)
        for number, (piece, records) in enumerate(done, 1):
            found[piece] = [{"data": piece.data, "seed": piece.seed} | each for each in records]
            stages.progress(number, len(pieces), "draws")
    return [record for piece in pieces for record in found[piece]]


def _measure_once(
    measure: Measure, piece: Piece, *, root: Path | None, store: Path, names: tuple[Any, ...]
) -> tuple[Piece, Records]:
    known = (piece, tuple(METHODS), *names)
    found = find_once(store, piece.name, known, lambda: {"records": measure(piece, root)})
    return piece, found["records"]
