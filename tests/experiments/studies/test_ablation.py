"""Options varied one at a time: how they are set, and the numbers, on made-up values."""

import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments.report.estimates import CORRELATIONS, Estimates
from experiments.runtime.errors import InputError
from experiments.studies import ablation
from experiments.studies.ablation import AS_CONFIGURED, Variant, change_option


@pytest.fixture
def cfg():
    return OmegaConf.create({"ntk": {"ridge": 0.1, "memory": None}, "num_initialisations": 2})


@pytest.mark.parametrize(
    ("option", "choice"),
    [("ntk.ridge", 1.0), ("ntk.memory", "1GiB"), ("num_initialisations", 5)],
)
def test_one_option_is_set_and_the_original_kept(cfg, option, choice):
    changed = change_option(cfg, option, choice)
    assert OmegaConf.select(changed, option) == choice
    assert OmegaConf.select(cfg, option) != choice
    OmegaConf.update(changed, option, OmegaConf.select(cfg, option))
    assert changed == cfg


@pytest.mark.parametrize("option", ["ntk.rigde", "ntk.ridge.deeper", "nothing"])
def test_unknown_options_are_refused(cfg, option):
    with pytest.raises(InputError, match=f"vary: unknown option '{option}'"):
        change_option(cfg, option, 1)


@pytest.fixture
def frame():
    """Two seeds: blocks cost agreement, the ridge does not."""
    agreement = {
        AS_CONFIGURED: (0.9, 1.0),
        Variant("blocks", "2"): (0.5, 0.6),
        Variant("blocks", "4"): (0.2, 0.1),
        Variant("ridge", "1.0"): (0.9, 0.9),
    }
    return pd.DataFrame(
        [
            {"seed": seed, **vars(variant), **dict.fromkeys(CORRELATIONS, ranks[seed])}
            | {"seconds": 3.0 - seed}
            for seed in (0, 1)
            for variant, ranks in agreement.items()
        ]
    )


def test_variants_by_their_names(frame):
    assert [v.name for v in ablation.read_variants(frame)] == [
        "as configured", "blocks=2", "blocks=4", "ridge=1.0",
    ]  # fmt: skip


def test_the_choice_that_departs_most(frame):
    estimates = Estimates.of(ablation._numbers(frame), level=0.95)
    assert estimates.get("spearman", "blocks=4", "reference").mean == pytest.approx(0.15)
    ceiling, blocks, ridge = ablation._verdicts(estimates, ablation.read_variants(frame))
    assert ceiling.startswith(
        "as configured, other draws agree with the reference at Spearman 0.95"
    )
    assert blocks.startswith("blocks: least agreement 0.15")
    assert blocks.endswith("at blocks=4")
    assert ridge.endswith("at ridge=1.0")


def test_seconds_are_the_least_over_seeds(frame):
    estimates = Estimates.of(ablation._numbers(frame), level=0.95)
    name, *_, seconds = ablation._row(estimates, Variant("blocks", "2"))
    assert (name, seconds) == ("blocks=2", "2.00")
