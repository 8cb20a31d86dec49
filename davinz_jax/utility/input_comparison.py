"""The discrepancy as its options say: to which rows, on raw inputs or on untrained features."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Num

from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.mmd import median_bandwidth
from davinz_jax.models import features
from davinz_jax.types import Apply, PRNGKey, Progress, Variables
from davinz_jax.utility.discrepancy import DiscrepancyUtility
from davinz_jax.utility.options import DiscrepancyOptions

Network = Callable[[], tuple[Apply, Sequence[Variables]]]
"""Gives the network and its draws."""


def compared_rows(dataset: Dataset, network: Network) -> Dataset:
    """The rows as they are compared: numbers as they are, tokens by the features of a network.

    Args:
        dataset: rows and validation rows.
        network: asked for the features of tokens, those of its first draw.

    Raises:
        ValueError: for tokens without a network.
    """
    if dataset.input_kind == "numbers":
        return dataset
    apply, draws = network()
    return dataset.map_inputs(lambda rows: np.asarray(features(apply, draws[0], rows)))


@runtime_checkable
class DiscrepancyMaker(Protocol):
    """Makes the discrepancy to some of the validation rows."""

    def __call__(
        self, rows: Int[np.ndarray, " m"] | slice, /, **choices: Any
    ) -> DiscrepancyUtility:
        """The discrepancy to these rows; further arguments as of `DiscrepancyUtility`."""
        ...


def discrepancy_maker(
    dataset: Dataset,
    parties: Parties,
    options: DiscrepancyOptions,
    *,
    network: Network,
    key: PRNGKey,
    progress: Progress | None = None,
) -> DiscrepancyMaker:
    """What makes discrepancies with one bandwidth, whichever validation rows they are to.

    Args:
        dataset: rows and validation rows.
        parties: players.
        options: bandwidth, and what is compared; tokens are by features alone.
        network: asked for features.
        key: draws the rows that a median bandwidth is of.
        progress: told tiles done, tiles in all, and the stage.
    """
    choose = partial(_bandwidth, options, key=key)
    inputs, validation = dataset.inputs, dataset.validation.inputs
    if options.features != "network" and dataset.input_kind == "numbers":
        bandwidth = choose(inputs, validation)
        return lambda rows, /, **choices: DiscrepancyUtility(
            inputs, validation[rows], parties, bandwidth=bandwidth, progress=progress, **choices
        )
    apply, draws = network()
    seen, seen_validation = (
        np.stack([np.asarray(features(apply, each, x)) for each in draws])
        for x in (inputs, validation)
    )
    bandwidths = [choose(x, y) for x, y in zip(seen, seen_validation, strict=True)]
    return lambda rows, /, **choices: DiscrepancyUtility.of_features(
        seen, seen_validation[:, rows], parties, bandwidths=bandwidths, progress=progress, **choices
    )


def _bandwidth(
    options: DiscrepancyOptions,
    inputs: Num[np.ndarray, "n ..."],
    validation_inputs: Num[np.ndarray, "m ..."],
    *,
    key: PRNGKey,
) -> Any:
    """The bandwidth given, or the median distance in rows and validation rows."""
    if options.bandwidth != "median":
        return options.bandwidth
    return median_bandwidth(np.concatenate([inputs, validation_inputs]), key=key)
