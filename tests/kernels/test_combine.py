"""Sums of kernels, cosine normalisation, other labels."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.kernels import RBF, Linear, kernel_sum, normalise_cosine, relabel, row_kernel
from davinz_jax.ntk.tangent_kernel import TangentKernel


@pytest.fixture
def pair(dataset):
    return [row_kernel(f, dataset, with_validation=True) for f in (RBF(2), Linear())]


def tangent(dataset, draws=2):
    """A random kernel as an engine would give it."""
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(draws, 25, 30)).astype(np.float32)
    whole = factor @ factor.swapaxes(1, 2)
    return TangentKernel(
        blocks=whole[:, None, :20, :20],
        rows=np.arange(20)[None],
        residual=rng.normal(size=(draws, 20, 3)),
        output="trace",
        engine="random",
        parameters="weights",
        validation_kernel=whole[:, 20:, :20],
        validation_outputs=rng.normal(size=(draws, 5, 3)),
    )


def test_the_sum_is_the_mean_of_kernels_of_unit_diagonal(pair):
    """The Gaussian has it already; the linear kernel is divided by its own mean diagonal."""
    total = kernel_sum(pair)
    scale = np.trace(pair[1].blocks[0, 0]) / 20
    twin = (pair[0].blocks + pair[1].blocks / scale) / 2
    np.testing.assert_allclose(total.blocks, twin, rtol=1e-12)
    cross = (pair[0].validation_kernel + pair[1].validation_kernel / scale) / 2
    np.testing.assert_allclose(total.validation_kernel, cross, rtol=1e-12)
    assert total.describe()["of"] == ["rbf", "linear"]


def test_one_raw_kernel_serves_all_draws_of_a_network(dataset, pair):
    network = tangent(dataset)
    total = kernel_sum([pair[0], network])
    assert total.num_initialisations == 2
    np.testing.assert_allclose(total.residual, (pair[0].residual + network.residual) / 2)
    np.testing.assert_allclose(total.validation_outputs, network.validation_outputs / 2)


def test_cosine_brings_a_tangent_kernel_to_unit_diagonal(dataset):
    network = tangent(dataset)
    lengths = np.sqrt(np.diagonal(network.blocks[:, 0], axis1=1, axis2=2))
    angles = normalise_cosine(network, validation_diagonal=np.full((2, 5), 4.0))
    np.testing.assert_allclose(np.diagonal(angles.blocks[0, 0]), 1, rtol=1e-6)
    twin = network.validation_kernel / (2 * lengths[:, None])
    np.testing.assert_allclose(angles.validation_kernel, twin, rtol=1e-5)


def test_relabelled_residuals_are_those_of_a_new_kernel(dataset, pair):
    others = (dataset.targets + 1) % 3
    anew = row_kernel(RBF(2), replace(dataset, targets=others))
    changed = relabel(pair[0], dataset.targets, others)
    np.testing.assert_array_equal(changed.residual, anew.residual)
    network = tangent(dataset)
    back = relabel(relabel(network, dataset.targets, others), others, dataset.targets)
    np.testing.assert_allclose(back.residual, network.residual)


def other_rows(kernel):
    return replace(kernel, rows=kernel.rows[:, ::-1].copy())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d, p: kernel_sum([]), "kernels: wanted at least one"),
        (lambda d, p: kernel_sum([p[0], other_rows(p[1])]), "kernels: wanted the same rows"),
        (lambda d, p: kernel_sum([tangent(d, 2), tangent(d, 3)]), "rows, blocks and draws in all"),
        (lambda d, p: kernel_sum([p[0], row_kernel(Linear(), d)]), "validation rows in all or in"),
        (lambda d, p: normalise_cosine(p[0]), "validation_diagonal: wanted"),
        (
            lambda d, p: relabel(replace(tangent(d), output="label"), d.targets, d.targets),
            "kernel: wanted output trace or scalar, got label",
        ),
    ],
)
def test_what_cannot_be_combined_is_refused(dataset, pair, make, message):
    with pytest.raises(ValueError, match=message):
        make(dataset, pair)
