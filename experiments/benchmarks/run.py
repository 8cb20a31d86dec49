"""A run of the benchmark: choose measurements, make those that are missing, show and keep them."""

from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from davinz_jax.files import write_whole
from experiments.benchmarks import page
from experiments.benchmarks.figures import figures
from experiments.benchmarks.records import FILE, Document, device_name, machine, measure
from experiments.benchmarks.sizes import SIZES
from experiments.benchmarks.suites import Task, tasks_of
from experiments.report import plots
from experiments.runtime import claims, compose, console, outputs
from experiments.runtime.errors import InputError
from experiments.runtime.schema.benchmark import Suite


def run(cfg: DictConfig) -> dict[str, Any]:
    """Make the measurements of a configuration; gives what benchmark.json holds."""
    tasks = choose_tasks(cfg)
    folder = Path(HydraConfig.get().runtime.output_dir)
    with claims.hold(folder):
        return _run(cfg, tasks, folder)


def _run(cfg: DictConfig, tasks: list[Task], folder: Path) -> dict[str, Any]:
    versions = outputs.versions()
    versions["device"] = device_name(versions["device"])
    settings = machine() | {"config": compose.plain(cfg)}
    document = Document(folder / FILE, versions, settings)
    document.resume()
    if cfg.remeasure:
        document.drop(tasks)
    elif not cfg.overwrite:
        document.refuse_losing(tasks)
    _measure_missing(tasks, document)
    document.write(document.path)
    wanted = [document.records[task.name] for task in tasks]
    _show(wanted)
    _draw(folder, "", list(document.records.values()))
    console.say(f"written to {folder}: {FILE} and figures")
    if cfg.keep:
        _keep(document)
    return document.content()


def choose_tasks(cfg: DictConfig) -> list[Task]:
    """Measurements that a configuration asks for.

    Raises:
        InputError: if the text of `only` is in no name.
    """
    size = SIZES[cfg.size.value]
    suites = cfg.suites or list(Suite)
    every = [task for suite in suites for task in tasks_of(suite.value, size)]
    found = [task for task in every if cfg.only is None or cfg.only in task.name]
    if not found:
        names = "; ".join(task.name for task in every)
        raise InputError(f"only: wanted text in a measurement's name, got {cfg.only!r}; {names}")
    return found


def _measure_missing(tasks: list[Task], document: Document) -> None:
    stages = console.Stages()
    missing = [task for task in tasks if not document.holds(task)]
    if len(missing) < len(tasks):
        console.note(
            f"{len(tasks) - len(missing)} of {len(tasks)} measurements are in {document.path} "
            "already; remeasure=true makes them anew"
        )
    for task in missing:
        with stages.stage(task.name):
            measure(task, document)


def _show(records: list[dict[str, Any]]) -> None:
    console.table(
        "median (range) over repeats",
        ["measurement", "number", "value", "wanted", "met", "sides differ by"],
        (
            [record["name"], check["what"], page.range_text(check["value"]), page.bound_text(check),
             page.met(check), f"{record['agreement']['error']:.0e}"]
            for record in records
            for check in record["checks"]
        ),
    )  # fmt: skip
    for record in records:
        agreement = record["agreement"]
        if not agreement["is_met"]:
            console.note(
                f"{record['name']}: the sides differ by {agreement['error']:.1e}, more than "
                f"{agreement['bound']:.0e} ({agreement['of']})"
            )


def _draw(folder: Path, prefix: str, records: list[dict[str, Any]]) -> None:
    drawn = figures(records)
    write_whole(
        folder,
        {f"{prefix}{name}.png": partial(plots.save, figure) for name, figure in drawn.items()},
    )


def _keep(document: Document) -> None:
    path = document.keep(page.KEPT)
    _draw(page.KEPT, f"{path.stem}-", page.read_records(path))
    page.main()
    console.say(f"kept in {path}; {page.PAGE.name} is made of it")
