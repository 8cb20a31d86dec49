"""Finding corrupted rows."""

import numpy as np
import pytest

from davinz_jax.evaluation import detection_auc, detection_f1, recall_at_count


def test_equals_pairs_counted():
    draw = np.random.default_rng(0)
    values, bad = draw.integers(0, 6, 40).astype(float), draw.random(40) < 0.3
    pairs = values[bad][:, None] - values[~bad][None]
    assert detection_auc(values, bad) == pytest.approx(((pairs < 0) + 0.5 * (pairs == 0)).mean())
    assert detection_auc(-values, bad) == pytest.approx(1 - detection_auc(values, bad))


@pytest.mark.parametrize("all_or_none", [np.ones, np.zeros])
def test_needs_both_kinds(all_or_none):
    with pytest.raises(ValueError, match="corrupted: wanted some rows and not all"):
        detection_auc(np.arange(3), all_or_none(3, dtype=bool))


def test_f1_and_recall_by_hand():
    """Two of three dropped rows are corrupted, of four: precision 2/3, recall 1/2, F1 4/7."""
    corrupted = np.array([1, 1, 1, 1, 0, 0, 0], bool)
    dropped = np.array([1, 1, 0, 0, 1, 0, 0], bool)
    assert detection_f1(dropped, corrupted) == pytest.approx(4 / 7)
    assert detection_f1(~corrupted, corrupted) == 0
    assert recall_at_count(np.array([0, 1, 5, 6, 2, 3, 9]), corrupted) == 0.5
    with pytest.raises(ValueError, match="corrupted: wanted some rows, got none"):
        recall_at_count(np.arange(3), np.zeros(3, bool))
