# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What is my data worth?
#
# Ten parties hold one class of handwritten digits each, and together they are to train a network
# that reads all ten. What is each party's data worth to the others? DAVINZ answers from the
# network as it is before training: nothing is trained here.

# %% tags=["hide-input"]
import jax
import numpy as np

import davinz_jax as dv
from davinz_jax.data import flip_labels, partition_rows
from davinz_jax.evaluation import detection_auc
from davinz_jax.plots import rows_figure, values_figure
from experiments.report.notebooks import display_figures

display_figures()
data_key, flip_key, key = jax.random.split(jax.random.key(0), 3)

# %% [markdown]
# ## Data, parties, network
# `load_digits` holds part of the images out as the validation set: the data that the network is to
# do well on. Every choice of network is a Flax module.

# %%
digits = dv.load_digits(num_rows=200, num_validation_rows=100, key=data_key)
dataset, parties = dv.partition_by_class(digits)
network = dv.MLP(widths=(64, 64), num_outputs=10)
dict(zip(parties.names, parties.sizes.tolist(), strict=True))

# %% [markdown]
# ## Values of parties
# One pass over the data gives the kernels; after it, every coalition is small linear algebra, so
# that exact Shapley values of ten parties (1,024 coalitions) take a moment.

# %%
utility = dv.davinz_utility(network, dataset, parties, key=key, num_initialisations=5)
values = dv.shapley(utility)
frame = values.to_frame()
shown = ["value", "low", "high", "complexity", "discrepancy", "rank_low", "rank_high"]
frame.set_index("player")[shown].round(4)

# %% [markdown]
# The value is the sum of its two parts: the in-domain part (how cheaply the labels can be
# learned) and the out-of-domain part (how near the inputs are to the validation set's). The
# intervals are over five draws of the untrained network and hold for each party by itself. Pairs
# that this evidence does not tell apart are named; they and the limits of ranks hold for all
# parties together:

# %%
values_figure(frame, values.terms, title="digits by party: Shapley values", level=0.95)

# %%
values.not_separable()[:5]

# %% [markdown]
# ## Paying for it
# A budget of 1,000, shared out by value; parties that do harm get nothing.

# %%
values.payouts(1000).to_frame()

# %% [markdown]
# ## Which rows are worst?
# Now each row is a player of its own, and 10 % of the labels are flipped on purpose. The kernel
# sees all logits (`trace`), since the own-label output of the paper is blind to flipped labels.

# %%
spoilt, flipped = flip_labels(dataset, fraction=0.1, key=flip_key)
rows = partition_rows(spoilt)[1]
by_row = dv.leave_one_out(dv.Ingredients(network, spoilt, rows, key=key).complexity())
f"area under the ROC curve of finding flipped rows: {detection_auc(by_row.values, flipped):.3f}"

# %%
worst = np.argsort(by_row.values)[:16]
captions = [
    f"label {label}{' (flipped)' if bad else ''}"
    for label, bad in zip(spoilt.targets[worst], flipped[worst], strict=True)
]
rows_figure(spoilt.inputs[worst], captions, title="rows of least value")
