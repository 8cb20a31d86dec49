"""Values of Ising parties fall with noise, if weakly at this size."""

import pytest

from experiments.noise_stability import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_value_falls_with_noise(run_smoke):
    estimates = run_smoke(main, "noise_stability")
    assert estimates.get("spearman", "value", "noise").mean < -0.5
