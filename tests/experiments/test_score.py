"""A new party scored against a saved run, everything else frozen."""

import json

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments import score, value
from experiments.runtime import compose
from experiments.runtime.console import Stages
from experiments.studies.score import _new_rows, freeze, join


@pytest.fixture
def saved_run(run_command, table, tmp_path):
    """A leave-one-out run over the table's parties with a validation set of its own."""
    target = table.with_name("new.csv")
    folder = run_command(
        value.main, "value", "data=table", f"data.path={table}", "data.target=label",
        "data.party=hospital", f"data.validation_path={target}", "utility=davinz",
        "num_initialisations=2",
    )  # fmt: skip
    return folder.rename(tmp_path / "saved")


def test_a_party_scored_later_gets_its_leave_one_out_value(
    run_command, read_result, saved_run, table, tmp_path
):
    """With κ given, u(N ∪ new) - u(N) is the new party's leave-one-out value among all four."""
    newcomer = table.with_name("new.csv")
    scored = read_result(
        run_command(score.main, "score", f"run={saved_run}", f"path={newcomer}", "name=east")
    )
    earlier = json.loads((saved_run / "result.json").read_text())
    everyone = pd.concat(
        [pd.read_csv(table), pd.read_csv(newcomer).assign(hospital="east")], ignore_index=True
    )
    path = tmp_path / "all.npz"
    encode = earlier["encoding"]
    assert encode, "the run kept no encoding"
    np.savez(path, **_encoded(everyone, pd.read_csv(newcomer), encode))
    together = read_result(
        run_command(value.main, "value", "data=arrays", f"data.path={path}", "utility=davinz",
                    "num_initialisations=2", f"utility.kappa={earlier['kappa']!r}")
    )  # fmt: skip
    wanted = {player["name"]: player["value"] for player in together["players"]}["east"]
    assert scored["value"] == pytest.approx(wanted, rel=1e-4)
    assert scored["num_rows"] == 20


def _encoded(frame, target, encoding):
    from davinz_jax.data import TableSchema, encode_table

    data = encode_table(frame, target, TableSchema.from_dict(encoding))
    return {
        "inputs": data.inputs, "targets": data.targets, "parties": frame["hospital"].to_numpy(str),
        "validation_inputs": data.validation.inputs, "validation_targets": data.validation.targets,
    }  # fmt: skip


def test_changed_data_is_refused(run_command, saved_run, table, tmp_path):
    saved = json.loads((saved_run / "result.json").read_text())
    saved["data_sha256"] = "0" * 64
    del saved["seal"]
    (saved_run / "result.json").write_text(json.dumps(saved))
    with pytest.raises(SystemExit, match="data that was valued"):
        run_command(score.main, "score", f"run={saved_run}", f"path={table.with_name('new.csv')}")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("is_labelled", [True, False])
def test_a_run_by_default_is_gone_on_from(run_command, read_result, table, tmp_path, is_labelled):
    """The newcomer's marginal is that of a run of all four parties whose choices are the saved."""
    newcomer, validation = table.with_name("new.csv"), tmp_path / "validation.csv"
    rows = pd.read_csv(newcomer)
    (rows if is_labelled else rows.drop(columns="label")).to_csv(validation, index=False)
    arguments = ("data=table", "data.target=label", "data.party=hospital",
                 f"data.validation_path={validation}")  # fmt: skip
    saved = run_command(value.main, "value", *arguments, f"data.path={table}")
    saved = saved.rename(tmp_path / "saved")
    earlier = read_result(saved)
    kind = "kernel_regression" if is_labelled else "confidence"
    assert (earlier["utility"]["kind"], earlier["method"]) == (kind, "shapley")
    assert earlier["config"]["ntk"]["ridge"] == "auto"
    scored = read_result(
        run_command(score.main, "score", f"run={saved}", f"path={newcomer}", "name=east")
    )
    assert scored["rank"] is None

    encoded = _encoded(pd.concat([pd.read_csv(table), rows.assign(hospital="east")]), rows,
                       earlier["encoding"])  # fmt: skip
    if not is_labelled:
        del encoded["validation_targets"]
    everyone = tmp_path / "everyone.npz"
    np.savez(everyone, **encoded)
    found = earlier["utility"]
    fixed = [f"utility={kind}", f"kernel={found['kernel']}", f"ntk.ridge={found['ridge']!r}",
             f"kernel.bandwidth={found['bandwidth']!r}"]  # fmt: skip
    fixed.append(f"utility.metric={found['metric']}" if is_labelled
                 else f"utility.temperature={found['temperature']!r}")  # fmt: skip
    together = read_result(
        run_command(value.main, "value", "data=arrays", f"data.path={everyone}",
                    "semivalue=leave_one_out", *fixed)
    )  # fmt: skip
    wanted = {player["name"]: player["value"] for player in together["players"]}["east"]
    assert scored["value"] == pytest.approx(wanted, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("utility", ["auto", "davinz"])
def test_a_run_whose_rows_judge_each_other(run_command, read_result, table, tmp_path, utility):
    """The newcomer's rows judge nobody; its worth is u(N ∪ new) − u(N) with the run's folds."""
    named = () if utility == "auto" else ("num_initialisations=1", "model=mlp_table",
                                          "model.widths=[8]")  # fmt: skip
    saved = run_command(
        value.main, "value", "data=table", f"data.path={table}", "data.target=label",
        "data.party=hospital", f"utility={utility}", "semivalue=leave_one_out", *named,
    ).rename(tmp_path / "saved")  # fmt: skip
    earlier = read_result(saved)
    assert earlier["utility"]["num_folds"] == 5 if utility == "auto" else earlier["kappa"] > 0
    newcomer = table.with_name("new.csv")
    scored = read_result(
        run_command(score.main, "score", f"run={saved}", f"path={newcomer}", "name=east")
    )
    components = compose.components(OmegaConf.create(freeze(earlier)))
    old = components.load(lambda *_: None)
    rows = join(old, *_new_rows(freeze(earlier), earlier, newcomer, Stages()), "east")
    assert (rows.dataset.folds[60:] == -1).all()
    made = components.utility(components.context(rows, Stages()).ingredients)
    members = np.array([[True, True, True, False], [True] * 4])
    without, within = made.coalitions(members).sum(0).mean(0)
    assert scored["value"] == pytest.approx(within - without, rel=1e-6, abs=1e-12)
    assert scored["rank"] in {1, 2, 3, 4}
