"""Performance of networks trained on coalitions, each kept as soon as it is known.

A checkpoint is a small JSON file named by a hash of everything that decides its content: network,
start, data, schedule, key, and the coalition's rows. A run that was killed finds what it had done.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import jax
import numpy as np
from flax import linen as nn

from davinz_jax.data.dataset import Dataset
from davinz_jax.executors import current_executor
from davinz_jax.files import read_json, sealed, write_bytes
from davinz_jax.training.evaluate import Performance, evaluate
from davinz_jax.training.schedule import Schedule
from davinz_jax.training.train import RowSet, TrainResult, default_group_size, train_many
from davinz_jax.types import PRNGKey, Progress, Variables


@dataclass(frozen=True)
class CoalitionPerformance:
    """What a network trained on a coalition achieves on the validation set.

    Attributes:
        performance: loss and accuracy on the validation set.
        epochs: epochs trained.
        converged: whether the loss settled.
        seconds: time that training and evaluation took where they were done.
        train_loss: mean loss in the last epoch; NaN for a coalition without rows.
        num_rows: rows trained on.
    """

    performance: Performance
    epochs: int
    converged: bool
    train_loss: float
    num_rows: int
    seconds: float = 0.0


def train_coalitions(
    module: nn.Module,
    variables: Variables,
    dataset: Dataset,
    row_sets: Sequence[RowSet],
    *,
    schedule: Schedule,
    key: PRNGKey,
    folder: str | os.PathLike[str] | None = None,
    group_size: int | None = None,
    num_threads: int | None = None,
    progress: Progress | None = None,
) -> list[CoalitionPerformance]:
    """Train a copy of a network on each coalition's rows and evaluate it on the validation set.

    Args:
        module: the network.
        variables: where every copy starts.
        dataset: the rows, and a validation set with known targets.
        row_sets: indices of each coalition's rows.
        schedule: rates and stopping rule.
        key: decides the order of rows.
        folder: where finished coalitions are kept and looked for; none keeps nothing.
        group_size: copies trained side by side; by default as many as suit network and device.
        num_threads: as in `train_many`.
        progress: called with (coalitions done, all, "coalitions").

    Returns:
        One result a coalition, in the order given.

    Raises:
        ValueError: if the validation set's targets are not known.
    """
    _check_targets(dataset)
    context = _hash_context(module, variables, dataset, schedule, key)
    names = [_name(context, rows) for rows in row_sets]
    found = _read_finished(folder, names)
    missing = [i for i, name in enumerate(names) if name not in found]
    missing.sort(
        key=lambda i: -len(row_sets[i])
    )  # sets of a length side by side, the longest first
    group = min(group_size or default_group_size(variables), max(len(missing), 1))
    held = (module, variables, dataset, schedule, key, group)
    for i, result in _train_sets(missing, row_sets, held, num_threads):
        found[names[i]] = result
        if folder is not None:
            content = json.dumps(sealed(asdict(result)))
            write_bytes(Path(folder) / names[i], content.encode())
        if progress is not None:
            progress(len(found), len(set(names)), "coalitions")
    return [found[name] for name in names]


def _train_sets(
    missing: list[int], row_sets: Sequence[RowSet], held: tuple[Any, ...], num_threads: int | None
) -> Iterator[tuple[int, CoalitionPerformance]]:
    """Each set's number and performance, as they come: here, or group by group from workers."""
    executor, group = current_executor(), held[-1]
    longest = max([1, *(len(row_sets[i]) for i in missing)])
    if not executor.is_remote:
        own = [row_sets[i] for i in missing]
        settings: Any = (*held, longest, num_threads)
        yield from zip(missing, _train_group(own, *settings), strict=True)
        return
    groups = [missing[begin : begin + group] for begin in range(0, len(missing), group)]
    tasks = ([row_sets[i] for i in members] for members in groups)
    for number, results in executor.map(_train_in_worker, tasks, (*held, longest)):
        yield from zip(groups[number], results, strict=True)


def _train_group(
    row_sets: Sequence[RowSet],
    module: nn.Module,
    variables: Variables,
    dataset: Dataset,
    schedule: Schedule,
    key: PRNGKey,
    group_size: int,
    length: int,
    num_threads: int | None = 1,
) -> Iterator[CoalitionPerformance]:
    """What networks achieve on the validation set, in the order of their sets."""
    results = train_many(
        module, variables, dataset, row_sets, schedule=schedule, key=key,
        group_size=group_size, length=length, num_threads=num_threads,
    )  # fmt: skip
    for rows, result in zip(row_sets, results, strict=True):
        yield _evaluate_member(module, result, dataset, len(rows))


def _train_in_worker(row_sets: Sequence[RowSet], *held: Any) -> list[CoalitionPerformance]:
    """What one group achieves."""
    return list(_train_group(row_sets, *held))


def _evaluate_member(
    module: nn.Module, result: TrainResult, dataset: Dataset, num_rows: int
) -> CoalitionPerformance:
    began, targets = perf_counter(), dataset.validation.targets
    assert targets is not None  # refused before training
    performance = evaluate(
        module, result.variables, dataset.validation.inputs, targets, dataset.task
    )
    last = float(result.losses[-1]) if result.epochs else float("nan")
    return CoalitionPerformance(
        performance,
        result.epochs,
        result.converged,
        last,
        num_rows,
        result.seconds + perf_counter() - began,
    )


def _hash_context(
    module: nn.Module, variables: Variables, dataset: Dataset, schedule: Schedule, key: PRNGKey
) -> bytes:
    """Hash of all that decides a result beside the coalition's rows."""
    digest = hashlib.sha256(f"{module!r}|{schedule!r}|{dataset.task}".encode())
    digest.update(dataset.sha256().encode())
    digest.update(np.asarray(jax.random.key_data(key)).tobytes())
    for path, leaf in jax.tree_util.tree_leaves_with_path(variables):
        digest.update(jax.tree_util.keystr(path).encode() + np.asarray(leaf).tobytes())
    return digest.digest()


def _name(context: bytes, rows: RowSet) -> str:
    own = hashlib.sha256(context + np.ascontiguousarray(rows, "<i8").tobytes())
    return f"{own.hexdigest()[:32]}.json"


def _read_finished(
    folder: str | os.PathLike[str] | None, names: list[str]
) -> dict[str, CoalitionPerformance]:
    if folder is None:
        return {}
    paths = [Path(folder) / name for name in dict.fromkeys(names)]
    return {path.name: _read(path) for path in paths if path.is_file()}


def _read(path: Path) -> CoalitionPerformance:
    content = read_json(
        path, wanted="a trained coalition", remedy="delete it, and it is trained anew"
    )
    return CoalitionPerformance(**{**content, "performance": Performance(**content["performance"])})


def _check_targets(dataset: Dataset) -> None:
    if dataset.validation.targets is None:
        raise ValueError(
            "dataset: wanted a validation set with known targets to measure performance on, got "
            "inputs alone; give validation_targets, or hold out some rows"
        )
