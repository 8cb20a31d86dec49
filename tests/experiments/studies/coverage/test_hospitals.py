"""The simulated table: sizes, wrong labels, mixed columns."""

import numpy as np

from davinz_jax.data import load_table
from experiments.studies.coverage.hospitals import SIZES, hospital_table, patients, write_tables


def test_the_table_has_five_hospitals_and_mixed_columns(tmp_path):
    write_tables(tmp_path, np.random.default_rng(0), pool=20)
    data = load_table(
        tmp_path / "patients.csv",
        validation_path=tmp_path / "pool.csv",
        target="diagnosis",
        party="hospital",
        ignore=["patient_id"],
    )
    assert dict(zip(data.parties.names, data.parties.sizes, strict=True)) == SIZES
    assert (len(data), len(data.validation), data.num_classes) == (407, 20, 2)
    assert any("ward" in name for name in data.feature_names)


def test_wrong_labels_are_the_noisy_hospitals_alone():
    """The same draws without the swap: 26 of 88 diagnoses differ, in one hospital."""
    table = hospital_table(np.random.default_rng(3)).set_index(["hospital", "age", "glucose"])
    clean = patients(407, np.random.default_rng(3))
    clean.insert(0, "hospital", np.repeat(list(SIZES), list(SIZES.values())))
    clean = clean.set_index(["hospital", "age", "glucose"])
    differs = table["diagnosis"].sort_index() != clean["diagnosis"].sort_index()
    counts = differs.groupby("hospital").sum()
    assert counts.to_dict() == {name: 26 * (name == "Noisy") for name in SIZES}
