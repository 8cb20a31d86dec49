"""Seconds of every method, from data to values, as rows and networks grow.

Each is measured twice in one process: the second time is the method's, what the first took longer
is compiling. A training is measured by a few epochs and counted for all it has; what leave-one-out
and Shapley need is counted from it, by the rows that their coalitions hold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from davinz_jax import leave_one_out
from davinz_jax.baselines import BaselineContext
from davinz_jax.data import Parties
from davinz_jax.training import Schedule, train
from davinz_jax.training.mapping import default_num_threads
from experiments.report.estimates import Estimates, Number
from experiments.report.plots_studies import growth_figure
from experiments.report.tables import cell, digits
from experiments.runtime.compose import Components, function, plain
from experiments.runtime.console import Stages
from experiments.runtime.context import Context, Rows
from experiments.runtime.errors import InputError
from experiments.runtime.protocols import Baseline
from experiments.studies import comparison
from experiments.studies.base import Setting, StudyResult
from experiments.studies.kept import find_once
from experiments.studies.model_robustness import choose_models

OURS = "davinz"
ONE, ALL_BUT_ONE, SHAPLEY = "one retraining", "leave-one-out", "exact Shapley"
COUNTED = (ONE, ALL_BUT_ONE, SHAPLEY)
"""Trainings, counted from one that was measured by some epochs."""

SECONDS, COMPILING = "seconds", "compiling"
PIECES = "pieces"


class Timing(NamedTuple):
    """Seconds of a method once compiled, and those that compiling took beside."""

    seconds: float
    compiling: float


def run(setting: Setting) -> StudyResult:
    """Time every method for each network and number of rows, in every seed."""
    sizes = check_sizes(plain(setting.cfg))
    frame = setting.repeat(partial(measure, setting, sizes))
    estimates = Estimates.of(_numbers(frame), level=setting.level)
    seconds = mean_seconds(frame)
    groups = list(dict.fromkeys((model, rows) for model, rows, _ in seconds))
    return StudyResult(
        measurements=frame,
        headers=["method", *(f"{model}, {rows:,} rows" for model, rows in groups)],
        rows=[_row(seconds, each, groups) for each in dict.fromkeys(m for _, _, m in seconds)],
        estimates=estimates,
        verdicts=list(_verdicts(seconds, setting.cfg.num_parties)),
        figure=growth_figure(seconds, captions=comparison.CAPTIONS),
        details={"cores": default_num_threads()},
        notes=[
            f"trainings are counted for {setting.cfg.epochs} epochs, as many networks at a time as "
            "there are cores; leave-one-out trains on all and all but each party, exact Shapley on "
            "every coalition"
        ],
    )


def check_sizes(config: Mapping[str, Any]) -> list[int]:
    """Numbers of rows, from few to many.

    Raises:
        InputError: for none, or fewer rows than parties.
    """
    sizes, parties = sorted(set(config["sizes"])), config["num_parties"]
    if not sizes or sizes[0] < parties:
        raise InputError(
            f"sizes: wanted numbers of rows from num_parties={parties} on, got {sizes}; "
            "e.g. sizes=[250,500,1000]"
        )
    return sizes


def measure(setting: Setting, sizes: Sequence[int], seed: int) -> pd.DataFrame:
    """One row a network, number of rows and method; what was timed before is taken."""
    config, rows = plain(setting.cfg), setting.load(seed)
    baselines = {
        name: function(f"baselines.{name}", node, Baseline)
        for name, node in config["baselines"].items()
        if node is not None
    }
    if len(rows.dataset) < sizes[-1]:
        raise InputError(
            f"sizes: wanted at most the {len(rows.dataset)} rows in use, got {sizes[-1]}; set "
            "data.num_rows"
        )
    parts = []
    for name, model in choose_models(config["models"], least=1).items():
        components = replace(setting.components[seed], model=model)
        for size in sizes:
            few = take_first(rows, size, config["num_parties"])
            known = (seed, few.dataset.sha256(), name, size, _deciding(config))
            with setting.stages.stage(f"{name}, {size:,} rows"):
                piece = find_once(
                    setting.folder / PIECES,
                    f"{name}-{size}-{seed}",
                    known,
                    lambda c=components, f=few: dict(time_all(c, f, baselines, config)),
                )
            parts.extend({"model": name, "rows": size, **each} for each in _records(piece))
    return pd.DataFrame(parts)


def _deciding(config: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The options that change what a piece holds."""
    names = ("baselines", "epochs", "timed_epochs", "batch_size", "num_parties", "ntk", "mmd")
    names = (*names, "num_initialisations", "utility")
    return [(name, config[name]) for name in names]


def _records(piece: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for method, (seconds, compiling) in piece["timings"].items():
        yield {"method": method, SECONDS: seconds, COMPILING: compiling}


def take_first(rows: Rows, size: int, num_parties: int) -> Rows:
    """The first rows, dealt in turn to equal parties."""
    kept = np.arange(size)
    parties = Parties(kept % num_parties, tuple(f"party_{j}" for j in range(num_parties)))
    return Rows(rows.dataset.take(kept), parties, rows.corrupted[kept])


def time_all(
    components: Components,
    rows: Rows,
    baselines: Mapping[str, Baseline],
    config: Mapping[str, Any],
) -> Iterator[tuple[str, Any]]:
    """What a piece holds: `timings`, method -> (seconds, compiling), and what was `refused`."""
    fresh = partial(components.context, rows, Stages())
    timings = {
        OURS: time_twice(lambda: leave_one_out(components.utility(fresh().ingredients))),
        "kernel_regression": time_twice(
            lambda: leave_one_out(fresh().ingredients.kernel_regression())
        ),
    }
    training, trained = time_training(fresh(), config)
    timings |= count_trainings(training, config["num_parties"])
    refused = {}
    for name, baseline in baselines.items():
        try:
            found = time_baseline(baseline, lambda: _given(fresh(), config, trained))
        except ValueError as error:
            refused[name] = str(error)
            continue
        more = training.seconds if found[1] else 0.0
        timings[name] = found[0]._replace(seconds=found[0].seconds + more)
    yield "timings", {name: list(found) for name, found in timings.items()}
    yield "refused", refused


def _given(context: Context, config: Mapping[str, Any], trained: Any) -> BaselineContext:
    schedule = _schedule(config, config["timed_epochs"])
    return BaselineContext(
        context.ingredients,
        key=context.keys["training"],
        schedule=schedule,
        trained_variables=trained,
    )


def _schedule(config: Mapping[str, Any], epochs: int) -> Schedule:
    return Schedule(
        learning_rate=0.01,
        batch_size=config["batch_size"],
        tolerance=0.0,
        min_epochs=epochs,
        max_epochs=epochs,
    )


def time_baseline(baseline: Baseline, make: Callable[[], BaselineContext]) -> tuple[Timing, bool]:
    """A baseline's time, each time in a context that knows nothing, and whether it trains."""
    contexts = []

    def work() -> None:
        contexts.append(make())
        baseline(contexts[-1])

    return time_twice(work), contexts[-1].has_asked_for_training


def time_twice(work: Callable[[], Any], clock: Callable[[], float] = perf_counter) -> Timing:
    """Seconds of the second of two calls, and how much longer the first took."""
    looks = [clock()]
    for _ in range(2):
        work()
        looks.append(clock())
    first, again = np.diff(looks)
    return Timing(float(again), float(max(first - again, 0.0)))


def time_training(context: Context, config: Mapping[str, Any]) -> tuple[Timing, Any]:
    """Seconds of one network trained on all rows, and the network after the epochs measured."""
    timed, ingredients = config["timed_epochs"], context.ingredients
    found = {}

    def fit() -> None:
        found["last"] = train(
            ingredients.module,
            ingredients.initialisations[0],
            context.dataset,
            schedule=_schedule(config, timed),
            key=context.keys["training"],
        )

    once = time_twice(fit)
    whole = Timing(once.seconds * config["epochs"] / timed, once.compiling)
    return whole, found["last"].variables


def count_trainings(one: Timing, num_parties: int, cores: int | None = None) -> dict[str, Timing]:
    """What one retraining, leave-one-out and exact Shapley need, by the rows they train on.

    Leave-one-out trains on all rows and p times on (p − 1)/p of them: p in all. Shapley trains on
    every coalition, which hold half of the rows on average: 2^(p − 1).

    Args:
        one: a network trained on all rows, alone.
        num_parties: p, of equal size.
        cores: networks at a time; by default as `train_many`.
    """
    together = cores or default_num_threads()
    counts = {ONE: 1.0, ALL_BUT_ONE: num_parties / together, SHAPLEY: 2.0 ** (num_parties - 1)}
    counts[SHAPLEY] /= together
    return {name: one._replace(seconds=one.seconds * count) for name, count in counts.items()}


def _numbers(frame: pd.DataFrame) -> Iterator[Number]:
    for record in frame.to_dict("records"):
        against = f"{record['model']}, {record['rows']} rows"
        for statistic in (SECONDS, COMPILING):
            yield Number(statistic, record["method"], against, record["seed"], record[statistic])


def mean_seconds(frame: pd.DataFrame) -> dict[tuple[str, int, str], float]:
    """Seconds of each network, number of rows and method, means over seeds."""
    found: dict[tuple[str, int, str], list[float]] = {}
    for each in frame.to_dict("records"):
        found.setdefault((each["model"], each["rows"], each["method"]), []).append(each[SECONDS])
    return {which: float(np.mean(seconds)) for which, seconds in found.items()}


def _row(
    seconds: Mapping[tuple[str, int, str], float], method: str, groups: Sequence[tuple[str, int]]
) -> list[str]:
    own = (seconds.get((*group, method)) for group in groups)
    return [comparison.caption(method), *(cell(each) for each in own)]


def _verdicts(seconds: Mapping[tuple[str, int, str], float], num_parties: int) -> Iterator[str]:
    """Each network at the most rows: ours against trainings."""
    rows = max(size for _, size, _ in seconds)
    for model in dict.fromkeys(model for model, _, _ in seconds):
        ours = seconds[model, rows, OURS]
        others = ", ".join(
            f"{name} {digits(own)} s ({digits(own / ours)} times)"
            for name in COUNTED
            for own in [seconds[model, rows, name]]
        )
        yield (f"{model}, {rows:,} rows, {num_parties} parties: DAVINZ {digits(ours)} s; {others}")
