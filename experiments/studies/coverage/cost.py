"""What cross-fitting takes beside a hold-out: processor seconds of one table's values, in turn."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from davinz_jax import Ingredients
from davinz_jax.data import Dataset, cross_fit, load_table, partition_random
from davinz_jax.models import default_model
from davinz_jax.semivalues import shapley

NUM_PARTIES, NUM_PAIRS = 5, 3
WAYS = ("held out", "cross-fitted")
KERNELS = {"rbf": "RBF", "ntk": "tangent, default MLP"}
KEYS = jax.random.split(jax.random.key(5), 4)


def cost_records(
    path: Path,
    *,
    columns: Mapping[str, Any],
    num_rows: int,
    kernels: Sequence[str] = tuple(KERNELS),
    num_pairs: int = NUM_PAIRS,
) -> list[dict[str, Any]]:
    """One record a kernel: mean processor seconds of either way, and the ratio of each pair.

    Args:
        path: the table.
        columns: options of `load_table` that name its columns.
        num_rows: rows of it in use, those held out among them.
        kernels: names in `KERNELS`.
        num_pairs: times that both ways are timed, one after the other; one more comes first, in
            which programs are compiled.
    """
    found = []
    for kernel in kernels:
        seconds = np.array(
            [
                [_seconds(_load(path, columns, num_rows, way), kernel) for way in WAYS]
                for _ in range(1 + num_pairs)
            ]
        )[1:]
        ratios = seconds[:, 1] / seconds[:, 0]
        found.append(
            {
                "kernel": KERNELS[kernel],
                **dict(zip(WAYS, seconds.mean(0).tolist(), strict=True)),
                "ratio": float(np.median(ratios)),
                "ratios": [round(float(ratio), 2) for ratio in ratios],
            }
        )
    return found


def _load(path: Path, columns: Mapping[str, Any], num_rows: int, way: str) -> Dataset:
    whole = load_table(path, holdout="none", num_rows=num_rows, key=KEYS[0], **columns)
    if way == "cross-fitted":
        return cross_fit(whole, key=KEYS[1])
    held = np.arange(num_rows // 5)
    kept = whole.take(np.arange(num_rows // 5, num_rows))
    return Dataset(
        kept.inputs, kept.targets, whole.task, whole.num_classes, whole.validation.take(held)
    )


def _seconds(dataset: Dataset, kernel: str) -> float:
    """Processor seconds of kernel, ridge and exact Shapley values of random parties."""
    dataset, parties = partition_random(dataset, num=NUM_PARTIES, key=KEYS[2])
    model = default_model(input_shape=dataset.inputs.shape[1:], num_outputs=dataset.num_classes)
    began = time.process_time()
    made = Ingredients(model, dataset, parties, key=KEYS[3])
    shapley(made.kernel_regression(kernel=kernel, metric="soft_accuracy", ensemble=kernel == "ntk"))
    return time.process_time() - began
