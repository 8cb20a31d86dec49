"""Refuses what is not finite, at the border of a kernel: its inputs, and the kernel itself.

In between nothing is checked: NaN and infinity pass through sums and products to the kernel.
"""

import jax
import numpy as np
from jaxtyping import Float, Num

from davinz_jax.types import Variables

_RUN = 4096
"""Rows that are looked at together, so that no mask as large as the array is made."""


def check_finite_inputs(inputs: Num[np.ndarray, "n ..."]) -> None:
    """Refuse NaN and infinity, naming the first row that holds one.

    Raises:
        ValueError: if a number is NaN or infinite.
    """
    if not np.issubdtype(inputs.dtype, np.floating):
        return
    runs = [inputs[start : start + _RUN] for start in range(0, len(inputs), _RUN)]
    bad = [~np.isfinite(run.reshape(len(run), -1)).all(axis=1) for run in runs]
    if any(run.any() for run in bad):
        rows = np.flatnonzero(np.concatenate(bad))
        raise ValueError(
            f"inputs: wanted finite numbers, got NaN or infinity in {len(rows)} rows, the first "
            f"row {rows[0]}; impute or drop them"
        )


def check_finite_kernel(
    kernel: Float[np.ndarray, "..."], outputs: Float[np.ndarray, "n k"], variables: Variables
) -> None:
    """Refuse a kernel or outputs that are not finite, naming where NaN or infinity came from.

    Args:
        kernel: kernel or blocks of one, of any shape.
        outputs: outputs of the model on the kernel's rows.
        variables: variables of the model.

    Raises:
        ValueError: if an entry is NaN or infinite.
    """
    if np.isfinite(outputs).all() and is_finite(kernel):
        return
    bad = [
        jax.tree_util.keystr(path)
        for path, leaf in jax.tree_util.tree_leaves_with_path(variables)
        if not np.isfinite(np.asarray(leaf)).all()
    ]
    if bad:
        cause = f"NaN or infinity in the weights {bad[0]}; fix these weights"
    elif not np.isfinite(outputs).all():
        row = int((~np.isfinite(outputs)).any(axis=1).argmax())
        cause = f"outputs of the model that are not finite, first at row {row}; scale the inputs"
    else:
        cause = "gradients that overflow; scale the inputs or weights, or use float64"
    raise ValueError(f"kernel: wanted finite numbers, got {cause}")


def is_finite(kernel: Float[np.ndarray, "..."]) -> bool:
    """Whether every entry is finite."""
    rows = kernel.reshape(-1, kernel.shape[-1])
    return all(np.isfinite(rows[at : at + _RUN]).all() for at in range(0, len(rows), _RUN))
