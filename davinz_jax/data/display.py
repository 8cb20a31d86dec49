"""A dataset in a line, as a table of a notebook, and as a figure."""

from html import escape
from typing import Any

import numpy as np

from davinz_jax.plots import rows_figure, sizes_figure

MOST_NAMES = 12
"""Classes and parties whose rows are told."""

MOST_IMAGES = 24
"""Rows that are drawn."""


def facts(dataset: Any) -> dict[str, str]:
    """What a `Dataset` holds, in words, by what it is."""
    shape, folds = dataset.inputs.shape, dataset.folds
    unit = "columns" if dataset.input_kind == "numbers" else "tokens"
    each = f"{shape[1]:,} {unit}" if len(shape) == 2 else "×".join(map(str, shape[1:]))
    found = {"rows": f"{len(dataset):,} of {each}", "targets": _targets(dataset)}
    if folds is not None:
        found["judged by"] = f"the rows themselves, in {folds.max() + 1} folds"
    else:
        unlabelled = "" if dataset.validation.targets is not None else " without targets"
        found["judged by"] = f"{len(dataset.validation):,} validation rows{unlabelled}"
    if dataset.parties is not None:
        found["parties"] = f"{len(dataset.parties):,}"
    return found


def one_line(dataset: Any) -> str:
    """Name, rows, targets, who judges, parties."""
    told = facts(dataset)
    parties = f", {told['parties']} parties" if "parties" in told else ""
    return (
        f"<Dataset {dataset.name}: {told['rows']}, {told['targets']}, judged by "
        f"{told['judged by']}{parties}>"
    )


def table(dataset: Any) -> str:
    """HTML without address or script: what `facts` says, rows by class and party, and notes."""
    import pandas as pd

    told = facts(dataset)
    if dataset.task == "classification":
        sizes = np.bincount(dataset.targets, minlength=dataset.num_classes)
        told["rows by class"] = _listed(class_names(dataset), sizes)
    if dataset.parties is not None:
        told["rows by party"] = _listed(dataset.parties.names, dataset.parties.sizes)
    told |= {f"note {number}": note for number, note in enumerate(dataset.notes, 1)}
    with pd.option_context("display.max_colwidth", None):
        body = pd.DataFrame(told.items()).to_html(index=False, header=False, border=0, escape=True)
    return f"<div><p><b>{escape(dataset.name)}</b></p>{body}</div>"


def figure(dataset: Any) -> Any:
    """The first images with their targets; of a table, the rows of each party by class."""
    if dataset.inputs.ndim == 4:
        targets, names = dataset.targets[:MOST_IMAGES], class_names(dataset)
        captions = [names[t] if names else f"{t:.3g}" for t in targets]
        title = f"{dataset.name}: the first {len(targets)} of {len(dataset):,} rows"
        return rows_figure(dataset.inputs[:MOST_IMAGES], captions, title=title)
    classes = class_names(dataset) or ("rows",)
    labels = dataset.targets if dataset.task == "classification" else np.zeros(len(dataset), int)
    if dataset.parties is None:
        sizes = np.bincount(labels, minlength=len(classes))[:, None]
        return sizes_figure(sizes, classes, ("rows",), title=f"{dataset.name}: rows of each class")
    names = dataset.parties.names
    place = dataset.parties.indices * len(classes) + labels
    counts = np.bincount(place, minlength=len(names) * len(classes)).reshape(len(names), -1)
    return sizes_figure(counts, names, classes, title=f"{dataset.name}: rows of each party")


def class_names(dataset: Any) -> tuple[str, ...]:
    """A name for each class, its number where it has none; empty for regression."""
    if dataset.task == "regression":
        return ()
    return dataset.class_names or tuple(map(str, range(dataset.num_classes)))


def _targets(dataset: Any) -> str:
    if dataset.task == "regression":
        low, high = dataset.targets.min(), dataset.targets.max()
        return f"numbers {low:.3g} to {high:.3g}"
    return f"{dataset.num_classes:,} classes"


def _listed(names: tuple[str, ...], sizes: np.ndarray) -> str:
    parts = [f"{name}: {size:,}" for name, size in zip(names, sizes, strict=True)]
    more = [f"and {len(parts) - MOST_NAMES:,} more"] if len(parts) > MOST_NAMES else []
    return ", ".join([*parts[:MOST_NAMES], *more])
