"""What rows are judged by: the kernel that a configuration chooses, of all rows in blocks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from davinz_jax import Dataset, Ingredients, KernelChoice, KernelOptions
from davinz_jax.data import partition_rows
from davinz_jax.types import Output, PRNGKey
from experiments.runtime.console import Stages
from experiments.runtime.errors import InputError
from experiments.runtime.network import Model


def make_ingredients(
    dataset: Dataset,
    model: Model | None,
    choice: KernelChoice,
    options: KernelOptions,
    *,
    num_initialisations: int,
    keys: Mapping[str, PRNGKey],
    stages: Stages,
) -> Ingredients:
    """Rows as players, with the kernel chosen; a network is drawn only where it is looked at.

    Args:
        dataset: the rows, with as few validation rows as the kernel is wanted for.
        model: the network to be, which tokens always need; None for kernels of raw rows.
        choice: which kernel.
        options: how a tangent kernel is computed, and the number of blocks of any kernel.
        num_initialisations: draws of the network.
        keys: one random key a purpose.
        stages: told progress.

    Raises:
        InputError: for an output that does not see every class.
    """
    module, draws = None, None
    is_seen = choice.needs_network or dataset.input_kind == "tokens"
    if is_seen and model is not None:
        module = model.module(dataset)
        draws = model.variables(module, dataset, num_initialisations, keys["initialisations"])
    return Ingredients(
        module,
        dataset,
        partition_rows(dataset)[1],
        key=keys["blocks"],
        initialisations=draws,
        kernel_options=replace(options, output=_output(options, module, dataset)),
        kernel_choice=choice,
        progress=stages.progress,
        announce=stages.announce,
        num_resamples=0,
    )


def _output(options: KernelOptions, module: Any, dataset: Dataset) -> Output:
    """Outputs that judge every class, or the one number of a regression."""
    is_regression = dataset.task == "regression"
    wanted: tuple[Output, ...] = ("scalar",) if is_regression else ("trace", "first")
    if options.output not in (None, *wanted):
        raise InputError(
            f"ntk.output: wanted {' or '.join(wanted)}, which sees every class, got "
            f"{options.output}; leave it out"
        )
    return options.choose_output(module, dataset)
