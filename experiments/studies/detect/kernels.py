"""The kernel that rows are judged by, as a configuration chooses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from davinz_jax import Dataset, Ingredients, KernelChoice, KernelOptions
from davinz_jax.data import partition_rows
from davinz_jax.kernels import (
    RBF,
    Kernel,
    Laplace,
    RowFunction,
    kernel_sum,
    network_features,
    normalise_cosine,
    row_kernel,
)
from davinz_jax.ntk import block_rows
from davinz_jax.types import PRNGKey
from experiments.runtime.compose import Model
from experiments.runtime.console import Stages
from experiments.runtime.errors import InputError


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

    def kernel(self, choice: KernelChoice) -> Kernel:
        """The kernel chosen."""
        if not isinstance(choice.kernel, str):
            return self.row_kernel(choice.kernel, choice)
        return MAKERS[choice.kernel](self, choice)

    def row_kernel(
        self,
        function: RowFunction,
        choice: KernelChoice,
        partition: Int[np.ndarray, "b s"] | None = None,
    ) -> Kernel:
        """A kernel of raw inputs, in blocks of its own where none are given."""
        return row_kernel(
            function,
            self.dataset,
            partition=self.partition() if partition is None else partition,
            cosine=choice.cosine,
            key=self.keys["blocks"],
        )

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


def _tangent(recipe: Recipe, choice: KernelChoice) -> Kernel:
    kernel = recipe.ingredients().kernel()
    return normalise_cosine(kernel) if choice.cosine else kernel


def _gaussian(recipe: Recipe, choice: KernelChoice) -> Kernel:
    return recipe.row_kernel(RBF(choice.bandwidth), choice)


def _laplace(recipe: Recipe, choice: KernelChoice) -> Kernel:
    return recipe.row_kernel(Laplace(choice.bandwidth), choice)


def _features(recipe: Recipe, choice: KernelChoice) -> Kernel:
    source = recipe.ingredients()
    return network_features(
        RBF(),
        source.apply,
        source.initialisations,
        recipe.dataset,
        partition=recipe.partition(),
        cosine=choice.cosine,
        key=recipe.keys["blocks"],
    )


def _sum(recipe: Recipe, choice: KernelChoice) -> Kernel:
    """Of the tangent kernel and the Gaussian one of the inputs."""
    tangent = _tangent(recipe, choice)
    gaussian = recipe.row_kernel(RBF(choice.bandwidth), choice, tangent.rows)
    return kernel_sum([tangent, gaussian])


MAKERS: dict[str, Callable[[Recipe, KernelChoice], Kernel]] = {
    "ntk": _tangent,
    "rbf": _gaussian,
    "laplace": _laplace,
    "network_features": _features,
    "sum": _sum,
}
