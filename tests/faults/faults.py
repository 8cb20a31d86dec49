"""Faults from outside: signals, full disks, damage, company.

Each fault is a function `(bench, rng) -> Trial`: it sets a command to work, disturbs it, looks at
what is left, lets the same command go on, and compares what comes of it with an undisturbed run.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from davinz_jax.semivalues.archive import read_archive
from tests.faults import commands, oracle
from tests.faults.bench import (
    WORKS,
    Bench,
    Trial,
    check_ending,
    check_going_on,
    check_left,
    check_message,
    is_same,
    result_of,
)
from tests.faults.commands import Outcome
from tests.faults.tables import flip

ABORTS = ("cannot allocate memory for thread-local data", "OpenBLAS error: Memory allocation")
"""Last words of libraries that end the process themselves, with a status, for want of memory."""

CHECKPOINT, STORE = "checkpoint", "store"
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}

# -- signals ---------------------------------------------------------------------------------------


def interrupt(bench: Bench, rng: np.random.Generator, number: str) -> Trial:
    """Send a signal at a random moment, then go on."""
    name = str(rng.choice(sorted(WORKS), p=[0.15, 0.25, 0.5, 0.1]))
    bench.result(name)
    with bench.place() as run:
        started = commands.start(WORKS[name].command, bench.arguments(name, run))
        time.sleep(float(rng.uniform(0.1, bench.duration(name))))
        before = samples_in(run)
        if started.process.is_alive() and started.process.pid:
            os.kill(started.process.pid, SIGNALS[number])
        outcome = started.end()
        findings = list(check_ending(outcome)) if number != "SIGKILL" else []
        findings += check_left(name, run, may_litter=number == "SIGKILL")
        if outcome.code != 0 and samples_in(run) < before:
            findings.append(f"lost result: {before} samples were kept, {samples_in(run)} are left")
        findings += check_going_on(bench, name, run)
    return Trial("ended before" if outcome.code == 0 else "stopped, went on", tuple(findings))


def samples_in(run: Path) -> int:
    """Samples that a run's checkpoint holds; none without one."""
    try:
        return int(read_archive(run / CHECKPOINT, "checkpoint")[0]["units"])
    except ValueError:
        return 0


# -- disks and memory ------------------------------------------------------------------------------


def fill_disk(bench: Bench, rng: np.random.Generator) -> Trial:
    """Let no file grow beyond a random size, then go on with room."""
    name = _some_work(bench, rng)
    with bench.place() as run:
        with commands.no_larger_files(int(2 ** rng.uniform(0, 17))):
            outcome = bench.run(name, run)
        findings = [*check_message(outcome), *check_left(name, run, may_litter=False)]
        findings += check_going_on(bench, name, run)
    return Trial("had enough" if outcome.code == 0 else "message, went on", tuple(findings))


def starve_of_memory(bench: Bench, rng: np.random.Generator) -> Trial:
    """Leave a random amount of memory, then go on with all of it."""
    name, more = _some_work(bench, rng), int(2 ** rng.uniform(22, 33))
    with bench.place() as run:
        arguments = bench.arguments(name, run)
        outcome = commands.start(WORKS[name].command, arguments, memory_bytes=more).end()
        is_abort = (outcome.code or 0) < 0 or any(text in outcome.message for text in ABORTS)
        findings = [] if is_abort else list(check_message(outcome))
        findings += check_left(name, run, may_litter=is_abort)
        findings += check_going_on(bench, name, run)
    ending = "had enough" if outcome.code == 0 else "message, went on"
    return Trial("ended by a library's abort, went on" if is_abort else ending, tuple(findings))


def _some_work(bench: Bench, rng: np.random.Generator) -> str:
    """One of the works that write a folder, once its undisturbed result is known."""
    name = str(rng.choice(["sampling", "kernel in a store", "detection"]))
    bench.result(name)
    return name


@contextmanager
def small_disk(folder: Path, size: int, options: str = "") -> Iterator[Path]:
    """A file system of its own, of so many bytes; OSError where it may not be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    told = f"size={size}{options}"
    if os.system(f"mount -t tmpfs -o {told} tmpfs '{folder}' 2>/dev/null"):
        raise OSError("a file system may not be mounted here")
    try:
        yield folder
    finally:
        os.system(f"umount '{folder}'")


def fill_small_disk(bench: Bench, rng: np.random.Generator) -> Trial:
    """Write to a file system of a few pages, then go on in one with room."""
    name = _some_work(bench, rng)
    with bench.place() as run:
        disk = run.parent / "disk"
        with small_disk(disk, 4096 * int(2 ** rng.uniform(1, 7))):
            outcome = bench.run(name, disk / "run")
            findings = list(check_message(outcome))
            findings += check_left(name, disk / "run", may_litter=False)
            shutil.copytree(disk, run.parent, dirs_exist_ok=True)
        findings += check_going_on(bench, name, run)
    return Trial("had enough" if outcome.code == 0 else "message, went on", tuple(findings))


def write_where_nothing_can(bench: Bench, rng: np.random.Generator) -> Trial:
    """Name places for results and kernels in which nothing can be written."""
    with bench.place() as run:
        beside = run.parent / "file"
        beside.write_text("no folder")
        place = rng.choice([f"{beside}/run", "/proc/run", "/dev/null/run", f"{beside}", "/sys/run"])
        name = str(rng.choice(["sampling", "kernel in a store", "detection"]))
        work = WORKS[name]
        arguments = bench.arguments(name, run)
        at_store = name == "kernel in a store" and rng.random() < 0.7
        option = f"ntk.store={place}" if at_store else f"{work.where}={place}"
        outcome = commands.run_here(work.command, [*arguments, option])
        findings = list(check_message(outcome))
        if outcome.code == 0:
            findings.append(f"{oracle.ACCEPTED}: wrote to {place}")
        findings += check_left(name, run, may_litter=False)
    return Trial("message", tuple(findings))


def write_to_read_only_disk(bench: Bench, rng: np.random.Generator) -> Trial:
    """Name a folder of a file system that is mounted for reading."""
    name = str(rng.choice(["sampling", "kernel in a store", "detection"]))
    with bench.place() as run:
        disk = run.parent / "disk"
        with small_disk(disk, 1 << 20, ",ro"):
            outcome = bench.run(name, disk / "run")
        findings = list(check_message(outcome))
        if outcome.code == 0:
            findings.append(f"{oracle.ACCEPTED}: wrote to a disk for reading")
    return Trial("message", tuple(findings))


# -- company ---------------------------------------------------------------------------------------


def share_a_folder(bench: Bench, rng: np.random.Generator) -> Trial:
    """Two processes of one folder: of the same configuration, or of another seed."""
    name = str(rng.choice(["sampling", "detection", "kernel in a store"]))
    bench.result(name)
    other = ["seed=1"] if rng.random() < 0.5 else []
    with bench.place() as run:
        arguments = bench.arguments(name, run)
        first = commands.start(WORKS[name].command, arguments)
        time.sleep(float(rng.uniform(0, bench.duration(name))))
        second = commands.start(WORKS[name].command, [*arguments, *other])
        outcomes = [first.end(), second.end()]
        findings = [text for outcome in outcomes for text in check_message(outcome)]
        if all(outcome.code != 0 for outcome in outcomes):
            findings.append("lost result: neither ended well")
        if outcomes[0].code == 0 and other and outcomes[1].code == 0 and name != "detection":
            findings.append(f"{oracle.ACCEPTED}: one result was written over the other")
        if outcomes[0].code == 0 and not is_same(result_of(run), bench.result(name)):
            findings.append(
                f"{oracle.ACCEPTED}: the folder holds other numbers than the first run's"
            )
        findings += check_left(name, run, may_litter=False)
    return Trial("one refused" if any(o.code for o in outcomes) else "one after the other",
                 tuple(findings))  # fmt: skip


def share_a_store(bench: Bench, rng: np.random.Generator) -> Trial:
    """Two processes of one store, each with a folder of its own."""
    name = "kernel in a store"
    wanted, work = bench.result(name), WORKS[name]
    with bench.place() as run:
        store = f"ntk.store={run.parent / STORE}"
        runs = [run.parent / "one", run.parent / "two"]
        started = []
        for each in runs:
            started.append(commands.start(work.command, [*bench.arguments(name, each), store]))
            time.sleep(float(rng.uniform(0, bench.duration(name) / 2)))
        outcomes = [each.end() for each in started]
        findings = [text for outcome in outcomes for text in check_message(outcome)]
        for outcome, each in zip(outcomes, runs, strict=True):
            if outcome.code == 0 and not is_same(result_of(each), wanted):
                findings.append(f"{oracle.ACCEPTED}: other numbers from a shared store")
        if all(outcome.code != 0 for outcome in outcomes):
            findings.append("lost result: neither ended well")
    return Trial("one refused" if any(o.code for o in outcomes) else "both ended", tuple(findings))


# -- damage ----------------------------------------------------------------------------------------


def damage(path: Path, rng: np.random.Generator) -> None:
    """Change one byte of a file; every region of it is as likely."""
    path.write_bytes(flip(path.read_bytes(), rng))


def damage_result(bench: Bench, rng: np.random.Generator) -> Trial:
    """Change a byte of what a run has written, then pay, score or collect by it."""
    name = str(rng.choice(["valuation.npz", "result.json", "values.csv"]))
    reader = str(rng.choice(["payout", "score", "collect"]))
    with bench.place() as run:
        shutil.copytree(finished(bench), run)
        wanted = read_by(reader, run, bench)
        damage(run / name, rng)
        found = read_by(reader, run, bench)
        findings = list(_judge_reading(found, wanted, f"{reader} by a damaged {name}"))
    return Trial("refused" if found[0].code else "read the same", tuple(findings))


def finished(bench: Bench) -> Path:
    """A run's folder, made once."""
    run = bench.folder / "finished" / "0"
    if not (run / "result.json").is_file():
        outcome = commands.run_here("value", bench.arguments("kernel in a store", run))
        assert outcome.code == 0, outcome.message
    return run


Reading = tuple[Outcome, Any]
"""How a command that reads a run's files ended, and what it made of them."""


def read_by(reader: str, run: Path, bench: Bench) -> Reading:
    """Let a command read a run."""
    to = run.parent / f"read-{time.monotonic_ns()}"
    if reader == "collect":
        outcome = commands.run_here("collect", [str(run)])
        table = run / "collected.csv"
        content = table.read_text() if outcome.code == 0 else None
        return outcome, content
    options = [f"run={run}", f"hydra.run.dir={to}"]
    if reader == "payout":
        options.append("budget=1000")
    else:
        new = run.parent / "new.csv"
        new.write_text("x0,x1,y\n1.5,0.25,1\n0.5,1.25,0\n")
        options += [f"path={new}", "name=new"]
    outcome = commands.run_here(reader, options)
    return outcome, _read_numbers(to) if outcome.code == 0 else None


def _read_numbers(folder: Path) -> Any:
    content = oracle.read_result(folder)
    return {key: content[key] for key in ("payouts", "value", "value_alone") if key in content}


def _judge_reading(found: Reading, wanted: Reading, what: str) -> Iterator[str]:
    if found[0].code == 0:
        if not is_same(found[1], wanted[1]):
            yield f"{oracle.ACCEPTED}: {what} gives other numbers"
    else:
        yield from check_message(found[0])


def damage_state(bench: Bench, rng: np.random.Generator) -> Trial:
    """Change a byte of a checkpoint or of a store, then go on by it."""
    name = str(rng.choice(["sampling", "kernel in a store"]))
    bench.result(name)
    with bench.place() as run:
        state = half_done(bench, name)
        shutil.copytree(state, run.parent, dirs_exist_ok=True)
        files = [path for path in run.parent.rglob("*") if path.is_file()]
        path = files[rng.integers(len(files))]
        damage(path, rng)
        outcome = bench.run(name, run)
        findings = list(check_message(outcome))
        if outcome.code == 0 and not is_same(result_of(run), bench.result(name)):
            findings.append(f"{oracle.ACCEPTED}: other numbers by a damaged {path.name}")
    return Trial("refused" if outcome.code else "found out, went on", tuple(findings))


def half_done(bench: Bench, name: str) -> Path:
    """What a killed run has left, made once: a checkpoint, or a store."""
    place = bench.folder / "half done" / name
    if not place.exists():
        place.mkdir(parents=True)
        run = place / "run"
        if name == "sampling":
            _stop_with_checkpoint(bench, name, run)
        else:
            bench.run(name, run)
            shutil.rmtree(run)
    return place


def _stop_with_checkpoint(bench: Bench, name: str, run: Path) -> None:
    started = commands.start(WORKS[name].command, bench.arguments(name, run))
    while started.process.is_alive() and samples_in(run) == 0:
        time.sleep(0.02)
    started.process.kill()
    started.end()
    assert samples_in(run), "the run left no checkpoint"


Fault = Callable[[Bench, np.random.Generator], Trial]
FAULTS: dict[str, Fault] = {
    **{
        f"{number} at a random moment": lambda bench, rng, number=number: interrupt(
            bench, rng, number
        )
        for number in SIGNALS
    },
    "no file may grow beyond a random size": fill_disk,
    "file system of a random size": fill_small_disk,
    "place that cannot be written": write_where_nothing_can,
    "file system for reading only": write_to_read_only_disk,
    "memory limited to a random size": starve_of_memory,
    "two processes in one folder": share_a_folder,
    "two processes in one store": share_a_store,
    "byte changed in a result": damage_result,
    "byte changed in a checkpoint or store": damage_state,
}
"""Every kind of fault."""

TIMES = {
    "SIGKILL at a random moment": 50, "SIGTERM at a random moment": 50,
    "SIGINT at a random moment": 50, "no file may grow beyond a random size": 40,
    "file system of a random size": 25, "place that cannot be written": 20,
    "file system for reading only": 10, "memory limited to a random size": 20,
    "two processes in one folder": 20, "two processes in one store": 15,
    "byte changed in a result": 150, "byte changed in a checkpoint or store": 100,
}  # fmt: skip
"""How often each is tried in the long run."""
