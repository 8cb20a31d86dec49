"""How long a job should take here: its work, at rates that short probes measure.

Reference rates are rough ones of a machine of two cores, set by hand after a few runs and by the
networks' operations. The probes measure a few of them where a plan is run; a network that is not
probed is as many times faster or slower than there as the one that stands for it.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

import jax
import numpy as np

from davinz_jax.data import Dataset, Validation
from davinz_jax.mmd import rbf_self_products
from davinz_jax.models import CNN, apply_function, initialise, vgg11
from davinz_jax.ntk import tangent_kernel
from davinz_jax.training import Schedule, train
from experiments.studies.reproduce.jobs import Work

TRAINING: Mapping[str, float] = {
    "mlp": 40e-6, "mlp_table": 15e-6, "cnn": 120e-6, "cnn8": 1.2e-3,
    "vgg11": 12e-3, "vgg13": 18e-3, "vgg16": 24e-3,
    "resnet18": 45e-3, "resnet21": 55e-3, "resnet34": 90e-3,
}  # fmt: skip
"""Seconds a row and epoch, in minibatches of 32 to 128, on the reference machine."""

KERNEL: Mapping[str, float] = {
    "mlp": 0.2e-3, "mlp_table": 0.1e-3, "cnn": 0.6e-3, "cnn8": 3e-3,
    "vgg11": 10e-3, "vgg13": 15e-3, "vgg16": 20e-3,
    "resnet18": 40e-3, "resnet21": 50e-3, "resnet34": 80e-3,
}  # fmt: skip
"""Seconds a row, output and initialisation, on the reference machine."""

PAIRS = 10e-3
"""Seconds a million pairs of rows of 784 columns, on the reference machine."""

STANDS_FOR = {"mlp": "cnn", "mlp_table": "cnn", "cnn8": "cnn"}
"""Small networks are judged by the CNN; all others by VGG11."""

PROBES = ("cnn", "vgg11")


def reference_speeds() -> dict[str, float]:
    """Speeds of the reference machine itself: one, by kind of work and network that is probed."""
    names = [f"{kind} {probe}" for kind in ("training", "kernel") for probe in PROBES]
    return dict.fromkeys([*names, "pairs"], 1.0)


def estimate(work: Work, speeds: Mapping[str, float]) -> float:
    """Seconds that a job should take.

    Args:
        work: what it computes.
        speeds: of this machine, relative to the reference; those that are missing count as 1.
    """
    speed = partial(_speed, speeds)
    training = sum(
        n * TRAINING[name] / speed("training", name) for name, n in work.training.items()
    )
    kernel = sum(n * KERNEL[name] / speed("kernel", name) for name, n in work.kernel.items())
    other = work.other / min(1.0, speed("training", "cnn"))  # compiling gains nothing by a device
    return other + training + kernel + work.pairs * PAIRS / speeds.get("pairs", 1.0)


def _speed(speeds: Mapping[str, float], kind: str, network: str) -> float:
    return speeds.get(f"{kind} {stand_in(network)}", 1.0)


def stand_in(network: str) -> str:
    """The network that is probed for another."""
    return network if network in PROBES else STANDS_FOR.get(network, "vgg11")


def measure_speeds(works: Iterable[Work]) -> dict[str, float]:
    """Speeds of this machine for what some works need, relative to the reference."""
    networks = {stand_in(name) for work in works for name in work.networks}
    found = {"pairs": PAIRS / _seconds(_pairs_of_rows)}
    for name in sorted(networks):
        dataset, module = _problem(name)
        variables = initialise(module, jax.random.key(0), dataset.inputs[:1])
        rows = len(dataset)
        training = _seconds(partial(_train, module, variables, dataset)) / (rows * EPOCHS)
        kernel = _seconds(partial(_kernel, module, variables, dataset)) / rows
        found[f"training {name}"] = TRAINING[name] / training
        found[f"kernel {name}"] = KERNEL[name] / kernel
    return found


EPOCHS = 3


def _problem(network: str) -> tuple[Dataset, Any]:
    """Rows and network of a probe."""
    rows, shape = (512, (28, 28, 1)) if network == "cnn" else (32, (32, 32, 3))
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(rows, *shape)).astype(np.float32)
    targets = draw.integers(0, 10, rows)
    module = CNN(num_outputs=10) if network == "cnn" else vgg11(num_outputs=10)
    validation = Validation(inputs[:2], targets[:2])
    return Dataset(inputs, targets, "classification", 10, validation), module


def _train(module: Any, variables: Any, dataset: Dataset) -> None:
    schedule = Schedule(0.01, 32, 0.0, EPOCHS, EPOCHS)
    jax.block_until_ready(
        train(module, variables, dataset, schedule=schedule, key=jax.random.key(0)).variables
    )


def _kernel(module: Any, variables: Any, dataset: Dataset) -> None:
    tangent_kernel(apply_function(module), [variables], dataset)


def _pairs_of_rows() -> None:
    rows = np.random.default_rng(0).normal(size=(1000, 784)).astype(np.float32)
    rbf_self_products(rows, np.ones((1000, 1)), bandwidth=5.0)


def _seconds(work: Any) -> float:
    """Time of the second call, which compiles nothing."""
    work()
    began = perf_counter()
    work()
    return perf_counter() - began
