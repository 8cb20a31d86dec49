"""Finding corrupted rows."""

import numpy as np
import pytest

from davinz_jax.evaluation import detection_auc


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
