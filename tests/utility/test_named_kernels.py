"""Kernels by name: of raw inputs without a network, and others than these refused."""

import jax
import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation
from davinz_jax.utility.named_kernels import KernelSource, make_kernel
from davinz_jax.utility.options import KernelChoice


@pytest.fixture
def data():
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(12, 3))
    return Dataset(
        inputs, np.arange(12) % 3, "classification", 3,
        Validation(generator.normal(size=(4, 3)), np.arange(4) % 3),
    )  # fmt: skip


@pytest.fixture
def source(data):
    def no_network():
        raise AssertionError("a kernel of raw inputs asked for a network")

    partition = np.arange(12)[None]
    return KernelSource(data, partition, lambda: data, no_network, no_network, jax.random.key(0))


def distances(x, y):
    return np.linalg.norm(x[:, None] - y[None], axis=-1)


def test_rbf_and_laplace_by_numpy(source, data):
    x, t = data.inputs, data.validation.inputs
    rbf = make_kernel(KernelChoice("rbf", bandwidth=2.0), source)
    np.testing.assert_allclose(rbf.blocks[0, 0], np.exp(-(distances(x, x) ** 2) / 8), rtol=1e-6)
    np.testing.assert_allclose(
        rbf.validation_kernel[0], np.exp(-(distances(t, x) ** 2) / 8), rtol=1e-6
    )
    laplace = make_kernel(KernelChoice("laplace", bandwidth=2.0), source)
    np.testing.assert_allclose(laplace.blocks[0, 0], np.exp(-distances(x, x) / 2), rtol=1e-6)


def test_a_function_is_a_kernel_and_cosines_have_length_one(source, data):
    x, t = data.inputs, data.validation.inputs
    kernel = make_kernel(KernelChoice(lambda a, b: a @ b.T, cosine=True), source)
    lengths = [np.linalg.norm(rows, axis=1) for rows in (x, t)]
    np.testing.assert_allclose(
        kernel.blocks[0, 0], x @ x.T / np.outer(lengths[0], lengths[0]), rtol=1e-6
    )
    np.testing.assert_allclose(
        kernel.validation_kernel[0], t @ x.T / np.outer(lengths[1], lengths[0]), rtol=1e-6
    )
