"""The loop that all sampled semivalues share.

Samples come in units (a permutation, a permutation with its reverse, a coalition). Unit number u
draws from a generator of its own, folded from the key and u, and is added to running sums of
group u mod 32. So the sums do not depend on where the loop was interrupted, and the spread
between groups gives the standard error of anything linear in the values. Answers under resamples
of the validation set go to one sum of all units. Sums are taken in order
of u, and batches end at the same units in every run: a resumed run repeats an uninterrupted one
bit for bit.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Float, Int, ScalarLike

from davinz_jax.choices import check_choice
from davinz_jax.executors import InProcess, host_executor, in_order
from davinz_jax.linalg.threads import threads_asked
from davinz_jax.semivalues.archive import plain
from davinz_jax.semivalues.checkpoint import SamplingState, load_checkpoint, save_checkpoint
from davinz_jax.semivalues.checks import check_finite
from davinz_jax.semivalues.evidence import Evidence
from davinz_jax.semivalues.row_tallies import SampledTally
from davinz_jax.semivalues.stopping import Stopping
from davinz_jax.semivalues.valuation import Valuation, value_utility
from davinz_jax.types import PRNGKey, Progress, Utility
from davinz_jax.utility.resampling import resampling_of
from davinz_jax.versions import versions

GROUPS = 32
"""Groups that samples are dealt to; the standard error has one degree of freedom less."""

POOLED = ("resampled", "powers", "squared", "row_scores")
"""How the names of sums begin that are not dealt to groups."""

FEWEST_UNITS = 16
"""Units that `auto` wants of a sampler: fewer groups widen intervals by their t quantile."""

AUTO_EXACT = 12
"""Players up to which `auto` enumerates: 4,096 coalitions, the cost of some hundred orders."""

Method = Literal["auto", "exact", "permutation", "antithetic", "stratified", "sample_reuse"]
Sums = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sampling:
    """Whether a semivalue is sampled, how, and for how long.

    Attributes:
        method: `exact` enumerates 2^p coalitions; `permutation`, `antithetic` and `stratified`
            sample permutations (`permutations.py`) for Shapley and Beta-Shapley values, and
            `sample_reuse` coalitions, each of which serves every player, for Banzhaf values;
            `auto` is exact up to 12 players; beyond, it is `sample_reuse`, or `stratified`
            where the budget holds 16 of its units (128 permutations), else `antithetic`.
        num_samples: budget of permutations, each one pass of the utility, or of coalitions, rounded
            up to whole units; None for 1,000 permutations or 10,000 coalitions.
        stopping: rules that end sampling before the budget.
        checkpoint_seconds: least time between two checkpoints.
    """

    method: Method = "auto"
    num_samples: int | None = None
    stopping: Stopping | None = None
    checkpoint_seconds: ScalarLike = 20.0

    def estimator(self, num_players: int, samplers: Mapping[str, int], budget: int) -> str:
        """`exact`, or which of a semivalue's samplers is used.

        `auto` takes the first sampler if the budget holds `FEWEST_UNITS` of its units, so that
        there are groups enough for a standard error, and else the next.

        Args:
            num_players: p.
            samplers: samples in a unit of each sampler, the best first.
            budget: samples where `num_samples` is None.

        Raises:
            ValueError: if the method is none that the semivalue has.
        """
        check_choice("method", self.method, ("auto", "exact", *samplers))
        if self.method != "auto":
            return self.method
        if num_players <= AUTO_EXACT:
            return "exact"
        num_samples = budget if self.num_samples is None else self.num_samples
        first, *others = samplers
        fits = num_samples >= FEWEST_UNITS * samplers[first]
        return first if fits or not others else others[0]


@dataclass(frozen=True)
class SamplingRun:
    """What one call samples with.

    Attributes:
        sampling: how, and for how long.
        key: random key; wanted whenever something is sampled.
        checkpoint: file to go on from and to keep the state in.
        progress: called with the samples done, those in all, and the stage.
        per_validation_row: whether values to each validation row are kept.
    """

    sampling: Sampling
    key: PRNGKey | None
    checkpoint: Path | None
    progress: Progress | None
    per_validation_row: bool = False

    @property
    def folder(self) -> Path | None:
        """Where matrices go that do not fit in memory: beside the checkpoint."""
        return None if self.checkpoint is None else self.checkpoint.parent


@dataclass(frozen=True, eq=False)
class Estimate:
    """Values from the sums of all samples.

    Attributes:
        contributions: part of each value from each term, per initialisation and, of a utility
            with resamples of the validation set, per resample.
        replicates: the same, per initialisation, from each group of samples alone.
        evidence: how many samples each value hangs on.
    """

    contributions: Float[np.ndarray, "t c p"]
    replicates: Float[np.ndarray, "g t i p"]
    evidence: Evidence


@dataclass(frozen=True)
class Sampler:
    """How units of samples are drawn and turned into values.

    Attributes:
        estimator: name of the estimator.
        samples: samples in a unit.
        batch: units drawn together, at most `GROUPS`.
        budget: samples drawn where no number is given.
        shapes: shape of each sum that a unit adds to; `POOLED` ones are not dealt to groups.
        draw: generators, one a unit, to what each unit adds.
        estimate: sums (groups, …) and units in each group, to the values.
        tally: what is added up by validation row, if that is kept.
        prepare: finds, once, what all units use, before they are drawn in several places.
    """

    estimator: str
    samples: int
    batch: int
    budget: int
    shapes: Mapping[str, tuple[int, ...]]
    draw: Callable[[Sequence[np.random.Generator]], Iterable[Sums]]
    estimate: Callable[[Sums, np.ndarray], Estimate]
    tally: SampledTally | None = None
    prepare: Callable[[], None] | None = None


def sample_semivalue(
    utility: Utility,
    sampler: Sampler,
    semivalue: str,
    run: SamplingRun,
    *,
    settings: Mapping[str, Any] | None = None,
) -> Valuation:
    """Sample until the budget is spent or a stopping rule holds.

    Args:
        utility: what is to be shared out.
        sampler: how.
        semivalue: its name.
        run: how much, from which key, and where it is kept.
        settings: what else defines the semivalue, for the description.

    Returns:
        Values with their replicates.

    Raises:
        ValueError: without a key; if the budget is below two units; if the utility answers NaN;
            if the checkpoint is damaged, of another configuration, or holds more samples.
    """
    words = _key_words(run.key)
    settings = {**(settings or {}), "estimator": sampler.estimator, "key": words.tolist()}
    loop = _Loop(utility, sampler, semivalue, run, words, settings)
    state, stopped_by = loop.run()
    counts = group_counts(state.units)
    found, tally = sampler.estimate(state.sums, counts), sampler.tally
    return value_utility(
        utility,
        semivalue,
        found.contributions,
        settings={**settings, "stopped_by": stopped_by},
        replicates=found.replicates,
        evidence=found.evidence,
        replicate_samples=counts * sampler.samples,
        num_samples=state.units * sampler.samples,
        seconds=state.seconds,
        by_validation_row=None if tally is None else tally.result(state.sums, state.units),
    )


def num_resamples(utility: Utility) -> int:
    """Resamples of the validation set in a utility's answers."""
    resampling = resampling_of(utility)
    return 0 if resampling is None else resampling.num


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


class _Loop:
    """The loop of one call: from its checkpoint, batch by batch, to its budget or its rules."""

    def __init__(
        self,
        utility: Utility,
        sampler: Sampler,
        semivalue: str,
        call: SamplingRun,
        words: Int[np.ndarray, " w"],
        settings: Mapping[str, Any],
    ) -> None:
        self._utility, self._sampler, self._semivalue = utility, sampler, semivalue
        self._call, self._words = call, words
        self._num_units = _whole_units(call.sampling.num_samples, sampler)
        self._configuration = (
            _configuration(utility, semivalue, settings, sampler) if call.checkpoint else {}
        )

    def run(self) -> tuple[SamplingState, str]:
        """The state at the end, and why it ended."""
        state, saved = self._start(), time.perf_counter()
        reason, drawn = self._reason_to_stop(state), self._draw(self._batches(state.units))
        while reason is None:
            begun = time.perf_counter()
            self._add(state, next(drawn))
            now = time.perf_counter()
            state.seconds += now - begun
            reason = self._reason_to_stop(state)
            if self._call.checkpoint and (reason or now - saved >= self._checkpoint_seconds):
                self._save(self._call.checkpoint, state)
                saved = time.perf_counter()
            self._report(state)
        return state, reason

    def _batches(self, first: int) -> Iterator[range]:
        """Units that are drawn together, which end no later than the round of groups does."""
        while first < self._num_units:
            round_end = (first // GROUPS + 1) * GROUPS
            batch = range(first, min(first + self._sampler.batch, round_end, self._num_units))
            yield batch
            first = batch.stop

    def _draw(self, batches: Iterable[range]) -> Iterator[Sequence[Sums]]:
        """What the units of each batch add, in order, drawn wherever there is a place.

        Sums by validation row are added up where they are drawn, which is here.
        """
        executor = host_executor() if self._sampler.tally is None else InProcess((None,))
        if executor.num_places > 1 and self._sampler.prepare is not None:
            self._sampler.prepare()
        held = (self._sampler.draw, self._words)
        return in_order(executor.map(_draw_units, batches, held))

    def _save(self, checkpoint: Path, state: SamplingState) -> None:
        """Write the checkpoint; sums by validation row before it, and old ones go after it."""
        tally = self._sampler.tally
        if tally is not None:
            tally.sums.save(checkpoint, state.units)
        save_checkpoint(checkpoint, self._configuration, state)
        if tally is not None:
            tally.sums.forget_others(checkpoint, state.units)

    @property
    def _checkpoint_seconds(self) -> float:
        return float(np.asarray(self._call.sampling.checkpoint_seconds))

    def _start(self) -> SamplingState:
        """Nothing, or what the checkpoint holds."""
        checkpoint, sampler = self._call.checkpoint, self._sampler
        state = load_checkpoint(checkpoint, self._configuration) if checkpoint else None
        if state is None:
            return SamplingState(
                {
                    name: np.zeros((1 if name.startswith(POOLED) else GROUPS, *shape))
                    for name, shape in sampler.shapes.items()
                }
            )
        if state.units > self._num_units:
            raise ValueError(
                f"num_samples: wanted at least the {state.units * sampler.samples} in "
                f"{checkpoint}, got {self._num_units * sampler.samples}; raise it or name another "
                "file"
            )
        if checkpoint is not None and sampler.tally is not None:
            sampler.tally.sums.load(checkpoint, state.units)
        return state

    def _add(self, state: SamplingState, drawn: Sequence[Sums]) -> None:
        """Add one batch to the sums, unit by unit."""
        for increments in drawn:
            for name, increment in increments.items():
                check_finite(increment, tuple(self._utility.players), self._semivalue)
                groups = state.sums[name]
                groups[state.units % len(groups)] += increment
            state.units += 1

    def _reason_to_stop(self, state: SamplingState) -> str | None:
        stopping = self._call.sampling.stopping
        if state.units >= self._num_units:
            return "num_samples"
        if stopping is None or state.units < 2:
            return None
        if stopping.seconds is not None and state.seconds >= float(np.asarray(stopping.seconds)):
            return "seconds"
        if stopping.asks_accuracy and state.units % GROUPS == 0:
            counts = group_counts(state.units)
            found = self._sampler.estimate(state.sums, counts)
            values, scarce = found.replicates.sum(axis=1).mean(axis=1), found.evidence.variance
            return "accuracy" if stopping.is_accurate(values, counts, scarce) else None
        return None

    def _report(self, state: SamplingState) -> None:
        if self._call.progress:
            done, total = (n * self._sampler.samples for n in (state.units, self._num_units))
            self._call.progress(done, total, self._semivalue)


def _draw_units(
    units: Sequence[int],
    draw: Callable[[Sequence[np.random.Generator]], Iterable[Sums]],
    words: Int[np.ndarray, " w"],
) -> list[Sums]:
    """What units that are drawn together add, each to its own sums."""
    return list(draw([unit_generator(words, unit) for unit in units]))


def _configuration(
    utility: Utility, semivalue: str, settings: Mapping[str, Any], sampler: Sampler
) -> dict[str, Any]:
    """What samples depend on, other than how many they are."""
    return plain(
        {
            "method": semivalue,
            "settings": settings,
            "utility": utility.describe(),
            "players": utility.players,
            "terms": utility.terms,
            "num_initialisations": utility.num_initialisations,
            "versions": versions(),
            "sums": sorted(sampler.shapes),
            "threads": threads_asked(),
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


def _whole_units(num_samples: int | None, sampler: Sampler) -> int:
    """Units that hold the samples asked for."""
    num_samples = sampler.budget if num_samples is None else num_samples
    if num_samples < 2 * sampler.samples:
        raise ValueError(
            f"num_samples: wanted at least {2 * sampler.samples}, so that an error can be given, "
            f"got {num_samples}; raise it"
        )
    return -(-num_samples // sampler.samples)
