"""Kernels from `empirical_ntk` and `tangent_kernel`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.ntk import empirical_ntk, tangent_kernel


def linear(variables, inputs):
    """f(x) = x W: the gradient of logit c is x in column c."""
    return inputs @ variables["params"]["kernel"]


@pytest.fixture(scope="module")
def variables():
    return {"params": {"kernel": jax.random.normal(jax.random.key(1), (4, 3))}}


@pytest.fixture(scope="module")
def dataset():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(7, 4)).astype(np.float32)
    targets = rng.integers(0, 3, 7)
    return Dataset(inputs, targets, "classification", 3, Validation(inputs[:2] + 1))


def test_linear_model_by_hand(variables, dataset):
    """label: x·x' where the classes agree, else 0; trace: the mean over logits is x·x'."""
    x, y = dataset.inputs, dataset.targets
    label = empirical_ntk(linear, variables, x, y)
    np.testing.assert_allclose(label, (x @ x.T) * (y[:, None] == y[None, :]), atol=1e-6)
    trace = empirical_ntk(linear, variables, x, output="trace")
    np.testing.assert_allclose(trace, x @ x.T, atol=1e-6)


@pytest.mark.parametrize("engine", ["layerwise", "neural_tangents"])
def test_first_logit_against_its_gradient(variables, dataset, engine):
    """Of x → tanh(x W) V: a Jacobian of logit 0 alone, and residuals of every class."""
    head = jax.random.normal(jax.random.key(2), (3, 3))

    def bent(variables, inputs):
        return jnp.tanh(inputs @ variables["params"]["kernel"]) @ head

    def first(kernel):
        return bent({"params": {"kernel": kernel}}, dataset.inputs)[:, 0]

    jacobian = np.asarray(jax.jacobian(first)(variables["params"]["kernel"])).reshape(7, -1)
    found = tangent_kernel(
        bent, [variables], dataset, output="first", with_validation=True, engine=engine
    )
    np.testing.assert_allclose(found.blocks[0, 0], jacobian @ jacobian.T, rtol=2e-5, atol=1e-6)
    outputs = np.asarray(bent(variables, dataset.inputs))
    wanted = np.eye(3)[dataset.targets] - outputs
    np.testing.assert_allclose(found.residual[0], wanted, atol=1e-6)
    assert found.validation_outputs.shape == (1, 2, 3)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 50])
def test_any_batch_size_gives_the_same_symmetric_kernel(variables, dataset, batch_size):
    x, y = dataset.inputs, dataset.targets
    whole = empirical_ntk(linear, variables, x, y)
    found = empirical_ntk(linear, variables, x, y, batch_size=batch_size)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    np.testing.assert_array_equal(found, found.T)
    cross = empirical_ntk(
        linear, variables, x[:3], y[:3], other_inputs=x, other_labels=y, batch_size=batch_size
    )
    np.testing.assert_allclose(cross, whole[:3], atol=1e-6)


def test_blocks_are_submatrices_of_the_dense_kernel(variables, dataset, key):
    dense = empirical_ntk(linear, variables, dataset.inputs, dataset.targets)
    kernel = tangent_kernel(linear, [variables, variables], dataset, num_blocks=3, key=key)
    assert kernel.blocks.shape == (2, 3, 3, 3)
    for rows, block in zip(kernel.rows, kernel.blocks[1], strict=True):
        real = rows >= 0
        np.testing.assert_allclose(block[np.ix_(real, real)], dense[np.ix_(rows[real], rows[real])])
        assert not block[~real].any()
        assert not block[:, ~real].any()


def test_validation_kernel_and_residuals(variables, dataset):
    kernel = tangent_kernel(linear, [variables], dataset, output="trace", with_validation=True)
    assert kernel.validation_kernel is not None
    assert kernel.validation_outputs is not None
    cross = dataset.validation.inputs @ dataset.inputs.T
    np.testing.assert_allclose(kernel.validation_kernel[0], cross, atol=1e-5)
    outputs = dataset.validation.inputs @ variables["params"]["kernel"]
    np.testing.assert_allclose(kernel.validation_outputs[0], outputs, atol=1e-5)
    one_hot = np.eye(3)[dataset.targets]
    left = one_hot - dataset.inputs @ np.asarray(variables["params"]["kernel"])
    np.testing.assert_allclose(kernel.residual[0], left, atol=1e-5)


def test_float64_is_kept(variables, dataset):
    with jax.enable_x64(True):
        x = dataset.inputs.astype(np.float64)
        kernel = empirical_ntk(linear, variables, x, output="trace")
    assert kernel.dtype == np.float64
    np.testing.assert_allclose(kernel, x @ x.T, rtol=1e-12)


def test_progress_ends_at_the_total(variables, dataset):
    seen = []
    tangent_kernel(
        linear, [variables], dataset, num_blocks=3, shuffle=False,
        progress=lambda done, total, stage: seen.append((done, total, stage)),
    )  # fmt: skip
    assert seen[-1] == (3, 3, "kernel")


def test_refusals_name_the_argument(variables, dataset):
    with pytest.raises(ValueError, match="engine: wanted one of"):
        empirical_ntk(linear, variables, dataset.inputs, dataset.targets, engine="layers")
    with pytest.raises(ValueError, match="batch_size: wanted 1 or more"):
        empirical_ntk(linear, variables, dataset.inputs, dataset.targets, batch_size=0)
    with pytest.raises(ValueError, match="initialisations: wanted at least one"):
        tangent_kernel(linear, [], dataset, num_blocks=1)
    with pytest.raises(ValueError, match="num_blocks: wanted"):
        tangent_kernel(linear, [variables], dataset, num_blocks=8, shuffle=False)
    with pytest.raises(ValueError, match="kernel to the validation set"):
        tangent_kernel(linear, [variables], dataset, with_validation=True)


def overflowing(variables, inputs):
    """Finite outputs of finite inputs, with infinite gradients."""
    return jnp.sqrt(jnp.abs(inputs @ (0 * variables["params"]["kernel"])))


def test_non_finite_kernel_names_its_cause(variables, dataset):
    x, y = dataset.inputs, dataset.targets
    bad = {"params": {"kernel": variables["params"]["kernel"].at[0, 0].set(jnp.nan)}}
    with pytest.raises(ValueError, match="weights .*kernel"):
        tangent_kernel(linear, [bad], dataset)
    with pytest.raises(ValueError, match="gradients that overflow"):
        empirical_ntk(overflowing, variables, x, y)


# -- sketches --------------------------------------------------------------------------------------


def two_layers(variables, inputs):
    first, second = variables["params"]["first"]["kernel"], variables["params"]["second"]["kernel"]
    return jnp.tanh(inputs @ first) @ second


@pytest.fixture(scope="module")
def sketched(dataset):
    """A function from settings to a sketched kernel, in two draws of a network of two layers."""
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(7, 24)).astype(np.float32)
    data = Dataset(inputs, dataset.targets, "classification", 3, Validation(inputs[:2]))
    shapes = {"first": (24, 30), "second": (30, 30)}
    drawn = [
        {"params": {at: {"kernel": rng.normal(size=each)} for at, each in shapes.items()}}
        for _ in range(2)
    ]

    def make(**settings):
        settings = {"output": "trace", "with_validation": True, "sketch": 2} | settings
        return tangent_kernel(two_layers, drawn, data, key=jax.random.key(5), **settings)

    return make


def test_a_sketch_is_the_same_however_it_is_cut(sketched, tmp_path):
    """In tiles, in blocks, from a store, and to rows of a validation set that are its own."""
    whole = sketched()
    assert whole.engine == "layerwise, sketch of 2"
    assert set(whole.coverage.values()) == {"sketch"}
    np.testing.assert_allclose(whole.validation_kernel, whole.blocks[:, 0, :2], rtol=1e-4)
    stored = sketched(batch_size=3, store=tmp_path)
    again = sketched(batch_size=3, store=tmp_path)
    blocks = sketched(num_blocks=2, shuffle=False)
    for part in (lambda k: k.blocks, lambda k: k.sketch.half_difference):
        np.testing.assert_allclose(part(stored), part(whole), atol=1e-4)
        np.testing.assert_array_equal(part(again), part(stored))
        np.testing.assert_allclose(part(blocks)[:, 1], part(whole)[:, 0, 3:, 3:], atol=1e-4)
    other = sketched(sketch=3, store=tmp_path / "other")
    assert np.abs(other.blocks - whole.blocks).max() > 1


def test_halves_of_a_sketch_are_kernels(sketched):
    """Positive semidefinite, their mean the estimate; draws of the network have their own."""
    found = sketched()
    first, second = found.make_halves()
    np.testing.assert_allclose((first.blocks + second.blocks) / 2, found.blocks, rtol=1e-4)
    across = (first.validation_kernel + second.validation_kernel) / 2
    np.testing.assert_allclose(across, found.validation_kernel, rtol=1e-4)
    assert np.linalg.eigvalsh(first.blocks).min() > -1e-3
    relative = found.sketch.half_difference / found.blocks.diagonal(0, 2, 3).mean()
    assert found.sketch_error == pytest.approx(np.sqrt(np.mean(relative**2)), rel=0.5)
    assert found.describe()["sketch"] == {"size": 2, "error": found.sketch_error}
    assert found.rounding is None
    assert first.make_halves is None


def test_entries_alone_are_those_of_one_key():
    """Whole and part agree where the key is the same."""
    wide = {"params": {"kernel": jnp.ones((30, 3))}}
    x = np.random.default_rng(0).normal(size=(5, 30)).astype(np.float32)
    settings = {"output": "trace", "sketch": 1, "key": jax.random.key(0)}
    whole = empirical_ntk(linear, wide, x, **settings)
    part = empirical_ntk(linear, wide, x[:2], other_inputs=x, **settings)
    np.testing.assert_allclose(part, whole[:2], atol=1e-4)
    with pytest.raises(ValueError, match=r"sketch: wanted at most \d+ dimensions .* got 99, with"):
        empirical_ntk(linear, wide, x, output="trace", sketch=99, key=jax.random.key(0))
