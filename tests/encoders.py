"""Tiny pretrained encoders on disk, in the three layouts, with a tokenizer of whole words."""

import json

import jax
import numpy as np
from flax.traverse_util import flatten_dict
from safetensors.numpy import save_file

from davinz_jax.models.hugging_face import LAYOUTS, flax_axes, hugging_face_name
from davinz_jax.models.pretrained import pretrained_encoder, pretrained_vit

WORDS = ("good", "bad", "film", "meal", "great", "awful", "the", "was", "a", "quite")
SPECIAL = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
WIDTH, POSITIONS = 8, 12

CONFIGS = {
    "bert": {
        "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 12, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
    },
    "roberta": {
        "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 12, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 0,
    },
    "distilbert": {
        "dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 12, "pad_token_id": 0,
    },
    "vit": {
        "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 12, "layer_norm_eps": 1e-12, "image_size": 6, "patch_size": 3,
    },
}  # fmt: skip
"""Sizes, by `model_type`."""


def write_encoder(folder, kind="bert", **sizes):
    """Write config, random weights and tokenizer of an encoder; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": kind, "vocab_size": len(SPECIAL) + len(WORDS), **CONFIGS[kind], **sizes}
    write_json(folder / "config.json", config | {"max_position_embeddings": POSITIONS})
    write_tokenizer(folder / "tokenizer.json")
    save_file(random_entries(folder, kind), folder / "model.safetensors")
    return folder


def write_json(path, content):
    path.write_text(json.dumps(content))


def write_tokenizer(path):
    """Write a tokenizer of words, which would cut and pad by itself if it were let to."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    ids = SPECIAL | {word: len(SPECIAL) + at for at, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(path))


def random_entries(folder, kind):
    """Weights by Hugging Face's names, with an entry of another head."""
    make = pretrained_vit if kind == "vit" else pretrained_encoder
    module, generator = make(folder, num_outputs=2), np.random.default_rng(5)
    row = np.zeros((1, 2), np.int32)
    if kind == "vit":
        row = np.zeros((1, module.shape.size, module.shape.size, 3), np.float32)
    leaves = flatten_dict(jax.eval_shape(module.init, jax.random.key(0), row)["params"])
    entries = {f"{kind}.pooler.dense.weight": np.zeros((2, 2), np.float32)}
    for leaf, value in leaves.items():
        if leaf[0] == "encoder":
            name = hugging_face_name(leaf, LAYOUTS[kind])
            array = generator.normal(size=value.shape).astype(np.float32) / 2
            back = np.argsort(flax_axes(name, array.ndim))
            entries[f"{kind}.{name}"] = np.ascontiguousarray(array.transpose(back))
    return entries
