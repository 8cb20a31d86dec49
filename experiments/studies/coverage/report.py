"""What a run says of its intervals: tables for the console, and the page of the run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.studies.coverage import page

TITLES = {
    "coverage": "intervals that hold the value on the pool",
    "seeds": "ranks of all seeds in the rank intervals of one",
    "tables": "simulated tables",
    "cost": "processor seconds of values",
}


def report(content: Mapping[str, Any]) -> Document:
    """The page of a run, from what its JSON file holds."""
    return study_page(
        "Do intervals hold what they should?",
        verdicts=list(verdicts(content)),
        tables=[text_table(*each) for each in tables(content)],
        notes=list(_notes(content["plan"])),
        content=content,
    )


def tables(content: Mapping[str, Any]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, headers and rows of the three tables."""
    for name, title in TITLES.items():
        records = content[name]
        yield title, list(records[0]), [list(map(page.text, r.values())) for r in records]


def verdicts(content: Mapping[str, Any]) -> Iterator[str]:
    """The answer, one sentence a line."""
    covered, level = content["coverage"], content["config"]["level"]
    least = min(covered, key=lambda each: each["coverage"])
    most = max(each["coverage"] for each in covered)
    yield (
        f"Intervals that promise {level:.0%} hold the value in {least['coverage']:.1%} to "
        f"{most:.1%} of redraws"
    )
    player = min(covered, key=lambda each: each["least player"])
    yield (
        f"the least case is {least['case']}; no single player of any case is held in fewer than "
        f"{player['least player']:.1%}"
    )
    yield f"rank intervals of one seed hold {_ways(content['seeds'], 'ranks inside', '.1%')}"
    yield f"root mean square errors: {_ways(content['tables'], 'error', '.3f')}"


def _ways(records: Sequence[Mapping[str, Any]], name: str, form: str) -> str:
    """A number of each way to have a validation set."""
    return ", ".join(f"{each[name]:{form}} {each['way']}" for each in records)


def _notes(plan: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"redraws: {plan['num_rows']} rows in {plan['num_parties']} parties, {plan['num_redraws']} "
        f"validation sets from a pool of {plan['num_pool']:,} rows; the truth is the value on the "
        "whole pool"
    )
    yield (
        f"seeds: one table of five hospitals, one of them with wrong labels, under "
        f"{plan['num_seeds']} seeds; {plan['num_tables']} simulated tables, each judged on "
        f"{plan['pool']:,} more patients"
    )
    if plan["num_redraws"] < 50:
        yield f"{plan['num_redraws']} redraws are too few to tell; set size=reduced"
