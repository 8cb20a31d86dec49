"""What kernels of ours say of rows: by all other rows, or by the validation rows."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from davinz_jax import Ingredients, KernelOptions
from davinz_jax.data import partition_rows
from davinz_jax.detection import RowCheck, label_margins, target_residuals
from davinz_jax.models.default import default_model
from davinz_jax.semivalues import leave_one_out
from davinz_jax.utility import KernelChoice
from experiments.studies.detect.views import shapley_view
from experiments.studies.detection_benchmark.draws import Draw

PAPER_RIDGE = 1e-4


def judge(draw: Draw, kernel: str) -> RowCheck:
    """What all other rows say of each row, by a kernel."""
    dataset = draw.dataset
    made = ingredients(draw, kernel).regression_kernel()
    if dataset.task == "classification":
        return label_margins(made, dataset.targets)
    return target_residuals(made, dataset.targets.astype(np.float64))


def ingredients(
    draw: Draw, kernel: str = "ntk", options: KernelOptions | None = None
) -> Ingredients:
    """Rows as players, with one draw of the default network of their kind."""
    dataset = draw.dataset
    output = "trace" if dataset.task == "classification" else "scalar"
    return Ingredients(
        default_model(input_shape=dataset.inputs.shape[1:], num_outputs=dataset.num_classes),
        dataset,
        partition_rows(dataset)[1],
        key=draw.key,
        num_initialisations=1,
        kernel_options=options or KernelOptions(ridge="auto", output=output),
        kernel_choice=KernelChoice(kernel),
        num_resamples=0,
    )


def sampled_shapley(draw: Draw) -> Float[np.ndarray, " n"]:
    """Shapley values of rows by kernel regression on the validation rows, orders sampled."""
    made = ingredients(draw, "rbf")
    check = label_margins(made.regression_kernel(), draw.dataset.targets)
    return shapley_view(made, ridge=check.curves[0].ridge, key=draw.key).values


def left_out(draw: Draw) -> Float[np.ndarray, " n"]:
    """Leave-one-out values of rows by kernel regression on the validation rows."""
    return leave_one_out(ingredients(draw, "rbf").kernel_regression(metric="soft_accuracy")).values


def paper_score(draw: Draw) -> Float[np.ndarray, " n"]:
    """Leave-one-out values of rows by ν with the paper's ridge and output."""
    return leave_one_out(
        ingredients(draw, options=KernelOptions(ridge=PAPER_RIDGE)).davinz()
    ).values


MAKERS: Mapping[str, Callable[[Draw], Float[np.ndarray, " n"]]] = {
    "rbf_shapley": sampled_shapley,
    "rbf_leave_one_out": left_out,
    "nu": paper_score,
}
"""Values of ours that look at the validation rows, by method."""
