"""The page of kept results: `python -m experiments.studies.fidelity.page` writes docs/fidelity.md.

It is made of results/fidelity.json and results/fidelity.csv alone, so that it cannot say other
numbers than they do.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from davinz_jax.defaults import PARTY_METRICS
from davinz_jax.files import write_whole
from experiments.report.tables import markdown, span, two_digits
from experiments.runtime import outputs
from experiments.studies.fidelity.scores import LABEL_FREE, LABELLED, REGRESSED, RIVAL, SCORES

ROOT = Path(__file__).parents[3]
KEPT, PAGE = ROOT / "results", ROOT / "docs" / "fidelity.md"
STEM = "fidelity"
PAPER = "nu_label"
RBF = "rbf_accuracy_loo"
RAW = ("rbf", "laplace")
PAID = {
    kind: f"{kernel}_{PARTY_METRICS[kind]}_loo"
    for kind, kernel in {"network": "ntk_ensemble", "raw": "rbf"}.items()
}
"""What `utility=auto` values parties by, as a score of sets."""
NTK_PAPER = "ntk_accuracy_paper"
WANTED_MEAN, WANTED_LEAST = 0.92, 0.80
WANTED_HEADERS = ("", "wanted", "found", "met")

INTRODUCTION = """\
# Does a score track trained networks?

Made by `python -m experiments.fidelity` and kept in `results/`; this page is made of those files by
`python -m experiments.studies.fidelity.page`.

    python -m experiments.fidelity                         # smoke: seconds, no files needed
    python -m experiments.fidelity size=reduced keep=true  # this page: some hours of 2 busy cores
    python -m experiments.fidelity size=full               # three keys, 10 seeds: not run here

**What is asked.** Sets of one size, each class with as many rows, so that neither size nor class
share says anything. A draw parts a data set into base rows, from which 36 to 60 such sets are made,
validation rows for the scores, stopping rows for the trainings and test rows for the truth. Sets
are clean, or made worse by a known kind and strength: labels swapped at a rate or between pairs of
classes, few distinct rows repeated, noise, blur, inversion, rotation, shifts, another domain
(MNIST-M in grey, CIFAR-10 without colour), columns shuffled, moved, scaled, mirrored or blanked,
and mixtures. The truth about a set is the test accuracy of networks trained on it, stopped by the
loss on the stopping rows, as mean over seeds. A score's fidelity is its Spearman correlation with
that accuracy over the sets of a draw, as mean over draws; intervals (95 %) are of 10,000
resamples of the sets of each draw, the same for all scores, so that differences are paired; sets
that occur twice lower a high correlation a little, so that these intervals reach further down than
up. A score that is constant has 0.

**Choosing and showing.** Which score is best was decided on the choosing draws. No set of the
showing draws served a choice; where a data set is large the two kinds of draws share no row.
"""

SETS_AND_VALUES = """\
**Sets and values.** This is about scores of whole sets. A value of a party is a difference of two
sets that share most of their rows, and there accuracy, and what nearly is accuracy, fails, for it
moves in steps of one row. `experiments.value` therefore keeps the kernel and the ridge of this
page, the network's where a model is named and RBF where none is, scores *all rows together* by the
metric chosen here for that kernel (`set_score` of result.json; in Python `score_set`), and values
parties by the metrics that [party_quality.md](party_quality.md) chose: soft accuracy minus the
Brier score with a network, soft accuracy without. As scores of sets these reach {network} and
{raw} only, and by the metrics above parties that differ by noise come in worse order: of those
tried no one metric does both.

Sharpened accuracy and correlation were added when other metrics had been seen on all draws; that
they are taken, and the power of the former, was decided on the choosing draws.
"""


def main() -> None:
    """Write the page from the kept results."""
    write_whole(PAGE.parent, {PAGE.name: outputs.text_writer(current())})


def current(folder: Path = KEPT) -> str:
    """The page of the results in a folder."""
    content = outputs.read_result(folder / f"{STEM}.json")
    return page(content, pd.read_csv(folder / f"{STEM}.csv"))


def page(content: Mapping[str, Any], lines: pd.DataFrame) -> str:
    """The page of a run.

    Args:
        content: what its JSON file holds.
        lines: correlation and pairs of each draw and score.
    """
    parts = [
        INTRODUCTION,
        *_answer(content),
        *_ranking(content),
        *_draws(content, lines),
        *_networks_or_rows(content),
        *_kinds(content),
        *_better_nu(content),
        *_made(content),
    ]
    return "\n".join(parts)


def _answer(content: Mapping[str, Any]) -> Iterator[str]:
    chosen, shown = content["chosen"][LABELLED], content["showing"]
    found = shown[chosen]
    draws = content["draws"]["showing"]
    yield "## The answer\n"
    yield (
        f"Chosen on {sum(content['draws']['choosing'].values())} sets of "
        f"{len(content['draws']['choosing'])} draws: **{SCORES[chosen].title}**. On "
        f"{sum(draws.values())} other sets of {len(draws)} draws:\n"
    )
    yield from markdown(WANTED_HEADERS, wanted_rows(found))
    raw = best_of_raw(content["choosing"])
    yield (
        f"Of the kernels that need no network, **{SCORES[raw].title}** was best on the choosing "
        "draws. On the others:\n"
    )
    yield from markdown(WANTED_HEADERS, wanted_rows(shown[raw]))
    free = content["chosen"][LABEL_FREE]
    yield (
        f"Without validation labels the best on the choosing draws is **{SCORES[free].title}**: "
        f"{span(shown[free]['mean'])} on the showing draws, least draw "
        f"{two_digits(shown[free]['least'])}. The paper's ν: {span(shown[PAPER]['mean'])}.\n"
    )


def best_of_raw(choosing: Mapping[str, Any]) -> str:
    """The labelled score of raw inputs that the choosing draws choose."""
    names = [
        name
        for name, score in REGRESSED.items()
        if score.kernel in RAW and SCORES[name].group == LABELLED
    ]
    return max(names, key=lambda name: choosing[name]["mean"][0])


def wanted_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What was wanted of a score and what it reaches; columns as `WANTED_HEADERS`."""
    over_knn = found["minus"]["knn_1"]
    return [
        ("mean Spearman with accuracy", f"≥ {two_digits(WANTED_MEAN)}",
         span(found["mean"]), _met(found["mean"][0] >= WANTED_MEAN)),
        ("least draw", f"≥ {two_digits(WANTED_LEAST)}",
         two_digits(found["least"]), _met(found["least"] >= WANTED_LEAST)),
        ("minus KNN-1, paired", "interval above 0", span(over_knn), _met(over_knn[1] > 0)),
    ]  # fmt: skip


def _ranking(content: Mapping[str, Any]) -> Iterator[str]:
    shown = content["showing"]
    paid = {kind: span(shown[name]["mean"]) for kind, name in PAID.items()}
    yield SETS_AND_VALUES.format_map(paid)
    yield "## All scores\n"
    yield "Sorted by the mean over showing draws; *choosing* is the mean over choosing draws.\n"
    headers = ("score", "mean [interval]", "least draw", "ordered pairs", "− KNN-1", "− KNN-5",
               "− RBF", "choosing")  # fmt: skip
    for group, title in (
        (LABELLED, "With validation labels"),
        (LABEL_FREE, "Without validation labels"),
        (RIVAL, "Cheap rivals (validation labels, no kernel)"),
    ):
        yield f"### {title}\n"
        yield from markdown(headers, _score_rows(content, group))


def _score_rows(content: Mapping[str, Any], group: str) -> list[tuple[str, ...]]:
    shown, chosen = content["showing"], content["choosing"]
    names = [name for name, score in SCORES.items() if score.group == group]
    names.sort(key=lambda name: -shown[name]["mean"][0])
    return [
        (
            SCORES[name].title,
            span(shown[name]["mean"]),
            two_digits(shown[name]["least"]),
            two_digits(shown[name]["ordered_pairs"]),
            *(span(difference) for difference in shown[name]["minus"].values()),
            two_digits(chosen[name]["mean"][0]),
        )
        for name in names
    ]


def _draws(content: Mapping[str, Any], lines: pd.DataFrame) -> Iterator[str]:
    names = [*_choices(content), "mmd", "logistic", "knn_5"]
    yield "## By draw\n"
    yield (
        "Spearman correlation in each draw. *Reliability* of the truth: the correlation that the "
        "mean over as many new trainings would have with it (split halves, Spearman-Brown).\n"
    )
    for role in ("showing", "choosing"):
        wide = lines[lines["role"] == role].pivot(index="draw", columns="score", values="spearman")
        yield from markdown(
            (f"{role} draw", "sets", "reliability", *(SCORES[name].title for name in names)),
            [
                (draw, str(count), two_digits(content["reliability"][draw]),
                 *(two_digits(float(wide.loc[draw, name])) for name in names))
                for draw, count in content["draws"][role].items()
            ],
        )  # fmt: skip


def _networks_or_rows(content: Mapping[str, Any]) -> Iterator[str]:
    chosen = content["chosen"][LABELLED]
    over_rbf = content["showing"][chosen]["minus"][RBF]
    differences = content["minus_rbf_by_draw"]
    better = [draw for draw, (_, low, _) in differences.items() if low > 0]
    worse = [draw for draw, (_, _, high) in differences.items() if high < 0]
    yield "## Is a network's kernel worth more than one of raw rows?\n"
    verdict = "It is" if over_rbf[1] > 0 else "Not shown on average"
    yield (
        f"{verdict}: {SCORES[chosen].title} minus {SCORES[RBF].title}: {span(over_rbf)}. Draw by "
        f"draw, the interval lies above 0 in {_join(better)}; below 0 in {_join(worse)}.\n"
    )
    yield from markdown(
        ("draw", "chosen − RBF"),
        [(draw, span(each)) for draw, each in differences.items()],
    )


def _kinds(content: Mapping[str, Any]) -> Iterator[str]:
    names = [
        *_choices(content),
        "complexity_label",
        "complexity_collapsed",
        "mmd",
        "mmd_joint",
    ]
    yield "## Which kinds of sets a score misjudges\n"
    yield (
        "Mean rank by the score minus mean rank by accuracy, in shares of a draw's sets, showing "
        "draws: +.20 says that sets of the kind are ranked a fifth of all sets too high.\n"
    )
    yield from markdown(
        ("kind", "sets", *(SCORES[name].title for name in names)),
        [
            (row["kind"], str(row["sets"]), *(f"{row[name]:+.2f}" for name in names))
            for row in content["kinds"]
        ],
    )


def _better_nu(content: Mapping[str, Any]) -> Iterator[str]:
    shown, free = content["showing"], content["chosen"][LABEL_FREE]
    yield "## A better ν?\n"
    yield (
        "What was tried on the paper's two terms: a ridge relative to the mean diagonal, copies "
        "collapsed to one row before the complexity, a Laplace kernel in place of the network's, "
        "MMD with the median σ, of network features, jointly of x and y, and class by class. "
        "The two collapsed sums are ν+.\n"
    )
    names = ("nu_label", "nu_trace", "complexity_trace", "complexity_relative",
             "complexity_collapsed", "complexity_laplace_collapsed", "mmd", "mmd_median",
             "mmd_features", "mmd_joint", "mmd_class_features", "nu_plus", "nu_plus_joint",
             free)  # fmt: skip
    yield from markdown(
        ("score", "showing", "least draw", "choosing"),
        [
            (SCORES[name].title, span(shown[name]["mean"]), two_digits(shown[name]["least"]),
             two_digits(content["choosing"][name]["mean"][0]))
            for name in names
        ],
    )  # fmt: skip
    best = max(("nu_plus", "nu_plus_joint"), key=lambda name: shown[name]["mean"][0])
    ahead = shown[best]["mean"][0] > shown[free]["mean"][0]
    yield (
        f"The best of them as a sum, {SCORES[best].title}, reaches {span(shown[best]['mean'])}; "
        f"the label-free {SCORES[free].title} reaches {span(shown[free]['mean'])}. "
        + ("It is ahead of it." if ahead else "No variant of ν beats it, so none is shipped.")
        + "\n"
    )


def _made(content: Mapping[str, Any]) -> Iterator[str]:
    versions, trained = content["versions"], content["training"]
    yield "## How it was made\n"
    shown = ", ".join(f"{key} {versions[key]}" for key in ("python", "jax", "flax", "scipy"))
    yield f"{versions['device']}; commit {versions['commit']}; {shown}.\n"
    yield (
        f"{trained['networks']:,} networks trained in {trained['seconds'] / 60:.0f} minutes of one "
        f"busy core, {trained['networks'] / trained['seconds'] * 60:.0f} a minute: Adam in "
        "minibatches of 25, the epoch with the least loss on the stopping rows kept; 8 seeds of "
        "MLPs, 4 of CNNs, 6 on CIFAR-10. Each training, and the kernels of each draw, are kept in "
        "files: scores can change without them.\n"
    )
    yield from markdown(
        ("draw", "role", "rows of a set", "sets", "seeds", "validation", "stopping", "test"),
        [
            (row["draw"], row["role"], *(str(row[key]) for key in
             ("num_rows", "num_sets", "num_seeds", "validation", "stopping", "test")))
            for row in content["specs"]
        ],
    )  # fmt: skip


def _choices(content: Mapping[str, Any]) -> list[str]:
    """Scores that tables by draw and kind show."""
    chosen = content["chosen"]
    return [chosen[LABELLED], NTK_PAPER, RBF, "knn_1", chosen[LABEL_FREE], PAPER, "nu_trace"]


def _met(is_met: bool) -> str:
    return "yes" if is_met else "no"


def _join(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


if __name__ == "__main__":
    main()
