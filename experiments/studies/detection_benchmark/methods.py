"""What is compared: kernels' margins and values of ours, and rivals, each a value for every row.

Low values are doubtful. A method's time is that of its values from the rows on, kernels included.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from davinz_jax.types import Task
from experiments.studies.detection_benchmark import ours, rivals
from experiments.studies.detection_benchmark.draws import Draw
from experiments.studies.detection_benchmark.specs import GENERATED

KERNELS = {"rbf": "RBF", "ntk": "NTK", "laplace": "Laplace"}
BOTH: tuple[Task, ...] = ("classification", "regression")


class Scored(NamedTuple):
    """A method's values of the rows of a draw, and the seconds they took."""

    method: str
    values: Float[np.ndarray, " n"]
    seconds: float


@dataclass(frozen=True)
class Method:
    """How a method is shown, and where it is run.

    Attributes:
        title: its name in words.
        is_ours: whether it is of this project, and looks at a kernel.
        is_long: whether a draw takes over two seconds, or the method is shown for the record; it is
            run on few seeds and rates.
        tasks: what targets may be.
        only: data sets that it is run on; all if none is named.
        published: name among the published figures, if there is one.
    """

    title: str
    is_ours: bool = False
    is_long: bool = False
    tasks: tuple[Task, ...] = ("classification",)
    only: tuple[str, ...] = ()
    published: str | None = None


METHODS: Mapping[str, Method] = {
    **{
        f"{kernel}_margin": Method(f"{name}: leave-one-out margin", is_ours=True, tasks=BOTH)
        for kernel, name in KERNELS.items()
    },
    **{
        f"{kernel}_novelty": Method(f"{name}: novelty of inputs", is_ours=True, tasks=BOTH)
        for kernel, name in KERNELS.items()
    },
    "rbf_shapley": Method("RBF: Shapley of rows, 100 orders", is_ours=True, is_long=True),
    "rbf_leave_one_out": Method("RBF: leave-one-out value", is_ours=True, is_long=True),
    "nu": Method("ν of the paper: leave-one-out value", is_ours=True, is_long=True),
    "knn_shapley_100": Method("KNN-Shapley, K = 100", published="KNN-Shapley, k=100"),
    "knn_shapley_5": Method("KNN-Shapley, K = 5"),
    "data_oob_logistic": Method("Data-OOB, 100 logistic regressions", is_long=True),
    "data_oob_logistic_1000": Method(
        "Data-OOB, 1,000 logistic regressions",
        is_long=True,
        only=GENERATED,
        published="Data-OOB, logistic regression",
    ),
    "data_oob_tree": Method("Data-OOB, 100 trees", is_long=True, tasks=BOTH),
    "lava": Method("LAVA", tasks=BOTH, published="LAVA"),
    "complexity_gap": Method("CG-score"),
    "influence": Method("influence, logistic regression"),
    "confident_learning": Method("confident learning (cleanlab)"),
    "random": Method("random", tasks=BOTH, published="random"),
}
"""Methods by name, ours first."""


def is_run(method: str, draw: Draw, *, with_long: bool) -> bool:
    """Whether a method is run on a draw; networks of images take over two seconds."""
    about, dataset = METHODS[method], draw.dataset
    is_long = about.is_long or (dataset.inputs.ndim > 2 and method.startswith("ntk"))
    fits = dataset.task in about.tasks and (not about.only or draw.data in about.only)
    return fits and (with_long or not is_long)


def score_rows(draw: Draw, *, with_long: bool = False) -> Iterator[Scored]:
    """Values of the rows of a draw by every method that is run on it."""
    for kernel in KERNELS:
        if is_run(f"{kernel}_margin", draw, with_long=with_long):
            yield from check_rows(draw, kernel)
    _ = draw.columns  # found once, outside the time of those who look at them
    for name, make in (dict(ours.MAKERS) | dict(rivals.MAKERS)).items():
        if is_run(name, draw, with_long=with_long):
            begin = perf_counter()
            values = np.asarray(make(draw), np.float64)
            yield Scored(name, values, perf_counter() - begin)


def check_rows(draw: Draw, kernel: str) -> Iterator[Scored]:
    """Margins and novelty by a kernel, the ridge by leave-one-out error; no validation row."""
    begin = perf_counter()
    check = ours.judge(draw, kernel)
    seconds = perf_counter() - begin
    yield Scored(f"{kernel}_margin", -check.cost, seconds)
    yield Scored(f"{kernel}_novelty", -check.novelty, seconds)
