"""The command `detect` from data to files, and refusals of bad input."""

import numpy as np
import pandas as pd
import pytest

from experiments.detect import main
from experiments.report.doubts import COLUMNS


@pytest.fixture
def detect(run_command):
    """Run the command on its arguments."""
    return lambda *arguments: run_command(main, "detect", *arguments)


@pytest.fixture
def refused(detect, tmp_path):
    """Run on bad input; gives the message, after checking that nothing was written."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            detect(*arguments)
        message = str(stopped.value.code)
        assert message.startswith("error: "), message
        assert not (tmp_path / "run").exists()
        return message.removeprefix("error: ")

    return run


@pytest.fixture
def patients(tmp_path):
    """A table with quoted cells of two lines, empty lines, a column `label`, two wrong outcomes."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(60, 3))
    sick = values[:, 0] + values[:, 1] > 0
    wrong = np.argsort(np.abs(np.abs(values[:, 0] + values[:, 1]) - 1.2))[:2]
    sick[wrong] ^= True
    lines, numbers = ["age,dose,score,label,remark,hospital,outcome"], []
    for at in range(60):
        numbers.append(1 + sum(line.count("\n") + 1 for line in lines))
        age, dose, score = values[at]
        remark = '"two\nlines"' if at % 7 == 0 else "none"
        hospital = ("north", "south")[at % 2]
        outcome = ("well", "sick")[int(sick[at])]
        lines.append(f"{age:.4f},{dose:.4f},{score:.6f},007,{remark},{hospital},{outcome}")
        if at % 11 == 0:
            lines.append("")
    path = tmp_path / "patients.csv"
    path.write_bytes("\r\n".join(lines).encode())
    return path, np.array(numbers), wrong


def table_arguments(path):
    return ("data=table", f"data.path={path}", "data.target=outcome", "data.party=hospital",
            "data.ignore=[label,remark]")  # fmt: skip


# -- by hand ---------------------------------------------------------------------------------------


def test_wrong_rows_are_named_by_the_lines_of_the_file(detect, read_result, patients):
    path, numbers, wrong = patients
    folder = detect(*table_arguments(path), "cut=rate", "rate=0.0334")
    frame = pd.read_csv(folder / "rows.csv", dtype=str, keep_default_na=False)
    own = ["age", "dose", "score", "file.label", "remark", "hospital", "outcome"]
    assert list(frame) == [*COLUMNS, *own]
    assert frame["line"].astype(int).tolist() == numbers.tolist()
    assert set(frame["file.label"]) == {"007"}
    lines = path.read_bytes().split(b"\n")
    for line, age, dose in frame[["line", "age", "dose"]].itertuples(index=False):
        assert lines[int(line) - 1].startswith(f"{age},{dose}".encode())
    worst = frame[frame["dropped"] == "true"]
    assert set(worst["line"].astype(int)) == set(numbers[wrong])
    assert (worst["label"] != worst["suggested_label"]).all()
    assert read_result(folder)["cut"]["num_dropped"] == 2


def test_kept_and_dropped_rows_are_the_files_own_bytes(detect, patients):
    path, _, _ = patients
    folder = detect(*table_arguments(path))
    kept, dropped = ((folder / f"{name}.csv").read_bytes() for name in ("keep", "drop"))
    header = path.read_bytes().split(b"\n")[0] + b"\n"
    assert kept.startswith(header)
    assert dropped.startswith(header)
    both = pd.concat([pd.read_csv(folder / f"{n}.csv", dtype=str) for n in ("keep", "drop")])
    whole = pd.read_csv(path, dtype=str)
    assert sorted(map(tuple, both.to_numpy())) == sorted(map(tuple, whole.to_numpy()))
    records = [record for part in (kept, dropped) for record in part.split(b"\r\n")]
    assert all(record.strip() in path.read_bytes() for record in records)


# -- property --------------------------------------------------------------------------------------


def test_flipped_digits_are_found(detect, read_result, capsys):
    folder = detect("data.num_rows=400", "corruption=flip_labels")
    found, frame = read_result(folder), pd.read_csv(folder / "rows.csv")
    assert found["detection"]["auc"] > 0.99
    assert found["detection"]["f1"] > 0.9
    assert found["kernel"]["kernel"] == "rbf"
    assert {"ridge", "cut", "parties", "config", "versions", "seconds"} <= set(found)
    assert frame["line"].tolist() == list(range(1, 401))
    assert found["cut"]["num_dropped"] == frame["dropped"].sum() == found["parties"][0]["dropped"]
    assert {path.name for path in folder.iterdir()} == {
        "rows.csv", "keep.csv", "drop.csv", "margins.png", "worst.png", "result.json",
        "report.html",
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert "by two means" in printed
    assert "AUC" in printed


@pytest.mark.parametrize("kernel", ["ntk", "laplace", "network_features", "sum"])
def test_every_kernel_finds_them(detect, read_result, kernel):
    network = () if kernel == "laplace" else ("model=mlp", "num_initialisations=1")
    folder = detect("data.num_rows=200", "corruption=flip_labels", f"kernel={kernel}", *network)
    found = read_result(folder)
    assert found["kernel"]["kernel"] == kernel
    assert found["detection"]["auc"] > (0.85 if kernel == "network_features" else 0.95)


def test_blocks_and_a_false_discovery_bound(detect, read_result):
    folder = detect("data.num_rows=400", "corruption=flip_labels", "block_size=150", "fdr=0.2")
    found = read_result(folder)
    assert found["kernel"]["num_blocks"] == 3
    assert found["cut"]["rule"] == "false_discovery"
    assert found["detection"]["auc"] > 0.97


def test_a_named_network_is_used(detect, read_result):
    folder = detect("data.num_rows=100", "model=mlp", "num_initialisations=1", "ntk.num_blocks=2")
    assert read_result(folder)["kernel"] == {"kernel": "ntk", "num_blocks": 2}


def test_noise_in_inputs_is_found_where_inputs_are_doubted(detect, read_result):
    folder = detect("data.num_rows=300", "corruption=noise", "what=inputs")
    assert read_result(folder)["detection"]["auc"] > 0.99


def test_numbers_keep_their_unit(detect, tmp_path):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(80, 2)), columns=["a", "b"])
    frame["price"] = 1000 + 100 * (frame["a"] - frame["b"]) + generator.normal(size=80)
    frame.loc[5, "price"] += 800
    frame.to_csv(tmp_path / "prices.csv", index=False)
    folder = detect("data=table", f"data.path={tmp_path / 'prices.csv'}", "data.target=price")
    worst = pd.read_csv(folder / "rows.csv").sort_values("margin").iloc[0]
    assert worst["line"] == 7
    assert worst["label"] == pytest.approx(frame.loc[5, "price"], rel=1e-4)
    assert worst["suggested_label"] == pytest.approx(frame.loc[5, "price"] - 800, rel=0.1)


def test_rows_of_parquet_are_counted_alike(detect, patients, read_result):
    path, _, _ = patients
    table = path.with_suffix(".parquet")
    pd.read_csv(path).to_parquet(table)
    folder = detect(*table_arguments(table))
    assert pd.read_csv(folder / "rows.csv")["line"].tolist() == list(range(2, 62))
    assert any("first row counted as line 2" in note for note in read_result(folder)["notes"])
    kept, dropped = (pd.read_parquet(folder / f"{name}.parquet") for name in ("keep", "drop"))
    assert len(kept) + len(dropped) == 60


def test_a_validation_file_gives_values_beside_the_margins(detect, patients, read_result, capsys):
    path, numbers, wrong = patients
    whole = pd.read_csv(path, dtype=str)
    whole.drop(index=wrong).iloc[10:40].to_csv(path.with_name("clean.csv"), index=False)
    folder = detect(*table_arguments(path), f"data.validation_path={path.with_name('clean.csv')}")
    frame, found = pd.read_csv(folder / "rows.csv"), read_result(folder)
    assert list(frame)[:9] == [*COLUMNS, "shapley", "knn_shapley", "age"]
    for name in ("shapley", "knn_shapley"):
        worst = frame.sort_values(name)["line"].head(12)
        assert set(numbers[wrong]) <= set(worst)
        assert found["views"][name]["num_validation_rows"] == 30
        assert -1 < found["views"][name]["spearman_with_margin"] < 1
        assert found["views"][name]["detection"] is None
    assert (folder / "views.png").stat().st_size > 10_000
    assert "by the validation set, KNN-Shapley, K = 5: Spearman" in capsys.readouterr().out


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rate=1.5",), r"rate: wanted a share in (0, 1), got 1.5"),
        (("fdr=0",), r"fdr: wanted a share in (0, 1), got 0"),
        (("cut=rate",), "rate: wanted the share of wrong rows, got none"),
        (("cut=two_means", "rate=0.1"), "rate: wanted it with cut=rate, got cut=two_means"),
        (("kernel=rbf", "model=mlp"), "model: wanted options that the run uses, got kernel=rbf"),
        (("ntk.ridge=1",), "ntk.ridge: wanted options that the run uses, got a ridge"),
        (("data.holdout=0.1",), "data.holdout: wanted options that the run uses"),
        (("views=true",), "views: wanted a validation set beside the rows, got none"),
        (("block_size=1",), "block_size: wanted at least 2, got 1"),
        (
            ("ntk.output=label",),
            "ntk.output: wanted trace or first, which sees every class, got label",
        ),
    ],
)
def test_bad_options_are_refused(refused, arguments, message):
    assert message in refused("data.num_rows=50", *arguments)


def test_one_class_left_is_refused(refused, tmp_path):
    frame = pd.DataFrame({"a": np.arange(20.0), "label": ["x"] * 19 + ["y"]})
    frame.to_csv(tmp_path / "few.csv", index=False)
    message = refused("data=table", f"data.path={tmp_path / 'few.csv'}", "data.target=label",
                      "rate=0.05")  # fmt: skip
    assert "cut: wanted rows of two classes or more left, got only class x" in message


def test_no_labels_at_all_is_refused(refused, tmp_path):
    frame = pd.DataFrame({"a": np.arange(20.0), "label": [None] * 20})
    frame.to_csv(tmp_path / "none.csv", index=False)
    message = refused("data=table", f"data.path={tmp_path / 'none.csv'}", "data.target=label")
    assert "label" in message
    assert message.count("\n") == 0


def test_a_zero_kernel_is_refused(refused, tmp_path):
    """Equal rows are standardised to zeros, of which a network without biases makes nothing."""
    frame = pd.DataFrame({"a": np.zeros(20), "label": ["x", "y"] * 10})
    frame.to_csv(tmp_path / "equal.csv", index=False)
    message = refused("data=table", f"data.path={tmp_path / 'equal.csv'}", "data.target=label",
                      "model=mlp_table", "num_initialisations=1")  # fmt: skip
    assert message.startswith("ridge: wanted a kernel that a ridge can be relative to, got a zero")
    assert message.count("\n") == 0


def test_the_curve_that_chose_the_ridge_is_drawn_on_request(detect):
    folder = detect("data.num_rows=60", "ridge_figure=true")
    assert (folder / "ridge.png").is_file()
