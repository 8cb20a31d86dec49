"""A document as HTML: one file, no network, every foreign string escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from davinz_jax.files import Writer
from experiments.report.page.document import Bar, Document, Table
from experiments.runtime.program import as_typed

REPORT = "report.html"
WIDTH = 220.0
"""Length of a bar's scale (pixels)."""

_MARGIN = 6.0


@dataclass(frozen=True)
class Scale:
    """Places of numbers on the bars of one table.

    Attributes:
        low: number at the left end.
        high: number at the right end.
        names: parts that bars are split in, in the order of their colours.
    """

    low: float
    high: float
    names: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> "Scale":
        """The scale that holds zero and every bar of a table."""
        bars = [cell.bar for row in table.rows for cell in row if cell.bar is not None]
        ends = [end for bar in bars for end in _ends(bar)]
        names = dict.fromkeys(part.name for bar in bars for part in bar.parts)
        return cls(min(ends, default=0.0), max(ends, default=1.0), tuple(names))

    def place(self, number: float) -> float:
        """Where a number stands (pixels)."""
        span = self.high - self.low or 1.0
        return _MARGIN + (WIDTH - 2 * _MARGIN) * (number - self.low) / span

    def pieces(self, bar: Bar) -> list[tuple[int, float, float]]:
        """Colour, left end and length of each piece: positive parts to the right of zero."""
        right, left, found = 0.0, 0.0, []
        for part in bar.parts:
            start = right if part.size >= 0 else left + part.size
            right, left = right + max(part.size, 0.0), left + min(part.size, 0.0)
            begin = self.place(start)
            end = self.place(start + abs(part.size))
            found.append((self.names.index(part.name), begin, end - begin))
        return found


def render(document: Document) -> str:
    """The page; what users named is escaped, what `drawing.svg` made stands as it is."""
    return _template().render(page=document, scale_of=Scale.of, width=WIDTH)


def page_writer(document: Document) -> Writer:
    """A writer of the page as one file."""
    text = as_typed(render(document))

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")

    return write


def _ends(bar: Bar) -> Sequence[float]:
    sizes = [part.size for part in bar.parts]
    parts = (sum(s for s in sizes if s > 0), sum(s for s in sizes if s < 0))
    limits = [limit for limit in (bar.low, bar.high) if limit is not None]
    return (0.0, bar.value, *parts, *limits)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
