"""A network trained on rows and tested: Adam in minibatches, ended by rows kept apart.

The weights of the epoch with the smallest loss on the stopping rows are kept, or those of the
greatest accuracy, and of these the smallest loss: the loss of classes that the rows do not hold
grows from the first epoch on. Numbers are learnt as they are given: bring them to mean 0 and
deviation 1 first.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jaxtyping import Int, Num
from optax.tree_utils import tree_get

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
        patience: epochs without a better one on the stopping rows after which training ends.
        by_accuracy: whether an epoch is better by accuracy first, and then by loss.
    """

    batch_size: int = 25
    max_epochs: int = 60
    patience: int = 8
    by_accuracy: bool = False


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


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        variables: of the best epoch.
        epochs: epochs trained.
        best_epoch: epoch whose weights were kept.
    """

    variables: Variables
    epochs: int
    best_epoch: int


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
    trained = fit_network(learner, variables, rows, stopping, key=key)
    accuracy, loss = _test_network(learner, trained.variables, test)
    seconds = round(time.perf_counter() - start, 3)
    return Achieved(accuracy, loss, trained.epochs, trained.best_epoch, seconds)


def fit_network(
    learner: Learner, variables: Variables, rows: Part, stopping: Part, *, key: PRNGKey
) -> Trained:
    """Train one network on rows; arguments as of `train_network`."""
    step, optimiser = _compiled(_make_step, learner)
    state = optimiser.init(variables["params"])
    inputs, targets = jnp.asarray(rows.inputs), jnp.asarray(rows.targets)
    orders = _orders(len(rows), learner.training, numpy_generator(key))
    best, lowest, best_epoch, epoch = variables, (np.inf, np.inf), 0, 0
    for epoch in range(1, learner.training.max_epochs + 1):
        for batch in next(orders):
            variables, state = step(variables, state, inputs, targets, batch, key)
        accuracy, loss = _test_network(learner, variables, stopping)
        cost = (-accuracy if learner.training.by_accuracy else loss, loss)
        if cost < lowest:
            best, lowest, best_epoch = variables, cost, epoch
        if epoch - best_epoch >= learner.training.patience:
            break
    return Trained(best, epoch, best_epoch)


def predict_rows(
    learner: Learner, variables: Variables, inputs: Num[np.ndarray, "m ..."]
) -> Num[np.ndarray, " m"]:
    """The class that a network gives each row, or its number."""
    outputs = np.asarray(_compiled(_make_predictor, learner)(variables, inputs))
    return outputs.argmax(1) if learner.task == "classification" else outputs.reshape(len(inputs))


def _orders(num_rows: int, training: Training, generator: np.random.Generator) -> Iterator[Any]:
    """Minibatches of each epoch, (batches, rows)."""
    size = min(training.batch_size, num_rows)
    while True:
        yield generator.permutation(num_rows)[: num_rows // size * size].reshape(-1, size)


Maker = Callable[[Learner], Any]


@dataclass(frozen=True)
class _Told:
    """A learner as it is told from others, though its network may have what cannot be hashed."""

    kind: type
    text: str
    learner: Learner = field(compare=False)


def _compiled(make: Maker, learner: Learner) -> Any:
    """What is made of a learner, once."""
    return _make_once(make, _Told(type(learner.module), repr(learner), learner))


@functools.lru_cache(maxsize=16)
def _make_once(make: Maker, told: _Told) -> Any:
    return make(told.learner)


def _make_step(learner: Learner) -> tuple[Callable[..., Any], Any]:
    """One compiled step of Adam, and its optimiser; the key is for what drops units at random."""
    optimiser = optax.adam(learner.rate)
    known = inspect.signature(type(learner.module).__call__).parameters
    options: dict[str, Any] = {"train": True} if "train" in known else {}

    @jax.jit
    def step(
        variables: Variables, state: Any, inputs: Any, targets: Any, batch: Any, key: PRNGKey
    ) -> Any:
        rngs = {"dropout": jax.random.fold_in(key, tree_get(state, "count"))}

        def objective(params: Any) -> Any:
            outputs, moved = learner.module.apply(
                {**variables, "params": params},
                inputs[batch],
                mutable=["batch_stats"],
                rngs=rngs,
                **options,
            )
            return jnp.mean(row_losses(outputs, targets[batch], learner.task)), moved

        old = variables["params"]
        gradient, moved = jax.grad(objective, has_aux=True)(old)
        updates, after = optimiser.update(gradient, state)
        return {**variables, "params": optax.apply_updates(old, updates), **moved}, after

    return step, optimiser


def _make_predictor(learner: Learner) -> Callable[..., Any]:
    return jax.jit(learner.module.apply)


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
