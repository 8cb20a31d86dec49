"""The truth about a set: test accuracy of networks trained on it, one a seed.

Each training starts from its own initialisation, sees its own order of rows, and keeps the weights
of the epoch with the smallest loss on the stopping rows. What it achieves is kept in a file of its
own as soon as it is known, so that a killed run loses one training and scores need none.
"""

import functools
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from davinz_jax.data import numpy_generator
from davinz_jax.files import write_whole
from davinz_jax.models import CNN, MLP, initialise
from davinz_jax.types import Variables
from experiments.runtime import outputs
from experiments.studies.fidelity.draws import Draw, Part, RowSet


@dataclass(frozen=True)
class Training:
    """How networks are trained, beside the draw's learning rate, which is Adam's.

    Attributes:
        batch_size: rows of a minibatch; what does not fill one waits for the next epoch's order.
        max_epochs: epochs at most.
        patience: epochs without a smaller stopping loss after which training ends.
    """

    batch_size: int = 25
    max_epochs: int = 60
    patience: int = 8


TRAININGS = {"cnn": Training(max_epochs=100), "mlp": Training(max_epochs=150, patience=15)}
WIDTHS = (64, 64)
IMAGE_WIDTHS = (128, 64)


@dataclass(frozen=True)
class Achieved:
    """What one trained network achieves.

    Attributes:
        accuracy: on the test rows.
        loss: mean cross-entropy on the test rows.
        epochs: epochs trained.
        best_epoch: epoch whose weights were kept.
        seconds: time of the training.
    """

    accuracy: float
    loss: float
    epochs: int
    best_epoch: int
    seconds: float


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
    """Train one network on a set and test it."""
    module, training = network(draw), TRAININGS[draw.spec.network]
    start = time.perf_counter()
    init_key, order_key = jax.random.split(jax.random.fold_in(jax.random.key(seed), draw.spec.key))
    variables = initialise(module, init_key, draw.base.inputs)
    orders = _orders(len(row_set.targets), training, numpy_generator(order_key))
    variables, epochs, best = _fit(module, training, variables, row_set, draw, orders)
    accuracy, loss = _test_network(module, variables, draw.test)
    return Achieved(accuracy, loss, epochs, best, round(time.perf_counter() - start, 3))


def _fit(
    module: nn.Module,
    training: Training,
    variables: Variables,
    rows: RowSet,
    draw: Draw,
    orders: Iterator[Any],
) -> tuple[Variables, int, int]:
    """Variables of the best epoch, epochs trained, and which was the best."""
    step, optimiser = _step(module, draw.spec.rate)
    state = optimiser.init(variables)
    inputs, targets = jnp.asarray(rows.inputs), jnp.asarray(rows.targets)
    best, best_loss, best_epoch, epoch = variables, np.inf, 0, 0
    for epoch in range(1, training.max_epochs + 1):
        for batch in next(orders):
            variables, state = step(variables, state, inputs, targets, batch)
        loss = _test_network(module, variables, draw.stopping)[1]
        if loss < best_loss:
            best, best_loss, best_epoch = variables, loss, epoch
        if epoch - best_epoch >= training.patience:
            break
    return best, epoch, best_epoch


def _orders(num_rows: int, training: Training, generator: np.random.Generator) -> Iterator[Any]:
    """Minibatches of each epoch, (batches, rows)."""
    size = min(training.batch_size, num_rows)
    while True:
        yield generator.permutation(num_rows)[: num_rows // size * size].reshape(-1, size)


@functools.lru_cache(maxsize=8)
def _step(module: nn.Module, rate: float) -> tuple[Callable[..., Any], Any]:
    """One compiled step of Adam, and its optimiser."""
    optimiser = optax.adam(rate)

    @jax.jit
    def step(variables: Variables, state: Any, inputs: Any, targets: Any, batch: Any) -> Any:
        def objective(current: Variables) -> Any:
            logits: Any = module.apply(current, inputs[batch])
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, targets[batch])
            return jnp.mean(losses)

        updates, moved = optimiser.update(jax.grad(objective)(variables), state)
        return optax.apply_updates(variables, updates), moved  # pyright: ignore

    return step, optimiser


@functools.lru_cache(maxsize=8)
def _tester(module: nn.Module) -> Callable[..., Any]:
    @jax.jit
    def test(variables: Variables, inputs: Any, targets: Any) -> Any:
        logits: Any = module.apply(variables, inputs)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        return jnp.mean(jnp.argmax(logits, 1) == targets), jnp.mean(losses)

    return test


def _test_network(module: nn.Module, variables: Variables, part: Part) -> tuple[float, float]:
    accuracy, loss = _tester(module)(variables, part.inputs, part.targets)
    return float(accuracy), float(loss)


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
