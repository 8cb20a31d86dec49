"""A run's folder: one process at a time, and no result lost in it."""

import os
import signal
import subprocess
import sys

import pytest

from experiments.runtime.claims import claim, hold
from experiments.runtime.errors import Taken

HOLDER = """
import sys, time
from pathlib import Path
from experiments.runtime.claims import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_held_folder_is_refused_until_it_is_given_back(tmp_path):
    with (
        hold(tmp_path),
        pytest.raises(Taken, match="which another process writes to"),
        hold(tmp_path),
    ):
        pass
    with hold(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_killed_process_holds_nothing(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Taken), hold(tmp_path):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    with hold(tmp_path):
        pass


def test_what_a_killed_process_was_writing_goes(tmp_path):
    (tmp_path / ".writing-x").mkdir()
    (tmp_path / ".writing-x" / "values.csv").write_text("half")
    with hold(tmp_path):
        assert not list(tmp_path.iterdir())


def test_a_result_is_replaced_only_where_that_is_said(tmp_path):
    (tmp_path / "result.json").write_text("{}")
    with (
        pytest.raises(Taken, match=r"got .* with result.json; .* overwrite=true"),
        claim(tmp_path, overwrite=False),
    ):
        pass
    with claim(tmp_path, overwrite=True) as folder:
        assert folder == tmp_path
    with claim(tmp_path, overwrite=False, seal="fidelity.json"):
        pass
