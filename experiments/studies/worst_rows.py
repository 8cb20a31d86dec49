"""The rows of a valuation whose labels the other rows doubt most, found as `detect` finds them.

Every run of `value` names them. No pass of a network is added: the kernel is the one that `detect`
would take for the same options, the network's only where the run has computed it for every class,
else that of raw rows.
"""

from collections.abc import Set
from typing import Any

from davinz_jax import Dataset, KernelChoice, KernelOptions
from davinz_jax.detection import usual_block_size
from davinz_jax.kernels import Kernel
from experiments.report.doubts import Doubts
from experiments.runtime import auto, compose, console, usage
from experiments.runtime.compose import Components
from experiments.runtime.console import Stages
from experiments.runtime.context import Context
from experiments.runtime.own_rows import own_rows
from experiments.runtime.schema.detect import CutRule, What
from experiments.studies.detect.kernels import make_ingredients
from experiments.studies.detect.run import cut_rows, judge
from experiments.studies.detect.views import with_few_validation_rows

RAW = KernelChoice("rbf")
"""Kernel of raw rows that `detect` takes where no network is named."""

STAGE = "margins"


def doubt(
    components: Components,
    context: Context,
    source_rows: Dataset,
    *,
    settings: dict[str, Any],
    named: Set[str],
    stages: Stages,
) -> Doubts | None:
    """Judge the rows of a valuation by all others; None where they cannot be, with a note why.

    Args:
        components: of the run.
        context: the rows as they were valued, and the kernels computed so far.
        source_rows: the same rows as their source has them, with lines.
        settings: the run's, before anything was chosen.
        named: options that the command line names.
        stages: timed.
    """
    choice = compose.kernel_choice(auto.choose_kernel(settings["kernel"], named))
    try:
        with stages.stage(STAGE):
            kernel, choice = _kernel(components, context, choice, settings, stages)
            check = judge(kernel, context, What.labels)
            cut = cut_rows(check, context, CutRule.two_means, what=What.labels)
    except ValueError as error:
        console.note(f"no row is judged by the others, and worst_rows.csv is left out: {error}")
        return None
    return Doubts(
        rows=context,
        own=own_rows(components.source, source_rows),
        what=What.labels,
        kernel={"kernel": choice.name, "num_blocks": kernel.blocks.shape[1]}
        | dict(getattr(kernel, "details", {})),
        check=check,
        cut=cut,
        seconds=stages.seconds,
        seed=components.seed,
    )


def _kernel(
    components: Components,
    context: Context,
    choice: KernelChoice,
    settings: dict[str, Any],
    stages: Stages,
) -> tuple[Kernel, KernelChoice]:
    """A kernel that sees every class, and which it is."""
    if choice.needs_network:
        computed = computed_kernel(context, usage.kind_of(settings["utility"]))
        if computed is not None:
            return computed, choice
        choice = RAW
    num_rows, asked = len(context.dataset), components.kernel
    num_blocks = -(-num_rows // usual_block_size(num_rows, asked.num_blocks))
    ingredients = make_ingredients(
        with_few_validation_rows(context.dataset, views=False, key=context.keys["semivalue"]),
        components.model,
        choice,
        KernelOptions(num_blocks=num_blocks, shuffle=asked.shuffle),
        num_initialisations=components.num_initialisations,
        keys=context.keys,
        stages=stages,
    )
    return ingredients.regression_kernel(), choice


def computed_kernel(context: Context, kind: str) -> Kernel | None:
    """The network's kernel if the run has it for every class, else None.

    Args:
        context: of the run.
        kind: of its utility, as `usage.kind_of`.
    """
    ingredients, dataset = context.ingredients, context.dataset
    found: list[Kernel] = list(ingredients.computed_kernels)
    if kind in usage.REGRESSIONS:
        found.insert(0, ingredients.regression_kernel())
    outputs = dataset.num_classes if dataset.task == "classification" else 1
    return next((kernel for kernel in found if kernel.residual.shape[2] == outputs), None)
