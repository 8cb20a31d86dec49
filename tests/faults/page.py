"""The page of a kept tally: `python -m tests.faults.page` writes docs/reliability.md.

It is made of results/reliability.json alone, so that it cannot say other numbers than that does.
`python -m tests.faults.page TALLY…` first keeps the tallies of one or several runs there.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from davinz_jax.files import write_bytes
from tests.faults.oracle import KINDS
from tests.faults.tally import Tally

ROOT = Path(__file__).parents[2]
KEPT, PAGE = ROOT / "results" / "reliability.json", ROOT / "docs" / "reliability.md"
PARTS = {
    "inputs": (
        "Generated inputs, in one process",
        "Tables (CSV, TSV, gzip, Parquet), npz files, image folders and manifests, saved runs and "
        "options, sound or with flaws of cells, shapes, types and bytes, for every command; each "
        "is run as `python -m experiments.NAME` runs it, without starting Python anew.",
    ),
    "command line": (
        "Generated inputs, through the command line",
        "The same inputs, each by `python -m experiments.NAME` in a process of its own.",
    ),
    "faults": (
        "Faults",
        "A command at work (sampling with checkpoints, a kernel in a store, detection, a sweep) is "
        "disturbed; then the very same command goes on, and has to give the numbers of an "
        "undisturbed run to 1e-9. A signal comes at a moment drawn over the whole run; a byte is "
        "changed at a place drawn over the file. Where memory is short, a library may end the "
        "process itself; then, too, the command has to go on.",
    ),
    "networks": (
        "Random networks",
        "One to four steps drawn from convolutions (strided, grouped, dilated, transposed, "
        "padded), dense, general and einsum layers, norms, attention, residual blocks, shared "
        "layers, scan, "
        "remat and jit; the kernel of three rows is compared with a plain Jacobian, to 1e-4 of its "
        "largest entry. With engine=layerwise a network may be refused; with auto none may.",
    ),
}
WORDS = {"inputs": "inputs", "command line": "inputs through the command line",
         "faults": "faults", "networks": "networks"}  # fmt: skip
"""What each part is called where it is counted."""

MOST_LETTERS = 160
_FRAME = re.compile(r"\s|For simplicity, JAX|-+$|\^")
"""Lines of a traceback that are not the error."""

INTRODUCTION = """\
# What was tried, and what came of it

Made by `python -m tests.faults.run` and kept in `results/reliability.json`; this page is made of
that file by `python -m tests.faults.page`.

    python -m tests.faults.run --minutes 30              # goes on from outputs/faults/tally.json
    python -m tests.faults.page outputs/faults/tally.json  # keeps it, and writes this page
    make test                                            # a few of each, in seconds
    pytest --run-slow tests/faults                       # some hundred of each part

An input is **accepted** if the command ends with status 0 and its files are whole, finite and agree
with each other: values with their terms, ranks and intervals, result.json with values.csv and
valuation.npz, payouts with the budget to the last cent, kept and dropped rows with the file. It is
**refused** if the command ends with status 1 and one message that names the argument, what was
wanted, what was got and a remedy, and leaves no file. Everything else is a finding: a traceback, a
hang (60 s of CPU time), a death, half-written files, files that disagree, a message without a
remedy, an input accepted that must not be, or refused that is sound. A finding's input is kept and
tried again by every later run; it counts as mended when it does not show any more.
"""

ABOUT_MENDED = """\
Each kind of finding, and how many inputs or faults showed it; all are mended. Where a refusal was
right and the machine's expectation wrong, the expectation was mended and the message made plainer:
rows hundreds of times beyond a run's own, and parties called `null`.
"""
NOT_COVERED = """\
## What is not covered

- Data are small: tables of 30 rows and one to three columns, images of 8 by 8, three to thirty
  players; what goes wrong with millions of rows alone is not seen here.
- One machine with Linux and two CPU cores: no GPU, no other system, no file system of a network, no
  several machines, no launcher of a cluster.
- The commands, not the Python functions called with whatever comes to mind; of the studies,
  `data_quantity` and `noise_stability` at their least size. Studies that train networks, downloads
  and `benchmark` have tests of their own, and no generated inputs.
- Ctrl-C in the first second, while Python still imports the libraries, ends in Python's own
  traceback; the commands disturbed here have imported them.
- Four commands are disturbed; nobody pulls a plug, so that what a disk loses in a power cut is not
  tried, and a changed byte is one, not many.
- A sound input is judged by the consistency of its files, not by the right number: that is what
  the other tests compare with definitions and NumPy.
"""


def main(paths: Sequence[str]) -> None:
    """Keep the tallies named, if any, as one; write the page from the kept one."""
    if paths:
        keep([Tally.open(Path(path)) for path in paths])
    write_bytes(PAGE, page(Tally.open(KEPT)).encode())


def keep(tallies: Sequence[Tally]) -> None:
    """Keep several runs' tallies as one, without the files of what is mended.

    What an earlier run found and a later one tried again in vain is mended.
    """
    kept = Tally(KEPT)
    for tally in tallies:
        kept.take(tally)
    kept.findings = [finding for finding in kept.findings if finding not in kept.mended]
    kept.about["runs"] = [_run(tally) for tally in tallies]
    shown = ("part", "kind")
    kept.mended = [
        {name: finding[name] for name in shown} | {"text": last_words(finding)}
        for finding in kept.mended
    ]
    kept.save()


def _run(tally: Tally) -> dict[str, Any]:
    """What one run did: its commits, minutes, how much of each part, and how much was found."""
    return {
        "commits": tally.about["commits"],
        "minutes": round(sum(tally.seconds.values()) / 60),
        "tried": {part: tally.total(part) for part in PARTS if tally.total(part)},
        "found": len(tally.findings) + len(tally.mended),
        "shows": len(tally.findings),
    }


def page(tally: Tally) -> str:
    """The page of a tally."""
    parts = [INTRODUCTION, *_answer(tally)]
    for name, (title, text) in PARTS.items():
        parts += [f"## {title}\n", f"{text}\n", *_table(tally.counts.get(name, {}))]
    parts += [*_mended(tally), NOT_COVERED, *_made(tally)]
    return "\n".join(parts)


def _answer(tally: Tally) -> Iterator[str]:
    yield "## The answer\n"
    minutes = sum(tally.seconds.values()) / 60
    totals = {part: tally.total(part) for part in PARTS}
    yield f"Tried in {minutes:.0f} minutes: {_tried(totals)}.\n"
    yield from _since_mended(tally.about.get("runs", []))
    yield "| finding | shows now | found on the way and mended |"
    yield "| --- | --- | --- |"
    for kind in (*KINDS, "lost result"):
        yield f"| {kind} | {_count(tally.findings, kind)} | {_count(tally.mended, kind)} |"
    yield ""


def _since_mended(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How much was tried of later commits than the first run's."""
    first = runs[0]["commits"][0] if runs else ""
    later = [run for run in runs if not run["commits"][0].startswith(first)]
    if later:
        totals = {part: sum(run["tried"].get(part, 0) for run in later) for part in PARTS}
        yield f"Of these, at commits in which the first findings were mended: {_tried(totals)}.\n"


def _tried(counts: Mapping[str, int]) -> str:
    """How much was tried, in words."""
    return ", ".join(f"{count:,} {WORDS[part]}" for part, count in counts.items())


def _count(findings: list[dict[str, str]], kind: str) -> int:
    return sum(finding["text"].startswith(f"{kind}:") for finding in findings)


def _table(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    yield "| kind | tried | came of it |"
    yield "| --- | --- | --- |"
    for kind, endings in sorted(counts.items()):
        told = ", ".join(f"{ending} {count:,}" for ending, count in sorted(endings.items()))
        yield f"| {kind} | {sum(endings.values()):,} | {told} |"
    yield ""


def _mended(tally: Tally) -> Iterator[str]:
    if not tally.mended:
        return
    yield "## Found on the way\n"
    yield ABOUT_MENDED
    found = Counter((each["kind"], last_words(each)) for each in tally.mended)
    yield from (f"- {kind}: {text} ({count})" for (kind, text), count in sorted(found.items()))
    yield ""


def last_words(finding: Mapping[str, Any]) -> str:
    """Kind and error of a finding, without numbers, details in brackets, tables and tags."""
    text = str(finding.get("message") or finding["text"])
    kind, lines = finding["text"].partition(":")[0], text.splitlines()
    errors = [line for line in lines if line.strip() and not _FRAME.match(line)] or [text]
    said = errors[-1].removeprefix(f"{kind}: ")
    said = re.sub(r" ?\(.*\)| ?\[.*\]", "", said)
    said = re.sub(r"/\S*/|0x[0-9a-f]+|[\d.]*\d", "…", said)  # no places of the machine at hand
    short = said if len(said) <= MOST_LETTERS else f"{said[:MOST_LETTERS]}…"
    plain = "".join(letter for letter in short if letter.isprintable() and letter not in "|<>`*_[]")
    return f"{kind}: {plain}"


def _made(tally: Tally) -> Iterator[str]:
    about = tally.about
    yield "## How it was made\n"
    yield from _runs(about.get("runs", []))
    shown = ", ".join(f"{name} {about[name]}" for name in ("python", "jax", "flax", "numpy"))
    commits = ", ".join(about["commits"])
    yield f"{about['device']}, shared with other work; {shown}; commits {commits}.\n"
    spent = ", ".join(f"{WORDS[part]} {tally.seconds.get(part, 0) / 60:.0f}" for part in PARTS)
    yield f"Minutes by part: {spent}.\n"


def _runs(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not runs:
        return
    yield "A run first tries again what earlier ones had found, then goes on with other inputs and"
    yield "moments; `+` marks a commit with mends that were not committed yet.\n"
    yield "| run | commits | minutes | tried | found, or tried again | shows still at its end |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for number, run in enumerate(runs, start=1):
        cells = [number, ", ".join(run["commits"]), run["minutes"], _tried(run["tried"])]
        cells += [run["found"]]
        yield f"| {' | '.join(map(str, cells))} | {run['shows']} |"
    yield ""


if __name__ == "__main__":
    main(sys.argv[1:])
