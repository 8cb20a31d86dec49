"""What studies share whose results are kept: going on in one's own folder, the files, the page."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from davinz_jax.files import Writer, write_whole
from experiments.report.page.document import Document
from experiments.report.page.render import REPORT, page_writer
from experiments.runtime import claims, compose, console, outputs

PLACES = ("root", "store", "keep", "overwrite", "jobs")
"""Options that say where files lie; they change no number, and are not kept."""


@dataclass(frozen=True)
class Shelf:
    """Where results are kept, and the page that is made of them.

    Attributes:
        folder: where files are kept.
        page: the page's file.
        write_page: makes it of what is kept.
    """

    folder: Path
    page: Path
    write_page: Callable[[], None]


def decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options that change a number."""
    return {name: value for name, value in config.items() if name not in PLACES}


def is_result_of(config: Mapping[str, Any], path: Path) -> bool:
    """Whether a file is the result of a run of these very options."""
    if not path.is_file():
        return False
    return decisive(outputs.read_result(path)["config"]) == decisive(config)


def run_in_folder(
    cfg: DictConfig,
    folder: Path,
    result: str,
    work: Callable[[DictConfig, Path], dict[str, Any]],
) -> dict[str, Any]:
    """Work in a folder that no other run writes to; one with a result of these options goes on.

    Args:
        cfg: the options.
        folder: of the run.
        result: name of its result, which comes last.
        work: what is run; gives what the result holds.
    """
    goes_on = is_result_of(compose.plain(cfg), folder / result)
    with claims.claim(folder, overwrite=cfg.overwrite or goes_on, seal=result):
        return work(cfg, folder)


def find_once(store: Path, name: str, known: Any, find: Callable[[], Any]) -> Any:
    """What was found before under this name for all that is known; found and kept if it was not.

    Args:
        store: folder of such pieces.
        name: beginning of the piece's file name.
        known: decides what is found; another one has another file.
        find: gives what JSON holds.
    """
    digest = hashlib.sha256(repr(known).encode()).hexdigest()[:12]
    path = store / f"{name}-{digest}.json"
    if not path.is_file():
        write_whole(store, {path.name: outputs.result_writer(find())})
    return outputs.read_piece(path)


def leave(
    files: Mapping[str, Writer], folder: Path, shelf: Shelf | None, *, report: Document
) -> None:
    """Write a run's files, whole or not at all; keep them too and make the page, if on a shelf.

    Args:
        files: in the order they are written, the result last.
        folder: of the run.
        shelf: where files are kept, if they are.
        report: the run's own page, which is not kept.
    """
    written = {REPORT: page_writer(report), **files}
    write_whole(folder, written)
    console.say(f"written to {folder}: {', '.join(written)}")
    if shelf is not None:
        write_whole(shelf.folder, files)
        shelf.write_page()
        console.say(f"kept in {shelf.folder}; {shelf.page.name} is made of it")
