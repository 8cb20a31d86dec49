"""What pages of every kind end with: settings, versions, and how to repeat the run."""

import datetime
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig

from experiments.report.page.document import Cell, Column, Section, Table
from experiments.runtime.program import command_words


def settings_sections(content: Mapping[str, Any]) -> tuple[Section, ...]:
    """How to repeat a run, then everything that it was set to.

    Args:
        content: what result.json holds; `config` and `versions` are told, and `seconds` and
            `data_sha256` where they are there.
    """
    command = command_line()
    again = Section(
        "How to repeat it",
        texts=[
            "The same command on the same data gives the same numbers, with the versions below."
            if command
            else "Take the settings below, with the same data and versions."
        ],
        commands=[command] if command else [],
    )
    made_of = dict(content["versions"])
    if content.get("data_sha256"):
        made_of["SHA-256 of the data"] = content["data_sha256"]
    made_of |= {f"seconds of {stage}": taken for stage, taken in content.get("seconds", {}).items()}
    tables = [
        plain_table("Versions, machine and time", made_of),
        plain_table("Settings", dict(flatten(content["config"]))),
    ]
    return (again, Section("Settings, versions and hashes", tables=tables, is_folded=True))


def command_line() -> str | None:
    """What was typed to start this run; None where no command is going on."""
    if not HydraConfig.initialized():
        return None
    hydra = HydraConfig.get()
    words = [*command_words(str(hydra.job.config_name)), *hydra.overrides.task]
    return shlex.join(words)


def plain_table(caption: str, entries: Mapping[str, Any]) -> Table:
    """Names and what they are set to."""
    rows = [[Cell(name), Cell(_plain(value))] for name, value in entries.items()]
    return Table(caption, [Column("name", False), Column("value", False)], rows)


def text_table(
    caption: str, headers: Sequence[str], rows: Sequence[Sequence[str]], after: str = ""
) -> Table:
    """A table of texts, the first of each row its name; a number at a text's start sorts it."""
    cells = [[Cell(text, _leading_number(text)) for text in row] for row in rows]
    columns = [
        Column(name, at > 0 and any(row[at].order is not None for row in cells))
        for at, name in enumerate(headers)
    ]
    return Table(caption[:1].upper() + caption[1:], columns, cells, after)


def flatten(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of a nested configuration.

    >>> dict(flatten({"data": {"path": "a.csv"}, "seed": 0}))
    {'data.path': 'a.csv', 'seed': 0}
    """
    for name, value in node.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def note_points(notes: Sequence[str]) -> list[tuple[str, str]]:
    """What was noted while the data was read, as statements of a page."""
    return [("Noted while the data was read.", sentence(text)) for text in notes]


def made_by(content: Mapping[str, Any]) -> str:
    """The page's last line."""
    when = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    version = content["versions"]["davinz-jax"]
    return f"Made by davinz_jax {version}, {when}. This page needs no network and sends nothing."


def figure_text(number: float) -> str:
    """A number in three figures, with a true minus.

    >>> figure_text(0.123456), figure_text(-2.5e-7)
    ('+0.123', '−2.5e−07')
    """
    return f"{number:+.3g}".replace("-", "−")


def join_names(names: Sequence[str], most: int = 6) -> str:
    """Names in a sentence, no more than a few.

    >>> join_names(["a", "b", "c"]), join_names(["a"] * 9, most=2)
    ('a, b and c', 'a, a and 7 more')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(text: str) -> str:
    """A text with a capital at its start and a full stop at its end.

    >>> sentence("value rises"), sentence("Why?")
    ('Value rises.', 'Why?')
    """
    stop = "" if text.endswith((".", "?", "!", ":")) else "."
    return text[:1].upper() + text[1:] + stop


def _leading_number(text: str) -> float | None:
    """The number that a cell begins with.

    >>> _leading_number("0.91 [0.88, 0.92]"), _leading_number("5.0%"), _leading_number("davinz")
    (0.91, 5.0, None)
    """
    try:
        return float(text.split()[0].replace(",", "").replace("−", "-").removesuffix("%"))
    except (ValueError, IndexError):
        return None


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
