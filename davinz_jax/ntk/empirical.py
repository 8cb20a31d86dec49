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
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Num, Shaped

from davinz_jax.data.dataset import Dataset
from davinz_jax.ntk import hosts
from davinz_jax.ntk.engines.base import Engine, Plan, Request
from davinz_jax.ntk.execution.forecast import Forecast, forecast
from davinz_jax.ntk.execution.plan import make_plan
from davinz_jax.ntk.execution.store import kernel_identity, open_store
from davinz_jax.ntk.execution.tiles import (
    Destination,
    Progress,
    all_outputs,
    block_grams,
    check_finite_kernel,
    cross_gram,
    kernel_dtype,
    promote_variables,
    symmetric_gram,
)
from davinz_jax.ntk.execution.workers import Workers, all_devices, all_processes
from davinz_jax.ntk.outputs import Network, Rows, check_rows, make_rows, residuals
from davinz_jax.ntk.partition import block_rows
from davinz_jax.ntk.tangent_kernel import TangentKernel
from davinz_jax.types import Apply, Output, ParameterChoice, PRNGKey, Variables


def empirical_ntk(
    apply: Apply,
    variables: Variables,
    inputs: Shaped[Any, "n ..."],
    labels: Shaped[Any, " n"] | None = None,
    *,
    right_inputs: Shaped[Any, "m ..."] | None = None,
    right_labels: Shaped[Any, " m"] | None = None,
    output: Output = "label",
    parameters: ParameterChoice = "weights",
    engine: str | Engine = "auto",
    batch_size: int | None = None,
    memory: int | str | None = None,
) -> Num[np.ndarray, "n m"]:
    """Tangent kernel of rows with themselves, or with other rows.

    Args:
        apply: network; the same function object each time, so that nothing is compiled twice.
        variables: its variables; floats are cast to the dtype of the inputs.
        inputs: n rows, channels last.
        labels: their classes, for `label`.
        right_inputs: m other rows; None is the n rows themselves, by symmetry at half the cost.
        right_labels: classes of the other rows, for `label`.
        output: own-label logit, mean over all logits, or the one output.
        parameters: kernels of convolution and linear layers, or all parameters.
        engine: `auto`, `layerwise`, `neural_tangents`, or an engine.
        batch_size: rows of a tile; None chooses by memory.
        memory: bound in bytes, or as "4GiB"; None is 70 % of the device's.

    Returns:
        Gram matrix on the host; unit output²; dtype of the inputs (float32 unless JAX's 64 bits
        are on).

    Raises:
        ValueError: for a choice that is none, rows that do not fit the model, or a kernel that is
            not finite.
    """
    network = Network(apply, output, parameters)
    rows = make_rows(network, inputs, labels)
    variables = promote_variables(variables, rows.inputs)
    plan = make_plan(engine, network, variables, rows, batch_size=batch_size, memory=memory)
    workers = all_devices()
    if right_inputs is None:
        kernel = symmetric_gram(plan, variables, rows, workers)
    else:
        right = make_rows(network, right_inputs, right_labels)
        check_rows(network, variables, right)
        kernel = cross_gram(plan, variables, rows, right, workers)
    if not np.isfinite(kernel).all():
        outputs = all_outputs(plan, variables, rows.inputs, workers)
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
        key: typed random key; None is allowed where nothing is shuffled.
        progress: called with (done, total, stage) after each block and tile.
        announce: called with what the kernels are expected to take, before they are begun.

    Where several processes were joined by `join_hosts`, every one must make this call, and each
    gets the whole kernel; a store is then one folder a process.

    Returns:
        Kernel blocks, residuals and, where asked for, the kernel to the validation set.

    Raises:
        ValueError: as for `empirical_ntk`; or fewer rows than blocks, no initialisation, or a
            target kernel of the `label` output; or processes that do other work.
        LostProcessError: if a process that takes part is lost.
    """
    network = Network(apply, output, parameters)
    _check_request(initialisations, network, with_validation)
    rows = make_rows(network, dataset.inputs, dataset.targets)
    drawn = [promote_variables(variables, rows.inputs) for variables in initialisations]
    request = Request(
        num_blocks,
        len(drawn),
        store is not None,
        len(dataset.validation.inputs) if with_validation else 0,
    )
    workers = all_processes()
    with hosts.together():
        plan = make_plan(
            engine, network, drawn[0], rows, request, batch_size=batch_size, memory=memory
        )
        shuffle = shuffle and num_blocks > 1
        partition = block_rows(len(dataset), num_blocks=num_blocks, shuffle=shuffle, key=key)
        plan = _agreed(plan, drawn, rows, partition, workers)
        if announce is not None:
            announce(
                forecast(plan, len(dataset), request, kernel_dtype(drawn[0]), workers.num_devices)
            )
        whole = _room(plan, drawn, rows, partition, store, workers)
        parts = []
        for draw, variables in enumerate(drawn):
            stage = _stage(progress, draw, len(drawn))
            target = Destination(whole.array[draw], whole.store, (draw,))
            parts.append(
                _one_draw(
                    plan, variables, dataset, partition, workers, target, with_validation, stage
                )
            )
    residual, validation_kernel, validation_outputs = zip(*parts, strict=True)
    return TangentKernel(
        blocks=whole.array,
        rows=partition,
        residual=np.stack(residual),
        output=output,
        engine=plan.engine.name,
        parameters=parameters,
        validation_kernel=np.stack(validation_kernel) if with_validation else None,
        validation_outputs=np.stack(validation_outputs) if with_validation else None,
    )


def _one_draw(
    plan: Plan,
    variables: Variables,
    dataset: Dataset,
    partition: Int[np.ndarray, "b s"],
    workers: Workers,
    into: Destination,
    with_validation: bool,
    progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Residuals, target kernel and target outputs of one initialisation; its blocks go `into`."""
    rows = make_rows(plan.network, dataset.inputs, dataset.targets)
    outputs = all_outputs(plan, variables, rows.inputs, workers)
    residual = residuals(plan.network.output, outputs, dataset.targets)
    blocks = block_grams(
        plan, variables, rows, partition, workers, destination=into, progress=progress
    )
    check_finite_kernel(blocks, outputs, variables)
    if not with_validation:
        return residual, None, None
    target = make_rows(plan.network, dataset.validation.inputs, None)
    check_rows(plan.network, variables, target)
    kernel = cross_gram(plan, variables, target, rows, workers, progress=progress)
    outputs = all_outputs(plan, variables, target.inputs, workers)
    check_finite_kernel(kernel, outputs, variables)
    return residual, kernel, outputs


def _agreed(
    plan: Plan,
    drawn: list[Variables],
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    workers: Workers,
) -> Plan:
    """The plan that suits the smallest process, once all are seen to do the same work."""
    if workers.num_processes == 1:
        return plan
    size, num_cached = hosts.smallest(plan.batch_size), hosts.smallest(plan.num_cached)
    plan = plan._replace(batch_size=size, num_cached=num_cached)
    hosts.check_alike(kernel_identity(plan, drawn, rows, partition))
    return plan


def _room(
    plan: Plan,
    drawn: list[Variables],
    rows: Rows,
    partition: Int[np.ndarray, "b s"],
    store: str | os.PathLike[str] | None,
    workers: Workers,
) -> Destination:
    """Room for the blocks of every draw, in memory or in a folder of each process."""
    num_blocks, size = partition.shape
    shape, dtype = (len(drawn), num_blocks, size, size), kernel_dtype(drawn[0])
    if store is None:
        return Destination(np.zeros(shape, dtype))
    identity = kernel_identity(plan, drawn, rows, partition)
    if workers.num_processes > 1:
        store = Path(store) / f"process-{workers.process}-of-{workers.num_processes}"
    opened = open_store(store, shape=shape, dtype=dtype, identity=identity)
    return Destination(opened.array, opened)


def _stage(progress: Progress | None, draw: int, num_draws: int) -> Progress | None:
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
            "output: wanted 'trace' or 'scalar' for the kernel to the validation set, got 'label', "
            "which needs the labels it is to predict; choose output='trace'"
        )
