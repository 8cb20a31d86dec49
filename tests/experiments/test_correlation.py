"""Scores of bootstrap sets track the accuracy of networks trained on them."""

import pytest

from experiments.correlation import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_scores_track_accuracy(run_smoke):
    estimates = run_smoke(main, "correlation")
    for score in ("nu_label", "log_size"):
        assert estimates.get("spearman", score, "accuracy").mean > 0.5
