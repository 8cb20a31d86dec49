"""Values by single validation rows: what each player is worth to each row that judges.

A utility that is a mean over validation rows is a sum of one utility a row, and values are linear
in utilities: a player's value is the mean, over validation rows, of its value to each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, ScalarLike
from scipy.stats import t as student

from davinz_jax.files import DAMAGED, Writer

BLOCK = 2**22
"""Float64 numbers that one step of arithmetic on a matrix holds."""

VALUES, STDERR = "by_validation_row", "by_validation_row_stderr"
"""What is added to the name of a valuation's file, for the files of its matrices."""

TOLERANCE = 1e-9
"""Relative difference of a value from the mean of its matrix, beyond which files do not belong."""


@dataclass(frozen=True, eq=False)
class ByValidationRow:
    """Values of p players to each of m validation rows.

    Attributes:
        values: of each player to each row, mean over initialisations; unit of the utility.
        weights: of each row in the utility; they add up to 1.
        stderr: standard error of each entry over samples, if sampled. The validation row is given,
            and what moves with the network's draw or the kernel's rounding is not in it.
        degrees: degrees of freedom of these errors.
        exposure: share of the rows that a player is judged on, by which the mean is divided, as in
            `AbstractUtility`; None where it is all of them.
    """

    values: Float[np.ndarray, "p m"]
    weights: Float[np.ndarray, " m"]
    stderr: Float[np.ndarray, "p m"] | None = None
    degrees: int = 0
    exposure: Float[np.ndarray, " p"] | None = None

    @property
    def num_rows(self) -> int:
        """Validation rows."""
        return self.values.shape[1]

    def mean(self) -> Float[np.ndarray, " p"]:
        """The players' values: means over validation rows, their weights included."""
        total = np.concatenate([self.values[part] @ self.weights for part in blocks(self.values)])
        return total if self.exposure is None else total / self.exposure

    def quantile(self, level: ScalarLike) -> float:
        """What a standard error is multiplied by for an interval of that level."""
        return float(student.ppf(0.5 + float(np.asarray(level)) / 2, self.degrees))

    def extremes(self) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
        """The players that help and that hurt each validation row most."""
        most = np.full((2, self.num_rows), -np.inf)
        who = np.zeros((2, self.num_rows), np.int64)
        for part in blocks(self.values):
            for side, own in enumerate((self.values[part], -self.values[part])):
                place = own.argmax(axis=0)
                found = np.take_along_axis(own, place[None], 0)[0]
                better = found > most[side]
                most[side][better] = found[better]
                who[side][better] = part.start + place[better]
        return who[0], who[1]

    def columns(self, row: int, level: ScalarLike = 0.95) -> dict[str, Float[np.ndarray, " p"]]:
        """Value, stderr, and limits low and high of each value by itself, to one validation row.

        Args:
            row: number of the row, from 0.
            level: coverage of an interval, in (0, 1).

        Returns:
            Arrays by name; errors are 0 where values are exact.

        Raises:
            ValueError: if there is no such row.
        """
        if not 0 <= row < self.num_rows:
            raise ValueError(
                f"row: wanted a validation row 0..{self.num_rows - 1}, got {row}; rows are counted "
                "from 0"
            )
        values = np.array(self.values[:, row])
        stderr = np.zeros_like(values) if self.stderr is None else np.array(self.stderr[:, row])
        width = stderr
        if self.stderr is not None:
            width = stderr * self.quantile(level)
        limits = {"low": values - width, "high": values + width}
        return {"value": values, "stderr": stderr, **limits}

    def writers(self, name: str) -> dict[str, Writer]:
        """What writes each matrix, by the name of its file.

        Args:
            name: of the file of the valuation, as in `valuation.npz`.
        """
        arrays = {VALUES: self.values} | ({} if self.stderr is None else {STDERR: self.stderr})
        return {file_of(name, key): partial(_write, array) for key, array in arrays.items()}

    def describe(self) -> dict[str, Any]:
        """What is kept of it beside its matrices, as JSON would hold it."""
        return {"degrees": self.degrees, "is_sampled": self.stderr is not None}


def frame_of_row(valuation: Any, row: int, level: ScalarLike) -> Any:
    """The frame of `Valuation.for_validation_row`."""
    import pandas as pd

    by_row = valuation.by_validation_row
    if by_row is None:
        raise ValueError(
            "by_validation_row: wanted a valuation that kept values by validation row, got one "
            "that did not; value with per_validation_row=True"
        )
    columns = by_row.columns(row, level)
    frame = pd.DataFrame({"player": valuation.players, **columns, "num_rows": valuation.num_rows})
    if valuation.rows is not None:
        frame["row"] = valuation.rows
    return frame.sort_values("value", ascending=False, kind="stable", ignore_index=True)


def file_of(name: str, matrix: str) -> str:
    """Name of the file of a matrix beside that of its valuation.

    >>> file_of("valuation.npz", "by_validation_row")
    'valuation_by_validation_row.npy'
    """
    return f"{Path(name).stem}_{matrix}.npy"


def blocks(matrix: Float[np.ndarray, "p m"]) -> Iterator[slice]:
    """Consecutive players, so many at once that their numbers fit in memory."""
    step = max(1, BLOCK // max(matrix.shape[1], 1))
    return (slice(start, start + step) for start in range(0, len(matrix), step))


def read_matrices(
    path: Path,
    described: Mapping[str, Any],
    weights: Float[np.ndarray, " m"],
    exposure: Float[np.ndarray, " p"] | None,
    values: Float[np.ndarray, " p"],
) -> ByValidationRow:
    """The matrices beside a valuation's file, on disk until they are looked at.

    Args:
        path: of the valuation.
        described: as `describe`.
        weights: of validation rows.
        exposure: as in `ByValidationRow`.
        values: of the players, which the matrix must have as its mean.

    Raises:
        ValueError: for a file that is not there, damaged, or of another valuation.
    """
    shape = len(values), len(weights)
    matrix = _read(path.with_name(file_of(path.name, VALUES)), shape)
    is_sampled = described["is_sampled"]
    stderr = _read(path.with_name(file_of(path.name, STDERR)), shape) if is_sampled else None
    found = ByValidationRow(matrix, weights, stderr, described["degrees"], exposure)
    scale = np.abs(values).max(initial=0.0)
    if not np.allclose(found.mean(), values, rtol=TOLERANCE, atol=TOLERANCE * scale):
        raise _refusal(path.with_name(file_of(path.name, VALUES)), "one of other values")
    return found


def _write(array: Float[np.ndarray, "p m"], path: Path) -> None:
    np.save(path, array, allow_pickle=False)


def _read(path: Path, shape: tuple[int, int]) -> Float[np.ndarray, "p m"]:
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except DAMAGED as error:
        raise _refusal(path, f"a missing or damaged file ({error})") from error
    if matrix.shape != shape or matrix.dtype != np.float64:
        raise _refusal(path, f"{matrix.dtype} of shape {matrix.shape}")
    return matrix


def _refusal(path: Path, got: str) -> ValueError:
    return ValueError(
        f"{path}: wanted the values by validation row that belong to the valuation beside it, got "
        f"{got}; restore both files from one copy, or value anew"
    )
