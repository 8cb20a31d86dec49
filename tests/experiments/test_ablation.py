"""No choice changes the ranks of digits by class much."""

import pytest

from experiments.ablation import main

pytestmark = pytest.mark.filterwarnings("ignore::davinz_jax.mmd.DegenerateBandwidthWarning")


def test_variants_agree_with_the_reference(run_smoke):
    estimates = run_smoke(main, "ablation")
    agreements = [i for i in estimates.identities if i[0] == "spearman"]
    assert len(agreements) > 1
    assert all(estimates.get(*identity).mean > 0.8 for identity in agreements)
