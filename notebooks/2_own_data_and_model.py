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
# # Your own data, your own network
#
# Three hospitals hold rows of one table. All that DAVINZ wants of them is a file, the name of the
# column to be predicted, and the name of the column that says whose a row is; and of you a network.

# %% tags=["hide-input"]
import tempfile
from pathlib import Path

import flax.linen as nn
import jax
import numpy as np
import pandas as pd

import davinz_jax as dv
from davinz_jax.data import partition_by_column
from davinz_jax.plots import values_figure
from experiments.report.notebooks import display_figures

display_figures()
folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## A table
# Here one is made up, with two traits that matter and one that does not. The south has few rows;
# in the west a third of the labels are wrong.

# %%
generator = np.random.default_rng(0)
patients = pd.DataFrame(generator.normal(size=(240, 3)), columns=["age", "dose", "weekday"])
patients["hospital"] = np.repeat(["north", "south", "west"], [100, 30, 110])
ill = patients["age"] + patients["dose"] > 0
wrong = (patients["hospital"] == "west") & (generator.random(240) < 1 / 3)
patients["outcome"] = np.where(ill ^ wrong, "ill", "well")
patients.to_csv(folder / "patients.csv", index=False)
patients.groupby("hospital").size()

# %% [markdown]
# ## A network of your own
# Any Flax Linen module that maps rows to one output a class will do.


# %%
class Small(nn.Module):
    @nn.compact
    def __call__(self, inputs):
        hidden = nn.tanh(nn.Dense(32, name="reads")(inputs))
        return nn.Dense(2, name="decides")(hidden)


# %% [markdown]
# ## Values

# %%
source_key, key = jax.random.split(jax.random.key(1))
data = dv.load_table(
    folder / "patients.csv", target="outcome", party="hospital", holdout=0.25, key=source_key
)
dataset, parties = partition_by_column(data)
data.notes

# %%
choices = dv.KernelOptions(output="trace", ridge=1.0)
ingredients = dv.Ingredients(Small(), dataset, parties, key=key, kernel_options=choices)
values = dv.shapley(ingredients.davinz())
frame = values.to_frame()
values_figure(frame, values.terms, title="hospitals: Shapley values of ν", level=0.95)

# %% [markdown]
# ν never looks at the validation set's labels. Where they are known, `kernel_regression` asks how
# well the linearised network, fitted to a coalition, does on the validation set:

# %%
performance = dv.shapley(ingredients.kernel_regression(metric="accuracy"))
performance.to_frame()[["player", "value", "low", "high", "rank", "num_rows"]].round(4)

# %% [markdown]
# The two need not agree: ν rewards what is near the validation set and easy to learn, the second
# what helps to predict. The same from the command line:
#
#     python -m experiments.value data=table data.path=patients.csv data.target=outcome \
#         data.party=hospital semivalue=shapley utility=kernel_regression kernel=ntk

# %%
comparison = values.compare(performance)
f"Spearman correlation of the two: {comparison.spearman:.2f}"
