"""What a command line can do to a configuration, told as option, wanted, got and remedy."""

import pytest

from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.composition import explain_composition
from experiments.value import main


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("seed=many", ["seed: wanted a whole number, got many; it is: seed of every"]),
        ("seed=1.5", ["seed: wanted a whole number, got 1.5"]),
        ("seed=null", ["seed: wanted a value, got null; it is"]),
        ("seed=1,2", ["seed: wanted one value", "-m for a sweep, got 1,2; it is"]),
        ("value.level=[]", ["value.level: wanted a number, got []; it is: coverage"]),
        ("value=3", ["value: wanted options below it, got int; --help"]),
        ("players=people", ["players: wanted one of parties, rows, got people; it is"]),
        ("parties=1", ["parties: wanted the name of a choice, got a value of type int; --help"]),
        ("parties=???", ["parties: wanted the name of a choice, got none; --help"]),
        ("parties=[a]", ["parties: wanted one choice, got [a]", "-m parties=a"]),
        ("mmd=[1]", ["mmd: wanted one choice, got [1]"]),
        ("packages={a: 1}", ["packages: wanted a value of its kind, got {a: 1}"]),
        ("model.weights=[1]", ["model.weights: wanted a path or null, got [1]; --help"]),
        ("+data.seed=[1]", ["data.seed: wanted a whole number or null, got [1]; --help"]),
        ("data.num_rows={1: 2}", ["data.num_rows: wanted a whole number or null, got {1: 2}"]),
        ("data.num_rows={}", ["data.num_rows: wanted a whole number or null, got {}; --help"]),
        ("parties=", ["parties: unknown choice ''"]),
        ("num_initialisations=???", ["num_initialisations: wanted a value, got none; it is"]),
        ("num_initialisations=${data.num_rows}", ["initialisations: wanted a value of its kind"]),
        ("num_initialisations=${nothing}", ["an option that there is", "got 'nothing'; "]),
        ("hydra.run.dir=[1]", ["hydra.run.dir: wanted text", "got [1]; --help"]),
        ("ntk.num_blocks=[1]", ["ntk.num_blocks: wanted a whole number, got [1]; --help"]),
        ("x", ["command line: wanted OPTION=VALUE", "got 'x'; --help"]),
        ("=x", ["command line: wanted OPTION=VALUE", "; --help"]),
        ("data.path=b»", ["command line: wanted OPTION=VALUE", "got 'data.path=b»'; --help"]),
        ("data.path==1+1", ["command line: wanted OPTION=VALUE", "quotes"]),
        ("value.level=-0.1", ["value.level: wanted a probability in (0, 1), got -0.1; 0.95"]),
        ("value.worst=-1", ["value.worst: wanted 0 rows or more, got -1; 24"]),
        ("seed=100000000000000000000", ["seed: wanted a whole number from 0 to 4294967295"]),
        ("kernel=[rbf,laplace]", ["kernel: wanted one choice", "-m kernel=rbf,laplace"]),
        ("+data=digits", ["data: wanted data=…, got a + before an option that there is; leave +"]),
        ("++data=digits", ["data: wanted data=…, got a + before"]),
        ("+semivalue=shapley", ["semivalue: wanted semivalue=…, got a + before"]),
        ("+seed=1", ["seed: wanted seed=…, got a + before", "it is: seed of every"]),
        ("data={_target_: mine.source}", ["data._target_: wanted", "packages=[mine]"]),
        ("++foo=1", ["unknown option 'foo'"]),
        ("+value.levle=1", ["unknown option 'value.levle'; did you mean 'value.level'?"]),
    ],
)  # fmt: skip
def test_message(argument, words, run_command):
    with pytest.raises(SystemExit) as stopped:
        run_command(main, "value", argument)
    message = str(stopped.value.code)
    assert message.startswith("error: ")
    for word in words:
        assert word in message, message


def test_text_of_others_is_left_to_them():
    assert explain_composition("num_rows: wanted 1", CONFIG_FOLDER, "value", []) == ""
