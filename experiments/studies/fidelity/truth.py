"""The truth about a set: test accuracy of networks trained on it, one a seed.

Each training starts from its own initialisation, sees its own order of rows, and keeps the weights
of the epoch with the smallest loss on the stopping rows. What it achieves is kept in a file of its
own as soon as it is known, so that a killed run loses one training and scores need none.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import linen as nn

from davinz_jax.files import write_whole
from davinz_jax.models import CNN, MLP, initialise
from experiments.runtime import outputs
from experiments.studies.fidelity.draws import Draw, Part, RowSet
from experiments.studies.fidelity.learning import Achieved, Learner, Training, train_network

TRAININGS = {"cnn": Training(max_epochs=100), "mlp": Training(max_epochs=150, patience=15)}
WIDTHS = (64, 64)
IMAGE_WIDTHS = (128, 64)


def network(draw: Draw) -> nn.Module:
    """The network that a draw trains and whose kernel it scores by."""
    if draw.spec.network == "cnn":
        return CNN(num_outputs=draw.num_classes)
    widths = WIDTHS if draw.base.inputs.ndim == 2 else IMAGE_WIDTHS
    return MLP(widths=widths, num_outputs=draw.num_classes)


def train_sets(draw: Draw, folder: Path, tell: Callable[[int, int], None]) -> None:
    """Train every set's networks that the folder does not hold yet, telling how many are done."""
    missing = list(_missing(draw, folder))
    for done, (row_set, seed, path) in enumerate(missing, start=1):
        achieved = train(draw, row_set, seed)
        write_whole(path.parent, {path.name: outputs.result_writer(asdict(achieved))})
        tell(done, len(missing))


def read_truth(draw: Draw, folder: Path) -> list[list[Achieved]]:
    """What the networks of each set achieve, a list a set with one entry a seed.

    Raises:
        ValueError: if a training is missing.
    """
    missing = len(list(_missing(draw, folder)))
    if missing:
        raise ValueError(
            f"truths: wanted {draw.spec.num_seeds} trainings a set of {draw.spec.name} in "
            f"{folder}, got {missing} too few; train them first"
        )
    return [
        [_read(path_of(draw, row_set, seed, folder)) for seed in range(draw.spec.num_seeds)]
        for row_set in draw.sets
    ]


def path_of(draw: Draw, row_set: RowSet, seed: int, folder: Path) -> Path:
    """File of one training, named by all that decides it."""
    training = TRAININGS[draw.spec.network]
    digest = hashlib.sha256(f"{network(draw)!r}{training!r}{draw.spec.rate}".encode())
    for array in (row_set.inputs, row_set.targets, *_held(draw)):
        digest.update(np.ascontiguousarray(array).tobytes())
    name = f"{row_set.name.replace(' ', '-')}-{digest.hexdigest()[:12]}-{seed}.json"
    return folder / draw.spec.name / name


def train(draw: Draw, row_set: RowSet, seed: int) -> Achieved:
    """Train one network on a set and test it; the time is that of its start too."""
    start = time.perf_counter()
    learner = Learner(network(draw), TRAININGS[draw.spec.network], draw.spec.rate)
    init_key, order_key = jax.random.split(jax.random.fold_in(jax.random.key(seed), draw.spec.key))
    variables = initialise(learner.module, init_key, draw.base.inputs)
    rows = Part(row_set.inputs, row_set.targets)
    found = train_network(learner, variables, rows, draw.stopping, draw.test, key=order_key)
    return replace(found, seconds=round(time.perf_counter() - start, 3))


def _missing(draw: Draw, folder: Path) -> Iterator[tuple[RowSet, int, Path]]:
    for seed in range(draw.spec.num_seeds):
        for row_set in draw.sets:
            path = path_of(draw, row_set, seed, folder)
            if not path.is_file():
                yield row_set, seed, path


def _held(draw: Draw) -> tuple[Any, ...]:
    return draw.stopping.inputs, draw.stopping.targets, draw.test.inputs, draw.test.targets


def _read(path: Path) -> Achieved:
    return Achieved(**outputs.read_piece(path))
