"""What follows from sets, scores and networks: right where labels are random, and where not."""

import jax
import numpy as np
import pytest

from experiments.studies.trust import analysis
from experiments.studies.trust.measure import Measured
from experiments.studies.trust.rule import Ground, Verdict, judge
from experiments.studies.trust.skill import measure_skill
from experiments.studies.trust.truth import Achieved

FIRM = Ground(0.3, 0.05, (0.9, 0.8, 0.95))


def judged(seed, *, learns):
    """60 sets whose networks name class 1 with shares that differ, on 100 rows, 70 of class 1.

    A score sees these shares. Networks that learn are right more often where the score is higher.
    """
    generator = np.random.default_rng(seed)
    targets = (generator.random(100) < 0.7).astype(int)
    shares = generator.random(60)
    measured = []
    for number, share in enumerate(shares):
        achieved = []
        for _ in range(2):
            guess = (generator.random(100) < share).astype(int)
            knows = generator.random(100) < (share if learns else 0)
            predicted = np.where(knows, targets, guess)
            skill = measure_skill(predicted, targets, "classification")
            achieved.append(Achieved(float((predicted == targets).mean()), skill, 1))
        kind = "clean" if number % 6 == 0 else "imbalance"
        measured.append(Measured(number, kind, "", {}, achieved))
    accuracy, skill = analysis.accuracies(measured), analysis.skills(measured)
    how = {"level": 0.95, "key": jax.random.key(seed)}
    ground = analysis.find_ground(measured, **how)
    columns = {"score": shares + 0.05 * generator.normal(size=60)}
    told = analysis.agree(columns, accuracy, skill, ground, **how)["score"]
    return told, analysis.say(told, ground, "it", "classification", num_sets=60, num_networks=120)


@pytest.mark.parametrize("seed", range(6))
def test_random_labels_are_never_believed_though_label_frequencies_show(seed):
    told, sentence = judged(seed, learns=False)
    assert told["spearman"][1] > 0.3  # it does order accuracies, by label frequencies alone
    assert told["verdict"] == Verdict.do_not_use
    assert sentence.startswith("Do not use it: networks trained on random rows")


def test_networks_that_learn_are_believed():
    told, sentence = judged(0, learns=True)
    assert told["verdict"] == Verdict.believe
    assert sentence.startswith("Believe it: it ordered 60 sets of these data with Spearman .9")


@pytest.mark.parametrize(
    ("spearman", "beyond", "ground", "verdict"),
    [
        ((0.9, 0.7, 1.0), (0.8, 0.1, 0.9), FIRM, "believe"),
        ((0.9, 0.69, 1.0), (0.8, 0.1, 0.9), FIRM, "far_apart"),
        ((0.5, 0.29, 0.7), (0.5, 0.3, 0.7), FIRM, "do_not_use"),
        ((0.9, 0.8, 1.0), (0.1, -0.1, 0.3), FIRM, "do_not_use"),
        ((0.9, 0.8, 1.0), (0.8, 0.7, 0.9), Ground(0.1, 0.04, (0.9, 0.8, 0.9)), "do_not_use"),
        ((0.9, 0.8, 1.0), (0.8, 0.7, 0.9), Ground(0.3, 0.05, (0.1, -0.2, 0.4)), "do_not_use"),
    ],
)
def test_every_condition_of_the_rule_counts(spearman, beyond, ground, verdict):
    assert judge(spearman, beyond, ground) == verdict


def test_sentences_say_why():
    told = {"spearman": (0.9, 0.8, 1.0), "spearman_with_skill": (0.1, -0.1, 0.3),
            "verdict": "do_not_use"}  # fmt: skip
    counts = {"task": "classification", "num_sets": 20, "num_networks": 40}
    said = analysis.say(told, FIRM, "ν", **counts)
    assert "but by accuracy beyond what label frequencies bring no better than at random" in said
    loose = Ground(0.3, 0.05, (0.1, -0.2, 0.4))
    assert "two trainings of the same sets agree" in analysis.say(told, loose, "ν", **counts)


def test_a_last_parting_of_few_sets_is_left_out():
    assert [len(each) for each in analysis.places_of_deals(50)] == [24, 24]
    assert [len(each) for each in analysis.places_of_deals(60)] == [24, 24, 12]
    assert [len(each) for each in analysis.places_of_deals(9)] == [9]


def test_calibration_is_of_fifths_in_order():
    score = np.arange(10.0)[::-1]
    parts = analysis.calibrate(score, score / 10)
    assert [part["score"] for part in parts] == [0.5, 2.5, 4.5, 6.5, 8.5]
    assert parts[0]["accuracy"] == pytest.approx(0.05)
