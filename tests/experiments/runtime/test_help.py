"""What --help says beside the comments in conf/."""

import numpy as np

from davinz_jax.models import MLP, initialise
from davinz_jax.models.torch_weights import save_torch_weights
from experiments.runtime import help as option_help
from experiments.runtime.app import CONFIG_FOLDER


def test_weights_are_named_as_the_help_says(key, tmp_path):
    """A dense layer of an MLP, (in, out) in Flax, is written as NAME.weight of (out, in)."""
    rows = np.zeros((1, 3), np.float32)
    module = MLP(widths=(5,), num_outputs=2)
    variables = initialise(module, key, rows)
    save_torch_weights(tmp_path / "weights.npz", module, variables, rows)
    shapes = {name: array.shape for name, array in np.load(tmp_path / "weights.npz").items()}
    text = option_help.text(CONFIG_FOLDER, "value")
    assert "NAME.weight, NAME.bias" in text
    assert "(out, in) of a dense layer" in text
    assert sorted({name.rpartition(".")[2] for name in shapes}) == ["weight"]
    assert (5, 3) in shapes.values()
    assert "model.weights" not in option_help.text(CONFIG_FOLDER, "payout")
