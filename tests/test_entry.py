"""The command `davinz`: where it finds the commands, and what it leaves on the path."""

import os
import sys
from pathlib import Path

import pytest

from davinz_jax import entry

ROOT = Path(__file__).parents[1]


def test_a_checkout_has_the_commands_beside_the_package():
    assert entry.commands_folder() == ROOT


def test_a_wheel_has_them_within(monkeypatch, tmp_path):
    monkeypatch.setattr(entry, "CARRIED", tmp_path)
    assert entry.commands_folder() == tmp_path


def test_commands_are_found_first_and_the_current_folder_last(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["installed"])
    monkeypatch.setenv("PYTHONPATH", "told")
    entry.extend_path(Path("commands"))
    assert sys.path == ["commands", "installed", str(tmp_path)]
    assert os.environ["PYTHONPATH"].split(os.pathsep) == ["commands", "told", str(tmp_path)]


def test_it_runs_the_command_that_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["davinz", "--help"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", "")
    entry.main()
    assert "What is each party's data worth" in capsys.readouterr().out


def test_an_unknown_command_is_told(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["davinz", "valeu"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", "")
    with pytest.raises(SystemExit, match="did you mean 'value'"):
        entry.main()
