"""Finding corrupted rows by their value."""

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
