"""The paper's networks in Flax Linen, and the exchange of weights with PyTorch.

Architectures: `MLP`, `CNN`, `CNN8`, `VGG` (`vgg11`, `vgg13`, `vgg16`), `ResNet` (`resnet18`,
`resnet21`, `resnet34`), called as `module(inputs, *, train=False) -> (n, k)`; `default_model`
chooses one by the shape of the data. `as_linen` makes a Linen module of a network of flax.nnx or
Equinox. For any Linen module: `initialise` draws its variables,
`apply_function` makes it the pure function that kernels know, `features` gives the inputs of its
last linear layer, and `load_torch_weights` and `save_torch_weights` exchange its weights.
`load_pretrained` reads an encoder of texts (`BERT`) from Hugging Face's files, `pretrained_vit` and
`pretrained_variables` one of images (`ViT`); `fit_head` may fit their heads to the rows. A module
may say by `usual_output` which outputs its tangent kernel sees where nothing is said, by
`input_kind` that it takes tokens, and by `knows_labels` that its outputs were fitted to the rows'
own labels.
"""

from davinz_jax.models.adapters import as_linen
from davinz_jax.models.bert import BERT, EncoderShape
from davinz_jax.models.cnn import CNN
from davinz_jax.models.cnn8 import CNN8
from davinz_jax.models.default import default_model
from davinz_jax.models.features import features
from davinz_jax.models.head import fit_head
from davinz_jax.models.initialise import apply_function, initialise, widen
from davinz_jax.models.initializers import pytorch_uniform
from davinz_jax.models.mlp import MLP
from davinz_jax.models.pretrained import (
    load_pretrained,
    pretrained_encoder,
    pretrained_variables,
    pretrained_vit,
)
from davinz_jax.models.resnet import ResNet, resnet18, resnet21, resnet34
from davinz_jax.models.torch_weights import load_torch_weights, save_torch_weights
from davinz_jax.models.vgg import VGG, vgg11, vgg13, vgg16
from davinz_jax.models.vit import ViT

__all__ = [
    "BERT",
    "CNN",
    "CNN8",
    "EncoderShape",
    "MLP",
    "VGG",
    "ResNet",
    "ViT",
    "apply_function",
    "as_linen",
    "default_model",
    "features",
    "fit_head",
    "initialise",
    "load_pretrained",
    "load_torch_weights",
    "pretrained_encoder",
    "pretrained_variables",
    "pretrained_vit",
    "pytorch_uniform",
    "resnet18",
    "resnet21",
    "resnet34",
    "save_torch_weights",
    "vgg11",
    "vgg13",
    "vgg16",
    "widen",
]
