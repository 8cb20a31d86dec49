"""The command `value` from data to files: reference numbers, outputs, and refusals of bad input."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from davinz_jax.semivalues import Valuation
from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.help import text
from experiments.value import main

ROOT = Path(__file__).parents[2]
SMALL = ("data.num_rows=40", "data.num_validation_rows=20", "num_initialisations=2",
         "model=mlp_table", "model.widths=[8]")  # fmt: skip


@pytest.fixture
def value(run_command):
    """Run the command on its arguments."""
    return lambda *arguments: run_command(main, "value", *arguments)


OWN_NETS = {
    "nnx": """
from flax import nnx

class Net(nnx.Module):
    def __init__(self, width, num_outputs=10, *, rngs):
        self.first = nnx.Linear(64, width, rngs=rngs)
        self.last = nnx.Linear(width, num_outputs, rngs=rngs)

    def __call__(self, inputs):
        return self.last(nnx.relu(self.first(inputs.reshape(len(inputs), -1))))
""",
    "equinox": """
import equinox as eqx
import jax

class Net(eqx.Module):
    layers: list

    def __init__(self, width, num_outputs=10, *, key):
        sizes, keys = (64, width, num_outputs), jax.random.split(key)
        self.layers = [eqx.nn.Linear(*sizes[at:][:2], key=keys[at]) for at in range(2)]

    def __call__(self, row):
        return self.layers[1](jax.nn.relu(self.layers[0](row.reshape(-1))))
""",
}


@pytest.fixture
def refused(value, tmp_path, capsys):
    """Run on bad input; gives the message, after checking that nothing was written."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            value(*arguments)
        message = str(stopped.value.code)
        assert message.startswith("error: "), message
        assert not (tmp_path / "run").exists()
        return message.removeprefix("error: ")

    return run


# -- by hand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "model", "blocks"),
    [("cnn_mnist", "cnn", 1), ("cnn_mnist", "cnn", 3), ("mlp_ising", "mlp", 1),
     ("mlp_ising", "mlp", 4)],
)  # fmt: skip
def test_reference_numbers(golden, value, read_result, case, model, blocks):
    path = golden / f"{case}.npz"
    wanted = {each["model"]: each for each in json.loads((golden / "golden.json").read_text())}[
        case
    ]
    result = read_result(
        value("utility=davinz", "data=arrays", f"data.path={path}", "data.layout=nchw",
              "parties=random",
              "parties.num=2", f"model={model}", f"model.weights={path}",
              f"ntk.num_blocks={blocks}", "ntk.shuffle=false")
    )  # fmt: skip
    assert result["grand"]["complexity"] == pytest.approx(
        wanted[f"complexity_blocks{blocks}"], rel=1e-3
    )
    assert result["grand"]["discrepancy"] == pytest.approx(wanted["mmd_biased_sigma5"], rel=1e-3)
    smallest = wanted[f"min_eigenvalue_blocks{blocks}"]
    if smallest > 10 * wanted["ridge"]:
        assert result["kernel"]["min_eigenvalue"] == pytest.approx(smallest, rel=1e-3)
    assert result["seeds"]["num_initialisations"] == 1
    assert all(player["stderr_initialisation"] is None for player in result["players"])


def test_a_kernel_in_float64_has_no_rounding_error(value, read_result):
    """And gives the same values as float32 where the ridge is large."""
    found = {}
    for precision in ("full", "float64"):
        settings = ("utility=davinz", "ntk.ridge=1", f"ntk.precision={precision}")
        folder = value(*SMALL, *settings, "overwrite=true")
        found[precision] = read_result(folder)["players"]
    narrow, wide = found["full"], found["float64"]
    assert all(player["stderr_rounding"] > 0 for player in narrow)
    assert all(player["stderr_rounding"] == 0 for player in wide)
    apart = [abs(a["complexity"] - b["complexity"]) for a, b in zip(narrow, wide, strict=True)]
    assert 0 < max(apart) < 1e-5


# -- property --------------------------------------------------------------------------------------


def test_outputs_agree_with_each_other(value, read_result):
    folder = value("data=digits", "utility=davinz", *SMALL)
    result, frame = read_result(folder), pd.read_csv(folder / "values.csv")
    assert {path.name for path in folder.iterdir()} == {
        "values.csv", "values.png", "valuation.npz", "report.html", "worst_rows.csv",
        "worst_rows.png", "result.json",
    }  # fmt: skip
    by_name = {player["name"]: player for player in result["players"]}
    for row in frame.to_dict("records"):
        player = by_name[row["player"]]
        assert row["value"] == pytest.approx(player["value"], rel=1e-12)
        assert player["complexity"] + player["discrepancy"] == pytest.approx(player["value"])
    grand = result["grand"]
    assert grand["value"] == pytest.approx(
        -result["kappa"] * grand["complexity"] - grand["discrepancy"]
    )
    assert Valuation.load(folder / "valuation.npz").players == tuple(by_name)
    assert set(result["seconds"]) == {"data", "kernel", "discrepancy", "utility", "semivalue",
                                      "margins"}  # fmt: skip


def test_same_seed_same_values_bit_for_bit(value, read_result):
    first = read_result(value("data=digits", *SMALL, "seed=3"))
    second = read_result(value("data=digits", *SMALL, "seed=3"))
    other = read_result(value("data=digits", *SMALL, "seed=4"))
    assert first["players"] == second["players"]
    assert first["players"] != other["players"]


def test_shapley_values_of_a_table_sum_to_the_whole(value, read_result, table):
    result = read_result(
        value("data=table", f"data.path={table}", "data.target=label", "data.party=hospital",
              "semivalue=shapley", "num_initialisations=2", "utility=davinz",
              "utility.kappa=0.5")
    )  # fmt: skip
    assert {player["name"] for player in result["players"]} == {"north", "south", "west"}
    assert result["kappa"] == 0.5
    total = sum(player["value"] for player in result["players"])
    empty = (
        result["grand"]["value"] - total
    )  # u(nobody): minus the norm of the validation set's embedding
    assert -1 <= empty < 0


def test_doubtful_rows_are_drawn_and_rows_summed_by_party(value, read_result):
    folder = value("data=digits", *SMALL, "players=rows", "corruption=flip_labels")
    result, frame = read_result(folder), pd.read_csv(folder / "values.csv")
    assert (folder / "worst_rows.png").stat().st_size > 1000
    assert len(result["players"]) == 40
    assert frame["corrupted"].sum() == 4
    worst = pd.read_csv(folder / "worst_rows.csv")
    assert (worst["line"].head(2).isin(frame["line"][frame["corrupted"]])).any()
    assert result["kernel"]["output"] == "trace"
    sums = {party["name"]: party["value"] for party in result["parties_as_sum_of_rows"]}
    assert frame.groupby("party")["value"].sum().to_dict() == pytest.approx(sums)


@pytest.mark.parametrize(
    ("utility", "options"),
    [
        ("kernel_regression", SMALL),
        ("complexity", SMALL),
        ("discrepancy", SMALL[:2]),
        ("confidence", SMALL[:2]),
    ],
)
@pytest.mark.parametrize("semivalue", ["standalone", "banzhaf"])
def test_every_utility_and_semivalue_runs(value, read_result, utility, options, semivalue):
    result = read_result(
        value("data=digits", *options, f"utility={utility}", f"semivalue={semivalue}",
              "parties=random", "parties.num=3")
    )  # fmt: skip
    assert result["utility"]["kind"] == utility
    assert result["method"] == semivalue
    costs = {"complexity", "discrepancy"} & {utility}
    assert set(result["grand"]) == {"value", *costs}


def test_users_own_module_by_target(value, read_result):
    result = read_result(
        value("data=digits", "data.num_rows=20", "data.num_validation_rows=10",
              "num_initialisations=1", "model._target_=davinz_jax.models.MLP",
              "+model.widths=[4]", "parties=random", "parties.num=2")
    )  # fmt: skip
    assert result["config"]["model"]["widths"] == [4]


def test_degenerate_bandwidth_is_told_as_a_note(value, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        value("data=digits", "utility=davinz", *SMALL, "mmd.bandwidth=1e-3")
    assert "note: bandwidth: σ = 0.001" in capsys.readouterr().out


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data.num_row=3"], ["data.num_row", "data.num_rows"]),
        (["nkt.ridge=1"], ["nkt", "ntk"]),
        (["ntk.rigde=1"], ["ntk.rigde", "ntk.ridge"]),
        (["data=digit"], ["data", "digit", "digits"]),
        (["model=cnm"], ["model", "cnm", "cnn"]),
        (["ntk.output=lable"], ["lable", "label"]),
        (["semivalue=shaply"], ["shaply", "shapley"]),
        (["ntk.ridge=-1"], ["ridge", "-1"]),
        (["utility=davinz", "mmd.bandwidth=-1"], ["bandwidth", "-1"]),
        (["mmd.bandwidth=medium"], ["bandwidth", "medium", "median"]),
        (["ntk.num_blocks=0"], ["num_blocks"]),
        (["ntk.num_blocks=41"], ["num_blocks", "41", "40"]),
        (["num_initialisations=0"], ["num_initialisations", "0"]),
        (["parties=random", "parties.num=1"], ["parties", "at least two"]),
        (["parties=column"], ["parties"]),
        (["parties=by_sizes", "parties.sizes=[30,30]"], ["60", "40"]),
        (["model=vgg11", "model.widths=null"], ["model.widths"]),
        (["model.weights=nowhere.npz"], ["nowhere.npz"]),
        (["data=table", "data.path=nowhere.csv", "data.target=y"], ["path", "nowhere.csv"]),
        (["data=arrays", "data.path=nowhere.npz"], ["path", "nowhere.npz"]),
        (["semivalue=beta_shapley", "semivalue.alpha=0"], ["alpha", "0"]),
        (["semivalue=shapley", "semivalue.method=permutation", "semivalue.num_samples=0"],
         ["num_samples", "0"]),
        (["semivalue=shapley", "semivalue.method=exact", "players=rows"], ["40"]),
        (["utility=davinz", "utility.kappa=-2"], ["kappa", "-2"]),
        (["utility.kappa=2"], ["utility.kappa: wanted", "utility=davinz"]),
        (["utility.kernel=rbf"], ["utility.kernel: wanted the kernel named once", "set kernel="]),
        (["utility=kernel_regression", "+utility.kernel=rbf"], ["utility.kernel", "set kernel="]),
        (["kernel=rfb"], ["kernel", "rfb", "rbf"]),
        (["kernel.bandwidth=2"], ["kernel.bandwidth", "kernel=laplace, kernel=rbf"]),
        (["kernel=rbf"], ["model", "num_initialisations", "got kernel=rbf, which does not"]),
        (["mmd=median"], ["mmd: wanted options that the run uses", "set utility=davinz"]),
        (["utility=davinz", "kernel=ntk"], ["kernel: wanted options that the run uses"]),
        (["utility=discrepancy"], ["model", "got utility=discrepancy, which does not"]),
        (["ntk.ridge_unit=relative"], ["ntk.ridge_unit: wanted it with a ridge in numbers"]),
        (["ntk.precision=half"], ["half", "full"]),
        (["ntk.precision=bfloat16", "ntk.engine=neural_tangents"], ["precision", "layerwise"]),
        (["cluster.num_workers=2"], ["cluster.num_workers", "cluster=ray"]),
        (["threads=0"], ["threads: wanted 1 or more, or auto, got 0"]),
        (["value.level=1.5"], ["value.level", "(0, 1)", "1.5"]),
        (["value.level=0"], ["value.level", "(0, 1)", "0.95"]),
        (["seed=100000000000000000000"], ["seed", "4294967295", "100000000000000000000"]),
        (["utility._target_=os.makedirs"], ["utility._target_", "os.makedirs", "packages=[os]"]),
        (["value.resume=nowhere"], ["value.resume", "nowhere"]),
    ],
)  # fmt: skip
def test_bad_option(refused, arguments, words):
    message = refused(*(argument for argument in SMALL if argument[:5] not in str(arguments)[:9]),
                      *arguments)  # fmt: skip
    for word in words:
        assert word in message, message


@pytest.mark.parametrize("kind", ["nnx", "equinox"])
def test_networks_of_nnx_and_equinox(kind, value, read_result, tmp_path, monkeypatch):
    """Ten pixels of each digit through a class of one's own, named in the command."""
    if kind == "equinox":
        pytest.importorskip("equinox")
    (tmp_path / "own_nets.py").write_text(OWN_NETS[kind])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_nets", raising=False)
    own = ["model._target_=own_nets.Net", "packages=[own_nets]", "+model.width=3"]
    options = ("utility=kernel_regression", "kernel=ntk", "num_initialisations=1")
    written = read_result(value(*SMALL[:2], *options, *own))
    weights = [
        path for path in written["utility"]["coverage"] if path.endswith(("kernel']", "weight']"))
    ]
    assert len(weights) == 2
    assert written["config"]["model"]["width"] == 3


def test_image_of_the_wrong_size(refused):
    message = refused("data=digits", "data.num_rows=20", "model=vgg11")
    assert "32×32" in message
    assert "8" in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data.target=lable"], ["lable", "label"]),
        (["data.target=label", "data.party=hospitol"], ["hospitol", "hospital"]),
        (["data.target=label", "data.holdout=null"], ["validation set"]),
    ],
)
def test_bad_column(refused, table, arguments, words):
    message = refused("data=table", f"data.path={table}", *arguments)
    for word in words:
        assert word in message, message


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite(refused, tmp_path, number):
    path = tmp_path / "bad.npz"
    inputs = np.ones((8, 3), np.float32)
    inputs[2, 1] = number
    np.savez(
        path, inputs=inputs, targets=np.arange(8) % 2, validation_inputs=np.ones((4, 3), np.float32)
    )
    message = refused("data=arrays", f"data.path={path}")
    assert "inputs" in message
    assert "finite" in message


def test_one_class_only(refused, tmp_path):
    path = tmp_path / "one.npz"
    np.savez(path, inputs=np.eye(8, dtype=np.float32), targets=np.zeros(8, int),
             validation_inputs=np.eye(8, dtype=np.float32))  # fmt: skip
    assert "class" in refused("data=arrays", f"data.path={path}")


def test_kappa_of_another_utility(refused):
    message = refused("data=digits", *SMALL, "utility=complexity", "+utility.kappa=2")
    assert "kappa" in message


# -- help ------------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['value', '--help'];"
        "from experiments.value import main; from experiments.runtime.app import launch;"
        "launch(main, 'value');"
        "print('HEAVY', sorted({'jax', 'pandas', 'matplotlib', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "HEAVY []" in done.stdout
    assert "ntk.ridge" in done.stdout


def test_help_names_every_option_with_its_meaning():
    shown = text(CONFIG_FOLDER, "value")
    for group in ("data", "model", "parties", "corruption", "utility", "semivalue"):
        for path in (CONFIG_FOLDER / group).glob("*.yaml"):
            for key in OmegaConf.load(path):
                assert str(key).startswith("_") or f"{group}.{key}" in shown, path


def test_run_folder_is_named_after_the_command():
    shown = subprocess.run(
        [sys.executable, "-m", "experiments.value", "--cfg", "hydra", "--resolve", "-p",
         "hydra.run.dir"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "outputs/value/" in shown.stdout


def test_the_curve_that_chose_the_ridge_is_drawn_on_request(value):
    few = ("data.num_rows=60", "data.num_validation_rows=30")
    assert (value(*few, "value.ridge_figure=true") / "ridge.png").is_file()
    with pytest.raises(SystemExit, match="value.ridge_figure: wanted .* got 0.0001"):
        value(*few, "value.ridge_figure=true", "utility=davinz", "overwrite=true")
