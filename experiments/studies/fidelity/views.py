"""What the scores of a draw look at: kernels of raw rows and of networks, for every set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.kernels import RBF, Laplace, gram
from davinz_jax.mmd import median_bandwidth
from experiments.studies.fidelity.draws import Draw, RowSet
from experiments.studies.fidelity.kernels import NetworkKernels, network_kernels
from experiments.studies.fidelity.regression import Regression

PAPER_BANDWIDTH = 5.0
PAIRS = Float[np.ndarray, "_ _"]


@dataclass(frozen=True)
class Pairs:
    """Kernel values between two samples, a set and the validation rows, and within each."""

    own: PAIRS
    across: PAIRS
    validation: PAIRS


@dataclass(frozen=True)
class View:
    """One set, as scores see it.

    Attributes:
        row_set: the set.
        one_hot: its labels, a column a class.
        copies: a number for each row; rows with equal inputs have the same.
        validation_targets: classes of the validation rows.
        regressions: of each kernel, one an initialisation.
        pairs: kernel values for discrepancies, by the name of what is compared.
        networks: kernels of each initialisation.
        number: place of the set in the draw.
    """

    row_set: RowSet
    one_hot: Float[np.ndarray, "n k"]
    copies: Int[np.ndarray, " n"]
    validation_targets: Int[np.ndarray, " m"]
    regressions: Mapping[str, Sequence[Regression]]
    pairs: Mapping[str, Pairs]
    networks: Sequence[NetworkKernels]
    number: int


@dataclass(frozen=True)
class Bandwidths:
    """Median distances of a draw's base and validation rows, and of their features."""

    inputs: float
    features: float


class Views:
    """The views of a draw's sets, one at a time: what all sets share is found once."""

    def __init__(self, draw: Draw, folder: Path) -> None:
        self._draw = draw
        self._networks = [
            network_kernels(draw, i, folder) for i in range(draw.spec.num_initialisations)
        ]
        seen = np.concatenate([draw.base.inputs, draw.validation.inputs])
        key = jax.random.key(draw.spec.key)
        deep = self._networks[0].features_validation
        median = median_bandwidth(seen, key=key)
        self._functions = {
            "rbf": RBF(median),
            "laplace": Laplace(median),
            "paper": RBF(PAPER_BANDWIDTH),
            "features": RBF(median_bandwidth(deep, key=key)),
        }
        self._validation = {
            name: gram(function, deep if name == "features" else draw.validation.inputs)
            for name, function in self._functions.items()
        }

    def __len__(self) -> int:
        return len(self._draw.sets)

    def __getitem__(self, number: int) -> View:
        row_set = self._draw.sets[number]
        pairs = {name: self._pairs(name, number) for name in self._functions}
        flat = row_set.inputs.reshape(len(row_set.inputs), -1)
        return View(
            row_set,
            np.eye(self._draw.num_classes)[row_set.targets],
            np.unique(flat, axis=0, return_inverse=True)[1].ravel(),
            self._draw.validation.targets,
            self._regressions(number, pairs),
            pairs,
            self._networks,
            number,
        )

    def _pairs(self, name: str, number: int) -> Pairs:
        """Of raw rows, or of the first network's features."""
        own, other = self._draw.sets[number].inputs, self._draw.validation.inputs
        if name == "features":
            own, other = self._networks[0].features[number], self._networks[0].features_validation
        function = self._functions[name]
        return Pairs(gram(function, own), gram(function, other, own), self._validation[name])

    def _regressions(self, number: int, pairs: Mapping[str, Pairs]) -> dict[str, list[Regression]]:
        zero, zero_validation = (
            np.zeros((rows, self._draw.num_classes))
            for rows in (self._draw.spec.num_rows, len(self._draw.validation))
        )
        raw = {
            name: Regression(pairs[name].own, pairs[name].across, zero, zero_validation)
            for name in ("rbf", "laplace")
        }
        tangent = [_tangent(network, number) for network in self._networks]
        deep = [_linear(network, number, zero, zero_validation) for network in self._networks]
        return {
            **{name: [each] for name, each in raw.items()},
            "ntk": tangent,
            "cosine": [_cosine(each, zero, zero_validation) for each in tangent],
            "sum": [_mean(each, raw["rbf"]) for each in tangent],
            "features": deep,
        }


def _tangent(network: NetworkKernels, number: int) -> Regression:
    return Regression(
        network.within[number].astype(np.float64),
        network.across[number].astype(np.float64),
        network.start[number].astype(np.float64),
        network.start_validation.astype(np.float64),
    )


def _cosine(tangent: Regression, start, start_validation) -> Regression:
    """Rows of the set at length 1; that of validation rows leaves their largest output in place."""
    length = np.sqrt(np.diagonal(tangent.within))
    length = np.where(length > 0, length, 1)
    within = tangent.within / length / length[:, None]
    return Regression(within, tangent.across / length, start, start_validation)


def _mean(one: Regression, other: Regression) -> Regression:
    """Mean of two kernels over their mean diagonals, and of their starts."""
    return Regression(
        (one.within / one.scale + other.within / other.scale) / 2,
        (one.across / one.scale + other.across / other.scale) / 2,
        (one.start + other.start) / 2,
        (one.start_validation + other.start_validation) / 2,
    )


def _linear(network: NetworkKernels, number: int, start, start_validation) -> Regression:
    own, other = (
        each.astype(np.float64) for each in (network.features[number], network.features_validation)
    )
    return Regression(own @ own.T, other @ own.T, start, start_validation)
