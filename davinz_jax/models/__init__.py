"""The paper's networks in Flax Linen, and the exchange of weights with PyTorch.

Architectures: `MLP`, `CNN`, `CNN8`, `VGG` (`vgg11`, `vgg13`, `vgg16`), `ResNet` (`resnet18`,
`resnet21`, `resnet34`), called as `module(inputs, *, train=False) -> (n, k)`; `default_model`
chooses one by the shape of the data. For any Linen module: `initialise` draws its variables,
`apply_function` makes it the pure function that kernels know, `features` gives the inputs of its
last linear layer, and `load_torch_weights` and `save_torch_weights` exchange its weights.
"""

from davinz_jax.models.cnn import CNN
from davinz_jax.models.cnn8 import CNN8
from davinz_jax.models.default import default_model
from davinz_jax.models.features import features
from davinz_jax.models.initialise import apply_function, initialise
from davinz_jax.models.initializers import pytorch_uniform
from davinz_jax.models.mlp import MLP
from davinz_jax.models.resnet import ResNet, resnet18, resnet21, resnet34
from davinz_jax.models.torch_weights import load_torch_weights, save_torch_weights
from davinz_jax.models.vgg import VGG, vgg11, vgg13, vgg16

__all__ = [
    "CNN",
    "CNN8",
    "MLP",
    "VGG",
    "ResNet",
    "apply_function",
    "default_model",
    "features",
    "initialise",
    "load_torch_weights",
    "pytorch_uniform",
    "resnet18",
    "resnet21",
    "resnet34",
    "save_torch_weights",
    "vgg11",
    "vgg13",
    "vgg16",
]
