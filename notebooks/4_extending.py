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
# # Extending: a new utility and a new experiment
#
# A utility is a function of a coalition; an experiment is a question with its configuration. Both
# are new here, without a change to the project: 39 lines in three files of your own.

# %% tags=["hide-input"]
import os
import sys
import tempfile
from pathlib import Path

import jax

import davinz_jax as dv
from experiments.report.notebooks import display_figures, run_module, saved_runs
from experiments.report.plots_studies import property_figure
from experiments.studies.properties import Property

display_figures()
folder = Path(tempfile.mkdtemp())
sys.path.insert(0, str(folder))

# %% [markdown]
# ## A utility
# The accuracy, on the validation set, of the classifier that takes the class whose mean is
# nearest. It takes `Ingredients`, of which it uses the data and the parties only.

# %%
written = (folder / "centroid.py").write_text("""
import numpy as np
from davinz_jax.utility import FunctionUtility

def nearest_centroid(ingredients):
    data, parties = ingredients.dataset, ingredients.parties
    inputs, judged = (x.reshape(len(x), -1) for x in (data.inputs, data.validation.inputs))
    def accuracy(members):
        rows = np.isin(parties.indices, members)
        classes = np.unique(data.targets[rows])
        centres = np.stack([inputs[rows & (data.targets == k)].mean(0) for k in classes])
        nearest = ((judged[:, None] - centres) ** 2).sum(-1).argmin(1)
        return np.mean(classes[nearest] == data.validation.targets)
    choices = {"receives": "indices", "sizes": parties.sizes, "empty": 0}
    return FunctionUtility(accuracy, parties.names, **choices)
""")

# %% [markdown]
# Every semivalue takes it as it is:

# %%
from centroid import nearest_centroid

dataset, parties = dv.partition_by_class(dv.load_digits(num_rows=200, num_validation_rows=100))
ingredients = dv.Ingredients(dv.CNN(), dataset, parties, key=jax.random.key(0))
dv.shapley(nearest_centroid(ingredients)).to_frame()[["player", "value", "rank"]].round(3)

# %% [markdown]
# ## An experiment
# Does a party's value fall with the share of its labels that is wrong? The frame of the property
# experiments does the rest: seeds, table, sentence, figure, files.

# %%
written = (folder / "label_noise.py").write_text("""
from functools import partial
import jax, numpy as np
from davinz_jax.data import flip_labels
from experiments.runtime import app
from experiments.studies import base as study, properties

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)

def spoil(dataset, parties, key):
    for party, share in enumerate(SHARES):
        rows, own = np.flatnonzero(parties.indices == party), jax.random.fold_in(key, party)
        dataset, _ = flip_labels(dataset, fraction=share, rows=rows, key=own)
    return dataset

def main(cfg):
    question = properties.Property("noise", "labels", -1, lambda parties: SHARES, spoil)
    return study.run(cfg, partial(properties.run, question=question))

if __name__ == "__main__":
    app.launch(main, "label_noise")
""")
written = (folder / "label_noise.yaml").write_text("""
defaults:
  - data_quantity
  - override data: digits
  - override utility: nearest_centroid
  - _self_
packages: [centroid]
parties: {sizes: [60, 60, 60, 60, 60]}
""")
(folder / "utility").mkdir()
written = (folder / "utility" / "nearest_centroid.yaml").write_text("""
_target_: centroid.nearest_centroid
_partial_: true
""")

# %%
paths = os.pathsep.join([str(folder), str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
overrides = ["--config-dir", str(folder), "data.num_validation_rows=100"]
output = run_module(
    "label_noise", folder / "run", overrides, env={**os.environ, "PYTHONPATH": paths}
)
print(output)  # noqa: T201

# %%
measurements = saved_runs(folder)["label_noise"].measurements
question = Property("wrong labels", "fraction", -1, doses=list)
property_figure(measurements, ["value"], question, level=0.95)
