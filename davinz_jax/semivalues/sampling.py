"""The loop that all sampled semivalues share.

Samples come in units (a permutation, a permutation with its reverse, a coalition). Unit number u
draws from a generator of its own, folded from the key and u, and is added to running sums of
group u mod 32. So the sums do not depend on where the loop was interrupted, and the spread
between groups gives the standard error of anything linear in the values. Sums are taken in order
of u, and batches end at the same units in every run: a resumed run repeats an uninterrupted one
bit for bit.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Int, ScalarLike

from davinz_jax.semivalues.archive import plain
from davinz_jax.semivalues.checkpoint import Progressed, load_checkpoint, save_checkpoint
from davinz_jax.semivalues.stopping import Stopping
from davinz_jax.semivalues.valuation import Valuation, check_finite, value_utility, versions
from davinz_jax.types import PRNGKey, Progress, Utility

GROUPS = 32
"""Groups that samples are dealt to; the standard error has one degree of freedom less."""

Sums = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sampler:
    """How units of samples are drawn and turned into values.

    Attributes:
        estimator: name of the estimator.
        samples: samples in a unit.
        batch: units drawn together, at most `GROUPS`.
        shapes: shape of each sum that a unit adds to.
        draw: generators, one a unit, to what each unit adds.
        estimate: sums (groups, …) and units in each group, to contributions (t, i, p) and
            replicates (groups, t, i, p).
    """

    estimator: str
    samples: int
    batch: int
    shapes: Mapping[str, tuple[int, ...]]
    draw: Callable[[Sequence[np.random.Generator]], Iterable[Sums]]
    estimate: Callable[[Sums, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class SamplingPlan:
    """How much to sample, from which key, and where to keep it.

    Attributes:
        num_samples: budget of samples, rounded up to whole units.
        key: random key; wanted whenever something is sampled.
        stopping: rules that end sampling earlier.
        checkpoint: file to go on from and to keep the state in.
        checkpoint_seconds: least time between two checkpoints.
        progress: called after each batch.
    """

    num_samples: int
    key: PRNGKey | None
    stopping: Stopping | None
    checkpoint: Path | None
    checkpoint_seconds: ScalarLike
    progress: Progress | None


def sample_semivalue(
    utility: Utility,
    sampler: Sampler,
    method: str,
    plan: SamplingPlan,
    *,
    settings: Mapping[str, Any] | None = None,
) -> Valuation:
    """Sample until the budget is spent or a stopping rule holds.

    Args:
        utility: what is to be shared out.
        sampler: how.
        method: name of the semivalue.
        plan: how much, from which key.
        settings: what else defines the semivalue, for the description.

    Returns:
        Values with their replicates.

    Raises:
        ValueError: without a key; if the budget is below two units; if the utility answers NaN;
            if the checkpoint is damaged, of another configuration, or holds more samples.
    """
    words = _key_words(plan.key)
    settings = {**(settings or {}), "estimator": sampler.estimator, "key": words.tolist()}
    configuration = _configuration(utility, method, settings) if plan.checkpoint else {}
    total = _whole_units(plan.num_samples, sampler.samples)
    state = _start(sampler, plan, configuration, total)
    stopped_by = _run(utility, sampler, method, plan, state, configuration, total)
    counts = group_counts(state.units)
    contributions, replicates = sampler.estimate(state.sums, counts)
    return value_utility(
        utility,
        method,
        contributions,
        settings={**settings, "stopped_by": stopped_by},
        replicates=replicates[: len(counts)],
        replicate_samples=counts * sampler.samples,
        num_samples=state.units * sampler.samples,
        seconds=state.seconds,
    )


def unit_generator(words: Int[np.ndarray, " w"], unit: int) -> np.random.Generator:
    """Generator of one unit's samples: the key with the unit's number folded in.

    Args:
        words: the key's data.
        unit: number of the unit, from 0.
    """
    entropy = [int(word) for word in words]
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(unit,)))


def group_counts(units: int) -> Int[np.ndarray, " g"]:
    """Units in each group that has any."""
    return np.bincount(np.arange(units) % GROUPS)


def _run(
    utility: Utility,
    sampler: Sampler,
    method: str,
    plan: SamplingPlan,
    state: Progressed,
    configuration: dict[str, Any],
    total: int,
) -> str:
    words, saved = _key_words(plan.key), time.perf_counter()
    reason = _reason_to_stop(sampler, plan.stopping, state, total)
    while reason is None:
        begun = time.perf_counter()
        _advance(utility, sampler, method, words, state, total)
        now = time.perf_counter()
        state.seconds += now - begun
        reason = _reason_to_stop(sampler, plan.stopping, state, total)
        if plan.checkpoint and (
            reason or now - saved >= float(np.asarray(plan.checkpoint_seconds))
        ):
            save_checkpoint(plan.checkpoint, configuration, state)
            saved = time.perf_counter()
        if plan.progress:
            plan.progress(state.units * sampler.samples, total * sampler.samples, method)
    return reason


def _advance(
    utility: Utility,
    sampler: Sampler,
    method: str,
    words: np.ndarray,
    state: Progressed,
    total: int,
) -> None:
    """Add one batch, which ends no later than the round of groups does."""
    round_end = (state.units // GROUPS + 1) * GROUPS
    units = range(state.units, min(state.units + sampler.batch, round_end, total))
    generators = [unit_generator(words, unit) for unit in units]
    for unit, increments in zip(units, sampler.draw(generators), strict=True):
        for name, increment in increments.items():
            check_finite(increment, tuple(utility.players), method)
            state.sums[name][unit % GROUPS] += increment
        state.units += 1


def _reason_to_stop(
    sampler: Sampler, stopping: Stopping | None, state: Progressed, total: int
) -> str | None:
    if state.units >= total:
        return "num_samples"
    if stopping is None or state.units < 2:
        return None
    if stopping.seconds is not None and state.seconds >= float(np.asarray(stopping.seconds)):
        return "seconds"
    if stopping.asks_accuracy and state.units % GROUPS == 0:
        counts = group_counts(state.units)
        values = sampler.estimate(state.sums, counts)[1].sum(axis=1).mean(axis=1)
        return "accuracy" if stopping.is_accurate(values, counts) else None
    return None


def _start(
    sampler: Sampler, plan: SamplingPlan, configuration: dict[str, Any], total: int
) -> Progressed:
    state = load_checkpoint(plan.checkpoint, configuration) if plan.checkpoint else None
    if state is None:
        return Progressed({name: np.zeros((GROUPS, *s)) for name, s in sampler.shapes.items()})
    if state.units > total:
        raise ValueError(
            f"num_samples: wanted at least the {state.units * sampler.samples} in "
            f"{plan.checkpoint}, got {plan.num_samples}; raise it or name another file"
        )
    return state


def _configuration(utility: Utility, method: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    return plain(
        {
            "method": method,
            "settings": settings,
            "utility": utility.describe(),
            "players": utility.players,
            "terms": utility.terms,
            "num_initialisations": utility.num_initialisations,
            "versions": versions(),
            "worths": _probe(utility),
        }
    )


def _probe(utility: Utility) -> list[str]:
    """Worths of everybody and of one: other data is seen even where it is described alike."""
    everybody = np.ones(len(utility.players), dtype=bool)
    members = np.stack([everybody, np.arange(len(everybody)) == 0])
    return [f"{worth:.8e}" for worth in utility.coalitions(members).ravel()]


def _key_words(key: PRNGKey | None) -> Int[np.ndarray, " w"]:
    if key is None:
        raise ValueError("key: wanted a random key for sampling, got None; pass jax.random.key(0)")
    return np.asarray(jax.random.key_data(key)).ravel().astype(np.int64)


def _whole_units(num_samples: int, samples: int) -> int:
    if num_samples < 2 * samples:
        raise ValueError(
            f"num_samples: wanted at least {2 * samples}, so that an error can be given, got "
            f"{num_samples}; raise it"
        )
    return -(-num_samples // samples)
