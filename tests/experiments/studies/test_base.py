"""The frame of studies: seeds, refusals, finished runs."""

import json

import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments import data_quantity, model_robustness, noise_stability
from experiments.runtime.console import Stages
from experiments.studies.base import Setting

TINY = ("experiment=data_quantity_smoke", "data.num_rows=24", "data.num_validation_rows=12",
        "parties.sizes=[4,8,12]", "model=mlp_table", "model.widths=[8]", "seeds=[0,1]")  # fmt: skip


@pytest.fixture
def quantity(run_command):
    def run(*arguments, **options):
        return run_command(data_quantity.main, "data_quantity", *TINY, *arguments, **options)

    return run


@pytest.fixture
def refused(run_command, tmp_path):
    """Run on bad input; gives the message, after checking that nothing was written."""

    def run(module, name, *arguments):
        with pytest.raises(SystemExit) as stopped:
            run_command(module.main, name, *arguments)
        message = str(stopped.value.code)
        assert message.startswith("error: ")
        assert not (tmp_path / "run").exists()
        return message

    return run


def test_one_seed_in_place_of_several(quantity, read_result):
    content = read_result(quantity("seed=7"))
    assert content["seeds"] == [7]
    assert {record["low"] for record in content["estimates"]} == {None}


def test_same_seeds_same_numbers(quantity, read_result):
    first = read_result(quantity())["estimates"]
    assert read_result(quantity())["estimates"] == first


def test_stored_kernels_lie_apart_by_seed(quantity, tmp_path):
    """A store is of one kernel: another one's tiles would be refused there."""
    quantity(f"ntk.store={tmp_path / 'kernels'}")
    assert sorted(path.name for path in (tmp_path / "kernels").iterdir()) == ["seed-0", "seed-1"]


def test_finished_run_is_skipped(quantity, capsys):
    folder = quantity()
    before = (folder / "result.json").stat().st_mtime_ns
    quantity("skip_finished=true")
    assert (folder / "result.json").stat().st_mtime_ns == before
    assert "skipped" in capsys.readouterr().out


def test_the_result_of_another_configuration_is_replaced_where_that_is_said(quantity, read_result):
    before = read_result(folder := quantity())
    with pytest.raises(SystemExit, match="overwrite=true"):
        quantity("skip_finished=true", "num_initialisations=1", overwrite=False)
    assert read_result(folder) == before
    content = read_result(quantity("skip_finished=true", "num_initialisations=1"))
    assert content["config"]["num_initialisations"] == 1


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["seeds=[]"], "seeds: wanted at least one, got none"),
        (["seeds=[1,1]"], "seeds: wanted different ones"),
        (["level=1.5"], "level: wanted a probability"),
        (["parties.sizes=[4,8,120]"], "sizes: wanted 132 rows in all, got 24"),
        (["parties.sizes=[4,4,4]"], "size: wanted parties that differ in it"),
        (["num_initialisations=0"], "num_initialisations: wanted at least 1"),
        (["sede=1"], "unknown option 'sede'; did you mean 'seed'?"),
        (["experiment=data_quantity_smok"], "did you mean 'data_quantity_smoke'?"),
        (["hydra/launcher=jobli"], "hydra/launcher: unknown choice 'jobli'; did you mean 'joblib'"),
    ],
)
def test_refused(refused, arguments, text):
    assert text in refused(data_quantity, "data_quantity", *TINY, *arguments)


def test_noise_for_each_party(refused):
    text = refused(noise_stability, "noise_stability", "experiment=noise_stability_smoke",
                   "noise.scales=[0,1]")  # fmt: skip
    assert "noise: wanted one for each of 5 parties, got 2" in text


@pytest.mark.parametrize(
    ("models", "text"),
    [("[cnn]", "wanted two or more"), ("[cnn,mpl]", "unknown choice 'mpl'; did you mean 'mlp'?")],
)
def test_models_of_the_robustness_experiment(refused, models, text):
    assert text in refused(
        model_robustness, "model_robustness", "experiment=model_robustness_smoke",
        f"models={models}",
    )  # fmt: skip


def test_result_can_be_repeated_from_its_configuration(quantity, read_result):
    config = read_result(quantity())["config"]
    assert config["parties"]["sizes"] == [4, 8, 12]
    assert json.dumps(config)


def test_seeds_one_below_the_other(tmp_path):
    """Seeds 3 and 1, each with a table of its own; the column of seeds comes first."""
    setting = Setting(OmegaConf.create({}), {3: None, 1: None}, tmp_path, Stages())
    found = setting.repeat(lambda seed: pd.DataFrame({"value": [seed, 10 * seed]}))
    assert found.to_dict("list") == {"seed": [3, 3, 1, 1], "value": [3, 30, 1, 10]}
    assert list(found.columns) == ["seed", "value"]


@pytest.mark.parametrize(("named", "folder"), [(None, "run/checkpoints"), ("kept", "kept")])
def test_checkpoints_are_in_the_run_or_where_asked(tmp_path, named, folder):
    cfg = OmegaConf.create({"checkpoints": named and str(tmp_path / named)})
    setting = Setting(cfg, {}, tmp_path / "run", Stages())
    assert setting.checkpoints == tmp_path / folder
