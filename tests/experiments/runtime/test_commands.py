"""All commands as one program."""

import sys

import pytest

from experiments.runtime import commands
from experiments.runtime.program import as_typed, command_names, refuse_keeping


def test_every_command_is_listed_with_its_question():
    text = commands.listing()
    for name in command_names():
        (line,) = [line for line in text.splitlines() if line.split()[:1] == [name]]
        assert len(line.split()) > 3, line
        assert "python" not in line
        assert line.rstrip().endswith("?") or name == "collect"
    assert text.index("  value ") < text.index("  payout ") < text.index("  ablation ")


@pytest.mark.parametrize(
    ("name", "remedy"), [("valeu", "did you mean 'value'"), ("zzz", "--help lists all")]
)
def test_an_unknown_command_is_refused_with_the_nearest(name, remedy):
    with pytest.raises(SystemExit, match=f"wanted one of value, trust, score, .*{remedy}"):
        commands.run([name])


def test_a_command_gets_the_other_arguments(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments", "payout", "--help"])
    monkeypatch.delitem(sys.modules, "experiments.payout", raising=False)
    commands.run(["payout", "--help"])
    assert capsys.readouterr().out.startswith("What is each player paid?")


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("python -m experiments.value data=table", "davinz value data=table"),
        ("that experiments.detect finds", "that davinz detect finds"),
        ("experiments.data_quantity or .ablation", "davinz data_quantity or .ablation"),
        ("experiments.runtime.sources.mixture", "experiments.runtime.sources.mixture"),
        ("python -m experiments.valuer", "python -m experiments.valuer"),
    ],
)
def test_installed_commands_are_named_as_they_are_typed(text, typed):
    assert as_typed(text, is_installed=True) == typed
    assert as_typed(text, is_installed=False) == text


def test_results_are_kept_in_a_checkout_alone():
    refuse_keeping({"keep": True}, is_installed=False)
    refuse_keeping({"keep": False}, is_installed=True)
    with pytest.raises(ValueError, match="keep: wanted false, .* installed program"):
        refuse_keeping({"keep": True}, is_installed=True)
