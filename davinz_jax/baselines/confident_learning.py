"""Confident learning: how sure a model that did not see a row is of its label; cleanlab's."""

import jax
import numpy as np
from jaxtyping import Float, Int, Num

from davinz_jax.extras import from_extra
from davinz_jax.types import PRNGKey


def row_values(
    inputs: Num[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    *,
    key: PRNGKey,
    num_folds: int = 5,
    max_steps: int = 1000,
) -> Float[np.ndarray, " n"]:
    """Cleanlab's label quality (self-confidence) by cross-validated logistic regressions.

    Needs the extra `benchmarks`.

    Args:
        inputs: rows that were valued, standardised.
        labels: classes.
        key: draws the folds, in which classes are as in all rows.
        num_folds: of them; fewer where a class has fewer rows, two at least.
        max_steps: of scikit-learn's solver.

    Raises:
        ValueError: for fewer than two classes, or one with a single row.

    References:
        Northcutt, Jiang & Chuang, "Confident Learning", JAIR 2021.
    """
    with from_extra("benchmarks"):
        from cleanlab.rank import get_label_quality_scores
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    classes, encoded, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2 or counts.min() < 2:
        raise ValueError(
            "labels: wanted two classes or more of two rows or more, got "
            f"{len(classes)} classes, the least of {counts.min()} rows; leave the class out"
        )
    seed = int(jax.random.randint(key, (), 0, np.iinfo(np.int32).max))
    folds = StratifiedKFold(int(min(num_folds, counts.min())), shuffle=True, random_state=seed)
    chances = cross_val_predict(
        LogisticRegression(max_iter=max_steps), inputs, encoded, cv=folds, method="predict_proba"
    )
    return get_label_quality_scores(encoded, np.asarray(chances))
