"""Views of rows by hand."""

import numpy as np
import pytest

from experiments.report.views import RowView, detect_corrupted, sentence

VALUES = np.array([0.9, 1.0, 0.8, -1.0])
CORRUPTED = np.array([False, False, False, True])


def test_the_spoilt_row_is_found_by_its_low_value():
    assert detect_corrupted(VALUES, CORRUPTED) == {"auc": 1.0, "f1": 1.0, "recall_at_count": 1.0}
    assert detect_corrupted(-VALUES, CORRUPTED)["auc"] == 0.0
    assert detect_corrupted(np.zeros(4), CORRUPTED)["f1"] == 0.0
    assert detect_corrupted(VALUES, np.zeros(4, bool)) is None


def test_agreement_is_the_rank_correlation_with_the_margin():
    view = RowView("knn_shapley", "KNN-Shapley", VALUES, {"num_neighbours": 5})
    found = view.describe(np.array([0.2, 0.3, 0.1, -0.5]), CORRUPTED)
    assert found["num_neighbours"] == 5
    assert found["spearman_with_margin"] == pytest.approx(1.0)
    assert sentence(view, found).startswith("KNN-Shapley: Spearman +1.00 with the margins; rows")
    constant = view.describe(np.zeros(4), np.zeros(4, bool))
    assert sentence(view, constant) == "KNN-Shapley: equal for all rows"
