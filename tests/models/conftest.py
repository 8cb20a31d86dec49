"""Architectures, narrow where the paper's are wide, each with a twin in NumPy, channel first."""

from functools import partial

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict

from davinz_jax.models import CNN, CNN8, MLP, VGG, ResNet


def convolve(images, weight, *, stride=1):
    """Cross-correlation of padded (n, c, h, w) images with (o, c, a, a) weights."""
    size = weight.shape[-1]
    pad = (size - 1) // 2
    images = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows[:, :, ::stride, ::stride], weight)


def pool(images, size=2, reduce=np.max):
    """Largest (or mean) of each square window; odd rests dropped."""
    n, c, h, w = images.shape
    h, w = h // size, w // size
    cut = images[:, :, : h * size, : w * size].reshape(n, c, h, size, w, size)
    return reduce(cut, axis=(3, 5))


def relu(values):
    return np.maximum(values, 0)


def norm(images, weights, name):
    """BatchNorm by running statistics; PyTorch's initial values where the file has none."""
    ones = np.ones(images.shape[1])
    get = lambda part, other: weights.get(f"{name}.{part}", other)[:, None, None]  # noqa: E731
    centred = images - get("running_mean", 0 * ones)
    scaled = centred / np.sqrt(get("running_var", ones) + 1e-5)
    return scaled * get("weight", ones) + get("bias", 0 * ones)


def mlp(weights, inputs):
    hidden = inputs.reshape(len(inputs), -1)
    layers = sorted(int(name.split(".")[1]) for name in weights if name.startswith("linear"))
    for layer in layers:
        hidden = relu(hidden @ weights[f"linear.{layer}.weight"].T)
    return hidden @ weights["out.weight"].T


def cnn(weights, inputs):
    hidden = inputs
    for name in ("conv1.0.weight", "conv2.0.weight"):
        hidden = pool(relu(convolve(hidden, weights[name])))
    return hidden.reshape(len(hidden), -1) @ weights["out.weight"].T


def cnn8(weights, inputs):
    hidden = pool(relu(convolve(inputs, weights["conv1.0.weight"])))
    for layer in range(0, 2 * sum(name.startswith("conv2") for name in weights), 2):
        hidden = relu(convolve(hidden, weights[f"conv2.{layer}.weight"]))
    hidden = pool(hidden).reshape(len(hidden), -1)
    return hidden @ weights["out.weight"].T @ weights["out2.weight"].T


def vgg(weights, inputs, stages):
    hidden, index = inputs, 0
    for stage in stages:
        for _ in stage:
            hidden = convolve(hidden, weights[f"features.{index}.weight"])
            hidden = relu(norm(hidden, weights, f"features.{index + 1}"))
            index += 3
        hidden, index = pool(hidden), index + 1
    return hidden.reshape(len(hidden), -1) @ weights["classifier.weight"].T


def block(weights, inputs, name, stride):
    hidden = convolve(inputs, weights[f"{name}.conv1.weight"], stride=stride)
    hidden = relu(norm(hidden, weights, f"{name}.bn1"))
    hidden = norm(convolve(hidden, weights[f"{name}.conv2.weight"]), weights, f"{name}.bn2")
    if f"{name}.shortcut.0.weight" in weights:
        inputs = convolve(inputs, weights[f"{name}.shortcut.0.weight"], stride=stride)
        inputs = norm(inputs, weights, f"{name}.shortcut.1")
    return relu(hidden + inputs)


def resnet(weights, inputs, blocks):
    hidden = relu(norm(convolve(inputs, weights["conv1.weight"]), weights, "bn1"))
    for stage, count in enumerate(blocks, start=1):
        for index in range(count):
            stride = 2 if stage > 1 and index == 0 else 1
            hidden = block(weights, hidden, f"layer{stage}.{index}", stride)
    hidden = pool(hidden, 4, np.mean)
    return hidden.reshape(len(hidden), -1) @ weights["linear.weight"].T


STAGES = ((3,), (4,), (5, 4), (6,), (5,))
TWINS = {
    "mlp": (MLP((7, 6)), mlp, (3, 4, 2)),
    "cnn": (CNN(), cnn, (10, 9, 2)),
    "cnn8": (CNN8(4, (5, 6, 3)), cnn8, (8, 8, 1)),
    "vgg": (VGG(STAGES), partial(vgg, stages=STAGES), (32, 32, 3)),
    "resnet28": (
        ResNet((1, 2, 1), (4, 6, 8)),
        partial(resnet, blocks=(1, 2, 1)),
        (14, 14, 1),
    ),
    "resnet32": (ResNet((2, 1), (4, 6)), partial(resnet, blocks=(2, 1)), (8, 8, 3)),
}


@pytest.fixture(scope="module", params=TWINS)
def twin(request):
    """(module, NumPy forward pass, variables off their initial values, inputs), in float64."""
    module, forward, shape = TWINS[request.param]
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(3, *shape))
    shapes = flatten_dict(jax.eval_shape(module.init, jax.random.key(0), inputs[:1]))
    leaves = {
        leaf: draw.uniform(0.5, 1.5, value.shape)  # BatchNorm as after some training
        if len(value.shape) == 1
        else draw.normal(size=value.shape) / np.sqrt(np.prod(value.shape[:-1]))
        for leaf, value in shapes.items()
    }
    return module, forward, unflatten_dict(leaves), inputs


@pytest.fixture(scope="session")
def twin_forward():
    """Forward passes in NumPy by architecture."""
    return {"mlp": mlp, "cnn": cnn}
