"""Finding corrupted rows by their value, and by a cut of it."""

import numpy as np
from jaxtyping import Bool, Num
from scipy.stats import rankdata


def detection_auc(values: Num[np.ndarray, " n"], corrupted: Bool[np.ndarray, " n"]) -> float:
    """Probability that a corrupted row has a lower value than a clean one; ties count half.

    This is the area under the ROC curve of finding corrupted rows by low value: 1/2 is chance.

    >>> detection_auc(np.array([0.1, 0.5, 0.9]), np.array([True, False, False]))
    1.0

    Raises:
        ValueError: if no row is corrupted, or all are.
    """
    bad, good = int(corrupted.sum()), int((~corrupted).sum())
    if not bad or not good:
        raise ValueError(
            f"corrupted: wanted some rows and not all, got {bad} of {bad + good}; corrupt a share"
        )
    ranks = rankdata(-values)[corrupted].sum()
    return float((ranks - bad * (bad + 1) / 2) / (bad * good))


def detection_f1(dropped: Bool[np.ndarray, " n"], corrupted: Bool[np.ndarray, " n"]) -> float:
    """Harmonic mean of precision and recall of the rows dropped; 0 where none is found.

    >>> detection_f1(np.array([True, True, False]), np.array([True, False, False]))
    0.6666666666666666
    """
    found, named = int((dropped & corrupted).sum()), int(dropped.sum() + corrupted.sum())
    return 2 * found / named if named else 0.0


def recall_at_count(values: Num[np.ndarray, " n"], corrupted: Bool[np.ndarray, " n"]) -> float:
    """Share of the corrupted rows among as many rows of lowest value.

    Raises:
        ValueError: if no row is corrupted.

    >>> recall_at_count(np.array([0.1, 0.2, 0.9]), np.array([True, False, True]))
    0.5
    """
    count = int(corrupted.sum())
    if not count:
        raise ValueError("corrupted: wanted some rows, got none; corrupt a share")
    lowest = np.argsort(values, kind="stable")[:count]
    return float(corrupted[lowest].mean())
