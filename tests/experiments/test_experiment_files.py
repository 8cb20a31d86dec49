"""Every file in conf/experiment composes, and instantiates; each command has one of smoke size."""

import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.compose import plain
from experiments.runtime.schema import registry
from experiments.runtime.schema.studies import COMMANDS
from experiments.studies import base as study
from experiments.studies.comparison import compose_methods

FILES = sorted((CONFIG_FOLDER / "experiment").glob("*.yaml"))
HEADS = ("question", "command", "time and device", "number expected")


def command(path: Path) -> str:
    """The module that an experiment file belongs to, as its `command:` line says."""
    found = re.search(r"command: python -m experiments\.(\w+) experiment=(\w+)", path.read_text())
    assert found is not None
    assert found[2] == path.stem
    return found[1]


SMOKES = [path for path in FILES if path.stem.endswith("_smoke") and command(path) in COMMANDS]


@pytest.fixture
def composed():
    """Compose a command with overrides, outside a run."""
    registry.register("study")

    def make(name: str, *overrides: str):
        with initialize_config_dir(str(CONFIG_FOLDER), version_base="1.3"):
            return compose(name, overrides=list(overrides))

    return make


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_composes_and_instantiates(path, composed):
    cfg = composed(command(path), f"experiment={path.stem}")
    assert study.components_of(cfg, 0).num_initialisations == cfg.num_initialisations
    if "training" in cfg:
        assert callable(instantiate(plain(cfg)["training"], _convert_="all"))
    if "baseline_training" in cfg:
        assert {"random", "log_size", "mmd_alone"} <= set(compose_methods(plain(cfg)).baselines)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_is_a_delta_with_its_head(path):
    lines = path.read_text().splitlines()
    assert lines[0] == "# @package _global_"
    for line, head in zip(lines[1:5], HEADS, strict=True):
        assert line.startswith(f"# {head}: ")
    assert len(lines) <= 20
    assert not {"TIME", "NUMBER"} & {line.rpartition(": ")[2] for line in lines[1:5]}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_experiment_has_a_smoke(name):
    assert any(path.stem == f"{name}_smoke" for path in SMOKES)
