"""A valuation as files, for `Valuation.save` and `load`: an archive, and matrices beside it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from davinz_jax.files import Writer
from davinz_jax.semivalues.archive import read_archive, write_archive
from davinz_jax.semivalues.by_validation_row import read_matrices
from davinz_jax.semivalues.evidence import Evidence
from davinz_jax.semivalues.intervals import ResampledValues, RoundedValues, SketchedValues

_PLAIN = ("method", "players", "terms", "num_samples", "seconds", "description")

_KIND = "valuation"


def writers(valuation: Any, name: str) -> dict[str, Writer]:
    """What writes each file of a `Valuation`, by name; that of its own name comes last."""
    document, arrays = pack(valuation)
    archive = partial(write_archive, kind=_KIND, document=document, arrays=arrays)
    by_row = valuation.by_validation_row
    return {**({} if by_row is None else by_row.writers(name)), name: archive}


def read(path: Path) -> dict[str, Any]:
    """Arguments of the `Valuation` in a file, and of the matrices beside it.

    Raises:
        ValueError: if a file is not there, damaged, or not what it should be.
    """
    document, arrays = read_archive(path, _KIND)
    fields = unpack(document, arrays)
    if "by_validation_row" in document:
        fields["by_validation_row"] = read_matrices(
            path,
            document["by_validation_row"],
            arrays["validation_row_weights"],
            arrays.get("exposure"),
            arrays["contributions"].sum(axis=0).mean(axis=0),
        )
    return fields


def pack(valuation: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Document and arrays of a `Valuation`; its values are in the document for readers."""
    document = {name: getattr(valuation, name) for name in (*_PLAIN, "values")}
    arrays = {"num_rows": valuation.num_rows, "contributions": valuation.contributions}
    for name in ("replicates", "replicate_samples") if valuation.is_sampled else ():
        arrays[name] = np.asarray(getattr(valuation, name))
    if valuation.rows is not None:
        arrays["rows"] = valuation.rows
    if valuation.resampled is not None:
        arrays["deviations"] = valuation.resampled.deviations
        limits = valuation.resampled.degrees, valuation.resampled.floor
        document["resampled"] = [np.asarray(each).item() for each in limits]
    if valuation.evidence is not None:
        arrays["effective"] = valuation.evidence.effective
        arrays["largest_deviation"] = valuation.evidence.deviation
        document["evidence"] = valuation.evidence.num_samples
    if valuation.rounded is not None:
        arrays["rounded"] = valuation.rounded.deviations
    if valuation.by_validation_row is not None:
        by_row = valuation.by_validation_row
        document["by_validation_row"] = by_row.describe()
        arrays["validation_row_weights"] = by_row.weights
        arrays |= {} if by_row.exposure is None else {"exposure": by_row.exposure}
    if valuation.sketched is not None:
        arrays["sketched"] = valuation.sketched.deviations
    return document, arrays


def unpack(document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Arguments of the `Valuation` that `pack` was given."""
    fields = {name: document[name] for name in _PLAIN}
    fields |= {name: tuple(document[name]) for name in ("players", "terms")}
    names = ("num_rows", "contributions", "replicates", "replicate_samples", "rows")
    fields |= {name: arrays.get(name) for name in names}
    if "resampled" in document:
        fields["resampled"] = ResampledValues(arrays["deviations"], *document["resampled"])
    if "evidence" in document:
        effective, deviation = arrays["effective"], arrays["largest_deviation"]
        fields["evidence"] = Evidence(effective, deviation, document["evidence"])
    if "rounded" in arrays:
        num = arrays["contributions"].shape[1]
        fields["rounded"] = RoundedValues(arrays["rounded"], num)
    if "sketched" in arrays:
        fields["sketched"] = SketchedValues(arrays["sketched"])
    return fields
