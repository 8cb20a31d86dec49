"""The page of kept results: `python -m experiments.studies.coverage.page` writes docs/intervals.md.

It is made of results/intervals.json alone, so that it cannot say other numbers than it does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from davinz_jax.files import write_whole
from experiments.report.tables import markdown
from experiments.runtime import outputs

ROOT = Path(__file__).parents[3]
KEPT, PAGE = ROOT / "results", ROOT / "docs" / "intervals.md"
RESULT = "intervals.json"

INTRODUCTION = """\
# Do intervals hold what they should?

Made by `python -m experiments.coverage` and kept in `results/`; this page is made of that file by
`python -m experiments.studies.coverage.page`.

    python -m experiments.coverage                         # smoke: seconds, no files needed
    python -m experiments.coverage size=reduced keep=true  # this page

**What ± is made of.** The spread over initialisations of the network; for sampled values, that over
groups of samples; and the draw of the validation set. For the last, every utility that knows its
validation rows answers under 100 resamples of them (drawn with replacement, the same for all
coalitions and both terms of ν, so that differences are paired), in the algebra and at no further
kernel. A metric that is a mean over rows is weighted; AUC, balanced accuracy and R² by each row's
influence; a metric of one's own is found anew. ν's MMD leaves out, under resamples, pairs of a row
with itself: a set of m rows is (1 − mean kernel)/m too far from every coalition, and that bias is
in the interval. A hit is a whole step: the variance of two more rows that change a value by 1/m is
added to accuracies, for who changes no validation row of a sample may change one outside it. κ,
ridge and bandwidth stay as they are.

**Cross-fitting.** Rows of a table, of arrays or of images that have no validation set judge each
other in folds (`data.holdout=crossfit`, what `experiments.value` does by default;
`data.holdout=0.2` holds a fifth out): each is held out once and judged by what coalitions make of
it without its fold, by one kernel of all rows. Identical rows fall in one fold. A row's value is
the mean over the folds in which it trains. For ν the folds' MMD, each to m/K rows, are averaged,
which is larger than that to all rows at once. Rows are held out, and the run says so, for a
kernel in several blocks (`ntk.num_blocks`), which knows no pairs across them; for a utility of
one's own, which knows no folds; for data corrupted on purpose; and where
`data.num_validation_rows` says how many judge.
"""


def main() -> None:
    """Write the page from the kept result."""
    write_whole(PAGE.parent, {PAGE.name: outputs.text_writer(current())})


def current(folder: Path = KEPT) -> str:
    """The page of the result in a folder."""
    return page(outputs.read_result(folder / RESULT))


def page(content: Mapping[str, Any]) -> str:
    """The page of a run, from what its JSON file holds."""
    plan, level = content["plan"], content["config"]["level"]
    return "\n".join(
        [
            INTRODUCTION,
            "## Redrawn validation sets",
            "",
            f"{plan['num_rows']} rows in {plan['num_parties']} parties are valued with "
            f"{plan['num_redraws']} validation sets from a pool of {plan['num_pool']:,} rows; "
            f"the truth is the value on the whole pool. Intervals promise {level:.0%}. One draw of "
            "a network, so that the validation set is the only source of error; `least player` is "
            "the coverage of the player covered least.",
            "",
            *_table(content["coverage"]),
            "## A table of five hospitals, under many seeds",
            "",
            f"407 patients, {plan['num_seeds']} seeds, Shapley values by the accuracy of "
            "regression with an RBF kernel. Noisy has 30 % wrong labels. `ranks inside` is the "
            "share of all seeds' ranks that lie in the rank intervals of one run, mean over runs; "
            "`inside before` the same without the draw of the validation set.",
            "",
            *_table(content["seeds"]),
            "## Simulated tables of five hospitals",
            "",
            f"{plan['num_tables']} tables, each with a pool of {plan['pool']:,} more patients, on "
            "which all 407 rows have the values that are the truth. `error` is the root "
            "mean square of value less truth.",
            "",
            *_table(content["tables"]),
            "## What cross-fitting takes",
            "",
            f"Exact Shapley values of five random parties of {plan['timed_rows']:,} rows of one "
            "table (phoneme, but for smoke) by soft accuracy: processor seconds of one pass of the "
            "kernel, the ridge and all coalitions, with a fifth held out and cross-fitted in turn, "
            "three times; `ratio` is the median of `ratios`. The kernel is that of all rows, once; "
            "the algebra is done in each fold.",
            "",
            *_table(content["cost"]),
        ]
    )


def text(entry: Any) -> str:
    """A cell of a table."""
    if isinstance(entry, list):
        return ", ".join(map(str, entry))
    if isinstance(entry, float):
        return f"{entry:.3g}" if abs(entry) < 0.1 else f"{entry:.3f}"
    return str(entry)


def _table(records: list[dict[str, Any]]) -> list[str]:
    rows = [[text(entry) for entry in record.values()] for record in records]
    return list(markdown(list(records[0]), rows))


if __name__ == "__main__":
    main()
