"""Training a network on a dataset, or many copies of it on many sets of its rows."""

import functools
import logging
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Float, Int

from davinz_jax.data.dataset import Dataset
from davinz_jax.training.epochs import EPOCHS_A_CALL, Data, Fit, Rows, State, epoch_runner
from davinz_jax.training.mapping import default_num_threads, map_ahead
from davinz_jax.training.schedule import Schedule
from davinz_jax.types import PRNGKey, Progress, Variables

RowSet = Int[np.ndarray, " _"]
"""Indices of a set's rows in the dataset."""

JUDGES = 512
"""Validation rows, at most, that decide when training ends."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainResult:
    """A trained network and how training went.

    Attributes:
        variables: the network's variables at the end.
        losses: mean loss of each epoch.
        epochs: epochs trained.
        converged: whether the loss settled before the schedule's last epoch.
        seconds: time that training took; of networks side by side, an equal share of theirs.
    """

    variables: Variables
    losses: Float[np.ndarray, " e"]
    epochs: int
    converged: bool
    seconds: float = 0.0


def train(
    module: nn.Module,
    variables: Variables,
    dataset: Dataset,
    *,
    schedule: Schedule,
    key: PRNGKey,
    progress: Progress | None = None,
) -> TrainResult:
    """Train one network on all rows of a dataset.

    Args:
        module: the network.
        variables: where training starts.
        dataset: rows to train on.
        schedule: rates and stopping rule.
        key: decides the order of rows.
        progress: called with (epochs done, `max_epochs`, "train").

    Returns:
        The trained network.

    Raises:
        ValueError: if the dataset has no row.
    """
    if len(dataset) == 0:
        raise ValueError("dataset: wanted rows to train on, got none; choose a larger dataset")
    rows = [np.arange(len(dataset))]
    return next(
        train_many(module, variables, dataset, rows, schedule=schedule, key=key, progress=progress)
    )


def train_many(
    module: nn.Module,
    variables: Variables,
    dataset: Dataset,
    row_sets: Sequence[RowSet],
    *,
    schedule: Schedule,
    key: PRNGKey,
    group_size: int | None = None,
    num_threads: int | None = None,
    length: int | None = None,
    progress: Progress | None = None,
) -> Iterator[TrainResult]:
    """Train a copy of one network on each of many sets of a dataset's rows.

    The data lies on the device once; members of a group run side by side, and each stops by
    itself; groups run at the same time, one a thread. What a member becomes is decided by its rows
    and `key`, not by its companions (up to rounding).

    Args:
        module: the network.
        variables: where every member starts.
        dataset: the rows that the sets index.
        row_sets: indices of each set's rows, repeated where a row counts more than once. A set
            without rows leaves the network untrained.
        schedule: rates and stopping rule.
        key: decides the order of rows.
        group_size: members that run side by side; by default as many as suit network and device.
        num_threads: groups trained at a time; by default one a core, and one on an accelerator.
        length: rows that sets are padded to, so that sets trained elsewhere are trained alike;
            then groups have `group_size` members, idle ones among them. None is the longest set.
        progress: called with (epochs done, `max_epochs`, "train") for each group.

    Yields:
        The trained networks, in the order of `row_sets`.

    Raises:
        ValueError: for patience with a validation set whose targets are not known.
    """
    data = _data(dataset, schedule)
    group = group_size or default_group_size(variables)
    if length is None:
        group = min(group, max(len(row_sets), 1))
    longest = max([1, *(len(rows) for rows in row_sets)]) if length is None else length
    fit = Fit(module, dataset.task, schedule)
    runner = epoch_runner(fit, host_loop=group == 1 and _convolves_slowly(variables))

    def train_group(sets: Sequence[RowSet]) -> list[TrainResult]:
        began = perf_counter()
        idle = [np.zeros(0, np.int64)] * (group - len(sets))  # keeps the compiled shape
        rows = _stack([_pad(indices, longest, key) for indices in [*sets, *idle]])
        states = jax.vmap(fit.start, (None, 0))(variables, rows.count)
        call = functools.partial(runner, rows=rows, data=data)
        states, losses = _run_until_settled(call, states, schedule, progress)
        return _results(states, losses, len(sets), (perf_counter() - began) / len(sets))

    groups = [row_sets[begin : begin + group] for begin in range(0, len(row_sets), group)]
    for results in map_ahead(train_group, groups, num_threads=num_threads or default_num_threads()):
        yield from results


def _data(dataset: Dataset, schedule: Schedule) -> Data:
    """The data on the device, with the validation rows that decide when to stop, if any do."""
    inputs, targets = jnp.asarray(dataset.inputs), jnp.asarray(dataset.targets)
    if not schedule.patience:
        return Data(inputs, targets)
    served = dataset.validation
    if served.targets is None:
        raise ValueError(
            f"patience: wanted a validation set with known targets, got patience "
            f"{schedule.patience} and inputs alone; set patience=0, or give validation_targets"
        )
    num = min(JUDGES, len(served))
    rows = np.arange(num) * len(served) // num  # spread over the set, whatever its order
    return Data(
        inputs, targets, (jnp.asarray(served.inputs[rows]), jnp.asarray(served.targets[rows]))
    )


def default_group_size(variables: Variables) -> int:
    """How many copies of a network are worth training side by side on the default device.

    Small networks fill an accelerator only together. A processor gains nothing from convolutions
    side by side, so there only fully connected networks are.
    """
    size = sum(leaf.size for leaf in jax.tree.leaves(variables))
    if _convolves_slowly(variables):
        return 1
    on_processor = jax.default_backend() == "cpu"
    return max(1, min(32, 10**6 // size) if on_processor else min(256, 10**7 // size))


def _convolves_slowly(variables: Variables) -> bool:
    leaves = jax.tree.leaves(variables)
    return jax.default_backend() == "cpu" and any(leaf.ndim > 2 for leaf in leaves)


def _pad(indices: RowSet, length: int, key: PRNGKey) -> Rows:
    padding = np.zeros(length - len(indices), np.int64)
    index = np.concatenate([np.asarray(indices, np.int64), padding]).astype(np.int32)
    own = jax.random.fold_in(key, zlib.crc32(np.ascontiguousarray(indices, "<i8").tobytes()))
    return Rows(jnp.asarray(index), jnp.asarray(len(indices)), own)


def _stack(members: list[Rows]) -> Rows:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)


def _run_until_settled(
    call: Callable[..., tuple[State, jax.Array]],
    states: State,
    schedule: Schedule,
    progress: Progress | None,
) -> tuple[State, Float[np.ndarray, "c e"]]:
    parts = [np.zeros((len(states.epoch), 0), np.float32)]
    for last in range(0, schedule.max_epochs, EPOCHS_A_CALL):
        done = min(last + EPOCHS_A_CALL, schedule.max_epochs)
        states, losses = call(states, last=jnp.asarray(done))
        parts.append(np.asarray(losses))
        if progress is not None:
            progress(done, schedule.max_epochs, "train")
        if bool(jnp.all(states.settled)):
            break
    return states, np.concatenate(parts, axis=1)


def _results(
    states: State, losses: Float[np.ndarray, "c e"], num: int, seconds: float
) -> list[TrainResult]:
    return [_result(states, losses, member, seconds) for member in range(num)]


def _result(
    states: State, losses: Float[np.ndarray, "c e"], member: int, seconds: float
) -> TrainResult:
    own = losses[member, : int(states.epoch[member])]
    finite = bool(np.isfinite(own).all())
    if not finite:
        _log.warning("training left the finite numbers in epoch %d", len(own))
    return TrainResult(
        variables=jax.tree.map(lambda leaf: leaf[member], states.chosen),
        losses=own,
        epochs=len(own),
        converged=finite and bool(states.settled[member]),
        seconds=seconds,
    )
