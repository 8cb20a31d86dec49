"""Functions of another form are refused when composed, by the name of their option."""

from functools import partial

import pytest

from davinz_jax import Ingredients
from davinz_jax.data import keep_rows, load_digits, partition_random
from davinz_jax.models import default_model
from davinz_jax.semivalues import leave_one_out, shapley
from davinz_jax.training import given_schedule, paper_schedule
from experiments.runtime import protocols
from experiments.runtime.errors import InputError


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        (protocols.Source, partial(load_digits, size=8)),
        (protocols.Partition, partial(partition_random, num=3)),
        (protocols.Corruption, keep_rows),
        (protocols.UtilityFactory, partial(Ingredients.davinz, kappa=1.0)),
        (protocols.Semivalue, leave_one_out),
        (protocols.Semivalue, shapley),
        (protocols.NetworkFactory, default_model),
        (protocols.ScheduleFactory, paper_schedule),
    ],
)
def test_what_the_library_gives_is_of_its_kind(kind, function):
    assert protocols.check("group", function, kind) is function


def test_forms_in_words():
    assert protocols.form(protocols.Source) == "(*, key, progress)"
    assert protocols.form(protocols.Semivalue) == "(utility, *, key, checkpoint, progress)"


def lacks_progress(*, key):
    return key


def wants_more(dataset, parties, *, key):
    return dataset, parties, key


@pytest.mark.parametrize(
    ("kind", "function", "text"),
    [
        (protocols.Source, lacks_progress,
         r"data: wanted a function of the form \(\*, key, progress\), got lacks_progress: got an "
         "unexpected keyword argument 'progress'"),
        (protocols.Partition, wants_more, r"\(dataset, \*, key\), got wants_more: missing a .*"),
        (protocols.Source, 3.0, "got 3.0; set data._partial_=true"),
        (protocols.Source, partial(load_digits, sise=8), "data.sise: .*did you mean 'size'"),
        (protocols.ScheduleFactory, given_schedule, "missing a required .*learning_rate"),
    ],
)  # fmt: skip
def test_another_form_is_refused(kind, function, text):
    with pytest.raises(InputError, match=text):
        protocols.check("data", function, kind)
