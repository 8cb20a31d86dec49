"""Values rise with the share of the validation set's domain."""

import pytest

from experiments.data_preference import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_value_rises_with_the_share(run_smoke):
    estimates = run_smoke(main, "data_preference")
    share = "share in the validation set's domain"
    assert estimates.get("spearman", "value", share).mean > 0.8
    assert estimates.get("spearman", "discrepancy", share).mean > 0.8
