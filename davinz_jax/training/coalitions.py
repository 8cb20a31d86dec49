"""Performance of networks trained on coalitions, each kept as soon as it is known.

A checkpoint is a small JSON file named by a hash of everything that decides its content: network,
start, data, schedule, key, and the coalition's rows. A run that was killed finds what it had done.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import jax
import numpy as np
from flax import linen as nn

from davinz_jax.data.dataset import Dataset
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
    results = train_many(
        module,
        variables,
        dataset,
        [row_sets[i] for i in missing],
        schedule=schedule,
        key=key,
        group_size=group_size or default_group_size(variables),
        num_threads=num_threads,
    )
    for i, result in zip(missing, results, strict=True):
        found[names[i]] = _evaluate_member(module, result, dataset, len(row_sets[i]))
        if folder is not None:
            content = json.dumps(sealed(asdict(found[names[i]])))
            write_bytes(Path(folder) / names[i], content.encode())
        if progress is not None:
            progress(len(found), len(set(names)), "coalitions")
    return [found[name] for name in names]


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
