"""Predictors that look at next to nothing, and that any method must beat."""

import numpy as np

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.randomness import numpy_generator
from davinz_jax.mmd import Bandwidth, kernel_means
from davinz_jax.semivalues.valuation import Valuation


def random_values(context: BaselineContext) -> Valuation:
    """Standard normal numbers that know nothing of the parties."""
    values = numpy_generator(context.key).normal(size=len(context.parties))
    return baseline_valuation("random", context.parties, values)


def log_size(context: BaselineContext) -> Valuation:
    """Natural logarithm of each party's number of rows."""
    return baseline_valuation("log_size", context.parties, np.log(context.parties.sizes))


def class_share(context: BaselineContext) -> Valuation:
    """Share of the validation set whose class a party serves.

    A class's share of the validation set is divided among those who hold it, by their rows of it;
    where each party holds one class of its own, this is the class's share.

    Raises:
        ValueError: if the task is regression, or the validation set's classes are not known.
    """
    dataset, parties, classes = context.dataset, context.parties, context.validation_classes
    held = np.zeros((len(parties), dataset.num_classes))
    np.add.at(held, (parties.indices, dataset.targets), 1)
    shares = np.bincount(classes, minlength=dataset.num_classes) / len(classes)
    values = held / np.maximum(held.sum(axis=0), 1) @ shares
    return baseline_valuation("class_share", parties, values)


def mmd_alone(context: BaselineContext, *, bandwidth: Bandwidth | None = None) -> Valuation:
    """Leave-one-out value of -MMD to the validation set: how much nearer a party brings the others.

    Args:
        context: two or more parties; targets are not looked at.
        bandwidth: σ of the Gaussian kernel, in the unit of the inputs; the context's if None.
    """
    dataset, parties = context.dataset, context.parties
    means = kernel_means(
        dataset.inputs,
        dataset.validation.inputs,
        parties.indices,
        len(parties),
        bandwidth=context.bandwidth if bandwidth is None else bandwidth,
    )
    everyone = np.ones((1, len(parties)), bool)
    distances = np.sqrt(means.mmd_squared(np.vstack([everyone, ~np.eye(len(parties), dtype=bool)])))
    return baseline_valuation(
        "mmd_alone",
        parties,
        distances[1:] - distances[0],
        settings={"bandwidth": means.bandwidth.tolist()},
    )
