"""The layer-wise engine on networks of many kinds, against whole Jacobians in float64."""

import jax
import numpy as np
import pytest

from davinz_jax.ntk import empirical_ntk
from davinz_jax.ntk.parameters import promote_variables
from tests.ntk.engines.layerwise import both, graphs, zoo

pytestmark = pytest.mark.usefixtures("quick_compilation")


def often(cases, rarely):
    """Cases, of which some are run with the slow tests alone."""
    return [pytest.param(c, marks=[pytest.mark.slow] if c in rarely else []) for c in cases]


@pytest.mark.parametrize("name", often(zoo.NAMES, zoo.SLOW))
def test_equals_whole_jacobians(name):
    """1e-12 of the largest entry, in whatever forms."""
    if name == "equinox":
        pytest.importorskip("equinox")
    with jax.enable_x64(True):
        kind = zoo.make(name)
        variables = promote_variables(kind.variables, np.zeros(1))
        seen = both.compare(kind.apply, variables, kind.inputs)
    assert set(seen.survey.hindrances) - {"elementwise"} == kind.jacobian
    assert seen.error < 1e-12


def test_float32_through_the_front_door():
    """1e-5; the weights of a model that is not Linen's, for each row's own class."""
    kind = zoo.make("nnx")
    inputs = kind.inputs.astype(np.float32)
    variables = promote_variables(kind.variables, inputs)
    found = empirical_ntk(kind.apply, variables, inputs, np.arange(3), engine="layerwise")
    whole = jax.jit(jax.jacobian(kind.apply))(variables, inputs)["params"]
    leaves = [
        np.asarray(leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(whole)
        if "kernel" in jax.tree_util.keystr(path)
    ]
    own = np.concatenate([leaf[range(3), range(3)].reshape(3, -1) for leaf in leaves], axis=1)
    np.testing.assert_allclose(found, own @ own.T, atol=1e-5 * np.abs(own @ own.T).max(), rtol=0)


@pytest.mark.parametrize("seed", often(range(12), range(2, 12)))
def test_random_graphs_equal_whole_jacobians(seed):
    """Leaves moved, scaled, sliced, shared and hidden at random."""
    with jax.enable_x64(True):
        apply, variables, inputs = graphs.draw(seed)
        seen = both.compare(apply, variables, inputs)
    assert seen.survey.layers
    assert seen.error < 1e-12, seen.survey
