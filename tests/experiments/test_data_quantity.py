"""Values of Ising parties rise with their sizes."""

import pytest

from experiments.data_quantity import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_value_rises_with_size(run_smoke):
    estimates = run_smoke(main, "data_quantity")
    assert estimates.get("spearman", "value", "size").mean > 0.8
