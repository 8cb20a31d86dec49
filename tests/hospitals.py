"""A table of patients as people have them, from seven hospitals, of which one has wrong labels."""

from pathlib import Path

import numpy as np
import pandas as pd

SIZES = {"Hillside": 110, "Lakeview": 90, "Noisy": 90, "Riverside": 90, "Thrice": 30, "Tiny": 5}
"""Patients of each; Thrice holds each of its rows three times."""
WRONG, SHARE = "Noisy", 0.3
WORDS = ("sleeps well", "was seen at night", "asks for a letter", "walks; was told to rest")


def patients(num: int, generator: np.random.Generator) -> pd.DataFrame:
    """Patients of whom one is ill in two, by four of seven columns; numbers, words and a date."""
    age, bmi = generator.normal(58, 14, num).round(), generator.normal(27, 4.5, num).round(1)
    pressure = generator.normal(130, 15, num).round()
    smoker = generator.random(num) < 0.5
    risk = (age - 58) / 14 + (bmi - 27) / 4.5 + (pressure - 130) / 15 + 2.0 * smoker - 1
    admitted = np.datetime64("2024-01-01") + generator.integers(0, 365, num)
    return pd.DataFrame(
        {
            "age": age,
            "bmi": bmi,
            "blood_pressure": pressure,
            "smoker": np.where(smoker, "yes", "no"),
            "sex": generator.choice(["female", "male"], num),
            "admitted": admitted.astype(str),
            "remark": generator.choice(WORDS, num),
            "diagnosis": np.where(risk > 0, "ill", "well"),
        }
    )


def write_hospitals(path: Path, *, share: float = 1.0, copies: int = 3) -> list[int]:
    """Write the table; gives the lines of wrong diagnoses, the header's counted.

    Args:
        path: the CSV.
        share: of each hospital's patients.
        copies: times that each row of Thrice is in it.
    """
    generator = np.random.default_rng(1)
    sizes = {name: max(round(share * size), 3) for name, size in SIZES.items()}
    table = patients(sum(sizes.values()), generator)
    table.insert(0, "hospital", np.repeat(list(sizes), list(sizes.values())))
    bad = np.flatnonzero(table["hospital"] == WRONG)
    wrong = np.isin(
        np.arange(len(table)), generator.choice(bad, round(SHARE * len(bad)), replace=False)
    )
    table["diagnosis"] = np.where((table["diagnosis"] == "ill") ^ wrong, "ill", "well")
    table.loc[generator.random(len(table)) < 0.05, "bmi"] = np.nan
    again = np.where(table["hospital"] == "Thrice", copies, 1)
    rows = generator.permutation(np.repeat(np.arange(len(table)), again))
    table = table.iloc[rows].reset_index(drop=True)
    table.insert(0, "patient_id", [f"P{number:04d}" for number in range(len(table))])
    table.to_csv(path, index=False)
    return (np.flatnonzero(wrong[rows]) + 2).tolist()
