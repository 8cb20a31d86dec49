"""Ranks against SciPy, figures published by others, and what a method's values are judged by."""

import jax
import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range

from experiments.studies.detection_benchmark import page, variants
from experiments.studies.detection_benchmark.analysis import (
    beside_published,
    best_published,
    rank_families,
    ranked,
    recall_curves,
    table_of_means,
)
from experiments.studies.detection_benchmark.draws import make_draws
from experiments.studies.detection_benchmark.judging import judge
from experiments.studies.detection_benchmark.methods import Scored
from experiments.studies.detection_benchmark.specs import Piece

HOW = {"key": jax.random.key(0), "num_resamples": 500, "level": 0.95}


def record(data, method, f1, *, seed=0, rate=0.1, noise="label"):
    return {"data": data, "method": method, "f1": f1, "auc": f1, "seed": seed, "rate": rate,
            "noise": noise, "seconds": 1.0, "recall": [f1, 1.0]}  # fmt: skip


def test_ranks_and_chances_are_nemenyis():
    scores = pd.DataFrame(
        {"rbf_margin": [0.9, 0.8, 0.7, 0.9], "lava": [0.5, 0.6, 0.6, 0.5],
         "random": [0.1, 0.2, 0.6, 0.2]},
        index=pd.Index(["2dplanes", "fried", "ring", "magic"]),
    )  # fmt: skip
    found = ranked(scores, **HOW)
    assert found["rank"]["rbf_margin"] == [1.0, 1.0, 1.0]
    assert found["rank"]["random"][0] == pytest.approx((3 + 3 + 2.5 + 3) / 4)
    apart = found["rank"]["random"][0] - 1.0
    wanted = studentized_range.sf(apart / np.sqrt(3 * 4 / (6 * 4)) * np.sqrt(2), 3, np.inf)
    assert found["chance"]["rbf_margin"]["random"] == pytest.approx(wanted, abs=2e-3)
    assert found["alike"] == ["lava"]


def test_methods_that_missed_a_draw_are_not_ranked():
    records = [record(data, method, 0.5, seed=seed) for data in ("2dplanes", "ring")
               for method in ("rbf_margin", "lava") for seed in (0, 1)]  # fmt: skip
    records += [record("2dplanes", "random", 0.9), record("ring", "random", 0.9)]
    assert list(table_of_means(records, "f1")) == ["rbf_margin", "lava"]


def test_families_leave_out_data_that_are_shown_alone():
    records = [record(data, method, score) for data in ("2dplanes", "ring", "titanic", "diabetes")
               for method, score in (("rbf_margin", 0.6), ("lava", 0.3))]  # fmt: skip
    for family in rank_families(records, **HOW):
        assert family["data"] == ["2dplanes", "ring"]
        assert family["first"] == "rbf_margin"


def test_published_figures_are_read_and_held_against_ours():
    path = page.KEPT / page.PUBLISHED
    assert best_published(path)["noisy_label", "2dplanes", 0.1][1] == pytest.approx(0.596, abs=5e-4)
    records = [record("2dplanes", "knn_shapley_100", f1, seed=seed)
               for seed, f1 in enumerate([0.30, 0.32, 0.31])]  # fmt: skip
    (row,) = beside_published(records, path)
    assert row["published"] == pytest.approx(0.309, abs=5e-4)
    assert row["f1"] == pytest.approx(0.31)
    assert abs(row["apart"]) < 1
    assert not beside_published([record("ring", "lava", 0.3)], path)


def test_recall_is_of_methods_run_on_all_data():
    records = [record(data, "lava", 0.4) for data in ("2dplanes", "ring")]
    records.append(record("ring", "random", 0.2))
    assert recall_curves(records) == {"label": {"lava": [0.4, 1.0]}}


def test_values_are_judged_by_two_means_and_the_order():
    draw = make_draws(Piece("fried", 0, ("label",), (0.2,), shrink=20))["label", 0.2]
    perfect = judge(draw, Scored("random", -draw.is_wrong.astype(float), 0.0))
    assert (perfect["f1"], perfect["auc"]) == (1.0, 1.0)
    assert perfect["recall"][3] == 1.0  # a fifth of the rows is wrong
    flat = judge(draw, Scored("random", np.zeros(50), 0.0))
    assert (flat["f1"], flat["auc"]) == (0.0, 0.5)
    with pytest.raises(ValueError, match="values: wanted finite numbers of random on fried"):
        judge(draw, Scored("random", np.full(50, np.nan), 0.0))


def test_variants_are_held_against_the_figure_of_their_name():
    path = page.KEPT / page.PUBLISHED
    records = [
        {"data": "fried", "noise": "label", "rate": 0.2, "method": variants.OOB, "how": "hits",
         "f1": f1} for f1 in (0.5, 0.54)
    ]  # fmt: skip
    (row,) = variants.summarise(records, path)
    assert row["published"] == pytest.approx(0.524, abs=5e-4)
    assert row["count"] == 2
    assert not variants.summarise(records[:1], path)  # one draw has no error


def test_variants_run_on_a_small_draw():
    piece = Piece("fried", 0, ("label", "feature"), (0.2,), shrink=20)
    found = variants.measure(piece)
    assert len(found) == len(variants.VARIANTS) + 3  # LAVA on both kinds of noise
    assert all(0 <= record["f1"] <= 1 for record in found)
