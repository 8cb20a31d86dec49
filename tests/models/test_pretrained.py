"""Pretrained weights: MiniLM against reference numbers, tiny ones in every layout."""

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from davinz_jax.models import load_pretrained, pretrained_encoder
from davinz_jax.models.hugging_face import TEXTS
from tests.encoders import POSITIONS, write_encoder


def test_minilm_gives_the_reference_logits(minilm, golden, key):
    numbers = np.load(golden / "minilm.npz")
    module, variables = load_pretrained(minilm, num_outputs=3, key=key)
    head = {"kernel": numbers["head_kernel"].astype(np.float32), "bias": np.zeros(3, np.float32)}
    own = {"params": variables["params"] | {"head": head}}
    found = jax.jit(module.apply)(own, numbers["input_ids"].astype(np.int32))
    np.testing.assert_allclose(found, numbers["logits"], atol=1e-5)


@pytest.mark.parametrize("kind", TEXTS)
def test_each_layout_is_read_into_its_leaves(tmp_path, kind, key):
    """Linear layers are transposed, tables are not, and the drawn head is small."""
    folder = write_encoder(tmp_path, kind)
    module, variables = load_pretrained(folder, num_outputs=3, key=key)
    entries = load_file(folder / "model.safetensors")
    encoder, bare = variables["params"]["encoder"], f"{kind}.embeddings.word_embeddings.weight"
    np.testing.assert_array_equal(encoder["word_embeddings"]["embedding"], entries[bare])
    inner = "transformer.layer.1.ffn.lin1" if kind == "distilbert" else (
        "encoder.layer.1.intermediate.dense"
    )  # fmt: skip
    np.testing.assert_array_equal(
        encoder["layer_1"]["intermediate"]["kernel"], entries[f"{kind}.{inner}.weight"].T
    )
    assert ("token_type_embeddings" in encoder) == (kind != "distilbert")
    assert 0 < np.abs(variables["params"]["head"]["kernel"]).max() < 0.2
    row = np.array([[2, 4, 5, 3, 0]], np.int32)
    assert jax.eval_shape(module.apply, variables, row).shape == (1, 3)


def test_an_entry_that_does_not_fit_is_named(tmp_path, key):
    """One missing, one surplus and one of another shape, all in one message."""
    path = write_encoder(tmp_path) / "model.safetensors"
    entries = load_file(path)
    del entries["bert.encoder.layer.0.output.dense.bias"]
    entries["bert.encoder.layer.7.output.dense.bias"] = np.zeros(8, np.float32)
    entries["bert.embeddings.LayerNorm.bias"] = np.zeros(5, np.float32)
    save_file(entries, path)
    message = (
        r"missing: encoder\.layer\.0\.output\.dense\.bias; "
        r"surplus: encoder\.layer\.7\.output\.dense\.bias; "
        r"of another shape: embeddings\.LayerNorm\.bias \(wanted \(8,\), got \(5,\)\)"
    )
    with pytest.raises(ValueError, match=message):
        load_pretrained(tmp_path, num_outputs=2, key=key)


def test_what_cannot_be_made_is_refused(tmp_path, key):
    folder = write_encoder(tmp_path)
    wide = (POSITIONS + 1,)
    with pytest.raises(ValueError, match=f"max_tokens: wanted at most {POSITIONS}, .* got rows"):
        pretrained_encoder(folder, input_shape=wide, num_outputs=2)
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="weights: wanted model.safetensors beside"):
        load_pretrained(folder, num_outputs=2, key=key)
