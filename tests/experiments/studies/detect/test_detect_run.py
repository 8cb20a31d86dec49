"""Kernels that no row can be judged by are refused in one message."""

import numpy as np
import pytest

from davinz_jax.data import load_digits, partition_own
from davinz_jax.kernels import KernelMatrix
from experiments.runtime.context import Rows
from experiments.runtime.schema.detect import What
from experiments.studies.detect.run import judge


def judge_by(matrix):
    """Judge twelve digits by a kernel."""
    dataset, parties = partition_own(load_digits(num_rows=12))
    kernel = KernelMatrix(
        matrix[None, None], np.arange(12)[None], np.eye(10)[dataset.targets][None], "given"
    )
    return judge(kernel, Rows(dataset, parties, np.zeros(12, bool)), What.labels)


def test_a_zero_kernel_is_refused():
    with pytest.raises(ValueError, match="got a zero kernel"):
        judge_by(np.zeros((12, 12)))


def test_a_kernel_that_is_not_positive_semidefinite_is_refused():
    with pytest.raises(ValueError, match="positive semi-definite"):
        judge_by(np.diag([-1.0, *np.ones(11)]))
