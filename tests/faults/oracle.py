"""What a sound outcome is: whole, finite files that agree with each other, or one helpful message.

`judge` gives what is wrong with an outcome, each finding as `KIND: text`; none if it is sound.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from davinz_jax.data.records import split_lines
from davinz_jax.data.tabular import encodings, separators
from davinz_jax.semivalues import Valuation
from tests.faults.cases import Case
from tests.faults.commands import Outcome

TRACEBACK, HANG, DEATH = "traceback", "hang", "death"
HALF, INCONSISTENT = "half-written", "inconsistent"
UNHELPFUL, ACCEPTED, REFUSED = "unhelpful message", "wrong acceptance", "wrong refusal"
KINDS = (TRACEBACK, HANG, DEATH, HALF, INCONSISTENT, UNHELPFUL, ACCEPTED, REFUSED)

HELPFUL = re.compile(
    r"^error: (?:.*\bwanted\b.*\bgot\b.*;.*\w"
    r"|unknown option .*[;?].*\w|[\w/]+: unknown choice .*;.*\w|.*--help.*)",
    re.DOTALL,
)
"""Argument, wanted, got and remedy; or what the nearest option or choice is."""

PNG = b"\x89PNG"
EDGES = 1e-6


class Unsound(AssertionError):
    """Files that do not agree with each other."""


def judge(case: Case, outcome: Outcome, folder: Path) -> list[str]:
    """What is wrong with how a command ended.

    Args:
        case: what it was given.
        outcome: how it ended.
        folder: where it was to write.
    """
    if outcome.code is None:
        return [f"{HANG}: {_last(outcome.message)}"]
    if "Traceback (most recent call last)" in outcome.message:
        return [f"{TRACEBACK}: {_last(outcome.message)}"]
    if outcome.code == 0:
        return list(_judge_acceptance(case, folder))
    if outcome.code != 1 and not (case.command == "collect" and outcome.code == 2):
        return [f"{DEATH}: exit status {outcome.code}: {_last(outcome.message)}"]
    return list(_judge_refusal(case, outcome, folder))


def _judge_acceptance(case: Case, folder: Path) -> Iterator[str]:
    if case.wanted == "refused":
        yield f"{ACCEPTED}: {case.about or case.arguments}"
    try:
        SOUND[case.command](folder)
    except Unsound as error:
        yield f"{INCONSISTENT}: {error}"
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        yield f"{HALF}: {type(error).__name__}: {error}"


def _judge_refusal(case: Case, outcome: Outcome, folder: Path) -> Iterator[str]:
    if case.wanted == "accepted":
        yield f"{REFUSED}: {_last(outcome.message)}"
    if not is_helpful(outcome.message):
        yield f"{UNHELPFUL}: {outcome.message.strip()[-600:]}"
    left = written(folder)
    if left and case.command != "collect":
        yield f"{HALF}: refused, yet the folder holds {left}"


def is_helpful(message: str) -> bool:
    """Whether an error stream holds one message with argument, wanted, got and remedy."""
    text = message.strip()
    if text.startswith("usage: "):  # of `collect`, which has no configuration
        return True
    return HELPFUL.match(text) is not None and text.count("\nerror: ") == 0


def _last(message: str) -> str:
    return (message.strip().splitlines() or ["nothing"])[-1][-400:]


def written(folder: Path) -> list[str]:
    """Files in a run's folder; those that a run locks or goes on with count too."""
    if not folder.is_dir():
        return []
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# -- files that a command leaves -------------------------------------------------------------------


def expect(holds: Any, text: str) -> None:
    """Raise `Unsound` unless something holds."""
    if not holds:
        raise Unsound(text)


def read_result(folder: Path) -> dict[str, Any]:
    """What result.json holds: strict JSON, without NaN or infinity."""

    def refuse(text: str) -> None:
        raise Unsound(f"result.json holds {text}")

    content = json.loads((folder / "result.json").read_text(), parse_constant=refuse)
    expect(isinstance(content, dict), "result.json is no object")
    return content


def read_csv(path: Path) -> pd.DataFrame:
    """A CSV file with every cell as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    """A column of numbers, of which none may be missing or infinite."""
    found = pd.to_numeric(frame[column]).to_numpy(dtype=float)
    expect(np.isfinite(found).all(), f"{column} is not finite in all rows")
    return found


def no_scratch(folder: Path) -> None:
    """Nothing half-written, and no state of a run that has ended."""
    left = [name for name in written(folder) if ".writing-" in name or name == "checkpoint"]
    expect(not left, f"left behind: {left}")
    for path in folder.glob("*.png"):
        expect(path.read_bytes().startswith(PNG), f"{path.name} is no image")


def check_value(folder: Path) -> None:
    """values.csv, result.json and valuation.npz are whole and say the same."""
    no_scratch(folder)
    content, frame = read_result(folder), read_csv(folder / "values.csv")
    valuation = Valuation.load(folder / "valuation.npz")
    told = [player["value"] for player in content["players"]]
    expect([player["name"] for player in content["players"]] == list(valuation.players), "players")
    close(told, valuation.values, "values of result.json and valuation.npz")
    close(sorted(numbers(frame, "value")), sorted(valuation.values), "values of values.csv")
    close(valuation.values, valuation.term_values.sum(axis=0), "values and their terms")
    expect(len(frame) == len(valuation.players), "rows of values.csv")
    for each in content["players"]:
        _check_player(each)
    expect(math.isfinite(content["grand"]["value"]), "the utility of all")
    _check_ranks(content["players"])
    if "parties_as_sum_of_rows" in content:
        sums = [party["value"] for party in content["parties_as_sum_of_rows"]]
        close(sum(sums), sum(told), "sums by party", scale=np.abs(told).sum())


def _check_player(player: Mapping[str, Any]) -> None:
    stderr, low, high = (player.get(key) for key in ("stderr", "low", "high"))
    expect(stderr is None or stderr >= 0, f"standard error {stderr}")
    expect(player["num_rows"] >= 1, f"{player['num_rows']} rows")
    if low is not None and high is not None:
        expect(low <= player["value"] <= high, f"{player['value']} outside [{low}, {high}]")


def _check_ranks(players: Sequence[Mapping[str, Any]]) -> None:
    for player in players:
        better = sum(other["value"] > player["value"] for other in players)
        expect(player["rank"] <= better + 1, f"rank {player['rank']}, {better} better")
        expect(player["rank_low"] <= player["rank"] <= player["rank_high"], "range of ranks")


def close(found: Any, wanted: Any, what: str, scale: Any = None) -> None:
    """Two sets of numbers agree to a millionth of the largest."""
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    expect(found.shape == wanted.shape, f"{what}: {found.shape} and {wanted.shape}")
    room = EDGES * max(np.abs(wanted).max(initial=0), 0 if scale is None else scale)
    expect(np.abs(found - wanted).max(initial=0) <= room, f"{what} differ")


def check_payout(folder: Path) -> None:
    """Amounts sum to the budget, to the last decimal, within floor and cap."""
    no_scratch(folder)
    content, frame = read_result(folder), read_csv(folder / "payouts.csv")
    amounts = {name: Decimal(text) for name, text in content["payouts"].items()}
    total, config = Decimal(content["total"]), content["config"]
    expect(sum(amounts.values()) == total, "amounts do not sum to the total")
    close(float(total), float(content["budget"]), "total and budget")
    expect(len(frame) == len(amounts), "rows of payouts.csv")
    expect(all(-amount.as_tuple().exponent <= config["decimals"] for amount in amounts.values()),
           "more decimals than asked for")  # fmt: skip
    if config["negative"] != "charge":
        least, most = Decimal(str(config["floor"])), config["cap"]
        expect(min(amounts.values()) >= least, "below the floor")
        expect(most is None or max(amounts.values()) <= Decimal(str(most)), "above the cap")
    close(sorted(numbers(frame, "payout")), sorted(map(float, amounts.values())), "payouts.csv")


def check_score(folder: Path) -> None:
    """A finite value of a party with rows."""
    no_scratch(folder)
    content = read_result(folder)
    expect(math.isfinite(content["value"]) and math.isfinite(content["value_alone"]), "no number")
    expect(content["num_rows"] >= 1, "a party without a row")


def check_detect(folder: Path) -> None:
    """Every row is judged once, and kept or dropped."""
    no_scratch(folder)
    content, frame = read_result(folder), read_csv(folder / "rows.csv")
    expect(len(frame) == content["num_rows"], "rows of rows.csv")
    numbers(frame, "margin")
    dropped = (frame["dropped"] == "true").sum()
    expect(dropped == sum(party["dropped"] for party in content["parties"]), "dropped rows")
    kept, gone = (_count_rows(folder, name) for name in ("keep", "drop"))
    expect((kept, gone) == (len(frame) - dropped, dropped), f"{kept} kept and {gone} dropped rows")


def _count_rows(folder: Path, name: str) -> int:
    (path,) = folder.glob(f"{name}.*")
    if path.suffix == ".parquet":
        return len(pd.read_parquet(path))
    content = path.read_bytes()
    text = content.decode(encodings.recognise(content) or encodings.WESTERN, errors="replace")
    rows = csv.reader(split_lines(text), delimiter=separators.recognise(text))
    return sum(any(row) for row in rows) - 1


def check_collect(folder: Path) -> None:
    """A table with a line for every job that failed, and finite means."""
    frame = pd.read_csv(folder / "collected.csv")
    expect(set(frame["status"]) <= {"done", "failed"}, "a status that is none")
    means = frame.loc[frame["status"] == "done", "mean"].dropna()
    expect(np.isfinite(means.astype(float)).all(), "a mean that is not finite")


def check_study(folder: Path) -> None:
    """Measurements, a figure, and estimates within their intervals."""
    no_scratch(folder)
    content, frame = read_result(folder), pd.read_csv(folder / "measurements.csv")
    expect(set(frame["seed"]) == set(content["seeds"]), "seeds of the measurements")
    expect((folder / "figure.png").is_file(), "no figure")
    for each in content["estimates"]:
        low, mean, high = each["low"], each["mean"], each["high"]
        if None not in (low, mean, high):
            expect(low - EDGES <= mean <= high + EDGES, f"{mean} outside [{low}, {high}]")


STUDIES = ("data_quantity", "data_preference", "noise_stability", "model_robustness", "ablation",
           "correlation", "comparison")  # fmt: skip
SOUND: dict[str, Callable[[Path], None]] = {
    "value": check_value,
    "payout": check_payout,
    "score": check_score,
    "detect": check_detect,
    "collect": check_collect,
    **dict.fromkeys(STUDIES, check_study),
}
"""Check of the files that a command leaves."""
