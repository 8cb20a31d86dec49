"""Methods beside the leave-one-out change of trained networks."""

import pytest

from experiments.comparison import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


@pytest.mark.parametrize(
    ("experiment", "truth", "trivial"),
    [
        ("comparison_smoke", "accuracy", "class_share"),
        pytest.param("comparison_ising_smoke", "loss", "log_size", marks=pytest.mark.slow),
    ],
)
def test_davinz_agrees_with_retraining_but_so_does_next_to_nothing(
    run_smoke, experiment, truth, trivial
):
    estimates = run_smoke(main, "comparison", experiment)
    assert estimates.get("pearson", "davinz", truth).mean > 0.3
    assert estimates.get("pearson", trivial, truth).mean > 0.5
