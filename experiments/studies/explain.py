"""One validation row explained from a saved run: what `experiments.explain` runs.

The values are the run's. Its data is read again, and must be what was valued, so that players can
be shown beside the row.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf

from davinz_jax.data import Dataset
from davinz_jax.files import write_whole
from davinz_jax.plots import Line, beside_figure, effects_figure
from experiments.report import certainty, doubts, plots
from experiments.report.judged import VALIDATION_ROWS, Explained
from experiments.report.page.of_explained import caption, explained_page
from experiments.report.page.render import REPORT, page_writer
from experiments.runtime import claims, compose, console, outputs, saved
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError
from experiments.runtime.foreign import uncell
from experiments.runtime.own_rows import OwnRows, own_rows
from experiments.studies.base import check_level

TABLE, FIGURE = "explained.csv", "explained.png"
HEADERS = ("player", "value to this row", "interval")


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Explain one validation row, print, and write to the folder; gives what result.json holds."""
    check_level(cfg.level, "level")
    if cfg.most < 1:
        raise InputError(f"most: wanted 1 or more players of a side, got {cfg.most}; 7 is usual")
    with claims.claim(folder, overwrite=cfg.overwrite):
        return _run(cfg, folder)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    stages, earlier = Stages(), saved.result(Path(cfg.run))
    valuation = saved.valuation(Path(cfg.run))
    if valuation.by_validation_row is None:
        raise InputError(
            f"run: wanted a run that kept values by validation row, got one in {cfg.run} that did "
            "not; value again with per_validation_row=true"
        )
    judged = find_row(Path(cfg.run), cfg.row)
    with stages.stage("data"):
        rows, own = read_rows(earlier, stages, packages=list(cfg.packages))
    found = Explained(rows, valuation, judged, float(cfg.level), cfg.most)
    show(found)
    content = result(found) | {
        "seconds": stages.seconds,
        "config": compose.plain(cfg),
        "versions": outputs.versions(),
    }
    page = explained_page(found, None if found.is_drawn else draw(found), own, content)
    files = {
        TABLE: outputs.csv_writer(table(found, own)),
        FIGURE: partial(plots.save, draw(found)),
        REPORT: page_writer(page),
        outputs.RESULT: outputs.result_writer(content),
    }
    write_whole(folder, files)
    console.say(f"written to {folder}: {', '.join(files)}")
    return content


def find_row(folder: Path, row: int) -> Mapping[str, Any]:
    """The line of a run's table of validation rows that has this number.

    Raises:
        InputError: if there is no such row, or the table is damaged.
    """
    path = folder / VALIDATION_ROWS
    try:
        frame = pd.read_csv(path).rename(columns=uncell)
        records = dict(zip(frame["row"].astype(int), frame.to_dict("records"), strict=True))
    except (ValueError, KeyError, OSError) as error:
        raise InputError(
            f"{path}: wanted what a finished run wrote, got a damaged file ({error}); restore it "
            "from a copy, or value anew"
        ) from error
    if row not in records:
        raise InputError(
            f"row: wanted the number of a validation row, {min(records)} to {max(records)}, got "
            f"{row}; {VALIDATION_ROWS} in {folder} lists them"
        )
    found = records[row]
    return {str(name): uncell(value) for name, value in found.items() if not _is_gap(value)}


def _is_gap(value: Any) -> bool:
    return isinstance(value, float) and np.isnan(value)


def read_rows(
    earlier: Mapping[str, Any], stages: Stages, *, packages: Sequence[str] = ()
) -> tuple[Rows, OwnRows]:
    """The rows of a run as they were valued, and as their source has them.

    What the run's file names is called only if it is ours or of the packages given here.

    Raises:
        InputError: if the data is not what was valued.
    """
    settings = {**earlier["config"], "packages": list(packages)}
    components = compose.components(OmegaConf.create(settings)).without_network()
    source_rows, parties = components.deal(stages.progress)
    rows = components.spoil(source_rows, parties)
    _check_same(rows.dataset, earlier["data_sha256"])
    return rows, own_rows(components.source, source_rows)


def _check_same(dataset: Dataset, wanted: str) -> None:
    if (found := dataset.sha256()) != wanted:
        raise InputError(
            f"run: wanted the data that was valued (sha256 {wanted[:12]}…), got {found[:12]}…; "
            "restore the file, or value the data anew"
        )


def result(found: Explained) -> dict[str, Any]:
    """What result.json holds of an explanation."""
    sides = {
        word: [
            {"player": each["player"], **{k: float(each[k]) for k in ("value", "low", "high")}}
            for each in side.to_dict("records")
        ]
        for word, side in found.sides.items()
    }
    return {"validation_row": dict(found.judged), "level": found.level, **sides}


def table(found: Explained, own: OwnRows) -> pd.DataFrame:
    """All players, best first; rows with the cells of their source."""
    if not found.values_rows:
        return found.frame
    frame = found.frame.drop(columns="place")
    cells = own.cells.iloc[found.frame["place"].to_numpy()].reset_index(drop=True)
    return doubts.with_own_columns(frame, cells)


def show(found: Explained) -> None:
    """Print what is predicted, and who helped and hurt."""
    for text in found.sentences():
        console.say(text)
    if scarce := certainty.scarce_note(found.valuation):
        console.note(f"{scarce}; intervals of one row are not widened so")
    known = [name for name in ("party", "label") if name in found.frame]
    for word, side in found.sides.items():
        rows = [
            [str(each["player"]), f"{each['value']:+.4g}", _interval(each),
             *(str(each[name]) for name in known)]
            for each in side.to_dict("records")
        ]  # fmt: skip
        if rows:
            console.table(f"{word} {found.name} most", [*HEADERS, *known], rows)


def _interval(player: Mapping[Any, Any]) -> str:
    low, high = player["low"], player["high"]
    return f"{low:+.3g} to {high:+.3g}" if high > low else "exact"


def draw(found: Explained) -> Figure:
    """Images beside the row, or bars of the players that helped and hurt most."""
    sides = found.sides
    if found.image is None or not found.is_drawn:
        shown = pd.concat([sides["helped"], sides["hurt"].iloc[::-1]])
        return effects_figure(shown, title=found.title, level=found.level)
    lines = {
        f"{word} by →": Line(found.images(side), [_below(found, each) for each in
                                                  side.to_dict("records")])
        for word, side in sides.items()
    }  # fmt: skip
    judged = found.judged
    told = f"label {judged.get('label', 'unknown')}, predicted {judged['predicted_label']}"
    return beside_figure(found.image, told, lines, title=found.title)


def _below(found: Explained, player: Mapping[Any, Any]) -> str:
    """A caption in two lines."""
    return caption(found, player).replace(": ", "\n", 1).replace(" [", "\n[")
