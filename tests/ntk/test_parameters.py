"""Splitting variables into chosen leaves and the rest."""

import jax
import numpy as np
import pytest

from davinz_jax.ntk.parameters import merge_variables, num_parameters, split_variables

VARIABLES = {
    "params": {
        "conv": {"kernel": np.zeros((3, 3, 1, 4)), "bias": np.zeros(4)},
        "norm": {"scale": np.ones(4), "kernel": np.ones(4)},
    },
    "batch_stats": {"norm": {"mean": np.zeros(4), "kernel": np.zeros((2, 2))}},
}


def test_weights_are_kernels_of_two_axes_in_params():
    """One of the three leaves named `kernel`: the others are a vector and a statistic."""
    chosen, _ = split_variables(VARIABLES, parameters="weights")
    assert list(chosen) == ["['params']['conv']['kernel']"]
    assert num_parameters(VARIABLES, parameters="weights") == 36


def test_all_counts_every_parameter_but_no_statistic():
    """36 + 4 + 4 + 4."""
    assert num_parameters(VARIABLES, parameters="all") == 48


@pytest.mark.parametrize("parameters", ["weights", "all"])
def test_merge_undoes_split(parameters):
    merged = merge_variables(*split_variables(VARIABLES, parameters=parameters))
    assert jax.tree.structure(merged) == jax.tree.structure(VARIABLES)
    jax.tree.map(np.testing.assert_array_equal, merged, VARIABLES)


def test_refuses_variables_without_a_leaf_to_choose():
    with pytest.raises(ValueError, match="variables: wanted a `kernel`"):
        split_variables({"params": {"scale": np.ones(3)}}, parameters="weights")


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("conv", ["conv/bias", "conv/kernel"]),
        ("^norm/(scale|none)$", ["norm/scale"]),
        ("conv/bias|norm", ["conv/bias", "norm/kernel", "norm/scale"]),
        ("params", None),
        ("mean", None),
    ],
)
def test_a_pattern_is_searched_for_below_params(pattern, wanted):
    """Never in the name of the collection, nor in other collections."""
    if wanted is None:
        with pytest.raises(ValueError, match="which none of 4 matches"):
            split_variables(VARIABLES, parameters=pattern)
        return
    chosen, _ = split_variables(VARIABLES, parameters=pattern)
    assert sorted(chosen) == [
        f"['params'][{path.split('/')[0]!r}][{path.split('/')[1]!r}]" for path in wanted
    ]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("weigths", "none of 4 matches.*'conv/bias', 'conv/kernel'.*did you mean 'weights'"),
        ("layer_9", "none of 4 matches.*see davinz_jax.ntk.survey"),
        ("layer_(4", "wanted 'weights', 'all' or a pattern.*unterminated"),
        ("", "got an empty text"),
    ],
)
def test_refuses_patterns_of_nothing(pattern, message):
    with pytest.raises(ValueError, match=message):
        split_variables(VARIABLES, parameters=pattern)


def test_integers_are_no_parameters():
    variables = {"params": {"kernel": np.ones((2, 2)), "places": np.arange(3)}}
    assert list(split_variables(variables, parameters="all")[0]) == ["['params']['kernel']"]
