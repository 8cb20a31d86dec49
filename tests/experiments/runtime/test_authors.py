"""The authors' choices in a configuration: each instantiates where it applies."""

import pytest
from hydra import compose, initialize_config_dir

from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.authors import CHOICES, SCORE, apply_protocol
from experiments.runtime.errors import InputError
from experiments.runtime.schema import registry
from experiments.studies import base as study
from experiments.studies.comparison import compose_methods


def composed(name, *overrides):
    registry.register("study")
    with initialize_config_dir(str(CONFIG_FOLDER), version_base="1.3"):
        return compose(name, overrides=list(overrides))


def test_ours_is_what_was_given():
    cfg = composed("data_quantity")
    assert apply_protocol(cfg, "data_quantity") is cfg


@pytest.mark.parametrize(
    "name", sorted({command for choice in CHOICES.values() for command in choice.commands})
)
def test_all_at_once_instantiate_and_leave_the_given_alone(name):
    cfg = composed(name, "protocol=authors", "seeds=[0,1]")
    changed = apply_protocol(cfg, name)
    assert (changed.num_initialisations, changed.fixed_data) == (1, True)
    assert not cfg.fixed_data
    first, second = (study.components_of(changed, seed) for seed in (0, 1))
    for stream, is_same in (("data", True), ("parties", True), ("initialisations", False)):
        assert (first.keys[stream] == second.keys[stream]) == is_same
    if name != "correlation":
        assert changed.utility._target_ == SCORE


def test_one_alone_changes_nothing_else():
    cfg = composed("noise_stability", "protocol=one_noise_draw")
    changed = apply_protocol(cfg, "noise_stability")
    assert changed.noise.one_draw
    assert changed.utility == cfg.utility
    blocks = composed("comparison", "protocol=fresh_blocks", "ntk.num_blocks=7")
    changed = apply_protocol(blocks, "comparison")
    assert (changed.utility.fresh_blocks, changed.ntk.num_blocks) == (7, 1)


def test_both_volumes_of_the_authors_instantiate():
    cfg = composed("comparison", "protocol=robust_volume", "baselines.influence_cg=null")
    changed = apply_protocol(cfg, "comparison")
    assert {"robust_volume", "plain_volume"} <= set(
        compose_methods(study.compose.plain(changed)).baselines
    )
    without = composed("comparison", "protocol=robust_volume", "baselines.robust_volume=null")
    assert "plain_volume" not in apply_protocol(without, "comparison").baselines


def test_a_protocol_that_there_is_not_is_refused():
    cfg = composed("data_quantity", "protocol=one_noise_draw")
    with pytest.raises(InputError, match="protocol: unknown choice 'one_noise_draw' for data_qu"):
        apply_protocol(cfg, "data_quantity")
