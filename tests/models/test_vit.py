"""A vision transformer against a forward pass in NumPy, by Hugging Face's names."""

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy.special import erf, softmax

from davinz_jax.models import pretrained_variables, pretrained_vit
from tests.encoders import write_encoder, write_json


def norm(hidden, entries, name):
    centred = hidden - hidden.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return scaled * entries[f"{name}.weight"] + entries[f"{name}.bias"]


def linear(hidden, entries, name):
    return hidden @ entries[f"{name}.weight"].T + entries[f"{name}.bias"]


def attention(hidden, entries, name):
    """Two heads of four columns each."""
    query, key, value = (
        linear(hidden, entries, f"{name}.attention.{each}").reshape(-1, 2, 4)
        for each in ("query", "key", "value")
    )
    shares = softmax(np.einsum("qhc,khc->hqk", query, key) / 2, axis=-1)
    return linear(
        np.einsum("hqk,khc->qhc", shares, value).reshape(-1, 8), entries, f"{name}.output.dense"
    )


def states(entries, image, mean, scale):
    """States of the class token and four patches of an image of 6×6 pixels, channels last."""
    pixels = ((image - mean) / scale).transpose(2, 0, 1)
    name = "embeddings.patch_embeddings.projection"
    patches = [
        np.einsum("cij,ocij->o", pixels[:, i : i + 3, j : j + 3], entries[f"{name}.weight"])
        for i in (0, 3)
        for j in (0, 3)
    ] + entries[f"{name}.bias"]
    hidden = np.concatenate([entries["embeddings.cls_token"][0], patches])
    hidden = hidden + entries["embeddings.position_embeddings"][0]
    for number in range(2):
        place = f"encoder.layer.{number}"
        seen = norm(hidden, entries, f"{place}.layernorm_before")
        hidden = hidden + attention(seen, entries, f"{place}.attention")
        seen = norm(hidden, entries, f"{place}.layernorm_after")
        inner = linear(seen, entries, f"{place}.intermediate.dense")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        hidden = hidden + linear(inner, entries, f"{place}.output.dense")
    return norm(hidden, entries, "layernorm")


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_forward_pass_by_numpy(tmp_path, key, pooling):
    """Pixels of the folder's mean and scale; a grey image is one of three like channels."""
    folder = write_encoder(tmp_path, "vit")
    write_json(
        folder / "preprocessor_config.json", {"image_mean": [0.1, 0.2, 0.3], "image_std": [2, 3, 4]}
    )
    module = pretrained_vit(folder, pooling=pooling, input_shape=(6, 6, 1), num_outputs=3)
    variables = pretrained_variables(folder, module, key=key)
    images = np.random.default_rng(0).uniform(size=(2, 6, 6, 1)).astype(np.float32)
    found = jax.jit(module.apply)(variables, images)
    entries = {
        name.removeprefix("vit."): entry.astype(np.float64)
        for name, entry in load_file(folder / "model.safetensors").items()
    }
    head = np.asarray(variables["params"]["head"]["kernel"], np.float64)
    for row, image in zip(np.asarray(found), images.repeat(3, -1), strict=True):
        each = states(entries, image, np.array([0.1, 0.2, 0.3]), np.array([2, 3, 4]))
        pooled = each[0] if pooling == "cls" else each[1:].mean(0)
        np.testing.assert_allclose(row, pooled @ head, atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8, 3), (6, 6, 2), (36,)])
def test_images_that_do_not_fit_are_refused(tmp_path, shape):
    folder = write_encoder(tmp_path, "vit")
    with pytest.raises(ValueError, match="input_shape: wanted images of 6×6 pixels, of 3 channels"):
        pretrained_vit(folder, input_shape=shape, num_outputs=2)


def test_an_encoder_of_texts_is_none_of_images(tmp_path):
    with pytest.raises(ValueError, match="weights: wanted a model_type of vit, got 'bert'"):
        pretrained_vit(write_encoder(tmp_path), num_outputs=2)
