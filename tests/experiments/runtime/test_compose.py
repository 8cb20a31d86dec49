"""What a configuration names is made at once, and refused under its option's name."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from flax import linen as nn
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import OmegaConf

from davinz_jax import CNN, MLP, KernelChoice, load_digits
from davinz_jax.kernels import Linear
from experiments.runtime import auto
from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.compose import (
    LAST_SEED,
    components,
    plain,
    random_key,
    split_data,
    streams,
)
from experiments.runtime.console import Stages
from experiments.runtime.errors import InputError
from experiments.runtime.network import Model, _without_unknown_outputs
from experiments.runtime.protocols import check_complete
from experiments.runtime.schema import registry


@pytest.fixture
def composed():
    """Compose `value` with overrides, outside a run."""
    registry.register("value")

    def make(*overrides: str):
        with initialize_config_dir(str(CONFIG_FOLDER), version_base="1.3"):
            cfg = hydra_compose("value", overrides=list(overrides))
        return components(OmegaConf.create(auto.provide(plain(cfg))))

    return make


def test_options_are_made_whole(composed):
    made = composed("ntk=layerwise", "ntk.num_blocks=3", "mmd=features")
    assert (made.kernel.engine, made.kernel.num_blocks, made.kernel.ridge) == ("layerwise", 3, None)
    assert (made.discrepancy.bandwidth, made.discrepancy.features) == ("median", "network")


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("ntk.ridge=-1", r"^ntk\.ridge: wanted"),
        ("ntk.num_blocks=2.5", r"^ntk[\s\S]*num_blocks"),  # a checker of types may come first
        ("ntk.shuffle=maybe", r"^ntk[\s\S]*shuffle"),
        ("ntk.batch_size=0", r"^ntk\.batch_size: wanted"),
        ("ntk.parameters=*head", r"^ntk[\s\S]*pattern of paths"),
        ("data._target_=davinz_jax.data.load_digit", r"^data\._target_: .*load_digit"),
        ("utility=davinz utility._target_=davinz_jax.shapley", r"^utility\.kappa: unknown option"),
        ("parties._target_=davinz_jax.load_digits", r"form \(dataset, \*, key\), got load_digits"),
        ("kernel._target_=davinz_jax.load_digits", r"form \(rows, others\), got load_digits"),
        ("kernel=rbf kernel.cosine=3", r"^kernel[\s\S]*cosine"),
        ("kernel=rbf kernel.bandwidth=0", r"^kernel\.bandwidth: wanted a finite number > 0"),
        (
            "utility=kernel_regression +utility.kernel=rbf",
            r"^utility\.kernel: wanted the kernel named once",
        ),
        ("+model.widht=3", r"model\.widht: unknown option"),
    ],
)
def test_refusals_name_the_option(composed, override, text):
    with pytest.raises(InputError, match=text):
        composed(*override.split())


def test_kernels_by_name_and_by_target(composed):
    assert composed("kernel=rbf", "kernel.bandwidth=2").kernel_choice == KernelChoice("rbf", 2)
    instance = composed(
        "kernel=auto", "kernel._target_=davinz_jax.kernels.Linear", "kernel._partial_=false"
    )
    assert instance.kernel_choice == KernelChoice(Linear())
    function = composed(
        "kernel=auto", "kernel._target_=numpy.inner", "+kernel.cosine=true", "packages=[numpy]"
    )
    assert (function.kernel_choice.name, function.kernel_choice.cosine) == ("inner", True)


def test_a_choice_left_to_the_command_is_none(composed):
    with initialize_config_dir(str(CONFIG_FOLDER), version_base="1.3"):
        cfg = hydra_compose("value", overrides=["kernel=rbf", "semivalue=shapley"])
    with pytest.raises(InputError, match="utility: wanted a choice, got auto"):
        components(cfg)


def test_without_a_network_none_is_built(composed):
    made = composed("data.num_rows=20", "data.num_validation_rows=10", "model=vgg11")
    stages = Stages()
    context = made.without_network().context(made.load(stages.progress), stages)
    assert context.ingredients.model is None


def test_a_class_takes_its_settings_and_a_factory_the_data():
    digits = load_digits(num_rows=20, num_validation_rows=10)
    module = Model.of({"_target_": "davinz_jax.CNN", "num_outputs": None, "weights": None})
    assert module.module(digits) == CNN(num_outputs=10)
    chosen = Model.of({"_target_": "davinz_jax.MLP", "widths": [4], "num_outputs": 3})
    assert chosen.module(digits) == MLP(widths=[4], num_outputs=3)
    target = "davinz_jax.models.default_model"
    factory = Model.of({"_target_": target, "_partial_": True, "num_outputs": None})
    assert factory.module(digits) == CNN(num_outputs=10)


def test_the_context_is_whole(composed):
    made = composed("data.num_rows=20", "data.num_validation_rows=10", "num_initialisations=1")
    stages = Stages()
    context = made.context(made.load(stages.progress), stages, values_rows=True)
    assert len(context.ingredients.parties) == len(context.dataset) == 20
    assert len(context.parties) == 10
    assert not context.corrupted.any()
    assert context.checkpoint is None
    assert set(context.keys) >= {"data", "semivalue", "training"}
    assert not context.ingredients.computed_kernels


class Ten(nn.Module):
    """A user's module that has ten outputs and does not say so."""

    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(10)(inputs)


class Wide(nn.Module):
    """A user's module of a width without default."""

    width: int
    num_outputs: int

    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(self.num_outputs)(nn.Dense(self.width)(inputs))


def test_a_module_need_not_say_how_many_outputs_it_has():
    given = _without_unknown_outputs(partial(Ten, num_outputs=None))
    data = load_digits(num_rows=5, num_validation_rows=3)
    assert isinstance(Model(given, False, None).module(data), Ten)
    assert "num_outputs" in _without_unknown_outputs(partial(Wide, num_outputs=None)).keywords


def test_a_module_without_a_setting_that_it_wants_is_refused():
    with pytest.raises(InputError, match="model: wanted every setting of Wide, got less: .*width"):
        check_complete("model", partial(Wide, num_outputs=None))


def test_what_is_no_module_is_refused():
    data = load_digits(num_rows=5, num_validation_rows=3)
    with pytest.raises(InputError, match="model: wanted a network of Flax or Equinox, got dict"):
        Model(partial(dict), False, None).module(data)


@pytest.mark.parametrize("seed", [10**20, 2**32, -1])
def test_a_seed_that_would_be_cut_to_another_is_refused(seed):
    assert random_key(LAST_SEED) != random_key(0)
    with pytest.raises(InputError, match=f"seed: wanted a whole number from 0 to .*, got {seed}"):
        random_key(seed)


def test_a_function_of_another_package_is_refused_until_it_is_named(composed):
    options = ("utility._target_=numpy.inner", "kernel=rbf")
    with pytest.raises(InputError, match=r"utility._target_: .* packages=\[numpy\]"):
        composed(*options)
    with pytest.raises(InputError, match="utility"):
        composed(*options, "packages=[numpy]")


def test_a_source_gives_a_dataset(composed):
    made = replace(composed(), source=lambda *, key, progress: 1)
    with pytest.raises(InputError, match="data: wanted a function that gives a davinz_jax.Dataset"):
        made.load(lambda *_: None)


def test_the_data_has_a_seed_of_its_own():
    plain, moved = streams(0), streams(0, 5)
    assert moved["data"] == streams(5)["data"]
    assert all(moved[name] == plain[name] for name in plain if name != "data")
    assert split_data({"path": "a", "seed": 3}) == ({"path": "a"}, 3, False)


def test_rows_judge_each_other_where_nothing_is_held_out(composed):
    made = composed("data.holdout=crossfit", "data.num_rows=40", "parties.num=2", "parties=random")
    rows = made.load(Stages().progress)
    assert sorted(np.bincount(rows.dataset.folds)) == [8] * 5
    assert len(rows.dataset.validation) == 40
    again = composed(
        "data.holdout=crossfit", "data.num_rows=40", "parties.num=2", "parties=random",
        "data.seed=1",
    ).load(Stages().progress)  # fmt: skip
    assert (again.dataset.folds != rows.dataset.folds).any()
    held = composed("data.num_rows=40").load(Stages().progress)
    assert held.dataset.folds is None
