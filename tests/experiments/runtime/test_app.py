"""The frame around commands: how they end, and what they leave."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import value
from experiments.runtime.app import launch
from experiments.runtime.claims import hold

ROOT = Path(__file__).parents[3]
SMALL = ("data.num_rows=20", "data.num_validation_rows=10", "num_initialisations=1",
         "model=mlp_table", "model.widths=[4]", "parties=random", "parties.num=2")  # fmt: skip
SLEEPER = """
import signal, sys, time
from experiments.runtime.app import launch

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it


def main(cfg):
    print("begun", flush=True)
    time.sleep(60)

sys.argv = ["value", "hydra.run.dir=" + sys.argv[1]]
launch(main, "value")
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_says_so_and_leaves_nothing(tmp_path, how):
    folder = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER, str(folder)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert run.stdout.readline() == "begun\n"
        run.send_signal(how)
        began, (_, said) = time.monotonic(), run.communicate(timeout=90)
    assert run.returncode == 1
    assert said.splitlines()[-1].startswith("interrupted; what was finished before is kept")
    assert "Traceback" not in said
    assert time.monotonic() - began < 30
    assert not folder.exists()


def test_a_result_stays_and_so_does_a_folder_in_use(run_command, tmp_path):
    folder = run_command(value.main, "value", *SMALL)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SystemExit, match="wanted a folder without a result.*overwrite=true"):
        run_command(value.main, "value", *SMALL, "seed=1", overwrite=False)
    with hold(folder), pytest.raises(SystemExit, match="which another process writes to"):
        run_command(value.main, "value", *SMALL, "seed=1")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_that_is_a_file_is_told(run_command, tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(SystemExit, match="error: .*run: wanted a folder, got a file of this name"):
        run_command(value.main, "value", *SMALL)
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["data.root=x"],
            "data.root: wanted an option of the choice at hand, got another's; name it, data=",
        ),
        (["data={_target_: a.b, name: c}"], "unknown option 'data.name'; did you mean 'data"),
        (["experiment=comparison_mnist"], "experiment=comparison_mnist: unknown option 'training'"),
    ],
)
def test_no_name_is_suggested_for_itself(run_command, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        run_command(value.main, "value", *arguments)
    said = str(stopped.value)
    assert message in said
    assert f"did you mean {said.split(chr(39))[1:2]!r}" not in said


def test_a_run_that_is_ended_before_it_has_begun_says_so(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.runtime.schema.registry.register", interrupt)
    with pytest.raises(SystemExit, match="interrupted; what was finished before is kept"):
        launch(value.main, "value")
