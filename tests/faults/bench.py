"""Where faults are tried: commands at work, undisturbed results, and what has to hold after."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults import commands, oracle
from tests.faults.cases import Case, replace_all
from tests.faults.commands import Outcome
from tests.faults.inputs import BASE_TABLE, SMALL
from tests.faults.overrides import ALONE, NETWORK, RAW
from tests.faults.tables import USED


@dataclass(frozen=True)
class Trial:
    """One fault and what came of it.

    Attributes:
        ending: how the disturbed command ended, in a word or two.
        findings: what did not hold.
    """

    ending: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """A command to disturb; told its folder and data, it gives its arguments.

    Attributes:
        command: module of experiments/.
        options: of the command line; `{data}` is the table, `{run}` the run's folder, `{samples}`
            how long sampling takes.
        where: option that names the run's folder.
    """

    command: str
    options: tuple[str, ...]
    where: str = "hydra.run.dir"

    def arguments(self, data: Path, run: Path, samples: int) -> list[str]:
        """The command line for a folder."""
        places = {"{data}": str(data), "{run}": str(run), "{samples}": str(samples)}
        named = [replace_all(text, places) for text in self.options]
        return [*named, f"{self.where}={run}"]


TABLE = ("data=table", "data.path={data}", "data.target=y", "data.party=party", *USED)
WORKS = {
    "sampling": Work("value", (
        *TABLE, *RAW, *ALONE, "players=rows", "semivalue=shapley", "semivalue.method=permutation",
        "semivalue.num_samples={samples}", "semivalue.checkpoint_seconds=0.1")),
    "kernel in a store": Work("value", (
        *TABLE, *NETWORK, *ALONE, "ntk.batch_size=2", "ntk.store={run}-store")),
    "detection": Work("detect", ("data=table", "data.path={data}", "data.target=y")),
    "sweep": Work("data_quantity", (
        "-m", "experiment=data_quantity_smoke", *SMALL, "parties.sizes=[4,8,12]",
        "data.num_sweeps=5", "seed=0,1", "skip_finished=true"), "hydra.sweep.dir"),
}  # fmt: skip
"""Commands to disturb, by what they are at."""


@dataclass
class Bench:
    """Where faults are tried.

    Attributes:
        folder: for all files.
        samples: of the work that samples.
        results: what the undisturbed commands gave, by work.
        seconds: how long they took.
    """

    folder: Path
    samples: int = 6000
    results: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def make(cls, folder: Path, **options: Any) -> "Bench":
        """A bench with a table."""
        folder.mkdir(parents=True, exist_ok=True)
        bench = cls(folder, **options)
        bench.data.write_text(BASE_TABLE)
        return bench

    @property
    def data(self) -> Path:
        """The table that is valued."""
        return self.folder / "base.csv"

    def result(self, name: str) -> Any:
        """What an undisturbed run gives."""
        if name not in self.results:
            with self.place() as run:
                outcome = self.run(name, run)
                assert outcome.code == 0, outcome.message
                self.results[name] = result_of(run)
        return self.results[name]

    def duration(self, name: str) -> float:
        """How long a work takes in a process of its own."""
        if name not in self.seconds:
            with self.place() as run:
                ended = commands.run_forked(WORKS[name].command, self.arguments(name, run))
                self.seconds[name] = ended.seconds
        return self.seconds[name]

    def arguments(self, name: str, run: Path) -> list[str]:
        """The command line of a work for a folder."""
        return WORKS[name].arguments(self.data, run, self.samples)

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A new folder for a run, and room beside it; both go."""
        self.count += 1
        around = self.folder / f"{os.getpid()}-{self.count}"
        around.mkdir()
        try:
            yield around / "run"
        finally:
            shutil.rmtree(around, ignore_errors=True)

    def run(self, name: str, run: Path) -> Outcome:
        """Do a work in this process."""
        return commands.run_here(WORKS[name].command, self.arguments(name, run))


# -- what has to hold ------------------------------------------------------------------------------


def result_of(run: Path) -> Any:
    """The numbers of a run's or a sweep's folder, without times."""
    paths = sorted(run.rglob("result.json"))
    return {str(path.parent.relative_to(run)): numbers_of(oracle.read_result(path.parent))
            for path in paths}  # fmt: skip


def numbers_of(content: Mapping[str, Any]) -> Any:
    """The numbers that a run is made for."""
    if "estimates" in content:
        return [[each["statistic"], each["mean"]] for each in content["estimates"]]
    if "players" in content:
        return [[each["name"], each["value"]] for each in content["players"]]
    return [content["cut"], content["leave_one_out"]]


def is_same(found: Any, wanted: Any) -> bool:
    """Whether two results agree, numbers to a billionth."""
    if isinstance(wanted, float) and isinstance(found, float):
        return bool(np.isclose(found, wanted, rtol=1e-9, atol=1e-12, equal_nan=True))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return found.keys() == wanted.keys() and all(is_same(found[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        pairs = zip(found, wanted, strict=False)
        return len(found) == len(wanted) and all(is_same(a, b) for a, b in pairs)
    return found == wanted


def check_left(name: str, run: Path, *, may_litter: bool) -> Iterator[str]:
    """What a disturbed command left: whole results, or none.

    Args:
        name: of the work.
        run: its folder.
        may_litter: whether files half-written may lie about, as after kill -9.
    """
    for path in run.rglob("result.json"):
        if not any(part.startswith(".writing-") for part in path.parts):
            yield from _check_whole(name, path.parent)
    if not may_litter:
        scratch = [text for text in oracle.written(run) if ".writing-" in text]
        if scratch:
            yield f"{oracle.HALF}: left behind {scratch}"


def _check_whole(name: str, folder: Path) -> Iterator[str]:
    content = oracle.read_result(folder)
    wanted = {"values.csv", "valuation.npz"} if "players" in content else set()
    wanted |= {"measurements.csv", "figure.png"} if "estimates" in content else set()
    missing = wanted - {path.name for path in folder.iterdir()}
    if missing:
        yield f"{oracle.HALF}: {name} has a result without {sorted(missing)}"


def check_going_on(bench: Bench, name: str, run: Path) -> Iterator[str]:
    """The same command, unless it has ended, ends well and gives what an undisturbed one gives."""
    is_there = WORKS[name].where == "hydra.run.dir" and (run / "result.json").is_file()
    outcome = Outcome(0, "", "", 0.0) if is_there else bench.run(name, run)
    if outcome.code != 0:
        yield f"lost result: going on ended with {outcome.code}: {outcome.message.strip()[-600:]}"
        return
    if not is_same(result_of(run), bench.result(name)):
        yield f"wrong acceptance: {name} gives other numbers after the fault"
    if WORKS[name].command in oracle.SOUND and WORKS[name].where == "hydra.run.dir":
        yield from oracle.judge(Case(WORKS[name].command, (), name), outcome, run)


def check_ending(outcome: Outcome) -> Iterator[str]:
    """A command that was stopped says so in one message, without a traceback."""
    if outcome.code is None:
        yield f"{oracle.HANG}: {outcome.message[-300:]}"
    elif "Traceback (most recent call last)" in outcome.message:
        yield f"{oracle.TRACEBACK}: {outcome.message.strip()[-1500:]}"


def check_message(outcome: Outcome) -> Iterator[str]:
    """A command that failed tells what was wanted and how to mend it."""
    yield from check_ending(outcome)
    if outcome.code not in (0, None) and not oracle.is_helpful(outcome.message):
        yield f"{oracle.UNHELPFUL}: {outcome.code}: {outcome.message.strip()[-600:]}"
