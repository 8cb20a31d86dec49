"""Networks agree on values, since all of them see the same discrepancy."""

import pytest

from experiments.model_robustness import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_networks_agree_on_values(run_smoke):
    estimates = run_smoke(main, "model_robustness")
    assert estimates.get("spearman", "value", "all pairs").mean > 0.6
