"""Rows as a validation set sees them, beside what all other rows say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from davinz_jax.detection import cut_two_means
from davinz_jax.evaluation import detection_auc, detection_f1, recall_at_count, spearman


@dataclass(frozen=True)
class RowView:
    """A value of each row on a validation set.

    Attributes:
        name: of the column in rows.csv.
        title: in words.
        values: of the rows, low is doubtful.
        details: how they were found, as JSON holds it.
    """

    name: str
    title: str
    values: Float[np.ndarray, " n"]
    details: Mapping[str, Any]

    def describe(
        self, margin: Float[np.ndarray, " n"], corrupted: Bool[np.ndarray, " n"]
    ) -> dict[str, Any]:
        """How it was found, its rank correlation with the margin, and how it finds spoilt rows."""
        agreement = spearman(self.values, margin)
        return {
            **self.details,
            "spearman_with_margin": None if np.isnan(agreement) else agreement,
            "detection": detect_corrupted(self.values, corrupted),
        }


def detect_corrupted(
    values: Float[np.ndarray, " n"], corrupted: Bool[np.ndarray, " n"]
) -> dict[str, float] | None:
    """How well low values find rows spoilt on purpose; F1 is of two means, which part the values.

    None where no row is spoilt, or all are.
    """
    if not corrupted.any() or corrupted.all():
        return None
    dropped = cut_two_means(-values).dropped if np.ptp(values) > 0 else np.zeros(len(values), bool)
    return {
        "auc": detection_auc(values, corrupted),
        "f1": detection_f1(dropped, corrupted),
        "recall_at_count": recall_at_count(values, corrupted),
    }


def sentence(view: RowView, described: Mapping[str, Any]) -> str:
    """One line on a view."""
    agreement, found = described["spearman_with_margin"], described["detection"]
    text = f"{view.title}: " + (
        "equal for all rows" if agreement is None else f"Spearman {agreement:+.2f} with the margins"
    )
    if found is None:
        return text
    return text + (
        f"; rows spoilt on purpose: AUC {found['auc']:.3f}, F1 of two means {found['f1']:.3f}, "
        f"recall at their number {found['recall_at_count']:.3f}"
    )
