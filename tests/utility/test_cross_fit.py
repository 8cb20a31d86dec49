"""Values pooled over folds, against each fold valued by itself from its own rows alone."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax import MLP, Ingredients, KernelChoice, KernelOptions, load_digits
from davinz_jax.data import Parties, Validation, cross_fit, partition_rows
from davinz_jax.semivalues import Sampling, leave_one_out, shapley
from davinz_jax.utility import DiscrepancyOptions

KEY, RIDGE = jax.random.key(0), KernelOptions(ridge=1e-2)
PARTIES = Parties(np.array([0] * 17 + [1] * 16 + [2] * 2), ("a", "b", "tiny"))


@pytest.fixture(scope="module")
def data():
    """Rows of digits 0 to 2 in 3 folds; both rows of the tiny party in one."""
    digits = load_digits(num_validation_rows=1)
    digits = digits.take(np.flatnonzero(digits.targets < 3)[:35])
    fitted = cross_fit(replace(digits, num_classes=3), num_folds=3, key=KEY)
    fitted.folds[-2:] = fitted.folds[-1]
    return fitted


def make(data, parties=PARTIES, **options):
    model = MLP(widths=(6,), num_outputs=3)
    options = {"kernel_options": RIDGE, "num_initialisations": 2, **options}
    return Ingredients(model, data, parties, key=KEY, **options)


def by_hand(data, parties, ask, value, **options):
    """Values of each fold from data without it, weighted by rows; 0 for who has no rows left."""
    total, exposure = np.zeros(len(parties)), np.zeros(len(parties))
    draws = make(data).initialisations
    for fold in range(3):
        held, rows = np.flatnonzero(data.folds == fold), np.flatnonzero(data.folds != fold)
        left, indices = np.unique(parties.indices[rows], return_inverse=True)
        validation = Validation(data.inputs[held], data.targets[held])
        alone = replace(data.take(rows), folds=None, validation=validation, parties=None)
        names = tuple(parties.names[j] for j in left)
        made = make(alone, Parties(indices, names), initialisations=draws, **options)
        total[left] += len(held) / len(data) * value(ask(made)).values
        exposure[left] += len(held) / len(data)
    return total / exposure


@pytest.mark.parametrize("metric", ["accuracy", "mse", "balanced_accuracy"])
@pytest.mark.parametrize("kernel", ["ntk", "rbf"])
def test_parties_are_worth_what_folds_say(data, metric, kernel):
    def ask(made):
        return made.kernel_regression(metric=metric, kernel=KernelChoice(kernel, bandwidth=3.0))

    for value in (shapley, leave_one_out):
        found = value(ask(make(data)))
        np.testing.assert_allclose(found.values, by_hand(data, PARTIES, ask, value), atol=1e-6)
        assert (found.stderr_validation > 0).all()
    assert list(found.num_rows) == [17, 16, 2]


def test_rows_are_worth_the_mean_over_folds_that_they_train_in(data):
    _, parties = partition_rows(data)

    def ask(made):
        return made.kernel_regression(metric="mse")

    found = leave_one_out(ask(make(data, parties)))
    wanted = by_hand(data, parties, ask, leave_one_out, kernel_options=RIDGE)
    np.testing.assert_allclose(found.values, wanted, atol=1e-7)
    sampled = shapley(ask(make(data, parties)), sampling=Sampling(num_samples=4), key=KEY)
    assert np.isfinite(sampled.stderr).all()


def test_nu_is_pooled_with_one_kappa(data):
    options = {"discrepancy_options": DiscrepancyOptions(bandwidth=3.0)}

    def ask(made):
        return made.davinz(kappa=0.3)

    found = shapley(ask(make(data, **options)))
    np.testing.assert_allclose(
        found.values, by_hand(data, PARTIES, ask, shapley, **options), atol=1e-6
    )
    assert make(data, **options).davinz().describe()["kappa"] > 0
    assert (found.stderr_validation > 0).all()


def test_one_pass_gives_all_folds_and_metrics(data, monkeypatch):
    from davinz_jax.utility import ingredients

    calls = []
    compute = ingredients.tangent_kernel
    monkeypatch.setattr(
        ingredients, "tangent_kernel", lambda *a, **k: calls.append(k) or compute(*a, **k)
    )
    made = make(data)
    several = made.kernel_regression(metric=["mse", "accuracy"]).by_metric
    assert set(several) == {"mse", "accuracy"}
    assert len(calls) == 1
    assert not calls[0]["with_validation"]
    described = several["mse"].describe()
    assert (described["num_folds"], described["num_validation_rows"]) == (3, 35)


def test_rows_that_judge_nobody_train_in_all_folds(data):
    """Of 35 rows, the last two leave the folds: 33 judge, and the tiny party is seen by all."""
    folds = np.where(np.arange(35) < 33, data.folds, -1)
    utility = make(replace(data, folds=folds)).kernel_regression()
    assert utility.describe()["num_validation_rows"] == 33
    np.testing.assert_allclose(utility.exposure, 1)
    assert make(data).kernel_regression().exposure[2] < 1


def test_blocks_are_refused(data):
    options = KernelOptions(ridge=1e-2, num_blocks=2)
    with pytest.raises(ValueError, match="num_blocks: wanted 1 where rows judge each other"):
        make(data, kernel_options=options).kernel_regression()
