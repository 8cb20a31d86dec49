"""The page of kept results: `python -m experiments.studies.removal_benchmark.page` writes it anew.

It is made of results/removal.json alone, so that it cannot say other numbers than that does.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from davinz_jax.files import write_whole
from experiments.report.tables import markdown
from experiments.runtime import outputs
from experiments.studies.detection_benchmark.methods import METHODS
from experiments.studies.detection_benchmark.page import lead
from experiments.studies.detection_benchmark.specs import NOT_RANKED
from experiments.studies.removal_benchmark.analysis import DIRECTIONS

ROOT = Path(__file__).parents[3]
KEPT, PAGE = ROOT / "results", ROOT / "docs" / "removal.md"
STEM = "removal"
BETTER = {"lowest": "the higher the better", "highest": "the lower the better"}

INTRODUCTION = f"""\
# Rows removed by their value: what a model loses

Made by `python -m experiments.removal_benchmark` and kept in `results/`; this page is made of
`results/{STEM}.json` by `python -m experiments.studies.removal_benchmark.page`.

    python -m experiments.removal_benchmark                              # smoke: seconds
    python -m experiments.removal_benchmark size=full jobs=2 keep=true   # this page

**Protocol.** OpenDataVal's: 1,000 rows with 10 % wrong labels are valued, with 100 validation rows
spoilt alike; rows go in steps of 5 %, those of lowest value first or those of highest, and a
logistic regression is fitted anew to those left and tested on clean rows. Images enter it as 32
principal components. Numbers are mean accuracies while the first half of the rows goes: high is
good where the lowest values go first (wrong rows leave), low is good where the highest do (the rows
that mattered leave). Draws and methods are those of the [detection benchmark](detection.md).
"""


def main() -> None:
    """Write the page from the kept results."""
    write_whole(PAGE.parent, {PAGE.name: outputs.text_writer(current())})


def current(folder: Path = KEPT) -> str:
    """The page of the results in a folder."""
    return page(outputs.read_result(folder / f"{STEM}.json"))


def page(content: Mapping[str, Any]) -> str:
    """The page of a run, of what its JSON file holds."""
    parts = [
        INTRODUCTION,
        "## The answer\n",
        *(f"- {line}" for line in verdicts(content)),
        "",
        "![Accuracy as rows go](../results/removal_curves.png)\n",
        *_ranks(content),
        *_tables(content),
        *_made(content),
    ]
    return "\n".join(parts)


def verdicts(content: Mapping[str, Any]) -> Iterator[str]:
    """The answer, one sentence a direction."""
    for family in content["ranks"]:
        first = family["first"]
        alike = ", ".join(METHODS[name].title for name in family["alike"]) or "none"
        value, low, high = family["rank"][first]
        yield (
            f"{family['title']}: first is **{METHODS[first].title}**, mean rank {value:.1f} "
            f"[{low:.1f}, {high:.1f}] of {len(family['rank'])} over {len(family['data'])} data "
            f"sets; {lead(family)}not told apart by ranks alone: {alike}"
        )


def _ranks(content: Mapping[str, Any]) -> Iterator[str]:
    yield "## Ranks over data sets\n"
    yield (
        "Rank 1 is best; intervals are of resampled data sets; told apart by Nemenyi's test at "
        f"5 %. {', '.join(NOT_RANKED)} is shown below, not ranked.\n"
    )
    yield "![Critical differences of mean ranks](../results/removal_ranks.png)\n"
    for family in content["ranks"]:
        yield f"**{family['title'].capitalize()}** ({BETTER[family['direction']]})\n"
        yield from markdown(*rank_rows(family))


def rank_rows(family: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headers and rows of a direction's table of ranks."""
    rows = [
        (METHODS[name].title, "ours" if METHODS[name].is_ours else "",
         f"{value:.1f} [{low:.1f}, {high:.1f}]", f"{family['mean'][name]:.3f}",
         "" if name in (family["first"], *family["alike"]) else "yes")
        for name, (value, low, high) in family["rank"].items()
    ]  # fmt: skip
    return ("method", "whose", "mean rank", "mean accuracy", "told apart from the first"), rows


def _tables(content: Mapping[str, Any]) -> Iterator[str]:
    for direction in DIRECTIONS:
        cells = [cell for cell in content["cells"] if cell["direction"] == direction]
        yield f"## {direction.capitalize()} values removed first: mean accuracy by data set\n"
        yield f"± standard error over {content['num_seeds']} seeds; {BETTER[direction]}.\n"
        yield from markdown(*accuracy_rows(cells))


def accuracy_rows(
    cells: Sequence[Mapping[str, Any]],
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headers and rows: a method a line, a data set a column; all rows kept in the first line."""
    data = list(dict.fromkeys(cell["data"] for cell in cells))
    methods = [name for name in METHODS if any(cell["method"] == name for cell in cells)]
    by_place = {(cell["data"], cell["method"]): cell for cell in cells}

    def text(name: str, method: str) -> str:
        cell = by_place.get((name, method))
        if cell is None:
            return ""
        return f"{cell['accuracy']:.3f}" + (f" ± {cell['stderr']:.3f}" if cell["stderr"] else "")

    whole = ["no row removed", *(f"{by_place[name, methods[0]]['whole']:.3f}" if (name, methods[0])
             in by_place else "" for name in data)]  # fmt: skip
    rows = [[METHODS[method].title, *(text(name, method) for name in data)] for method in methods]
    return ("method", *data), [whole, *rows]


def _made(content: Mapping[str, Any]) -> Iterator[str]:
    versions = content["versions"]
    yield "## How it was made\n"
    shown = ", ".join(f"{key} {versions[key]}" for key in ("python", "jax", "flax", "scipy"))
    seeds = f"{content['num_seeds']} seeds"
    yield f"{versions['device']}; commit {versions['commit']}; {shown}; {seeds}."


if __name__ == "__main__":
    main()
