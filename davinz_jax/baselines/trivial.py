"""Predictors that look at next to nothing, and that any method must beat."""

import time

import numpy as np

from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.data.randomness import numpy_generator
from davinz_jax.mmd import Bandwidth, kernel_means
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import PRNGKey


def random_values(parties: Parties, *, key: PRNGKey) -> Valuation:
    """Standard normal numbers that know nothing of the parties."""
    start = time.perf_counter()
    values = numpy_generator(key).normal(size=len(parties))
    return baseline_valuation("random", parties, values, seconds=time.perf_counter() - start)


def log_size(parties: Parties) -> Valuation:
    """Natural logarithm of each party's number of rows."""
    start = time.perf_counter()
    values = np.log(parties.sizes)
    return baseline_valuation("log_size", parties, values, seconds=time.perf_counter() - start)


def class_share(dataset: Dataset, parties: Parties) -> Valuation:
    """Share of the validation set whose class a party serves.

    A class's share of the target is divided among those who hold it, by their rows of it; where
    each party holds one class of its own, this is the class's share.

    Raises:
        ValueError: if the task is regression, or the validation set's classes are not known.
    """
    start = time.perf_counter()
    if dataset.task != "classification" or dataset.validation.targets is None:
        raise ValueError(
            f"dataset: wanted classes that are known on the validation set too, got {dataset.task} "
            "or none; leave this predictor out, or give validation_targets"
        )
    held = np.zeros((len(parties), dataset.num_classes))
    np.add.at(held, (parties.indices, dataset.targets), 1)
    shares = np.bincount(dataset.validation.targets, minlength=dataset.num_classes)
    values = held / np.maximum(held.sum(0), 1) @ shares / len(dataset.validation.targets)
    return baseline_valuation("class_share", parties, values, seconds=time.perf_counter() - start)


def mmd_alone(dataset: Dataset, parties: Parties, *, bandwidth: Bandwidth) -> Valuation:
    """Leave-one-out value of -MMD to the validation set: how much nearer a party brings the others.

    Args:
        dataset: rows and validation set; targets are not looked at.
        parties: the party of each row; two or more.
        bandwidth: σ of the Gaussian kernel, in the unit of the inputs.
    """
    start = time.perf_counter()
    means = kernel_means(
        dataset.inputs,
        dataset.validation.inputs,
        parties.indices,
        len(parties),
        bandwidth=bandwidth,
    )
    everyone = np.ones((1, len(parties)), bool)
    distances = np.sqrt(means.mmd_squared(np.vstack([everyone, ~np.eye(len(parties), dtype=bool)])))
    return baseline_valuation(
        "mmd_alone",
        parties,
        distances[1:] - distances[0],
        seconds=time.perf_counter() - start,
        settings={"bandwidth": means.bandwidth.tolist()},
    )
