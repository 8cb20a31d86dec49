"""Rivals as others may have run them: what their published figures depend on that ours leave out.

Data-OOB may score the label's chance in place of hits, with logistic regressions that gradient
steps did not bring to their least loss; LAVA may regularise its plans more.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from davinz_jax.baselines import data_oob, lava
from davinz_jax.linalg.threads import limit_threads
from experiments.studies.detection_benchmark.analysis import (
    Record,
    grouped,
    hold_against,
    mean_of,
    stderr_of,
)
from experiments.studies.detection_benchmark.draws import Draw, make_draws
from experiments.studies.detection_benchmark.judging import judge
from experiments.studies.detection_benchmark.methods import Scored
from experiments.studies.detection_benchmark.rivals import FEW_MODELS, validation_targets
from experiments.studies.detection_benchmark.specs import FEW_RATES, GENERATED, Piece, Plan

Values = Float[np.ndarray, " n"]
OOB, LAVA = "Data-OOB, logistic regression", "LAVA"
"""Names among the published figures."""

BATCH, RATE = 32, 0.01
"""Of one epoch of Adam."""


def plan_of(num_seeds: int) -> Plan:
    """Draws of the data sets that figures are published for."""
    return Plan(GENERATED, num_seeds, ("label", "feature"), FEW_RATES)


def _out_of_bag(draw: Draw, learner: Any, score: data_oob.Score) -> Values:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that an epoch is not enough, which is meant
        return data_oob.row_values(
            draw.columns[0],
            draw.dataset.targets,
            key=draw.key,
            learner=learner,
            score=score,
            num_models=FEW_MODELS,
        )


def _one_epoch(draw: Draw, score: data_oob.Score) -> Values:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline

    how: dict[str, Any] = {"batch_size": BATCH, "learning_rate_init": RATE, "max_iter": 1}
    learner = make_pipeline(MLPClassifier((), **how))  # which is given the rows drawn, no weights
    return _out_of_bag(draw, learner, score)


def _transport(draw: Draw, epsilon: float) -> Values:
    rows, others, _ = draw.columns
    targets = draw.dataset.targets
    return lava.row_values(rows, targets, others, validation_targets(draw), epsilon=epsilon)


VARIANTS: Mapping[tuple[str, str], Callable[[Draw], Values]] = {
    (OOB, "hits, least loss (as compared)"): lambda draw: _out_of_bag(draw, "logistic", "hit"),
    (OOB, "chances, least loss"): lambda draw: _out_of_bag(draw, "logistic", "chance"),
    (OOB, "hits, one epoch of Adam"): lambda draw: _one_epoch(draw, "hit"),
    (OOB, "chances, one epoch of Adam"): lambda draw: _one_epoch(draw, "chance"),
    (LAVA, "entropy .01 of the mean cost (as compared)"): lambda draw: _transport(draw, 0.01),
    (LAVA, "entropy .03"): lambda draw: _transport(draw, 0.03),
    (LAVA, "entropy .1"): lambda draw: _transport(draw, 0.1),
}
"""Values of rows, by the published name and by how it is run."""


def measure(piece: Piece, root: Path | None = None) -> list[dict[str, Any]]:
    """F1 of every variant on the draws of a piece; Data-OOB on label noise alone."""
    records = []
    with limit_threads(1):
        for (noise, rate), draw in make_draws(piece, root=root).items():
            for (method, how), make in VARIANTS.items():
                if method == LAVA or noise == "label":
                    found = judge(draw, Scored(how, make(draw), 0.0))
                    place = {"noise": noise, "rate": rate, "method": method, "how": how}
                    records.append({**place, "f1": found["f1"]})
    return records


def summarise(records: Sequence[Record], path: Path) -> list[dict[str, Any]]:
    """Mean F1 of each variant beside the published figure, and how far apart they are."""
    return list(_summarise(records, path))


def _summarise(records: Sequence[Record], path: Path) -> Iterator[dict[str, Any]]:
    names = ("method", "how", "data", "noise", "rate")
    for place, part in grouped(records, *names).items():
        cell: dict[str, Any] = dict(zip(names, place, strict=True))
        cell |= {"count": len(part), "f1": mean_of(part, "f1"), "f1_stderr": stderr_of(part, "f1")}
        apart = hold_against(cell, cell["method"], path)
        if apart is not None:
            yield cell | apart
