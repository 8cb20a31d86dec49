"""Epochs of SGD on a set of rows that is named by indices into shared data.

A set is padded to a common length, so that sets of different sizes share one compiled program and
can be trained side by side under `jax.vmap`. A minibatch that runs past the end of a set is filled
up with the set's own rows, which BatchNorm sees and the loss does not count.

The loop over minibatches is compiled with them, except for convolutions on a processor: there XLA
compiles them tens of times slower inside a loop (a CNN's step of 128 rows: 660 ms, not 20), and
the host loops.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jaxtyping import Bool, Float, Int, Key, Num, PyTree

from davinz_jax.training.losses import row_losses
from davinz_jax.training.schedule import Schedule
from davinz_jax.types import Task, Variables

EPOCHS_A_CALL = 25
"""Epochs between two looks from the host."""


class Best(NamedTuple):
    """The epoch of least validation loss so far, where that decides when to stop."""

    variables: Variables
    loss: Float[jax.Array, "*m"]
    epoch: Int[jax.Array, "*m"]


class State(NamedTuple):
    """Where a training run stands; with a leading axis m for several side by side."""

    variables: Variables
    optimiser: optax.OptState
    loss: Float[jax.Array, "*m"]  # mean loss of the last epoch
    epoch: Int[jax.Array, "*m"]  # epochs done
    settled: Bool[jax.Array, "*m"]  # whether the stopping rule was met, or the loss is not finite
    best: Best | None = None  # None where the training loss decides

    @property
    def chosen(self) -> Variables:
        """The variables that training gives: the last, or those of least validation loss."""
        return self.variables if self.best is None else self.best.variables


class Rows(NamedTuple):
    """A padded set of rows: indices into the data, how many count, and the key of the run."""

    index: Int[jax.Array, "*m r"]
    count: Int[jax.Array, "*m"]
    key: Key[jax.Array, "*m"]


class Sums(NamedTuple):
    """What an epoch changes from minibatch to minibatch."""

    variables: Variables
    optimiser: optax.OptState
    loss: Float[jax.Array, ""]  # summed over the rows seen


class Data(NamedTuple):
    """Inputs and targets that rows index, and validation rows where those decide when to stop."""

    inputs: Num[jax.Array, "n ..."]
    targets: Num[jax.Array, " n"]
    judges: tuple[Num[jax.Array, "v ..."], Num[jax.Array, " v"]] | None = None


Params = PyTree[Float[jax.Array, "..."]]
"""Leaves of the collection `params`, which are trained."""

Epoch = Int[jax.Array, ""] | int
"""Epochs done, or to be done."""
Losses = Float[jax.Array, "*m e"]
Runner = Callable[..., tuple[State, Losses]]


@dataclass(frozen=True)
class Fit:
    """What is trained, and how: everything that compilation depends on.

    Attributes:
        module: the network.
        task: what the targets are.
        schedule: rates and stopping rule.
    """

    module: nn.Module
    task: Task
    schedule: Schedule

    @property
    def optimiser(self) -> optax.GradientTransformation:
        """SGD by the schedule's rates."""
        rate: Any = self.schedule.learning_rate
        momentum: Any = self.schedule.momentum
        return optax.sgd(rate, momentum or None)

    def start(self, variables: Variables, count: Int[jax.Array, ""]) -> State:
        """State before the first epoch; a set without rows is settled at once."""
        own, state = dict(variables), self.optimiser.init(variables["params"])
        loss, epoch = jnp.asarray(jnp.inf), jnp.asarray(0)
        best = Best(own, loss, epoch) if self.schedule.patience else None
        return State(own, state, loss, epoch, count == 0, best)

    def shuffle(self, rows: Rows, epoch: Epoch) -> Int[jax.Array, " r"]:
        """Indices of an epoch's rows in random order, those that count first."""
        draws = jax.random.uniform(jax.random.fold_in(rows.key, epoch), rows.index.shape)
        counts = jnp.arange(len(draws)) < rows.count
        return rows.index[jnp.argsort(jnp.where(counts, draws, jnp.inf))]

    def batch_size(self, rows: Rows) -> int:
        """Rows of a minibatch."""
        return min(self.schedule.batch_size, rows.index.shape[-1])

    def step(
        self,
        number: Int[jax.Array, ""],
        sums: Sums,
        order: Int[jax.Array, " r"],
        rows: Rows,
        data: Data,
    ) -> Sums:
        """One minibatch."""
        size = self.batch_size(rows)
        place = number * size + jnp.arange(size)
        picked = order[place % jnp.maximum(rows.count, 1)]
        weights = (place < rows.count).astype(jnp.float32)
        losses = functools.partial(
            self._losses, sums.variables, data.inputs[picked], data.targets[picked]
        )

        def objective(params: Params) -> tuple[Float[jax.Array, ""], Any]:
            each, moved = losses(params)
            total = jnp.sum(each * weights)
            return total / jnp.sum(weights), (total, moved)

        old = sums.variables["params"]
        gradient, (total, moved) = jax.grad(objective, has_aux=True)(old)
        updates, state = self.optimiser.update(gradient, sums.optimiser)
        new = {**sums.variables, "params": optax.apply_updates(old, updates), **moved}
        return Sums(new, state, sums.loss + total)

    def close(self, state: State, sums: Sums, rows: Rows, data: Data) -> State:
        """State after an epoch, by the stopping rule."""
        loss, done = sums.loss / jnp.maximum(rows.count, 1), state.epoch + 1
        if state.best is None:
            best, still = None, jnp.abs(loss - state.loss) < self.schedule.tolerance
        else:
            best = self._judge(state.best, sums.variables, done, data)
            still = done - best.epoch >= self.schedule.patience
        settled = (still & (done >= self.schedule.min_epochs)) | ~jnp.isfinite(loss)
        return State(sums.variables, sums.optimiser, loss, done, settled, best)

    def _judge(
        self, best: Best, variables: Variables, done: Int[jax.Array, ""], data: Data
    ) -> Best:
        """The better of the best epoch so far and the one that is done."""
        assert data.judges is not None  # refused before training
        outputs: Any = self.module.apply(variables, data.judges[0])
        loss = jnp.mean(row_losses(outputs, data.judges[1], self.task))
        is_better = loss < best.loss - self.schedule.tolerance
        new = Best(dict(variables), loss, done)
        return jax.tree.map(lambda one, other: jnp.where(is_better, one, other), new, best)

    def _losses(
        self,
        variables: Variables,
        inputs: Num[jax.Array, "b ..."],
        targets: Num[jax.Array, " b"],
        params: Params,
    ) -> tuple[Float[jax.Array, " b"], Variables]:
        known = inspect.signature(type(self.module).__call__).parameters
        options: dict[str, Any] = {"train": True} if "train" in known else {}
        outputs, moved = self.module.apply(
            {**variables, "params": params}, inputs, mutable=["batch_stats"], **options
        )
        return row_losses(outputs, targets, self.task), moved


def epoch_runner(fit: Fit, *, host_loop: bool) -> Runner:
    """Function `run(states, rows, data, last) -> (states, losses)` that trains up to epoch `last`.

    States and rows have a leading axis of members; data are inputs and targets. `losses`
    (members, `EPOCHS_A_CALL`) holds the mean loss of each epoch done in this call, and NaN after
    the last of them. With `host_loop` there is one member.
    """
    make = _host_runner if host_loop else _device_runner
    try:
        return _make_cached(make, fit)
    except TypeError:  # a module of the user's with a field that cannot be hashed
        return make(fit)


@functools.lru_cache(maxsize=32)
def _make_cached(make: Callable[[Fit], Runner], fit: Fit) -> Runner:
    return make(fit)


def _device_runner(fit: Fit) -> Runner:
    def run(state: State, rows: Rows, data: Data, last: Epoch) -> tuple[State, Losses]:
        def body(carry: tuple[State, Losses]) -> tuple[State, Losses]:
            new = _run_epoch(fit, carry[0], rows, data)
            return new, carry[1].at[carry[0].epoch - state.epoch].set(new.loss)

        def goes_on(carry: tuple[State, Losses]) -> Bool[jax.Array, ""]:
            return (carry[0].epoch < last) & ~carry[0].settled

        return jax.lax.while_loop(goes_on, body, (state, jnp.full(EPOCHS_A_CALL, jnp.nan)))

    @jax.jit
    def run_members(states: State, rows: Rows, data: Data, last: Epoch) -> tuple[State, Losses]:
        if len(rows.count) > 1:
            together: Any = jax.vmap(run, (0, 0, None, None))
            return together(states, rows, data, last)
        one: tuple[State, Rows] = _squeeze((states, rows))  # keeps convolutions plain
        return _expand(run(*one, data, last))

    return run_members


def _run_epoch(fit: Fit, state: State, rows: Rows, data: Data) -> State:
    """One epoch on the device."""
    order, size = fit.shuffle(rows, state.epoch), fit.batch_size(rows)
    begin = Sums(state.variables, state.optimiser, jnp.zeros(()))
    step = functools.partial(fit.step, order=order, rows=rows, data=data)
    sums = jax.lax.fori_loop(0, (rows.count + size - 1) // size, step, begin)
    return fit.close(state, sums, rows, data)


def _host_runner(fit: Fit) -> Runner:
    shuffle: Any = jax.jit(functools.partial(fit.shuffle))  # partial: hashed by identity
    step: Any = jax.jit(functools.partial(fit.step))
    close: Any = jax.jit(functools.partial(fit.close))

    def run_member(states: State, rows: Rows, data: Data, last: Epoch) -> tuple[State, Losses]:
        state, own = _squeeze((states, rows))
        losses, size = [], fit.batch_size(own)
        while int(state.epoch) < int(last) and not bool(state.settled):
            order = shuffle(own, state.epoch)
            sums = Sums(state.variables, state.optimiser, jnp.zeros(()))
            for number in range(-(-int(own.count) // size)):
                sums = step(jnp.asarray(number), sums, order, own, data)
            state = close(state, sums, own, data)
            losses.append(state.loss)
        rest = jnp.full(EPOCHS_A_CALL - len(losses), jnp.nan)
        return _expand((state, jnp.concatenate([jnp.asarray(losses), rest])))

    return run_member


def _squeeze(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[0], tree)


def _expand(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], tree)
