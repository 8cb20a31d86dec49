"""Names of weights in each layout, and configs that are refused."""

import json

import pytest

from davinz_jax.models.hugging_face import (
    LAYOUTS,
    TEXTS,
    encoder_shape,
    hugging_face_name,
    own_name,
    read_config,
)
from tests.encoders import write_encoder


@pytest.mark.parametrize(
    ("kind", "leaf", "name"),
    [
        ("bert", "word_embeddings/embedding", "embeddings.word_embeddings.weight"),
        ("vit", "cls_token", "embeddings.cls_token"),
        ("vit", "layer_3/output_norm/bias", "encoder.layer.3.layernorm_after.bias"),
        ("bert", "embeddings_norm/scale", "embeddings.LayerNorm.weight"),
        ("roberta", "layer_1/key/bias", "encoder.layer.1.attention.self.key.bias"),
        ("roberta", "layer_0/output_norm/bias", "encoder.layer.0.output.LayerNorm.bias"),
        ("distilbert", "layer_0/value/kernel", "transformer.layer.0.attention.v_lin.weight"),
        ("distilbert", "layer_1/intermediate/kernel", "transformer.layer.1.ffn.lin1.weight"),
        ("distilbert", "layer_1/attention_norm/scale", "transformer.layer.1.sa_layer_norm.weight"),
    ],
)
def test_names_of_each_layout(kind, leaf, name):
    assert hugging_face_name(("encoder", *leaf.split("/")), LAYOUTS[kind]) == name
    assert own_name(f"{kind}.{name}") == own_name(name) == name


@pytest.mark.parametrize("name", ["bert.pooler.dense.weight", "cls.predictions.bias"])
def test_other_heads_are_passed_over(name):
    assert own_name(name) is None


def test_the_separator_is_the_tokenizers(tmp_path):
    """The tiny tokenizer's [SEP] is 3, a config without one says nothing of it."""
    folder = write_encoder(tmp_path)
    assert encoder_shape(folder).separator == 3
    (folder / "tokenizer.json").unlink()
    assert encoder_shape(folder).separator == 102


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model_type": "gpt2"}, "weights: wanted a model_type of bert, .* got 'gpt2'"),
        ({"hidden_act": "relu"}, "weights: wanted the activation gelu .* got relu"),
        ({"position_embedding_type": "relative_key"}, "absolute positions, got .* relative_key"),
        ({"hidden_size": None}, "weights: wanted 'hidden_size' in .*config.json, got none"),
    ],
)
def test_configs_of_other_encoders_are_refused(tmp_path, changed, message):
    path = write_encoder(tmp_path) / "config.json"
    config = json.loads(path.read_text()) | changed
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    with pytest.raises(ValueError, match=message):
        encoder_shape(tmp_path)


def test_a_folder_without_a_config_or_with_a_broken_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="weights: wanted a folder with config.json"):
        read_config(tmp_path, TEXTS)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="weights: wanted JSON in .*config.json"):
        read_config(tmp_path, TEXTS)
