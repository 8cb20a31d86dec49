"""A dataset with its validation set, and the parties that its rows belong to."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Int, Num, Shaped

from davinz_jax.data import display
from davinz_jax.types import InputKind, Task


@dataclass(frozen=True)
class Parties:
    """Which party each row belongs to.

    Attributes:
        indices: index into `names` for each of the n rows.
        names: one name a party; every party holds at least one row.
    """

    indices: Int[np.ndarray, " n"]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        found = self.indices
        if len(found) and not 0 <= found.min() <= found.max() < len(self.names):
            raise ValueError(
                f"indices: wanted party indices in 0..{len(self.names) - 1}, got "
                f"{found.min()}..{found.max()}; name every party in `names`"
            )
        empty = [name for name, size in zip(self.names, self.sizes, strict=True) if size == 0]
        if empty:
            raise ValueError(
                f"parties: wanted at least one row each, got none for {', '.join(empty)}; "
                "drop these parties or give them rows"
            )

    @classmethod
    def from_names(cls, owners: Sequence[str] | Shaped[np.ndarray, " n"]) -> "Parties":
        """Parties from the name of each row's owner, in sorted order of their names."""
        names, indices = np.unique(np.asarray(owners), return_inverse=True)
        return cls(indices.astype(np.int64), tuple(str(name) for name in names))

    @property
    def sizes(self) -> Int[np.ndarray, " p"]:
        """Rows of each party."""
        return np.bincount(self.indices, minlength=len(self.names))

    @property
    def rows(self) -> Int[np.ndarray, " p"] | None:
        """Row number of each party where every party is one row; None where one holds more."""
        return np.argsort(self.indices) if len(self.indices) == len(self.names) else None

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Validation:
    """The validation set: rows that a coalition is judged on.

    Attributes:
        inputs: (m, ...) rows, of the shape of the dataset's inputs.
        targets: (m,) their targets where they are known.
    """

    inputs: Num[np.ndarray, "m ..."]
    targets: Num[np.ndarray, " m"] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Int[np.ndarray, " r"]) -> "Validation":
        """The rows given, in that order."""
        targets = None if self.targets is None else self.targets[rows]
        return Validation(self.inputs[rows], targets)


@dataclass(frozen=True)
class Dataset:
    """Rows to be valued, and the validation set that they are to serve.

    Attributes:
        inputs: (n, d) or (n, h, w, c) floats, channels last; or (n, t) ids of tokens.
        targets: (n,) integer classes 0..num_classes-1, or (n,) floats for regression.
        task: what the targets are.
        num_classes: classes of a classification task; 1 for regression.
        validation: the rows that coalitions are judged on.
        name: short name, for tables and figures.
        class_names: one name a class, or empty.
        feature_names: one name a column of (n, d) inputs, or empty.
        parties: the parties that came with the data, if any.
        notes: what a reader of the result should know (a held-out validation set, imputation, ...).
        encoding: how raw rows became inputs and targets, as JSON would hold it, where new rows
            need the same (statistics of a table's columns, extremes of energies).
        lines: where each row stands in its source, counted from 1: the line of its file, the
            header's included; None where the source does not say.
        ids: what each row is called in its source, each once, where a column says so; None else.
        folds: (n,) fold that each row is held out in, 0..K-1, where the rows judge each other and
            are the validation set (`cross_fit`); −1 for a row that judges nobody.
        input_kind: `tokens` for ids, which a network alone can compare.
    """

    inputs: Num[np.ndarray, "n ..."]
    targets: Num[np.ndarray, " n"]
    task: Task
    num_classes: int
    validation: Validation
    name: str = "data"
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    parties: Parties | None = None
    notes: tuple[str, ...] = field(default=())
    encoding: Mapping[str, Any] | None = None
    lines: Int[np.ndarray, " n"] | None = None
    ids: Shaped[np.ndarray, " n"] | None = None
    folds: Int[np.ndarray, " n"] | None = None
    input_kind: InputKind = "numbers"

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Int[np.ndarray, " r"]) -> "Dataset":
        """The rows given, in that order and as often as named; the validation set stays.

        Where rows judge each other, those given are the validation set. Parties that lose all
        their rows are dropped with them.
        """
        parties = self.parties
        if parties is not None:
            kept, indices = np.unique(parties.indices[rows], return_inverse=True)
            parties = Parties(indices, tuple(parties.names[k] for k in kept))
        inputs, targets = self.inputs[rows], self.targets[rows]
        return replace(
            self,
            inputs=inputs,
            targets=targets,
            validation=self.validation if self.folds is None else Validation(inputs, targets),
            parties=parties,
            lines=None if self.lines is None else self.lines[rows],
            ids=None if self.ids is None else self.ids[rows],
            folds=None if self.folds is None else self.folds[rows],
        )

    def numbered(self) -> "Dataset":
        """The same with `lines`: rows of a source that has none are counted from 1."""
        if self.lines is not None:
            return self
        return replace(self, lines=np.arange(1, len(self) + 1))

    def __repr__(self) -> str:
        return display.one_line(self)

    def _repr_html_(self) -> str:
        return display.table(self)

    def plot(self) -> Any:
        """A matplotlib figure: the first images, or the rows of each party; `.savefig(path)`."""
        return display.figure(self)

    def map_inputs(self, function: Callable[[Any], Num[np.ndarray, "_ ..."]]) -> "Dataset":
        """The same rows with numbers made of the old inputs, those of the validation set alike."""
        inputs, old = function(self.inputs), self.validation
        seen = inputs if old.inputs is self.inputs else function(old.inputs)
        return replace(
            self, inputs=inputs, validation=replace(old, inputs=seen), input_kind="numbers"
        )

    def sha256(self) -> str:
        """Hash of the values that the score depends on: inputs, targets, validation set, folds."""
        digest = hashlib.sha256()
        parts = self.inputs, self.targets, self.validation.inputs, self.validation.targets
        for array in (*parts, self.folds):
            if array is not None:
                digest.update(f"{array.dtype.str}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
