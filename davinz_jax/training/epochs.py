"""Compiled epochs of SGD on a set of rows that is named by indices into shared data.

A set is padded to a common length, so that sets of different sizes share one compiled program and
can be trained side by side under `jax.vmap`. A minibatch that runs past the end of a set is filled
up with the set's own rows, which BatchNorm sees and the loss does not count.
"""

import functools
import inspect
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn

from davinz_jax.training.losses import row_losses
from davinz_jax.training.schedule import Schedule
from davinz_jax.types import Task, Variables


class State(NamedTuple):
    """Where a training run stands."""

    variables: Variables
    optimiser: Any
    loss: Any  # mean loss of the last epoch
    epoch: Any  # epochs done
    settled: Any  # whether the stopping rule was met, or the loss left the finite numbers


class Rows(NamedTuple):
    """A padded set of rows: indices into the data, how many count, and the key of the run."""

    index: Any
    count: Any
    key: Any


def optimiser(schedule: Schedule) -> optax.GradientTransformation:
    """SGD by a schedule's rates."""
    rate: Any = schedule.learning_rate
    momentum: Any = schedule.momentum
    return optax.sgd(rate, momentum or None)


def start(variables: Variables, schedule: Schedule, count: Any) -> State:
    """State before the first epoch; a set without rows is settled at once."""
    state = optimiser(schedule).init(variables["params"])
    return State(dict(variables), state, jnp.asarray(jnp.inf), jnp.asarray(0), count == 0)


EPOCHS_A_CALL = 25
"""Epochs between two looks from the host."""


@functools.lru_cache(maxsize=32)
def epoch_runner(module: nn.Module, task: Task, schedule: Schedule) -> Any:
    """Compiled `run(states, rows, inputs, targets, last) -> (states, losses)` up to epoch `last`.

    States and rows have a leading axis of members. `losses` (members, `EPOCHS_A_CALL`) holds the
    mean loss of each epoch done in this call, and NaN after the last of them.
    """
    run: Any = functools.partial(_run, module, task, schedule)

    @jax.jit
    def run_members(states: State, rows: Rows, inputs: Any, targets: Any, last: Any) -> Any:
        if len(rows.count) > 1:
            return jax.vmap(run, (0, 0, None, None, None))(states, rows, inputs, targets, last)
        one = jax.tree.map(
            lambda leaf: leaf[0], (states, rows)
        )  # no batch axis: plain convolutions
        return jax.tree.map(lambda leaf: leaf[None], run(*one, inputs, targets, last))

    return run_members


def _run(module, task, schedule, state, rows, inputs, targets, last):
    begin = state.epoch

    def go_on(carry):
        return (carry[0].epoch < last) & ~carry[0].settled

    def body(carry):
        state, losses = carry
        new = _epoch(module, task, schedule, state, rows, inputs, targets)
        return new, losses.at[state.epoch - begin].set(new.loss)

    return jax.lax.while_loop(go_on, body, (state, jnp.full(EPOCHS_A_CALL, jnp.nan)))


def _epoch(module, task, schedule, state, rows, inputs, targets):
    order = _shuffled(rows, state.epoch)
    size = min(schedule.batch_size, len(order))

    def batch(step, carry):
        place = step * size + jnp.arange(size)
        picked = order[place % jnp.maximum(rows.count, 1)]
        counted = (place < rows.count).astype(jnp.float32)
        new, loss = _step(
            module, task, schedule, carry[:2], inputs[picked], targets[picked], counted
        )
        return (*new, carry[2] + loss)

    num = (rows.count + size - 1) // size
    begin = (state.variables, state.optimiser, jnp.zeros(()))
    variables, opt_state, total = jax.lax.fori_loop(0, num, batch, begin)
    loss = total / jnp.maximum(rows.count, 1)
    done = state.epoch + 1
    still = (jnp.abs(loss - state.loss) < schedule.tolerance) & (done >= schedule.min_epochs)
    return State(variables, opt_state, loss, done, still | ~jnp.isfinite(loss))


def _shuffled(rows, epoch):
    draws = jax.random.uniform(jax.random.fold_in(rows.key, epoch), rows.index.shape)
    return rows.index[jnp.argsort(jnp.where(jnp.arange(len(draws)) < rows.count, draws, jnp.inf))]


def _step(module, task, schedule, carry, inputs, targets, counted):
    variables, opt_state = carry
    others = {name: value for name, value in variables.items() if name != "params"}

    def objective(params):
        outputs, moved = _train_outputs(module, {"params": params, **others}, inputs)
        total = jnp.sum(row_losses(outputs, targets, task) * counted)
        return total / jnp.sum(counted), (total, moved)

    gradient, (total, moved) = jax.grad(objective, has_aux=True)(variables["params"])
    updates, opt_state = optimiser(schedule).update(gradient, opt_state)
    params = optax.apply_updates(variables["params"], updates)
    return ({"params": params, **others, **moved}, opt_state), total


def _train_outputs(module, variables, inputs):
    options = {"train": True} if "train" in _call_options(module) else {}
    return module.apply(variables, inputs, mutable=["batch_stats"], **options)


def _call_options(module):
    return inspect.signature(type(module).__call__).parameters
