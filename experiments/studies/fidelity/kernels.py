"""Tangent kernels of every set of a draw, for one initialisation: kept, so that scores can change.

The sets are diagonal blocks of one kernel. Sets whose inputs are base rows' own, whatever their
labels, are coalitions of the base's kernel, relabelled without a pass over the network.
"""

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float

from davinz_jax.data import Dataset, Validation
from davinz_jax.files import DAMAGED
from davinz_jax.models import apply_function, features, initialise
from davinz_jax.ntk import tangent_kernel
from davinz_jax.types import Variables
from experiments.runtime import outputs
from experiments.runtime.errors import InputError
from experiments.studies.fidelity.draws import Draw
from experiments.studies.fidelity.truth import network


@dataclass(frozen=True)
class NetworkKernels:
    """What one initialisation gives about each of b sets of n rows and the m validation rows.

    Attributes:
        within: mean over logits of the tangent kernel of each set; unit output².
        across: the same, of validation rows with each set's.
        start: outputs of each set's rows at initialisation.
        start_validation: outputs of the validation rows.
        own_label: tangent kernel of each row's own logit, by the set's labels.
        features: what goes into the last layer, of each set's rows.
        features_validation: of the validation rows.
    """

    within: Float[np.ndarray, "b n n"]
    across: Float[np.ndarray, "b m n"]
    start: Float[np.ndarray, "b n k"]
    start_validation: Float[np.ndarray, "m k"]
    own_label: Float[np.ndarray, "b n n"]
    features: Float[np.ndarray, "b n f"]
    features_validation: Float[np.ndarray, "m f"]


def network_kernels(draw: Draw, initialisation: int, folder: Path) -> NetworkKernels:
    """The kernels of one initialisation, read from the folder or computed and kept there."""
    path = folder / draw.spec.name / f"{initialisation}-{_digest(draw)}.npz"
    if path.is_file():
        return _read(path)
    found = compute_kernels(draw, initialisation)
    outputs.write_whole(path.parent, {path.name: partial(_save, asdict(found))})
    return found


def _read(path: Path) -> NetworkKernels:
    try:
        with np.load(path) as kept:
            return NetworkKernels(
                **{field.name: kept[field.name] for field in fields(NetworkKernels)}
            )
    except DAMAGED as error:
        raise InputError(
            f"{path}: wanted kernels that were kept, got a damaged file ({error}); delete it, and "
            "the next run finds them anew"
        ) from error


def compute_kernels(draw: Draw, initialisation: int) -> NetworkKernels:
    """The kernels of one initialisation, whose key is none of the trainings'."""
    module = network(draw)
    key = jax.random.fold_in(jax.random.key(draw.spec.key + 2**20), initialisation)
    variables = initialise(module, key, draw.base.inputs)
    within, across, start, start_validation = _traces(draw, variables)
    inputs = np.stack([each.inputs for each in draw.sets])
    targets = np.stack([each.targets for each in draw.sets])
    own = tangent_kernel(
        apply_function(module),
        [variables],
        _dataset(draw, inputs, targets),
        num_blocks=len(inputs),
        shuffle=False,
    )
    flat = inputs.reshape(-1, *inputs.shape[2:])
    deep = np.asarray(features(module, variables, flat), np.float32)
    return NetworkKernels(
        within,
        across,
        start,
        start_validation,
        own.blocks[0],
        deep.reshape(*inputs.shape[:2], -1),
        np.asarray(features(module, variables, draw.validation.inputs), np.float32),
    )


def _traces(draw: Draw, variables: Variables):
    """Kernels within and across, and outputs at initialisation, of all sets."""
    num_sets, num_rows = len(draw.sets), draw.spec.num_rows
    m, k = len(draw.validation), draw.num_classes
    within = np.empty((num_sets, num_rows, num_rows), np.float32)
    across = np.empty((num_sets, m, num_rows), np.float32)
    start = np.empty((num_sets, num_rows, k), np.float32)
    is_base = np.array([not each.is_changed.any() for each in draw.sets])
    whole = _kernel(draw, variables, draw.base.inputs[None], draw.base.targets[None])
    for number in np.flatnonzero(is_base):
        rows = draw.sets[number].rows
        within[number] = whole[0][0][np.ix_(rows, rows)]
        across[number], start[number] = whole[1][0][:, rows], whole[2][0][rows]
    changed = np.flatnonzero(~is_base)
    if len(changed):
        inputs = np.stack([draw.sets[number].inputs for number in changed])
        targets = np.stack([draw.sets[number].targets for number in changed])
        within[changed], across[changed], start[changed], _ = _kernel(
            draw, variables, inputs, targets
        )
    return within, across, start, whole[3]


def _kernel(draw: Draw, variables: Variables, inputs, targets):
    """The same for sets (b, n, ...) of labelled rows, by a pass over the network."""
    kernel = tangent_kernel(
        apply_function(network(draw)),
        [variables],
        _dataset(draw, inputs, targets),
        output="trace",
        num_blocks=len(inputs),
        shuffle=False,
        with_validation=True,
    )
    assert kernel.validation_kernel is not None
    assert kernel.validation_outputs is not None
    num_sets, num_rows = targets.shape
    across = kernel.validation_kernel[0].reshape(-1, num_sets, num_rows).swapaxes(0, 1)
    one_hot = np.eye(draw.num_classes)[targets]
    start = one_hot - kernel.residual[0].reshape(one_hot.shape)
    return kernel.blocks[0], across, start, kernel.validation_outputs[0]


def _dataset(draw: Draw, inputs, targets) -> Dataset:
    """Sets (b, n, ...) one after the other, with the draw's validation rows."""
    return Dataset(
        inputs.reshape(-1, *inputs.shape[2:]),
        targets.reshape(-1),
        "classification",
        draw.num_classes,
        Validation(draw.validation.inputs, draw.validation.targets),
    )


def _digest(draw: Draw) -> str:
    digest = hashlib.sha256(repr(network(draw)).encode())
    for part in (draw.base, draw.validation, *draw.sets):
        digest.update(np.ascontiguousarray(part.inputs).tobytes())
        digest.update(np.ascontiguousarray(part.targets).tobytes())
    return digest.hexdigest()[:12]


def _save(arrays: dict[str, np.ndarray], path: Path) -> None:
    np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
