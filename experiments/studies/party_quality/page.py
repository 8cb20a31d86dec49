"""The page of kept results: `python -m experiments.studies.party_quality.page` writes it anew.

It is made of results/party_quality.json alone, so that it cannot say other numbers than that does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from davinz_jax.files import write_whole
from experiments.report.tables import markdown, span, two_digits
from experiments.runtime import outputs
from experiments.studies.party_quality.analysis import COMPARISONS, look_up
from experiments.studies.party_quality.scores import LEAVE_ONE_OUT, SCORES, SHAPLEY
from experiments.studies.party_quality.specs import INPUTS, LABELS, NUM_PARTIES, ORDERED

ROOT = Path(__file__).parents[3]
KEPT, PAGE = ROOT / "results", ROOT / "docs" / "party_quality.md"
STEM = "party_quality"
QUALITIES = ORDERED
WANTED = {LABELS: 0.97, INPUTS: 0.95}
DEFAULT = "rbf_soft_accuracy"
"""What `utility=auto` is without a network."""

SEMIVALUES = (SHAPLEY, LEAVE_ONE_OUT)
Text = Callable[[Sequence[float]], str]

INTRODUCTION = f"""\
# Do values order parties that differ in one quality alone?

Made by `python -m experiments.party_quality` and kept in `results/`; this page is made of
`results/{STEM}.json` by `python -m experiments.studies.party_quality.page`.

    python -m experiments.party_quality                         # smoke: seconds, no files needed
    python -m experiments.party_quality size=reduced keep=true  # this page: an hour of one core
    python -m experiments.party_quality size=full               # 40 draws of each: not run here

**What is asked.** {NUM_PARTIES} parties of one size and class balance differ by the share of wrong
labels (0 to 45 %, each any other class), by Gaussian noise on the inputs (0 to 1.4 standard
deviations), or by copies. Which party is which is drawn anew in each draw, and so are rows and
validation rows. A score's answer is the Spearman correlation of its values with cleanliness, by
exact Shapley values and by leave-one-out values; means over draws, with 95 % intervals of 10,000
resamples of the draws.

**Choosing and showing.** Which kernel and metric are best was decided on the choosing draws, of
digits and of one half of the table magic. The showing draws are others, of magic from its other
half; MNIST and spambase served no choice.

Ridges are those of least leave-one-out error; NTK values are of the mean prediction of untrained
networks (the CNN for images, an MLP of two layers of 64 for tables).
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
        *_answer(content),
        *_order(content),
        *_copies(content),
        *_validation_rows(content),
        *_made(content),
    ]
    return "\n".join(parts)


def _answer(content: Mapping[str, Any]) -> Iterator[str]:
    chosen = content["chosen"]
    yield "## The answer\n"
    yield f"Chosen on the choosing draws: **{SCORES[chosen].title}**. On the showing draws:\n"
    yield from markdown(*wanted_rows(content, chosen))
    if chosen != DEFAULT:
        yield (
            "`utility=auto` takes it where a model is named. "
            f"Where none is, it takes **{SCORES[DEFAULT].title}**, the kernel's best metric by the "
            "mean over all choosing draws:\n"
        )
        yield from markdown(*wanted_rows(content, DEFAULT))
    yield from copies_verdict(content)
    yield from rivals(content)


def wanted_rows(content: Mapping[str, Any], score: str) -> tuple[Any, Any]:
    """What a score reaches beside what is wanted: headers and rows."""
    headers = ("parties differ by", "data", "wanted", *SEMIVALUES, "met")
    rows = [
        (quality, data, f"≥ {two_digits(WANTED[quality])}", *map(span, numbers),
         "yes" if min(mean for mean, _, _ in numbers) >= WANTED[quality] else "no")
        for quality in QUALITIES
        for data, numbers in _by_data(content, "showing", quality, score).items()
    ]  # fmt: skip
    return headers, rows


def copies_verdict(content: Mapping[str, Any]) -> Iterator[str]:
    """Where the chosen score pays for copies."""
    rows = [row for row in content["copies"] if row["score"] == content["chosen"]]
    above = [row for row in rows if row["low"] > ROUNDING]
    said = "; ".join(
        f"{row['comparison']} on {row['data']}, {row['semivalue']}: {span(_numbers(row))}"
        for row in above
    )
    yield (
        "Parties with copies are "
        + (f"worth more than their originals in: {said}" if above else
           "nowhere worth more than their originals beyond the interval, by either semivalue")
        + ".\n"
    )  # fmt: skip


ROUNDING = 1e-6
"""Difference of values, over their mean size, that is none."""


def rivals(content: Mapping[str, Any]) -> Iterator[str]:
    """Where scores of others are ahead of the chosen one."""
    chosen, found = content["chosen"], []
    for quality in QUALITIES:
        ours = _by_data(content, "showing", quality, chosen)
        for name, score in SCORES.items():
            if score.is_ours:
                continue
            for data, numbers in _by_data(content, "showing", quality, name).items():
                found += [
                    f"{score.title} on {data}, {quality}, {semivalue} "
                    f"({two_digits(theirs[0])} against {two_digits(own[0])})"
                    for semivalue, theirs, own in zip(SEMIVALUES, numbers, ours[data], strict=True)
                    if theirs and theirs[0] > own[0] + 0.005
                ]
    yield (
        "A rival is ahead in: " + "; ".join(found) if found else "No rival is ahead anywhere"
    ) + ".\n"


def _order(content: Mapping[str, Any]) -> Iterator[str]:
    for quality, title in ((LABELS, "wrong labels"), (INPUTS, "noise in the inputs")):
        for role in ("showing", "choosing"):
            yield f"## Parties that differ by {title}: {role} draws\n"
            yield from markdown(*order_rows(content, role, quality, span))


def order_rows(
    content: Mapping[str, Any],
    role: str,
    quality: str,
    text: Text = lambda numbers: two_digits(numbers[0]),
) -> tuple[list[str], list[list[str]]]:
    """Headers and rows of the table of all scores: one column a data set and semivalue."""
    found = {name: _by_data(content, role, quality, name) for name in SCORES}
    data = list(next(iter(found.values())))
    headers = ["score", *(f"{name}, {semivalue}" for name in data for semivalue in SEMIVALUES)]
    rows = [
        [SCORES[name].title] + [text(each) if each else "" for of in data for each in by_data[of]]
        for name, by_data in found.items()
    ]
    return headers, rows


def _by_data(
    content: Mapping[str, Any], role: str, quality: str, score: str
) -> dict[str, list[Sequence[float]]]:
    """Of each data set: numbers by semivalue, none where the score has no such values."""
    rows = list(look_up(content["order"], role=role, quality=quality, score=score))
    found: dict[str, list[Sequence[float]]] = {}
    for name in dict.fromkeys(row["data"] for row in rows):
        by_semivalue = {row["semivalue"]: _numbers(row) for row in look_up(rows, data=name)}
        found[name] = [by_semivalue.get(semivalue, ()) for semivalue in SEMIVALUES]
    return found


def _copies(content: Mapping[str, Any]) -> Iterator[str]:
    chosen = content["chosen"]
    yield "## Copies\n"
    yield (
        "Among the parties are two of the same rows; one that holds half of a plain party's rows "
        "twice; and two that hold but half or an eighth of the rows they might, repeated. "
        "Differences of values in showing draws, in mean absolute values of a game's parties; "
        "below 0 is worth less.\n"
    )
    for name in (chosen, "nu", "knn_shapley"):
        rows = list(look_up(content["copies"], score=name))
        columns = list(dict.fromkeys((row["data"], row["semivalue"]) for row in rows))
        yield f"**{SCORES[name].title}**\n"
        yield from markdown(
            ("difference", *(f"{data}, {semivalue}" for data, semivalue in columns)),
            [
                (comparison, *(
                    span(_numbers(next(look_up(rows, data=data, semivalue=semivalue,
                                               comparison=comparison))))
                    for data, semivalue in columns
                ))
                for comparison in COMPARISONS
            ],
        )  # fmt: skip


def _validation_rows(content: Mapping[str, Any]) -> Iterator[str]:
    rows = content["validation_rows"]
    if not rows:
        return
    counts = list(dict.fromkeys(row["num_rows"] for row in rows))
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    yield "## How many validation rows leave-one-out wants\n"
    yield (
        "Accuracy changes by whole rows: what one party of eight adds to the others' is less than "
        "a few hundred of them tell. Soft accuracy, the share of a row's class in its clipped "
        "outputs, moves with every row. RBF regression, leave-one-out values, showing draws of "
        f"{content['growing']} with wrong labels:\n"
    )
    yield from markdown(
        ("metric", *(f"{count:,} rows" for count in counts)),
        [
            (metric.replace("_", " "), *(span(_numbers(row)) for row in rows
                                         if row["metric"] == metric))
            for metric in metrics
        ],
    )  # fmt: skip


def _made(content: Mapping[str, Any]) -> Iterator[str]:
    versions = content["versions"]
    yield "## How it was made\n"
    shown = ", ".join(f"{key} {versions[key]}" for key in ("python", "jax", "flax", "scipy"))
    yield f"{versions['device']}; commit {versions['commit']}; {shown}.\n"
    yield from markdown(
        ("games", "data", "role", "rows a class and party", "validation rows a class",
         "initialisations"),
        [
            (row["quality"], row["data"], row["role"],
             *(str(row[key]) for key in ("rows", "validation", "num_initialisations")))
            for row in content["specs"]
        ],
    )  # fmt: skip


def _numbers(row: Mapping[str, Any]) -> tuple[float, float, float]:
    return row["mean"], row["low"], row["high"]


if __name__ == "__main__":
    main()
