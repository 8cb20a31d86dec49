"""A table of patients of five hospitals, simulated: one has wrong labels, columns are mixed."""

from pathlib import Path

import numpy as np
import pandas as pd

SIZES = {"Hillside": 103, "Lakeview": 94, "Noisy": 88, "Riverside": 71, "Summit": 51}
"""Patients of each hospital: 407 in all."""

WRONG = "Noisy"
SHARE_WRONG = 0.3
POOL = 5000
"""Further patients, on whom values are the truth."""


def patients(num: int, generator: np.random.Generator) -> pd.DataFrame:
    """Patients with a diagnosis, as all hospitals see them.

    Args:
        num: rows.
        generator: draws them.
    """
    age, bmi = generator.normal(58, 14, num).round(), generator.normal(27, 4.5, num).round(1)
    pressure = (95 + 0.6 * age + generator.normal(0, 13, num)).round()
    glucose = np.exp(generator.normal(4.7, 0.25, num)).round(1)
    smoker = np.where(generator.random(num) < 0.3, "yes", "no")
    risk = (
        0.05 * (age - 58)
        + 0.12 * (bmi - 27)
        + 0.03 * (pressure - 130)
        + 0.025 * (glucose - 112)
        + 1.1 * (smoker == "yes")
        - 0.4
    )
    ill = generator.random(num) < 1 / (1 + np.exp(-1.6 * risk))
    return pd.DataFrame(
        {
            "age": age,
            "sex": generator.choice(["female", "male"], num),
            "bmi": bmi,
            "blood_pressure": pressure,
            "glucose": glucose,
            "smoker": smoker,
            "ward": generator.choice(["medical", "surgical", "emergency"], num),
            "diagnosis": np.where(ill, "ill", "well"),
        }
    )


def hospital_table(generator: np.random.Generator) -> pd.DataFrame:
    """407 patients with an identifier and their hospital, in random order.

    Three in ten diagnoses of the hospital `WRONG` are the other one.

    Args:
        generator: draws them.
    """
    table = patients(sum(SIZES.values()), generator)
    table.insert(0, "hospital", np.repeat(list(SIZES), list(SIZES.values())))
    rows = np.flatnonzero(table["hospital"] == WRONG)
    wrong = generator.choice(rows, round(SHARE_WRONG * len(rows)), replace=False)
    ill = np.array(table["diagnosis"] == "ill")
    ill[wrong] = ~ill[wrong]
    table["diagnosis"] = np.where(ill, "ill", "well")
    table = table.sample(frac=1, random_state=generator).reset_index(drop=True)
    table.insert(0, "patient_id", [f"P{number:04d}" for number in range(len(table))])
    return table


def write_tables(folder: Path, generator: np.random.Generator, pool: int = POOL) -> None:
    """Write patients.csv and, as a validation set of its own, pool.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    hospital_table(generator).to_csv(folder / "patients.csv", index=False)
    patients(pool, generator).assign(hospital="pool", patient_id="-").to_csv(
        folder / "pool.csv", index=False
    )
