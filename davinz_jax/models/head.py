"""A linear head fitted by ridge to what a pretrained network sees of the rows to be valued."""

import numpy as np
from flax import linen as nn
from jaxtyping import Num

from davinz_jax.models.features import features
from davinz_jax.types import Array, Variables

RIDGES = np.logspace(-3, 3, 13)
"""λ tried, of the features' mean square: that of least leave-one-out error is taken."""


def fit_head(
    module: nn.Module,
    variables: Variables,
    inputs: Num[Array, "n ..."],
    columns: Num[np.ndarray, "n k"],
) -> Variables:
    """The variables with the layer `head` fitted by ridge, the rest as it was.

    Args:
        module: a network whose last linear layer is `head`.
        variables: its variables.
        inputs: n rows.
        columns: what the outputs should be: one-hot classes, or numbers.
    """
    from sklearn.linear_model import RidgeCV

    seen = np.asarray(features(module, variables, inputs), np.float64)
    scale = np.square(seen - seen.mean(axis=0)).sum(axis=1).mean()
    found = RidgeCV(alphas=RIDGES * max(scale, np.finfo(float).tiny)).fit(seen, columns)
    head, shape = variables["params"]["head"], (columns.shape[1], -1)
    fitted = {
        "kernel": np.asarray(found.coef_, head["kernel"].dtype).reshape(shape).T,
        "bias": np.asarray(found.intercept_, head["bias"].dtype).reshape(-1),
    }
    return {**variables, "params": {**variables["params"], "head": fitted}}
