"""The machine that goes on looking: `python -m tests.faults.run --minutes 30`.

Tries generated inputs in this process and through the command line, faults, and random networks,
batch by batch, until the time is over or enough of each has been tried; counts in a tally that the
next run goes on from. What was found before is tried again first: it counts as mended where it does
not show any more. Exit status 1 if anything shows.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from experiments.runtime import outputs
from tests.faults import commands, inputs, networks, oracle
from tests.faults.bench import Bench
from tests.faults.cases import Case
from tests.faults.commands import Outcome, Runner
from tests.faults.faults import FAULTS, TIMES
from tests.faults.tally import Tally

INPUTS, COMMAND_LINE, NETWORKS, DISTURBED = "inputs", "command line", "networks", "faults"
ENOUGH = {INPUTS: 5000, COMMAND_LINE: 300, NETWORKS: 60, DISTURBED: sum(TIMES.values())}
BATCH = {INPUTS: 25, COMMAND_LINE: 5, NETWORKS: 3, DISTURBED: 5}


def main(arguments: Sequence[str]) -> int:
    """Run until the time is over; gives how much was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="time to spend")
    parser.add_argument("--tally", type=Path, default=Path("outputs/faults/tally.json"))
    parser.add_argument("--parts", nargs="*", default=list(ENOUGH), help="parts that are tried")
    given_ = parser.parse_args(arguments)
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(given_.tally.parent.absolute() / "jit"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    tally = Tally.open(given_.tally)
    tally.about |= outputs.versions()
    tally.about["commits"] = list({*tally.about.get("commits", []), outputs.commit()})
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        machine = Machine(tally, Path(scratch))
        machine.try_again()
        machine.run(given_.minutes * 60, given_.parts)
    return len(tally.findings)


class Machine:
    """Tries batch after batch of each part, the one that is furthest from enough first."""

    def __init__(self, tally: Tally, folder: Path) -> None:
        """Make what the parts need.

        Args:
            tally: goes on from here.
            folder: for all files.
        """
        self.tally, self.folder = tally, folder
        self.saved = inputs.save_runs(folder / "saved")
        self.strategies = inputs.every()
        self.bench = Bench.make(folder / "bench")
        self.parts: dict[str, Callable[[int], None]] = {
            INPUTS: lambda number: self.try_inputs(INPUTS, number, commands.run_here),
            COMMAND_LINE: lambda number: self.try_inputs(COMMAND_LINE, number, commands.run_apart),
            NETWORKS: self.try_networks,
            DISTURBED: self.try_faults,
        }

    def run(self, seconds: float, parts: Sequence[str]) -> None:
        """Try until the time is over or enough of each part has been tried."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shares = {part: self.tally.total(part) / ENOUGH[part] for part in parts}
            part = min(shares, key=lambda name: shares[name])
            if shares[part] >= 1:
                return
            began = time.monotonic()
            self.parts[part](self.tally.batches.get(part, 0))
            self.tally.end_batch(part, time.monotonic() - began)

    def try_inputs(self, part: str, number: int, runner: Runner) -> None:
        """A batch of inputs of one kind, which the batch's number decides."""
        kinds = [kind for kind, share in inputs.SHARES.items() for _ in range(share)]
        kind = kinds[(number * 17 + (part == COMMAND_LINE)) % len(kinds)]
        generate(
            self.strategies[kind],
            BATCH[part],
            number,
            lambda case: self.try_case(part, case, runner),
        )

    def try_case(self, part: str, case: Case, runner: Runner) -> None:
        """Run one input, and judge what came of it."""
        outcome, found = try_case(case, self.folder, runner, self.saved)
        self.tally.add(part, case.kind, "accepted" if outcome.code == 0 else "refused")
        for text in found:
            shown_by = {"case": case.to_json(), "message": outcome.message[-3000:]}
            self.tally.find(part, case.kind, text, **shown_by)

    def try_networks(self, number: int) -> None:
        """A batch of random networks."""
        generate(networks.networks(), BATCH[NETWORKS], number, self.try_network)

    def try_network(self, module: networks.Network) -> None:
        """One network by both engines' choices, of weights or all parameters."""
        seed_ = self.tally.total(NETWORKS)
        engine = "auto" if seed_ % 2 else "layerwise"
        text = check_network(module, seed_, engine)
        self.tally.add(NETWORKS, f"engine={engine}", "refused" if text is None else "compared")
        if text:
            self.tally.find(NETWORKS, engine, text, steps=module.steps, seed=seed_)

    def try_network_again(self, finding: Mapping[str, Any]) -> list[str]:
        """What still shows of a finding about a network."""
        module = networks.Network(tuple(map(tuple, finding["steps"])))
        text = check_network(module, finding["seed"], finding["kind"])
        return [text] if text else []

    def try_faults(self, number: int) -> None:
        """A batch of the fault that is furthest from as often as it is to be tried."""
        kind = min(TIMES, key=lambda name: self.tally.tried(DISTURBED, name) / TIMES[name])
        for _ in range(BATCH[DISTURBED]):
            seeds = [number, self.tally.tried(DISTURBED, kind)]
            trial = FAULTS[kind](self.bench, np.random.default_rng(seeds))
            self.tally.add(DISTURBED, kind, trial.ending)
            for text in trial.findings:
                self.tally.find(DISTURBED, kind, text, seeds=seeds)

    def try_again(self) -> None:
        """Try the inputs of all findings again; those that do not show any more are mended."""
        found, self.tally.findings = self.tally.findings, []
        for finding in found:
            texts = self.try_finding(finding)
            (self.tally.findings if texts else self.tally.mended).append(finding)
        self.tally.save()

    def try_finding(self, finding: Mapping[str, Any]) -> list[str]:
        """What still shows of a finding."""
        if finding["part"] == DISTURBED:
            rng = np.random.default_rng(finding["seeds"])
            return list(FAULTS[finding["kind"]](self.bench, rng).findings)
        if finding["part"] == NETWORKS:
            return self.try_network_again(finding)
        runner = commands.run_apart if finding["part"] == COMMAND_LINE else commands.run_here
        case = Case.from_json(finding["case"])
        return try_case(case, self.folder, runner, self.saved)[1]


T = TypeVar("T")


def generate(
    strategy: st.SearchStrategy[T], count: int, number: int, body: Callable[[T], None]
) -> None:
    """Call a function with so many drawn values; the number decides which."""

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(strategy)
    def draw(value: T) -> None:
        body(value)

    draw()


def try_case(
    case: Case, folder: Path, runner: Runner, saved: Path | None = None
) -> tuple[Outcome, list[str]]:
    """Run one input in a folder of its own; gives how it ended and what is wrong with it."""
    here = Path(tempfile.mkdtemp(dir=folder))
    try:
        arguments, run = case.place(here, saved), here / "sweep"
        if case.command != "collect":
            run = here / "run"
            arguments.append(f"hydra.run.dir={run}")
        outcome = runner(case.command, arguments)
        return outcome, oracle.judge(case, outcome, run)
    finally:
        shutil.rmtree(here, ignore_errors=True)


def check_network(module: networks.Network, number: int, engine: str) -> str | None:
    """What is wrong with a network's kernel; empty if nothing is, None if it was refused."""
    parameters, output = ("weights", "all")[number // 2 % 2], ("label", "trace")[number // 4 % 2]
    try:
        found, wanted = networks.kernels(
            module, number, parameters=parameters, output=output, engine=engine
        )
    except ValueError as error:
        is_plain = "wanted" in str(error) and "got" in str(error)
        if engine == "layerwise" and is_plain:
            return None
        return f"{oracle.REFUSED if is_plain else oracle.TRACEBACK}: {error}"
    except Exception as error:
        return f"{oracle.TRACEBACK}: {type(error).__name__}: {str(error)[:500]}"
    apart = networks.difference(found, wanted)
    return "" if apart <= networks.TOLERANCE else f"{oracle.ACCEPTED}: kernel off by {apart:.2g}"


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
