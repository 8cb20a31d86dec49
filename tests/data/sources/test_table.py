"""Tables from files to data sets, and a party that comes later."""

import json

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import load_table, partition_by_column, partition_rows, read_cells

FRAME = pd.DataFrame(
    {
        "age": np.linspace(20, 60, 12),
        "town": ["bonn", "koln", "ulm"] * 4,
        "clinic": ["a", "a", "b", "c"] * 3,
        "ill": ["no", "yes"] * 6,
    }
)
NAMES = {"target": "ill", "party": "clinic"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "patients.csv"
    FRAME.to_csv(path, index=False)
    return path


def test_csv_with_a_held_out_validation_set(path, key):
    data = load_table(path, **NAMES, holdout=0.25, key=key)
    assert data.inputs.shape == (9, 4)
    assert data.validation.inputs.shape == (3, 4)
    assert data.feature_names == ("age", "town=bonn", "town=koln", "town=ulm")
    assert (data.name, data.class_names, data.num_classes) == ("patients", ("no", "yes"), 2)
    assert data.notes == (
        "validation set: 3 of 12 rows held out at random, for there is none in patients.csv",
    )
    np.testing.assert_allclose(data.inputs[:, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(data.inputs[:, 0].std(), 1, rtol=1e-6)
    np.testing.assert_array_equal(data.inputs[:, 1:].sum(axis=1), 1)
    assert partition_by_column(data)[1].names == ("a", "b", "c")


def test_rows_named_by_a_column_keep_their_names_after_a_split(tmp_path, key):
    path = tmp_path / "named.csv"
    named = FRAME.assign(patient=[f"p{row}" for row in range(12)])
    named.to_csv(path, index=False)
    data = load_table(path, **NAMES, id="patient", holdout=0.25, key=key)
    assert data.feature_names == ("age", "town=bonn", "town=koln", "town=ulm")
    assert data.ids.tolist() == [f"p{line - 2}" for line in data.lines]
    assert partition_rows(data.take(np.array([4, 1])))[1].names == (data.ids[4], data.ids[1])
    named.loc[3, "patient"] = None
    for table, wrong in ((named, "patient"), (FRAME, "town"), (FRAME, "clinic"), (FRAME, "nr")):
        table.to_csv(path, index=False)
        with pytest.raises(ValueError, match="id: wanted a column"):
            load_table(path, **NAMES, id=wrong, key=key)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv", "t.parquet", "t.pq"])
def test_other_kinds_of_files_give_the_same(path, tmp_path, key, name):
    other = tmp_path / name
    if "p" in name:
        FRAME.to_parquet(other)
    else:
        FRAME.to_csv(other, index=False, sep="\t" if "tsv" in name else ",")
    assert (
        load_table(other, **NAMES, key=key).sha256() == load_table(path, **NAMES, key=key).sha256()
    )


def test_a_target_file_may_lack_the_target(path, tmp_path):
    goal = tmp_path / "goal.csv"
    FRAME[:4].to_csv(goal, index=False)
    data = load_table(path, **NAMES, validation_path=goal)
    np.testing.assert_allclose(data.validation.inputs, data.inputs[:4])
    np.testing.assert_array_equal(data.validation.targets, data.targets[:4])
    assert data.notes == ()
    FRAME[:4].drop(columns=["ill", "clinic"]).to_csv(goal, index=False)
    assert load_table(path, **NAMES, validation_path=goal).validation.targets is None


def test_a_later_party_is_encoded_with_the_stored_statistics(path, tmp_path):
    goal = tmp_path / "goal.csv"
    FRAME[:4].to_csv(goal, index=False)
    first = load_table(path, **NAMES, validation_path=goal)
    stored = json.loads(json.dumps(first.encoding))
    later = tmp_path / "later.csv"
    FRAME[5:9].assign(ward="d").drop(columns="clinic").to_csv(later, index=False)
    new = load_table(later, target="ill", party="ward", validation_path=goal, schema=stored)
    np.testing.assert_array_equal(new.inputs, first.inputs[5:9])
    np.testing.assert_array_equal(new.targets, first.targets[5:9])
    np.testing.assert_array_equal(new.validation.inputs, first.validation.inputs)
    assert new.parties is not None
    assert new.parties.names == ("d",)
    with pytest.raises(ValueError, match="schema: wanted one for the target age, got one for ill"):
        load_table(later, target="age", validation_path=goal, schema=stored)


def test_rows_in_use(path, key):
    options = {"num_rows": 4, "num_validation_rows": 1, "key": key}
    data = load_table(path, **NAMES, **options, select="balanced", holdout=0.3)
    np.testing.assert_array_equal(np.bincount(data.targets), [2, 2])
    assert len(data.validation.inputs) == 1
    assert data.parties is not None
    assert len(data.parties.indices) == 4


def test_regression(path, key):
    data = load_table(path, target="age", party="clinic", holdout=0.25, key=key)
    assert (data.task, data.num_classes) == ("regression", 1)
    np.testing.assert_allclose([data.targets.mean(), data.targets.std()], [0, 1], atol=1e-6)
    assert data.encoding is not None
    assert data.encoding["target_scale"] > 1


def test_imputation_is_noted(tmp_path, key):
    path = tmp_path / "gaps.csv"
    FRAME.assign(age=FRAME["age"].where(FRAME.index != 3)).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"age \(1 gap.*\); set data.impute=median"):
        load_table(path, **NAMES, key=key)
    data = load_table(path, **NAMES, impute="median", key=key)
    assert any("gaps filled: age 1 by" in note for note in data.notes)


def test_gaps_are_filled_by_the_rows_to_be_valued_alone(key):
    """Medians 1 of the rows and 9 of the validation set."""
    rows = {"x": [1.0, 1.0, 1.0, None], "ill": ["a", "b"] * 2}
    judges = {"x": [9.0, 9.0, 9.0, None], "ill": ["a", "b"] * 2}
    data = load_table(rows, target="ill", validation_path=judges, impute="median")
    assert data.encoding["columns"][0]["fill"] == 1.0
    assert data.inputs[:, 0].tolist() == [0.0] * 4
    assert data.validation.inputs[:, 0].tolist() == [8.0, 8.0, 8.0, 0.0]


def test_everything_wrong_is_in_one_message_whose_options_mend_it(key):
    frame = FRAME.assign(
        age=FRAME["age"].where(FRAME.index > 1),
        size=np.where(FRAME.index == 4, np.inf, 1.0),
        note=[f"seen {k}" for k in range(12)],
        void=None,
    )
    words = (
        r"columns: wanted .* 12 rows: age \(2 gaps.*\), size \(infinity in 1 of 12 rows\), note "
        r"\(12 categories .*\), void \(no value at all\); set data.impute=median "
        r"'data.ignore=\[town,size,note,void\]'"
    )
    options = {**NAMES, "max_categories": 5, "key": key}
    with pytest.raises(ValueError, match=words):
        load_table(frame, **options, ignore=["town"])
    mended = {"impute": "median", "ignore": ["town", "size", "note", "void"]}
    assert load_table(frame, **options, **mended).feature_names == ("age",)


def test_dates_are_days_but_for_those_that_are_words(path, key):
    """Owners and categories keep their words."""
    days = [f"{day:02}.01.1970" for day in range(1, 13)]
    frame = FRAME.assign(first=days, second=days, clinic=["01.02.2020", "02.02.2020"] * 6)
    data = load_table(frame, **NAMES, categorical=["second"], holdout="none")
    assert data.encoding["columns"][2]["mean"] == 5.5
    assert "second=01.01.1970" in data.feature_names
    assert data.parties.names == ("01.02.2020", "02.02.2020")
    assert "dates as days since 1970-01-01: first" in data.notes


def test_tables_in_memory_are_the_same_data(path, key):
    data = load_table(path, **NAMES, key=key)
    for table in (FRAME, FRAME.to_dict("list"), FRAME.to_records(index=False)):
        again = load_table(table, **NAMES, key=key)
        assert (again.sha256(), again.name) == (data.sha256(), "table")
        assert (again.lines + 1).tolist() == data.lines.tolist()
    array = load_table(FRAME.to_numpy(), **NAMES, columns=list(FRAME), key=key)
    assert array.sha256() == data.sha256()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "il"}, r"target: wanted a column of the table, got il; did you mean 'ill'"),
        ({"party": "klinic"}, r"party: .* got klinic; did you mean 'clinic'"),
        ({"holdout": None}, "validation set: wanted one in patients.csv, or a holdout fraction"),
        (
            {"validation_path": "absent.csv"},
            "path: wanted a table, got absent.csv, which is no file",
        ),
        ({"num_rows": 99}, "num_rows: wanted 1..10 rows, got 99"),
    ],
)
def test_bad_choices_are_named(path, key, options, message):
    with pytest.raises(ValueError, match=message):
        load_table(path, **{**NAMES, "key": key, **options})


def test_rows_know_their_lines_however_they_are_chosen(path, key):
    table = load_table(path, **NAMES, holdout=0.25, key=key)
    whole = load_table(path, **NAMES, holdout="none")
    assert whole.lines.tolist() == list(range(2, len(whole) + 2))
    cells = read_cells(path)
    owners = np.array(table.parties.names)[table.parties.indices]
    assert cells["clinic"].to_numpy()[table.lines - 2].tolist() == owners.tolist()
    assert all(isinstance(cell, str) for cell in cells["age"])
