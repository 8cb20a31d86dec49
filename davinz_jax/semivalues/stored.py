"""A valuation as a JSON document and arrays, for `Valuation.save` and `load`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from davinz_jax.semivalues.evidence import Evidence
from davinz_jax.semivalues.intervals import ResampledValues, RoundedValues

_PLAIN = ("method", "players", "terms", "num_samples", "seconds", "description")


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
    return fields
