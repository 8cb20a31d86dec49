"""The kernel that rows are judged by, of the name that a configuration gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from davinz_jax import Dataset, Ingredients, KernelOptions
from davinz_jax.data import partition_rows
from davinz_jax.kernels import RBF, Kernel, Laplace, kernel_sum, network_features, row_kernel
from davinz_jax.ntk import block_rows
from davinz_jax.types import PRNGKey
from experiments.runtime.compose import Model
from experiments.runtime.console import Stages
from experiments.runtime.errors import InputError
from experiments.runtime.schema.detect import KernelName


@dataclass(frozen=True)
class Recipe:
    """What kernels of a dataset are made of.

    Attributes:
        dataset: the rows.
        model: the network to be.
        options: how tangent kernels are computed.
        num_initialisations: draws of the network.
        num_blocks: blocks that the rows are parted into at random.
        keys: one random key a purpose.
        stages: told progress.
    """

    dataset: Dataset
    model: Model
    options: KernelOptions
    num_initialisations: int
    num_blocks: int
    keys: Mapping[str, PRNGKey]
    stages: Stages

    def kernel(self, name: KernelName) -> Kernel:
        """The kernel of this name."""
        return MAKERS[name](self)

    def ingredients(self) -> Ingredients:
        """The network's draws, and its tangent kernel when asked for."""
        module = self.model.module(self.dataset)
        return Ingredients(
            module,
            self.dataset,
            partition_rows(self.dataset)[1],
            key=self.keys["blocks"],
            initialisations=self.model.variables(
                module, self.dataset, self.num_initialisations, self.keys["initialisations"]
            ),
            kernel_options=replace(self.options, num_blocks=self.num_blocks, output=self.output()),
            progress=self.stages.progress,
            announce=self.stages.announce,
        )

    def output(self) -> Any:
        """All logits, or the one number of a regression.

        Raises:
            InputError: if another output is asked for.
        """
        wanted = "trace" if self.dataset.task == "classification" else "scalar"
        if self.options.output not in (None, wanted):
            raise InputError(
                f"ntk.output: wanted {wanted}, which sees every class, got {self.options.output}; "
                "leave it out"
            )
        return wanted

    def partition(self) -> Int[np.ndarray, "b s"]:
        """Rows of each block."""
        return block_rows(
            len(self.dataset), num_blocks=self.num_blocks, shuffle=True, key=self.keys["blocks"]
        )


def _tangent(recipe: Recipe) -> Kernel:
    return recipe.ingredients().kernel()


def _raw(function: Any) -> Callable[[Recipe], Kernel]:
    def make(recipe: Recipe, partition: Any = None) -> Kernel:
        rows = recipe.partition() if partition is None else partition
        return row_kernel(function, recipe.dataset, partition=rows, key=recipe.keys["blocks"])

    return make


def _features(recipe: Recipe) -> Kernel:
    source = recipe.ingredients()
    return network_features(
        RBF(),
        source.apply,
        source.initialisations,
        recipe.dataset,
        partition=recipe.partition(),
        key=recipe.keys["blocks"],
    )


def _sum(recipe: Recipe) -> Kernel:
    """Of the tangent kernel and the Gaussian one of the inputs."""
    tangent = _tangent(recipe)
    gaussian = row_kernel(RBF(), recipe.dataset, partition=tangent.rows, key=recipe.keys["blocks"])
    return kernel_sum([tangent, gaussian])


MAKERS: dict[KernelName, Callable[[Recipe], Kernel]] = {
    KernelName.ntk: _tangent,
    KernelName.rbf: _raw(RBF()),
    KernelName.laplace: _raw(Laplace()),
    KernelName.network_features: _features,
    KernelName.sum: _sum,
}
