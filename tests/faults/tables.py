"""Generated tables: sound ones of few shapes, so that compiled programs are shared, and flaws.

Hypothesis draws the columns and the flaws; the cells come from a generator of a drawn seed. Flaws
of cells change the frame, flaws of bytes the file.
"""

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.faults.cases import HERE, Wanted, together

NUM_ROWS = 30
USED = ("data.num_rows=16", "data.num_validation_rows=4")
"""Rows in use, whatever a flaw does to the file: programs are compiled for these shapes alone."""

NUMBERS = {
    "normal": lambda rng: rng.normal(size=NUM_ROWS),
    "whole": lambda rng: rng.integers(0, 9, NUM_ROWS),
    "offset": lambda rng: rng.normal(1e6, 1, NUM_ROWS),
    "small": lambda rng: rng.normal(size=NUM_ROWS) * 1e-30,
    "large": lambda rng: rng.normal(size=NUM_ROWS) * 1e20,
    "constant": lambda rng: np.full(NUM_ROWS, 3.5),
    "truth": lambda rng: rng.random(NUM_ROWS) < 0.5,
    "words": lambda rng: np.array(["red", "green"])[np.arange(NUM_ROWS) % 2],
}
TARGETS = {
    "two": lambda rng: np.arange(NUM_ROWS) % 2,
    "words": lambda rng: np.array(["yes", "no", "may be"])[np.arange(NUM_ROWS) % 3],
    "real": lambda rng: rng.normal(size=NUM_ROWS),
    "dear": lambda rng: rng.normal(2e5, 1e4, NUM_ROWS).round(2),
}
NAMES = st.sampled_from(
    ["[/bold]", "ward [a]", "ward [b]", "=1+1", "@x", "+1", "-2", "a,b", 'say "so"', "ä ö", "北",
     "🙂", "x" * 300, "two\nlines", "tab\there", "true", "1.0", "1", "/", "..", "{a}",
     "$x", "${b}", "a ", " a", "A ", "'", "%s", "\\", "‮rtl"]
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A generated table.

    Attributes:
        content: the bytes of its file.
        suffix: ending of the file's name.
        wanted: what should become of it.
        about: its flaws.
        options: of the command line, which name the file and its columns.
        has_parties: whether it has a column that says whose a row is.
    """

    content: bytes
    suffix: str
    wanted: Wanted
    about: str
    options: tuple[str, ...]
    has_parties: bool

    @property
    def path(self) -> str:
        """Where the file goes, below the input's folder."""
        return f"table{self.suffix}"


# -- flaws of cells --------------------------------------------------------------------------------

Flaw = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def put(frame: pd.DataFrame, rng: np.random.Generator, column: str, cell: object) -> pd.DataFrame:
    """The frame with one cell of a column replaced."""
    changed = frame.astype({column: object})
    changed.loc[rng.integers(len(frame)), column] = cell
    return changed


def in_input(cell: object) -> Flaw:
    """A flaw that puts a cell into the first input column."""
    return lambda frame, rng: put(frame, rng, "x0", cell)


CELLS: dict[str, tuple[Flaw, Wanted]] = {
    "missing input": (in_input(None), "either"),
    "infinite input": (in_input("inf"), "either"),
    "1e31": (in_input(1e31), "either"),
    "1e308": (in_input(1e308), "either"),
    "1e400": (in_input("1e400"), "either"),
    "5e-324": (in_input(5e-324), "either"),
    "-0.0": (in_input(-0.0), "either"),
    "10 to the 40": (in_input(10**40), "either"),
    "a word among numbers": (in_input("many"), "either"),
    "decimal comma": (in_input("1,5"), "either"),
    "missing target": (lambda f, r: put(f, r, "y", None), "either"),
    "missing party": (lambda f, r: put(f, r, "party", None) if "party" in f else f, "either"),
    "a party called null": (
        lambda f, r: put(f, r, "party", "null") if "party" in f else f, "either",
    ),
    "constant target": (lambda f, r: f.assign(y=f["y"].iloc[0]), "refused"),
    "a class a row": (lambda f, r: f.assign(y=[f"class {k}" for k in range(len(f))]), "either"),
    "no input": (lambda f, r: f[[c for c in f if c in ("y", "party")]], "refused"),
    "one row": (lambda f, r: f.head(1), "refused"),
    "two rows": (lambda f, r: f.head(2), "either"),
    "no row": (lambda f, r: f.head(0), "refused"),
    "all rows alike": (lambda f, r: f.iloc[np.zeros(len(f), int)], "refused"),
    "twin column": (lambda f, r: pd.concat([f, f[["x0"]]], axis=1), "refused"),
    "twin target": (lambda f, r: pd.concat([f, f[["y"]]], axis=1), "refused"),
    "column without a name": (lambda f, r: f.rename(columns={"x0": ""}), "either"),
    "column named as a row's number": (lambda f, r: f.rename(columns={"x0": "0"}), "either"),
    "one party": (lambda f, r: f.assign(party="a") if "party" in f else f, "either"),
    "a party a row": (
        lambda f, r: f.assign(party=range(len(f))) if "party" in f else f, "either",
    ),
    "a party of one row": (
        lambda f, r: put(f, r, "party", "lonely") if "party" in f else f, "either",
    ),
}  # fmt: skip

# -- flaws of bytes --------------------------------------------------------------------------------

BYTES: dict[str, tuple[Callable[[bytes, np.random.Generator], bytes], Wanted]] = {
    "nothing": (lambda b, r: b"", "refused"),
    "noise": (lambda b, r: r.bytes(400), "either"),
    "cut off": (lambda b, r: b[: r.integers(1, len(b))], "either"),
    "a byte flipped": (lambda b, r: flip(b, r), "either"),
    "NUL bytes": (lambda b, r: b.replace(b"\n", b"\0\n", 2), "either"),
    "UTF-16": (lambda b, r: b.decode("utf-8", "replace").encode("utf-16"), "either"),
    "Latin-1": (lambda b, r: b"\xe4" + b, "either"),
    "byte order mark": (lambda b, r: b"\xef\xbb\xbf" + b, "either"),
    "open quote": (lambda b, r: b.replace(b",", b',"', 1), "either"),
    "ragged line": (lambda b, r: b + b"1,2,3,4,5,6,7,8,9,10,11\n", "either"),
    "semicolons": (lambda b, r: b.replace(b",", b";"), "either"),
    "carriage returns": (lambda b, r: b.replace(b"\n", b"\r\n"), "either"),
    "blank lines": (lambda b, r: b.replace(b"\n", b"\n\n"), "either"),
}


def flip(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with one byte changed."""
    if not content:
        return content
    place = int(rng.integers(len(content)))
    changed = content[place] ^ int(rng.integers(1, 256))
    return content[:place] + bytes([changed]) + content[place + 1 :]


# -- tables ----------------------------------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn, *, flawed: bool = True) -> Table:
    """Tables with one to three input columns and, if asked for, up to two flaws."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame, has_parties = draw(frames(rng))
    chosen = draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=2)) if flawed else []
    for name in chosen:
        if len(frame) and frame.columns.is_unique and {"x0", "y"} <= set(frame.columns):
            frame = CELLS[name][0](frame.reset_index(drop=True), rng)
    suffix = draw(st.sampled_from([".csv", ".csv", ".csv", ".tsv", ".csv.gz", ".parquet"]))
    content = encode(frame, suffix)
    damage = draw(st.none() | st.sampled_from(sorted(BYTES))) if flawed and not chosen else None
    wants: list[Wanted] = [CELLS[name][1] if len(chosen) == 1 else "either" for name in chosen]
    if damage:
        content = BYTES[damage][0](content, rng)
        wants.append(BYTES[damage][1])
    flaws = [*chosen, *([damage] if damage else [])]
    options = ("data=table", f"data.path={HERE}/table{suffix}", "data.target=y")
    options += ("data.party=party",) if has_parties else ()
    wanted = together(wants)
    return Table(content, suffix, wanted, ", ".join(flaws), (*options, *USED), has_parties)


@st.composite
def frames(draw: st.DrawFn, rng: np.random.Generator) -> tuple[pd.DataFrame, bool]:
    """A sound frame, and whether it has parties; `x0` varies and is numeric."""
    kinds = draw(st.lists(st.sampled_from(sorted(NUMBERS)), max_size=2))
    columns = {f"x{k}": NUMBERS[kind](rng) for k, kind in enumerate(["normal", *kinds])}
    has_parties = draw(st.booleans())
    if has_parties:
        names = draw(st.lists(NAMES | st.sampled_from("abc"), min_size=2, max_size=3, unique=True))
        columns["party"] = np.array(names, dtype=object)[np.arange(NUM_ROWS) % len(names)]
    columns["y"] = TARGETS[draw(st.sampled_from(sorted(TARGETS)))](rng)
    return pd.DataFrame(columns), has_parties


def encode(frame: pd.DataFrame, suffix: str) -> bytes:
    """A frame as the bytes of a file of this ending; as CSV where Parquet cannot hold it."""
    if suffix == ".parquet":
        buffer = io.BytesIO()
        try:
            frame.to_parquet(buffer, engine="pyarrow")
            return buffer.getvalue()
        except (ValueError, TypeError, OverflowError, ArithmeticError):
            return frame.to_csv(index=False).encode()
        except Exception as error:  # pyarrow has errors of its own for mixed columns
            if type(error).__module__.startswith("pyarrow"):
                return frame.to_csv(index=False).encode()
            raise
    text = frame.to_csv(index=False, sep="\t" if suffix == ".tsv" else ",").encode()
    return gzip.compress(text, mtime=0) if suffix.endswith(".gz") else text
