"""What a run tells people: the lines on the terminal, and the page."""

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page.common import text_table
from experiments.report.page.document import Document, Table
from experiments.report.page.of_study import study_page
from experiments.report.tables import span, two_digits
from experiments.runtime import console
from experiments.studies.trust.rule import ADVICE, BRIEF, Verdict
from experiments.studies.trust.scores import KNN, LINEAR, PREDICTORS, name_of
from experiments.studies.trust.skill import BEYOND

TITLE = "May values be believed on these data?"


def show(content: Mapping[str, Any]) -> None:
    """Print how each score orders the sets, and what follows."""
    for text in content["notes"]:
        console.note(text)
    title = "how scores order sets, beside trained networks"
    console.table(title, headers(content), score_rows(content))
    for text in notes(content):
        console.note(text)
    console.say(content["sentence"])


def report(content: Mapping[str, Any], figure: Figure) -> Document:
    """The page of a run.

    Args:
        content: what result.json holds.
        figure: what was foretold against what was achieved.
    """
    rows = score_rows(content)
    return study_page(
        TITLE,
        verdicts=[content["sentence"], *_answers(content)],
        tables=[
            text_table("Each score against trained networks", headers(content), rows),
            _calibration_table(content),
            _kinds_table(content),
        ],
        figure=figure,
        notes=[*notes(content), *_how(content), *content["notes"]],
        content=content,
    )


def headers(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Headings of the table of scores."""
    truth = "R²" if content["task"] == "regression" else "accuracy"
    return ("score", f"Spearman with {truth}", "beyond chance", "pairs in order", "advice")


def score_rows(content: Mapping[str, Any]) -> list[list[str]]:
    """One line a score, the utility first."""
    return [
        [
            name_of(name, content),
            span(told["spearman"]),
            span(told["spearman_with_skill"]),
            "-" if told["ordered_pairs"] is None else f"{told['ordered_pairs']:.0%}",
            BRIEF[Verdict(told["verdict"])],
        ]
        for name, told in content["scores"].items()
    ]


def notes(content: Mapping[str, Any]) -> Iterator[str]:
    """How far the networks themselves can be relied on, and what the time was used for."""
    ground, budget = content["ground"], content["budget"]
    yield (
        f"networks trained on random rows as they are: {two_digits(ground['skill'])} of "
        f"{BEYOND[content['task']]} (error of chance {two_digits(ground['error'])}); two trainings "
        f"of the same sets: Spearman {span(ground['again'])}"
    )
    used = f"{budget['spent_minutes']:.1f} of {budget['minutes']:g} minutes"
    if budget["ended_by"] == "time":
        counts = f"{content['num_sets']} sets and {content['num_networks']} networks"
        yield f"{counts} took {used}; a faster machine trains more in that time"
    else:
        yield (
            f"all {content['num_sets']} sets with {content['num_networks']} networks, as many as "
            f"were asked for, took {used}; num_sets and num_seeds ask for more"
        )


def _answers(content: Mapping[str, Any]) -> Iterator[str]:
    """What stands beside the utility."""
    for name in (KNN, LINEAR):
        if name in content["scores"]:
            told = content["scores"][name]
            found, advice = span(told["spearman"]), ADVICE[Verdict(told["verdict"])]
            yield f"Beside it, {name_of(name, content)}: Spearman {found}; {advice}"


def _how(content: Mapping[str, Any]) -> Iterator[str]:
    sizes = content["sizes"]
    yield (
        f"every set has {sizes['set']:,} of {sizes['base']:,} rows; scores look at "
        f"{sizes['scoring']:,} others, {sizes['stopping']:,} end trainings, and networks are "
        f"tested on {sizes['test']:,} that nothing else saw"
    )
    yield (
        f"rows were parted so {len({each['parting'] for each in content['sets']})} times, anew "
        "after every few sets, and a Spearman is the mean over partings"
    )
    yield (
        f"intervals are of a bootstrap of partings and sets, at {content['level']:.0%}; advice is "
        "“believe” where the lower limit is at least .7, “far-apart players” from .3, and "
        "“do not use” too where networks learn nothing, or the score orders sets beyond chance "
        f"({BEYOND[content['task']]}) no better than at random"
    )


def _calibration_table(content: Mapping[str, Any]) -> Table:
    """What networks achieved on fifths of the sets, by each predictor."""
    names = [name for name in PREDICTORS if name in content["scores"]]
    rows = [
        [
            name_of(name, content),
            *(f"{part['score']:.3g} → {part['accuracy']:.3f}"
              for part in content["scores"][name]["calibration"]),
        ]
        for name in names
    ]  # fmt: skip
    titles = ["score", "lowest fifth", "second", "third", "fourth", "highest fifth"]
    return text_table("Calibration: mean score → mean accuracy of trained networks", titles, rows)


def _kinds_table(content: Mapping[str, Any]) -> Table:
    """What networks achieved by how the sets were made, and how the utility orders each kind."""
    rows = [
        [
            each["kind"],
            str(each["num_sets"]),
            f"{each['accuracy']:.3f}",
            f"{each['lowest']:.3f} to {each['highest']:.3f}",
            "-" if each["spearman"] is None else two_digits(each["spearman"]),
        ]
        for each in content["kinds"]
    ]
    titles = ["made by", "sets", "mean accuracy", "lowest to highest", "Spearman within"]
    return text_table("What networks achieve on sets of each kind", titles, rows)
