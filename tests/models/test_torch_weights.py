"""Exchange of weights under PyTorch's names."""

import logging

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.models import CNN, MLP, ResNet, apply_function, initialise
from davinz_jax.models.torch_weights import load_torch_weights, read_weights, save_torch_weights


@pytest.fixture
def small(key):
    module, inputs = ResNet((1, 1), (2, 3)), np.zeros((1, 8, 8, 1), np.float32)
    return module, initialise(module, key, inputs), inputs


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_file_equals_numpy_twin(twin, suffix, tmp_path):
    module, forward, variables, inputs = twin
    path = tmp_path / f"weights.{suffix}"
    save_torch_weights(path, module, variables, inputs)
    with jax.enable_x64(True):
        loaded = load_torch_weights(path, module, inputs)
        outputs = jax.jit(apply_function(module))(loaded, inputs)
    wanted = forward(read_weights(path), np.moveaxis(inputs, -1, 1))
    np.testing.assert_allclose(outputs, wanted, rtol=1e-9)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_reference_networks(golden, twin_forward):
    for name, module in (("cnn", CNN()), ("mlp", MLP())):
        path = next(golden.glob(f"{name}_*.npz"))
        with np.load(path) as archive, jax.enable_x64(True):
            inputs = archive["inputs"][:4]
            rows = np.moveaxis(inputs, 1, -1) if inputs.ndim == 4 else inputs
            outputs = apply_function(module)(load_torch_weights(path, module, rows), rows)
        wanted = twin_forward[name](read_weights(path), inputs)
        np.testing.assert_allclose(outputs, wanted, rtol=1e-9, atol=1e-12)


def test_linear_layout_by_hand(tmp_path):
    """A linear layer from 2 to 1: PyTorch's (out, in) = (1, 2) weights [[3, 5]] on x = (1, 10)."""
    np.savez(tmp_path / "bare.npz", **{"out.weight": np.array([[3.0, 5.0]])})
    inputs = np.array([[1.0, 10.0]], np.float32)
    variables = load_torch_weights(tmp_path / "bare.npz", MLP(()), inputs)
    assert float(apply_function(MLP(()))(variables, inputs)[0, 0]) == 53


def test_stack_is_flattened_channel_first(tmp_path):
    """Two channels of 2×2 pixels, all taps zero but the centre: feature c·4 + pixel = channel c."""
    kernel = np.zeros((2, 1, 1, 1))
    kernel[:, 0, 0, 0] = 1, 10
    entries = {"conv1.0.weight": kernel, "out.weight": np.arange(8.0)[None]}
    np.savez(tmp_path / "w.npz", **entries)
    image = np.kron([[1.0, 2.0], [3.0, 4.0]], np.ones((2, 2)))[None, ..., None].astype(np.float32)
    module = CNN((2,), kernel_size=1, num_outputs=1)
    answer = apply_function(module)(load_torch_weights(tmp_path / "w.npz", module, image), image)
    assert float(answer[0, 0]) == np.dot([1, 2, 3, 4, 10, 20, 30, 40], np.arange(8))


def test_norms_left_out_take_initial_values_and_are_named(small, tmp_path, caplog):
    module, variables, inputs = small
    save_torch_weights(tmp_path / "all.npz", module, variables, inputs)
    entries = dict(read_weights(tmp_path / "all.npz"))
    del entries["bn1.running_var"], entries["layer2.0.shortcut.1.bias"]
    entries["bn1.num_batches_tracked"] = np.array(7)
    np.savez(tmp_path / "some.npz", **entries)
    with caplog.at_level(logging.WARNING):
        loaded = load_torch_weights(tmp_path / "some.npz", module, inputs)
    assert "bn1.running_var, layer2.0.shortcut.1.bias" in caplog.text.replace(
        "layer2.0.shortcut.1.bias, bn1.running_var", "bn1.running_var, layer2.0.shortcut.1.bias"
    )
    jax.tree.map(np.testing.assert_array_equal, dict(loaded), dict(variables))


def test_misfits_are_listed(small, tmp_path):
    module, variables, inputs = small
    save_torch_weights(tmp_path / "w.npz", module, variables, inputs)
    entries = dict(read_weights(tmp_path / "w.npz"))
    entries["linear.weight"] = np.zeros((10, 7))
    entries["conv1.bias"] = np.zeros(2)
    del entries["layer1.0.conv2.weight"]
    np.savez(tmp_path / "w.npz", **entries)
    with pytest.raises(ValueError, match="weights: wanted") as refusal:
        load_torch_weights(tmp_path / "w.npz", module, inputs)
    for part in (
        "missing: layer1.0.conv2.weight;",
        "unexpected: conv1.bias;",
        "misshaped: linear.weight (wanted (10, 3), got (10, 7))",
    ):
        assert part in str(refusal.value)


def test_variables_of_another_module_are_not_written(small, tmp_path):
    with pytest.raises(ValueError, match="weights: wanted"):
        save_torch_weights(tmp_path / "w.npz", MLP(), small[1], np.zeros((1, 64)))
    assert not list(tmp_path.iterdir())


class TestFiles:
    inputs = np.zeros((1, 3), np.float32)

    def test_pickle_is_refused_by_suffix(self, tmp_path):
        with pytest.raises(ValueError, match="path: wanted weights as .npz or .safetensors"):
            load_torch_weights(tmp_path / "model.pt", MLP(()), self.inputs)

    @pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x03\x04 cut short"])
    @pytest.mark.parametrize("suffix", ["npz", "safetensors"])
    def test_broken_file_is_refused(self, tmp_path, suffix, content):
        (tmp_path / f"w.{suffix}").write_bytes(content)
        with pytest.raises(ValueError, match="path: wanted a readable"):
            load_torch_weights(tmp_path / f"w.{suffix}", MLP(()), self.inputs)

    def test_pickled_object_inside_is_refused(self, tmp_path):
        np.savez(tmp_path / "w.npz", **{"out.weight": np.array([{}], dtype=object)})
        with pytest.raises(ValueError, match="without pickled objects"):
            load_torch_weights(tmp_path / "w.npz", MLP(()), self.inputs)

    def test_absent_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="got no such file"):
            load_torch_weights(tmp_path / "w.npz", MLP(()), self.inputs)

    def test_float64_survives_where_enabled(self, tmp_path):
        np.savez(tmp_path / "w.npz", **{"out.weight": np.full((1, 3), 1 / 3)})
        assert (
            load_torch_weights(tmp_path / "w.npz", MLP(()), self.inputs)["params"]["out"][
                "kernel"
            ].dtype
            == jnp.float32
        )
        with jax.enable_x64(True):
            kernel = load_torch_weights(tmp_path / "w.npz", MLP(()), self.inputs)["params"]["out"]
        assert kernel["kernel"].dtype == jnp.float64
        assert float(kernel["kernel"][0, 0]) == 1 / 3
