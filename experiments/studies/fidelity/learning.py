"""A network trained on rows and tested: Adam in minibatches, ended by rows kept apart.

The weights of the epoch with the smallest loss on the stopping rows are kept. Numbers are learnt
as they are given: bring them to mean 0 and deviation 1 first.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jaxtyping import Int, Num

from davinz_jax.data import numpy_generator
from davinz_jax.training.losses import row_losses
from davinz_jax.types import PRNGKey, Task, Variables


@dataclass(frozen=True)
class Part:
    """Rows of one use: inputs (m, ...) and their classes, or numbers (m,)."""

    inputs: Num[np.ndarray, "m ..."]
    targets: Num[np.ndarray, " m"]

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Int[np.ndarray, " r"]) -> "Part":
        """The rows given, in that order."""
        return Part(self.inputs[rows], self.targets[rows])


@dataclass(frozen=True)
class Training:
    """How networks are trained, beside the learning rate, which is Adam's.

    Attributes:
        batch_size: rows of a minibatch; what does not fill one waits for the next epoch's order.
        max_epochs: epochs at most.
        patience: epochs without a smaller stopping loss after which training ends.
    """

    batch_size: int = 25
    max_epochs: int = 60
    patience: int = 8


@dataclass(frozen=True)
class Learner:
    """What is trained, and how: everything that compilation depends on, and the patience.

    Attributes:
        module: the network.
        training: minibatches and epochs.
        rate: learning rate of Adam.
        task: what the targets are.
    """

    module: nn.Module
    training: Training
    rate: float
    task: Task = "classification"


@dataclass(frozen=True)
class Achieved:
    """What one trained network achieves.

    Attributes:
        accuracy: on the test rows; R² where targets are numbers.
        loss: mean cross-entropy, or squared error, on the test rows.
        epochs: epochs trained.
        best_epoch: epoch whose weights were kept.
        seconds: time of the training.
    """

    accuracy: float
    loss: float
    epochs: int
    best_epoch: int
    seconds: float


def train_network(
    learner: Learner,
    variables: Variables,
    rows: Part,
    stopping: Part,
    test: Part,
    *,
    key: PRNGKey,
) -> Achieved:
    """Train one network on rows and test it.

    Args:
        learner: the network and how it is trained.
        variables: where training starts.
        rows: to train on.
        stopping: rows that end the training.
        test: rows that give the truth.
        key: decides the order of rows.
    """
    start = time.perf_counter()
    orders = _orders(len(rows), learner.training, numpy_generator(key))
    trained, epochs, best = _fit(learner, variables, rows, stopping, orders)
    accuracy, loss = _test_network(learner, trained, test)
    return Achieved(accuracy, loss, epochs, best, round(time.perf_counter() - start, 3))


def _fit(
    learner: Learner, variables: Variables, rows: Part, stopping: Part, orders: Iterator[Any]
) -> tuple[Variables, int, int]:
    """Variables of the best epoch, epochs trained, and which was the best."""
    step, optimiser = _compiled(_make_step, learner)
    state = optimiser.init(variables["params"])
    inputs, targets = jnp.asarray(rows.inputs), jnp.asarray(rows.targets)
    best, best_loss, best_epoch, epoch = variables, np.inf, 0, 0
    for epoch in range(1, learner.training.max_epochs + 1):
        for batch in next(orders):
            variables, state = step(variables, state, inputs, targets, batch)
        loss = _test_network(learner, variables, stopping)[1]
        if loss < best_loss:
            best, best_loss, best_epoch = variables, loss, epoch
        if epoch - best_epoch >= learner.training.patience:
            break
    return best, epoch, best_epoch


def _orders(num_rows: int, training: Training, generator: np.random.Generator) -> Iterator[Any]:
    """Minibatches of each epoch, (batches, rows)."""
    size = min(training.batch_size, num_rows)
    while True:
        yield generator.permutation(num_rows)[: num_rows // size * size].reshape(-1, size)


Maker = Callable[[Learner], Any]


def _compiled(make: Maker, learner: Learner) -> Any:
    """What is made of a learner, once where its network can be told from others."""
    try:
        return _make_once(make, learner)
    except TypeError:  # a module of the user's with a field that cannot be hashed
        return make(learner)


@functools.lru_cache(maxsize=16)
def _make_once(make: Maker, learner: Learner) -> Any:
    return make(learner)


def _make_step(learner: Learner) -> tuple[Callable[..., Any], Any]:
    """One compiled step of Adam, and its optimiser."""
    optimiser = optax.adam(learner.rate)
    known = inspect.signature(type(learner.module).__call__).parameters
    options = {"train": True} if "train" in known else {}

    @jax.jit
    def step(variables: Variables, state: Any, inputs: Any, targets: Any, batch: Any) -> Any:
        def objective(params: Any) -> Any:
            outputs, moved = learner.module.apply(
                {**variables, "params": params}, inputs[batch], mutable=["batch_stats"], **options
            )
            return jnp.mean(row_losses(outputs, targets[batch], learner.task)), moved

        old = variables["params"]
        gradient, moved = jax.grad(objective, has_aux=True)(old)
        updates, after = optimiser.update(gradient, state)
        return {**variables, "params": optax.apply_updates(old, updates), **moved}, after

    return step, optimiser


def _make_tester(learner: Learner) -> Callable[..., Any]:
    @jax.jit
    def test(variables: Variables, inputs: Any, targets: Any) -> Any:
        outputs: Any = learner.module.apply(variables, inputs)
        loss = jnp.mean(row_losses(outputs, targets, learner.task))
        if learner.task == "classification":
            return jnp.mean(jnp.argmax(outputs, 1) == targets), loss
        return 1 - loss / jnp.var(targets), loss

    return test


def _test_network(learner: Learner, variables: Variables, part: Part) -> tuple[float, float]:
    tester = _compiled(_make_tester, learner)
    accuracy, loss = tester(variables, part.inputs, part.targets)
    return float(accuracy), float(loss)
