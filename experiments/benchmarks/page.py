"""The page of kept results: `python -m experiments.benchmarks.page` writes docs/benchmarks.md.

The page is made of benchmarks/*.json alone, so that it cannot say other numbers than they do.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from davinz_jax.files import write_whole
from experiments.report.tables import markdown
from experiments.runtime import outputs

ROOT = Path(__file__).parents[2]
KEPT, PAGE = ROOT / "benchmarks", ROOT / "docs" / "benchmarks.md"

INTRODUCTION = """\
# Benchmarks

Made by `python -m experiments.benchmark` and kept, one file a device, in `benchmarks/`; this page
is made of those files by `python -m experiments.benchmarks.page`.

    python -m experiments.benchmark size=tiny                  # a minute: do the measurements run?
    python -m experiments.benchmark size=cpu keep=true         # 2 cores: about 13 minutes
    python -m experiments.benchmark size=gpu keep=true         # an accelerator
    python -m experiments.benchmark suites=[coalitions] only=permutation

**How it is measured.** The sides of a question are called in turns in one process, A B A B, each
until its answer is there. The first call of each, which compiles, is kept apart; `seconds` are
those of the calls after it, as median (least to largest). A ratio is taken round by round, and its
median is the answer: a machine that is busy for a while slows both sides alike. Peaks of memory are
those of processes of their own, the interpreter and its libraries included. Each measurement also
checks that its sides computed the same numbers.

**Operations** are counted by formula from the shapes of the layers, the same for every engine: a
forward and a backward pass of each row, and for each pair of rows the cheaper of gradients and
position products. *Share of product* is the rate of these operations over that of a float32 matrix
product at full precision, timed in the same rounds.
"""

SUITES = {
    "engines": "Engines: layer-wise and neural-tangents' Jacobian contraction",
    "rows": "Cost against the number of rows",
    "blocks": "Cost against the number of blocks",
    "memory": "Memory against the number of rows, in blocks of 100",
    "coalitions": "Values of coalitions",
    "mmd": "MMD",
    "sketch": "Sketches of the tangent kernel",
}


def main() -> None:
    """Write the page from the kept results."""
    write_whole(PAGE.parent, {PAGE.name: outputs.text_writer(current())})


def current(folder: Path = KEPT) -> str:
    """The page of the results in a folder."""
    return page({path.name: _read(path) for path in sorted(folder.glob("*.json"))})


def read_records(path: Path) -> list[dict[str, Any]]:
    """Measurements in a file."""
    return _read(path)["records"]


def _read(path: Path) -> dict[str, Any]:
    return outputs.read_result(path)


def page(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of several files of results.

    Args:
        documents: content of each file, by its name.
    """
    parts = [INTRODUCTION]
    for name, document in documents.items():
        parts += ["\n".join(_device(name, document))]
    if not documents:
        parts += ["No result is kept yet.\n"]
    return "\n".join(parts)


def _device(name: str, document: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {document['device']}\n"
    commits = sorted({record["versions"]["commit"] for record in document["records"]})
    dates = sorted({record["measured"] for record in document["records"]})
    versions = document["versions"]
    shown = ", ".join(f"{key} {versions[key]}" for key in ("python", "jax", "flax", "scipy"))
    yield f"[{name}](../benchmarks/{name}): {' to '.join(dict.fromkeys((dates[0], dates[-1])))}, "
    yield f"commit {', '.join(commits)}; {shown}.\n"
    stem = name.removesuffix(".json")
    for figure in sorted(KEPT.glob(f"{stem}-*.png")):
        label = figure.stem.removeprefix(f"{stem}-").replace("_", " ")
        yield f"![{label}](../benchmarks/{figure.name})\n"
    place = list(SUITES).index
    records = sorted(document["records"], key=lambda record: place(record["suite"]))
    for suite, found in groupby(records, key=lambda record: record["suite"]):
        yield from _suite(SUITES[suite], list(found))


def _suite(title: str, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"### {title}\n"
    yield from _table(
        ("measurement", "number", "median (range)", "wanted", "met"), _answers(records)
    )
    yield from _table(
        ("measurement", "side", "seconds (range)", "compile s", "rows/s", "share of product",
         "peak GB"),
        _sides(records),
    )  # fmt: skip
    yield from _table(
        ("measurement", "the sides differ by", "of", "inputs"),
        [
            (_short(r), f"{r['agreement']['error']:.1e}", r["agreement"]["of"], r["inputs"])
            for r in records
        ],
    )


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table, without the columns that hold nothing."""
    kept = [index for index in range(len(headers)) if any(row[index] for row in rows)]
    shown = [[row[index] for index in kept] for row in rows]
    yield from markdown([headers[index] for index in kept], shown)


def _answers(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (_short(record), check["what"], range_text(check["value"]), bound_text(check), met(check))
        for record in records
        for check in record["checks"]
    ]


def _sides(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            _short(record),
            name,
            range_text(side["seconds"]) if "seconds" in side else "",
            number(side["compile_seconds"]) if "compile_seconds" in side else "",
            number(side["rows_per_second"]) if "rows_per_second" in side else "",
            f"{side['share_of_matrix_product']:.0%}" if "share_of_matrix_product" in side else "",
            number(side["peak_bytes"] / 1e9) if "peak_bytes" in side else "",
        )
        for record in records
        for name, side in record["sides"].items()
    ]


def _short(record: Mapping[str, Any]) -> str:
    return record["name"].removeprefix(f"{record['suite']}: ")


def range_text(value: Any) -> str:
    """A spread as median (least to largest); a number as it is."""
    if not isinstance(value, Mapping):
        return number(value)
    if value["repeats"] == 1:
        return number(value["median"])
    return f"{number(value['median'])} ({number(value['min'])} to {number(value['max'])})"


def bound_text(check: Mapping[str, Any]) -> str:
    """The bounds of a check."""
    bounds = (("≥", check["at_least"]), ("≤", check["at_most"]))
    return " ".join(f"{sign} {number(bound)}" for sign, bound in bounds if bound is not None)


def met(check: Mapping[str, Any]) -> str:
    """Whether the bounds hold, in words."""
    return {None: "", True: "yes", False: "no"}[check["is_met"]]


def number(value: float) -> str:
    """Three digits, large numbers with separators."""
    if abs(value) >= 1e9 or 0 < abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    main()
