"""Generated inputs of every command: a strategy of `Case`s for each, and all of them by weight."""

import json
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from tests.faults import overrides
from tests.faults.arrays import arrays
from tests.faults.cases import HERE, SAVED, Case, Wanted, together
from tests.faults.commands import run_here
from tests.faults.images import image_files
from tests.faults.tables import USED, Table, tables

BASE = ("data=table", "data.target=y", "data.party=party", *USED)
BASE_TABLE = "x0,x1,party,y\n" + "".join(
    f"{(k * 7) % 30 / 10},{(k * 11) % 13 / 5},{'abc'[k % 3]},{k * 5 % 7 % 2}\n" for k in range(30)
)
RUNS = {"parties": ("semivalue=leave_one_out",), "shapley": ("semivalue=shapley",),
        "rows": ("players=rows",)}  # fmt: skip
"""Runs that other commands go on from, by name."""


def save_runs(folder: Path, kernel: tuple[str, ...] = overrides.NETWORK) -> Path:
    """Run what other commands go on from, unless it is there; gives the folder.

    Args:
        folder: where.
        kernel: options of the kernel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "base.csv"
    table.write_text(BASE_TABLE)
    for name, options in RUNS.items():
        if not (folder / name / "result.json").is_file():
            named = [f"data.path={table}", f"hydra.run.dir={folder / name}"]
            outcome = run_here("value", [*BASE, *kernel, *options, *named, *overrides.ALONE])
            assert outcome.code == 0, outcome.message
    return folder


def kernels(draw: st.DrawFn, tangent: bool) -> tuple[str, ...]:
    """Options of a kernel: mostly one that needs no network, and nothing compiled."""
    is_tangent = tangent and draw(st.integers(0, 3)) == 0
    return overrides.NETWORK if is_tangent else overrides.RAW


def opinions(tangent: bool) -> tuple[str, ...]:
    """Whether a second opinion is formed, which compiles a network."""
    return () if tangent else overrides.ALONE


# -- value -----------------------------------------------------------------------------------------


@st.composite
def value_of_table(draw: st.DrawFn, tangent: bool) -> Case:
    """`value` of a table, sound or flawed, with options that suit it."""
    table, options = draw(tables()), draw(st.sampled_from(overrides.SOUND))
    arguments = (*table.options, *kernels(draw, tangent), *opinions(tangent), *options)
    wanted = suits(table)
    return Case(
        "value", arguments, "value, table", wanted, table.about, {table.path: table.content}
    )


def suits(table: Table) -> Wanted:
    """What a table asks for; names of parties beyond letters are left open."""
    plain = b"party" not in table.content or table.suffix != ".csv"
    return "either" if table.wanted == "accepted" and not plain else table.wanted


@st.composite
def value_of_arrays(draw: st.DrawFn, tangent: bool) -> Case:
    """`value` of an npz file."""
    content, wanted, about = draw(arrays())
    options = ("data=arrays", f"data.path={HERE}/data.npz", *USED, *kernels(draw, tangent))
    options += draw(st.sampled_from(overrides.SOUND)) + opinions(tangent)
    return Case("value", options, "value, arrays", wanted, about, {"data.npz": content})


@st.composite
def value_of_images(draw: st.DrawFn, tangent: bool) -> Case:
    """`value` of a folder of images or a manifest."""
    files, path, wanted, about = draw(image_files())
    options = ("data=images", f"data.path={HERE}/{path}", *USED, *kernels(draw, tangent),
               *opinions(tangent))  # fmt: skip
    return Case("value", options, "value, images", wanted, about, files)


@st.composite
def value_with_options(draw: st.DrawFn, tangent: bool) -> Case:
    """`value` of a sound table with options that may not do."""
    table = draw(tables(flawed=False))
    chosen = draw(overrides.of_value())
    arguments = (*table.options, *kernels(draw, tangent), *(text for text, _ in chosen))
    if not any(text.startswith("second_opinion") for text, _ in chosen):
        arguments += opinions(tangent)
    wanted = together([wanted for _, wanted in chosen]) if len(chosen) == 1 else "either"
    about = " ".join(text for text, _ in chosen)
    return Case("value", arguments, "value, options", wanted, about, {table.path: table.content})


# -- detect ----------------------------------------------------------------------------------------


@st.composite
def detect(draw: st.DrawFn, tangent: bool) -> Case:
    """`detect` of a table or an npz file."""
    chosen = [text for text, _ in draw(overrides.of(overrides.DETECT))]
    if draw(st.booleans()):
        table = draw(tables())
        used = [option for option in table.options if option not in USED]
        arguments, files, about = [*used, *chosen], {table.path: table.content}, table.about
    else:
        content, _, about = draw(arrays())
        arguments, files = (
            ["data=arrays", f"data.path={HERE}/data.npz", *chosen],
            {"data.npz": content},
        )
    arguments += ["model=mlp_table", "model.widths=[4]"] * (
        tangent and draw(st.integers(0, 19)) == 0
    )
    about = ", ".join(filter(None, [about, *chosen]))
    return Case("detect", tuple(arguments), "detect", "either", about, files)


# -- commands that go on from a run ----------------------------------------------------------------


@st.composite
def payout(draw: st.DrawFn) -> Case:
    """`payout` of a saved run."""
    run = draw(st.sampled_from([*RUNS, *RUNS, "nowhere"]))
    chosen = [text for text, _ in draw(overrides.of(overrides.PAYOUT))]
    budget = [] if any(text.startswith("budget") for text in chosen) else ["budget=100"]
    arguments = (f"run={SAVED}/{run}", *budget, *chosen)
    wanted: Wanted = "refused" if run == "nowhere" else "either" if chosen else "accepted"
    return Case("payout", arguments, "payout", wanted, " ".join([run, *chosen]))


@st.composite
def score(draw: st.DrawFn) -> Case:
    """`score` of a new party, whose table may not fit the run's."""
    run = draw(st.sampled_from(["parties", "shapley", "rows", "nowhere"]))
    table = draw(tables())
    name = draw(st.sampled_from(["new", "a", "''", "[/bold]", "=1+1", "null", "3"]))
    arguments = (f"run={SAVED}/{run}", f"path={HERE}/{table.path}", f"name={name}")
    wanted: Wanted = "refused" if run in ("rows", "nowhere") else "either"
    about = f"{run} {name} {table.about}"
    return Case("score", arguments, "score", wanted, about, {table.path: table.content})


@st.composite
def score_that_fits(draw: st.DrawFn) -> Case:
    """`score` of a new party whose table has the run's columns.

    Cells hundreds of times beyond the run's make a kernel of which the run's ridge is no more than
    rounding: it may be refused.
    """
    count, far = draw(st.integers(1, 4)), draw(st.booleans())
    most = 10**6 if far else 10**4
    cells = st.integers(-most, most).map(lambda k: k / 1000)
    lines = [f"{draw(cells)},{draw(cells)},{draw(st.integers(0, 1))}" for _ in range(count)]
    content = ("x0,x1,y\n" + "\n".join(lines) + "\n").encode()
    arguments = (f"run={SAVED}/parties", f"path={HERE}/new.csv", "name=new")
    wanted: Wanted = "either" if far else "accepted"
    return Case("score", arguments, "score", wanted, f"{count} rows", {"new.csv": content})


# -- collect ---------------------------------------------------------------------------------------

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def estimate(mean: float) -> dict[str, object]:
    """A number as a study's result.json has it."""
    return {"statistic": "spearman", "subject": "value", "against": "size", "mean": mean,
            "low": None, "high": None, "each": [mean]}  # fmt: skip


def study_result(seed: int, mean: float) -> dict[str, object]:
    """What a study's result.json holds, as far as `collect` reads it."""
    config = {"seeds": [seed], "seed": seed, "level": 0.95, "num_initialisations": 1}
    return {"experiment": "data_quantity", "seeds": [seed], "estimates": [estimate(mean)],
            "verdicts": [], "config": config}  # fmt: skip


@st.composite
def collect(draw: st.DrawFn) -> Case:
    """`collect` of a folder of jobs, of which some are broken."""
    files: dict[str, bytes] = {}
    for number in range(draw(st.integers(0, 4))):
        name, content = draw(jobs(number))
        files[f"sweep/{number}/{name}"] = content
    options = draw(st.sampled_from([(), ("--level=0.5",), ("--level=2",), ("--level=nan",),
                                    ("--only=size",), ("--only=nothing",), ("--lvel=1",),
                                    ("--level=high",)]))  # fmt: skip
    return Case(
        "collect", (f"{HERE}/sweep", *options), "collect", "either", " ".join(options), files
    )


@st.composite
def jobs(draw: st.DrawFn, number: int) -> tuple[str, bytes]:
    """Name and content of one file of a job."""
    content = study_result(number, draw(st.floats(-1, 1)))
    damage = draw(st.integers(0, 15))
    if damage == 0:
        del content[draw(st.sampled_from(sorted(content)))]
    elif damage == 1:
        content[draw(st.sampled_from(sorted(content)))] = draw(NESTED)
    text = json.dumps(content)
    if damage == 2:
        text = text[: draw(st.integers(0, len(text)))]
    elif damage == 3:
        text = json.dumps(draw(NESTED))
    name = draw(st.sampled_from(["result.json", "result.json", "result.json", "failure.json"]))
    if name == "failure.json" and damage > 3:
        text = json.dumps({"error": "ValueError", "message": "[/bold] =1+1"})
    return name, text.encode()


# -- studies ---------------------------------------------------------------------------------------

STUDY = {
    "seeds": ("[0]", "[0,1]", "[]", "[0,0]", "[-1]", "[100000000000000000000]", "0"),
    "seed": ("null", "3", "-1"),
    "level": ("0.9", "0", "1", "nan"),
    "parties.sizes": ("[4,8,12]", "[0,4]", "[-1,4]", "[4]", "[400,4]", "[]", "null"),
    "num_initialisations": ("1", "2", "0"),
    "data.num_rows": ("24", "0", "3"),
    "data.num_sweeps": ("5", "-1", "0"),
    "data.temperatures": ("[1.0,5.0]", "[5,1]", "[0,0]", "[]", "[nan,1]"),
    "skip_finished": ("true", "perhaps"),
    "noise.scales": ("[0,0.5,1]", "[-1,0,1]", "[nan,0,1]", "[]", "[0.1]"),
    "models": ("[mlp_table,mlp_table]", "[]", "[nothing]", "[mlp_table]"),
}  # fmt: skip
SMALL = ("data.num_rows=24", "data.num_validation_rows=12", "model=mlp_table", "model.widths=[4]",
         "num_initialisations=1", "seeds=[0]")  # fmt: skip
COMMANDS = {
    "data_quantity": ("experiment=data_quantity_smoke", *SMALL, "parties.sizes=[4,8,12]",
                      "data.num_sweeps=5"),
    "noise_stability": ("experiment=noise_stability_smoke", *SMALL, "parties.sizes=[8,8,8]",
                        "noise.scales=[0,0.5,1]", "data.num_sweeps=5"),
}  # fmt: skip
"""Studies that are quick enough, at the least size."""


@st.composite
def study(draw: st.DrawFn) -> Case:
    """A study at its least size, with options that may not do."""
    command = draw(st.sampled_from(sorted(COMMANDS)))
    chosen = [text for text, _ in draw(overrides.of(STUDY))]
    wanted: Wanted = "either" if chosen else "accepted"
    arguments = (*COMMANDS[command], *chosen)
    return Case(command, arguments, "studies", wanted, " ".join(chosen))


def every(*, tangent: bool = True) -> Mapping[str, st.SearchStrategy[Case]]:
    """Strategy of each kind of input.

    Args:
        tangent: whether some look at a network, which takes seconds to compile.
    """
    return {
        "value, table": value_of_table(tangent),
        "value, arrays": value_of_arrays(tangent),
        "value, images": value_of_images(tangent),
        "value, options": value_with_options(tangent),
        "detect": detect(tangent),
        "payout": payout(),
        "score": score() | score_that_fits(),
        "collect": collect(),
        "studies": study(),
    }


SHARES = {"value, table": 8, "value, arrays": 5, "value, images": 2, "value, options": 12,
          "detect": 6, "payout": 8, "score": 4, "collect": 6, "studies": 1}  # fmt: skip
"""How often each kind is tried, in parts of their sum."""
