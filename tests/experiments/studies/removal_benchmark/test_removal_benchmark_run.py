"""Curves of removal against models fitted by hand."""

import jax
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from experiments.studies.detection_benchmark.draws import make_draws
from experiments.studies.detection_benchmark.specs import Piece
from experiments.studies.removal_benchmark.analysis import cells, mean_curves, rank_directions
from experiments.studies.removal_benchmark.run import accuracy_without, removal_curve


@pytest.fixture(scope="module")
def draw():
    """100 rows of fried."""
    return make_draws(Piece("fried", 0, ("label",), (0.1,), shrink=10))["label", 0.1]


def test_curve_is_of_models_without_the_first_rows(draw):
    order = np.random.default_rng(0).permutation(100)
    curve = removal_curve(draw, order)
    assert len(curve) == 20
    rows, _, test = draw.columns
    kept = order[35:]
    model = LogisticRegression(max_iter=300).fit(rows[kept], draw.dataset.targets[kept])
    assert curve[7] == pytest.approx(model.score(test, draw.test_targets))


def test_rows_of_one_class_predict_it(draw):
    others = np.flatnonzero(draw.dataset.targets == 1)
    assert accuracy_without(draw, others) == pytest.approx((draw.test_targets == 0).mean())


def test_ranks_go_by_the_direction():
    levels = {
        ("rbf_margin", "lowest"): 0.9,
        ("rbf_margin", "highest"): 0.5,
        ("random", "lowest"): 0.7,
        ("random", "highest"): 0.7,
    }
    records = [
        {"data": data, "seed": 0, "method": method, "direction": direction}
        | {"accuracy": [0.8] + [level] * 19}
        for data in ("2dplanes", "ring", "titanic")
        for (method, direction), level in levels.items()
    ]
    for family in rank_directions(records, key=jax.random.key(0), num_resamples=50, level=0.95):
        assert family["first"] == "rbf_margin"
        assert family["data"] == ["2dplanes", "ring"]
        assert family["mean"]["random"] == pytest.approx(0.7)
    assert cells(records)[0]["whole"] == pytest.approx(0.8)
    assert mean_curves(records)["highest"]["rbf_margin"][:2] == [0.8, 0.5]
