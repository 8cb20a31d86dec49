"""The command on a tiny encoder: what it writes, that it goes on, and what it refuses."""

import json
import sys

import jax
import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments.finetuning import main
from experiments.runtime.app import launch
from experiments.studies.finetuning import page
from experiments.studies.finetuning.layers import KERNELS
from experiments.studies.finetuning.methods import METHODS
from experiments.studies.finetuning.problem import make_problem
from experiments.studies.finetuning.run import TUNED
from tests.encoders import write_encoder

SIZES = ("num_rows=40", "num_validation_rows=20", "num_permutations=3", "num_epochs=1",
         "num_seeds=2", "num_tuned=1", "num_layer_rows=30", "share=0.5",
         "max_tokens=8")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def quick_compilation():
    """Most of the time goes to XLA, whose optimisations a small network does not need."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Options of a run: an encoder, and texts whose class goes by one word."""
    folder = tmp_path_factory.mktemp("texts")
    write_encoder(folder / "encoder", num_hidden_layers=1)
    generator = np.random.default_rng(0)
    for name in ("rows", "judges"):
        things = generator.choice(["film", "meal", "quite a film", "was", "the meal"], 60)
        labels = np.arange(60) % 2
        words = np.where(labels, "good", "awful")
        texts = [f"{thing} {word}" for thing, word in zip(things, words, strict=True)]
        pd.DataFrame({"text": texts, "label": labels}).to_csv(folder / f"{name}.csv", index=False)
    return (f"path={folder / 'rows.csv'}", f"validation_path={folder / 'judges.csv'}",
            f"weights={folder / 'encoder'}")  # fmt: skip


@pytest.fixture(scope="module")
def run(files, tmp_path_factory):
    """Run the command in one folder; gives it."""
    folder = tmp_path_factory.mktemp("finetuning") / "run"

    def launched(*more):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HYDRA_FULL_ERROR", "0")
            arguments = [*files, *SIZES, *more, f"hydra.run.dir={folder}"]
            patch.setattr(sys, "argv", ["finetuning", *arguments])
            launch(main, "finetuning")
        return folder

    return launched


def test_a_run_leaves_values_numbers_and_a_page_and_is_not_done_twice(run, monkeypatch):
    folder = run()
    content = json.loads((folder / "finetuning.json").read_text())
    values = pd.read_csv(folder / "finetuning_values.csv")
    assert list(values) == ["wrong_label", *METHODS]
    assert values["wrong_label"].sum() == content["num_wrong"] == 4
    assert set(content["auc"]) == set(METHODS)
    assert len(content["tuned"]) == 2 * len(TUNED) - 1 + 5
    assert not {"path", "weights"} & set(content["config"])
    text = page.page(content)
    margin = content["auc"]["tangent_margin"]
    assert f"AUC {margin['auc']:.4f} [{margin['low']:.4f}, {margin['high']:.4f}]" in text
    assert "| phase | seconds |" in text
    assert set(content["layers"]["kernels"]) == set(KERNELS)
    assert content["layers"]["num_rows"] == 30
    assert "tangent kernel, all parameters" in text
    assert (folder / "report.html").stat().st_size > 10_000
    (folder / "finetuning.json").unlink()
    for name in ("Bench.score", "Tuner", "layers.margins_by"):
        monkeypatch.setattr(f"experiments.studies.finetuning.run.{name}", pytest.fail)
    run("overwrite=true")
    again = json.loads((folder / "finetuning.json").read_text())
    assert again["auc"] == content["auc"]
    assert again["tuned"] == content["tuned"]


def test_texts_are_found_again_where_lines_are_not_rows(tmp_path):
    """Texts of several lines, by another separator."""
    write_encoder(tmp_path / "encoder", num_hidden_layers=1)
    texts = [f"the film\nwas {word} {at}" for at, word in enumerate(["good", "awful"] * 6)]
    frame = pd.DataFrame({"text": texts, "label": [0, 1] * 6})
    frame.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    cfg = OmegaConf.create(
        {"path": str(tmp_path / "rows.csv"), "validation_path": str(tmp_path / "rows.csv"),
         "weights": str(tmp_path / "encoder"), "text": "text", "target": "label", "max_tokens": 8,
         "num_rows": 6, "num_validation_rows": 4, "noise": 0.2, "seed": 0}
    )  # fmt: skip
    problem = make_problem(cfg)
    clean = np.where(problem.is_wrong, 1 - problem.dataset.targets, problem.dataset.targets)
    assert len(set(problem.texts)) == 6
    assert [int("awful" in text) for text in problem.texts] == clean.tolist()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("noise=0", r"noise: wanted a share in \(0, 0\.5\], got 0"),
        ("share=0.7", "share: wanted a share"),
        ("num_seeds=1", "num_seeds: wanted 2 or more, got 1"),
        ("num_epochs=0", "num_epochs: wanted 1 or more, got 0"),
        ("num_layer_rows=0", "num_layer_rows: wanted 2 or more, got 0"),
        ("num_tuned=2", "num_tuned: wanted 1 to 1 layers"),
        ("weights=nowhere", "nowhere"),
    ],
)
def test_bad_options_are_refused_by_name(run, option, text):
    with pytest.raises(SystemExit, match=text):
        run(option, "seed=1", "overwrite=true")
