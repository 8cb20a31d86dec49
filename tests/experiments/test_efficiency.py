"""DAVINZ takes less time than the trainings that leave-one-out and Shapley need."""

import pytest

from experiments.efficiency import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_every_method_is_timed_and_ours_is_sooner_than_shapley(run_smoke, tmp_path):
    estimates = run_smoke(main, "efficiency")
    assert len(list((tmp_path / "run" / "pieces").iterdir())) == 2  # one a number of rows
    seconds = {
        method: estimates.get("seconds", method, "mlp_table, 80 rows").mean
        for method in ("davinz", "one retraining", "leave-one-out", "exact Shapley")
    }
    assert seconds["davinz"] < seconds["exact Shapley"]
    assert seconds["one retraining"] < seconds["leave-one-out"] * 2 < seconds["exact Shapley"] * 4
