"""What a page holds: an answer, then sections; nothing here knows HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """One coloured piece of a split bar.

    Attributes:
        name: what the piece is, as the legend names it.
        size: its length, with its sign; unit of the bar.
    """

    name: str
    size: float


@dataclass(frozen=True)
class Bar:
    """A value drawn to the scale of its column: its parts, its interval, and itself.

    Attributes:
        value: where the mark stands.
        low: lower limit of the interval; None if no error was measured.
        high: upper limit.
        parts: what the value is the sum of; empty for a plain mark.
    """

    value: float
    low: float | None = None
    high: float | None = None
    parts: Sequence[Part] = ()

    @property
    def text(self) -> str:
        """The same in words, for readers who hear the page."""
        if self.low is None or self.high is None:
            return f"{self.value:.3g}"
        return f"{self.value:.3g}, interval {self.low:.3g} to {self.high:.3g}"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what is read.
        order: what its column is sorted by; None = the text.
        bar: drawn in place of the text.
    """

    text: str
    order: float | None = None
    bar: Bar | None = None


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        title: its heading.
        is_number: whether its cells stand to the right.
        hint: one sentence on what it holds; read where the heading is pointed at.
    """

    title: str
    is_number: bool = True
    hint: str = ""


@dataclass(frozen=True)
class Table:
    """Rows that a reader can sort by any column; the first column names the row."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    after: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing, as SVG of our own making or as the address of an image's data.

    Attributes:
        description: what is to be seen, in words.
        svg: markup that `drawing.svg` made.
        uri: `data:` address that `drawing.image_uri` made.
        caption: text below it.
    """

    description: str
    svg: str = ""
    uri: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it, in this order: texts, points, table, pictures.

    Attributes:
        title: heading.
        texts: paragraphs.
        points: a list of statements and their reasons.
        quotes: texts of others, shown as they are, each with its caption.
        tables: tables, one below the other.
        pictures: one is drawn large, several as a gallery.
        commands: what a reader can type.
        is_folded: whether it opens on request only.
    """

    title: str
    texts: Sequence[str] = ()
    points: Sequence[tuple[str, str]] = ()
    quotes: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    commands: Sequence[str] = ()
    is_folded: bool = False


@dataclass(frozen=True)
class Document:
    """A page.

    Attributes:
        title: what was asked.
        answer: sentences in plain words, the first the shortest answer there is.
        sections: the rest, what matters most first.
        made: when and by what.
    """

    title: str
    answer: Sequence[str]
    sections: Sequence[Section] = field(default_factory=tuple)
    made: str = ""
