r"""Empirical tangent kernels of a network: K_ij = ⟨∇g(x_i), ∇g(x_j)⟩ over the chosen parameters.

`empirical_ntk` is the kernel of any rows; `tangent_kernel` that of a dataset for several
initialisations, in diagonal blocks, with the residuals it is to explain. The outputs g are those
of `outputs`; for `trace` the kernel is the mean over the logits.

References:
    Wu et al. 2022 (`wu2022davinz`), as in the authors' code.
    Departs from it: the partition into blocks is drawn once for all rows, not for each coalition.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from davinz_jax.data.dataset import Dataset
from davinz_jax.executors import Executor, current_executor
from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.choice import sketching_engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.execution.destination import make_destination
from davinz_jax.ntk.execution.forecast import Forecast, forecast
from davinz_jax.ntk.execution.identity import kernel_identity
from davinz_jax.ntk.execution.plan import Plan, Request
from davinz_jax.ntk.execution.tiles import all_outputs, block_grams, cross_gram, symmetric_gram
from davinz_jax.ntk.execution.verified import make_verified_plan
from davinz_jax.ntk.finite import check_finite_kernel, is_finite
from davinz_jax.ntk.outputs import Network, Rows, check_rows, make_rows, residuals
from davinz_jax.ntk.parameters import kernel_dtype, promote_variables
from davinz_jax.ntk.partition import block_rows
from davinz_jax.ntk.rounding import measure_rounding
from davinz_jax.ntk.tangent_kernel import KernelSketch, TangentKernel, make_sketch_halves
from davinz_jax.types import Apply, Array, Output, ParameterChoice, PRNGKey, Progress, Variables


def empirical_ntk(
    apply: Apply,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    labels: Num[Array, " n"] | None = None,
    *,
    other_inputs: Num[Array, "m ..."] | None = None,
    other_labels: Num[Array, " m"] | None = None,
    output: Output = "label",
    parameters: ParameterChoice = "weights",
    engine: str | Engine = "auto",
    batch_size: int | None = None,
    memory: int | str | None = None,
    sketch: int | None = None,
    key: PRNGKey | None = None,
) -> Float[np.ndarray, "n m"]:
    """Tangent kernel of rows with themselves, or with other rows.

    Args:
        apply: network; the same function object each time, so that nothing is compiled twice, and
            a function of its arguments alone.
        variables: its variables; floats are cast to the dtype of the inputs.
        inputs: n rows, channels last.
        labels: their classes, for `label`.
        other_inputs: m other rows; None is the n rows themselves, by symmetry at half the cost.
        other_labels: classes of the other rows, for `label`.
        output: own-label logit, mean over all logits, the first logit alone, or the one output.
        parameters: `weights`, the kernels of convolution and linear layers; `all`; or a pattern of
            paths, as `layer_(4|5)|head`: there is no backward pass below the lowest one chosen.
        engine: `auto`, `layerwise`, `neural_tangents`, or an engine. Its kernel of two rows is
            compared with a plain Jacobian's the first time that it meets a network; where `auto`
            finds them apart, the reference engine, `neural_tangents`, goes on, and a warning says
            so.
        batch_size: rows of a tile; None chooses by memory.
        memory: bound in bytes, or as "4GiB"; None is 70 % of the device's.
        sketch: k, numbers to which each layer's inputs and signals are projected, twice over, for
            an unbiased estimate where the kernel is too dear (docs/sketch.md); None is exact.
        key: draws the sketch; kernels of one key are parts of one estimate.

    Returns:
        Gram matrix on the host; unit output²; dtype of the inputs (float32 unless JAX's 64 bits
        are on).

    Raises:
        ValueError: for a choice that is none, rows that do not fit the model, outputs of a row
            that depend on the rows beside it (BatchNorm in training mode), or a kernel that is not
            finite.
        EngineFaultError: if an engine that was asked for gives another kernel than a plain
            Jacobian; the text names the layer.
    """
    network = Network(apply, output, parameters)
    rows = make_rows(network, inputs, labels)
    variables = promote_variables(variables, rows.inputs)
    chosen = sketching_engine(engine, sketch, key=key)
    plan = make_verified_plan(
        chosen, network, variables, rows, batch_size=batch_size, memory=memory
    )
    executor = current_executor()
    if other_inputs is None:
        kernel = symmetric_gram(plan, variables, rows, executor)
    else:
        others = make_rows(network, other_inputs, other_labels)
        check_rows(network, variables, others)
        kernel = cross_gram(plan, variables, rows, others, executor)
    kernel = kernel[0] if plan.halves else kernel
    if not is_finite(kernel):
        outputs = all_outputs(plan, variables, rows.inputs, executor)
        check_finite_kernel(kernel, outputs, variables)
    return kernel


def tangent_kernel(
    apply: Apply,
    initialisations: Sequence[Variables],
    dataset: Dataset,
    *,
    output: Output = "label",
    parameters: ParameterChoice = "weights",
    engine: str | Engine = "auto",
    num_blocks: int = 1,
    shuffle: bool = True,
    with_validation: bool = False,
    batch_size: int | None = None,
    memory: int | str | None = None,
    store: str | os.PathLike[str] | None = None,
    sketch: int | None = None,
    key: PRNGKey | None = None,
    progress: Progress | None = None,
    announce: Callable[[Forecast], None] | None = None,
) -> TangentKernel:
    """Block-diagonal tangent kernel of a dataset, for each initialisation.

    Args:
        apply: network, as for `empirical_ntk`, where `output` to `batch_size` are explained too.
        initialisations: variables of each draw of the network.
        dataset: rows, and the validation set for `with_validation`.
        output: see `empirical_ntk`.
        parameters: see `empirical_ntk`.
        engine: see `empirical_ntk`.
        num_blocks: diagonal blocks; 1 is dense. The partition is the same for every draw.
        shuffle: permute the rows before they are cut into blocks, by `key`.
        with_validation: also the kernel of validation rows with dataset rows, and their outputs.
        batch_size: see `empirical_ntk`.
        memory: see `empirical_ntk`.
        store: folder in which the blocks are kept, memory-mapped; a run that was killed goes on
            from its finished tiles, to the same bytes.
        sketch: see `empirical_ntk`; each draw of the network has a sketch of its own.
        key: typed random key; None is allowed where nothing is shuffled or sketched.
        progress: called with (done, total, stage) after each block and tile.
        announce: called with what the kernels are expected to take, before they are begun.

    Tiles are shared among the devices of this process or, in a context of `cluster`, its workers.

    Returns:
        Kernel blocks, residuals and, where asked for, the kernel to the validation set.

    Raises:
        ValueError: as for `empirical_ntk`; or fewer rows than blocks, no initialisation, or a
            validation kernel of the `label` output.
    """
    network = Network(apply, output, parameters)
    _check_request(initialisations, network, with_validation)
    drawn = [promote_variables(variables, dataset.inputs) for variables in initialisations]
    rows = make_rows(network, dataset.inputs, dataset.targets)
    others = make_rows(network, dataset.validation.inputs, None) if with_validation else None
    request = Request(
        num_blocks, len(drawn), store is not None, 0 if others is None else others.num_rows
    )
    executor, dtype = current_executor(), kernel_dtype(drawn[0])
    plan = make_verified_plan(
        sketching_engine(engine, sketch, key=key),
        network, drawn[0], rows, request, batch_size=batch_size, memory=memory,
    )  # fmt: skip
    if others is not None:
        check_rows(network, drawn[0], others)
    partition = block_rows(
        len(dataset), num_blocks=num_blocks, shuffle=shuffle and num_blocks > 1, key=key
    )
    if announce is not None:
        announce(forecast(plan, len(dataset), request, dtype, executor.num_places))
    whole = make_destination(
        (len(drawn), len(partition), *plan.halves, *2 * partition.shape[1:]),
        dtype, store=store,
        identity=partial(kernel_identity, plan, drawn, rows, partition),
    )  # fmt: skip
    draws = []
    for draw, variables in enumerate(drawn):
        stage, own = _name_stage(progress, draw, len(drawn)), plan.of_draw(draw)
        blocks = block_grams(
            own, variables, rows, partition, executor,
            destination=whole.part(draw), progress=stage,
        )  # fmt: skip
        draws.append(
            _explain(own, variables, blocks, rows, dataset.targets, others, executor, stage)
        )
    residual, validation_kernels, validation_outputs = zip(*draws, strict=True)
    blocks, error = _split(plan, whole.array)
    across, across_error = _split(plan, _stack(validation_kernels))
    kernel = TangentKernel(
        blocks=blocks,
        rows=partition,
        residual=np.stack(residual),
        output=output,
        engine=plan.engine.name,
        parameters=parameters,
        note=plan.note,
        coverage=plan.engine.coverage() if isinstance(plan.engine, LayerwiseEngine) else None,
        measure_rounding=partial(
            measure_rounding, plan, drawn[0], rows, partition[0], blocks[0, 0]
        ),
        validation_kernel=across,
        validation_outputs=_stack(validation_outputs),
        sketch=None if error is None else KernelSketch(sketch or 0, error, across_error),
    )
    if error is None:
        return kernel
    return replace(kernel, make_halves=partial(make_sketch_halves, kernel))


def _explain(
    plan: Plan,
    variables: Variables,
    blocks: Float[np.ndarray, "b *h s s"],
    rows: Rows,
    targets: Num[np.ndarray, " n"],
    others: Rows | None,
    executor: Executor,
    progress: Progress | None,
) -> tuple[
    Float[np.ndarray, "n c"], Float[np.ndarray, "*h m n"] | None, Float[np.ndarray, "m k"] | None
]:
    """Residuals of one draw, kernel of validation rows with dataset rows, and their outputs.

    The last two are None where `others`, the validation rows, are not asked for.
    """
    outputs = all_outputs(plan, variables, rows.inputs, executor)
    check_finite_kernel(blocks, outputs, variables)
    residual = residuals(plan.network.output, outputs, targets)
    if others is None:
        return residual, None, None
    kernel = cross_gram(plan, variables, others, rows, executor, progress=progress)
    outputs = all_outputs(plan, variables, others.inputs, executor)
    check_finite_kernel(kernel, outputs, variables)
    return residual, kernel, outputs


def _split(plan: Plan, kernels: Any) -> tuple[Any, Any]:
    """Kernels (None for none), and of a sketch half the difference of its halves, else None."""
    if kernels is None or not plan.halves:
        return kernels, None
    return kernels[..., 0, :, :], kernels[..., 1, :, :]


def _stack(
    draws: Sequence[Float[np.ndarray, "*r c"] | None],
) -> Float[np.ndarray, "i *r c"] | None:
    """What every draw gives, along a first axis; None where they give nothing."""
    given = [draw for draw in draws if draw is not None]
    return np.stack(given) if given else None


def _name_stage(progress: Progress | None, draw: int, num_draws: int) -> Progress | None:
    """Progress of one initialisation, under a name that says which."""
    if progress is None or num_draws == 1:
        return progress
    return lambda done, total, stage: progress(done, total, f"{stage} {draw + 1}/{num_draws}")


def _check_request(
    initialisations: Sequence[Variables], network: Network, with_validation: bool
) -> None:
    """Refuse what cannot be asked for."""
    if not initialisations:
        raise ValueError("initialisations: wanted at least one, got none; draw one by key")
    if with_validation and network.output == "label":
        raise ValueError(
            "output: wanted 'trace', 'first' or 'scalar' for the kernel to the validation set, got "
            "'label', which needs the labels it is to predict; choose output='trace'"
        )
