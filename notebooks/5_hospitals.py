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
# # Five hospitals, one of them with wrong labels
#
# 407 patients from five hospitals. In one of them, Noisy, three diagnoses in ten are wrong; nobody
# knows. What is each hospital's data worth, how sure is that, and who is paid?

# %% tags=["hide-input"]
import tempfile
from pathlib import Path

import jax
import numpy as np

import davinz_jax as dv
from davinz_jax.data import cross_fit, partition_own
from davinz_jax.detection import label_margins
from davinz_jax.plots import add_opinion, values_figure
from experiments.report.notebooks import display_figures
from experiments.report.opinions import Opinion, beside
from experiments.studies.coverage.hospitals import hospital_table

display_figures()
path = Path(tempfile.mkdtemp()) / "patients.csv"
fold_key, key = jax.random.split(jax.random.key(0))
table = hospital_table(np.random.default_rng(0))
table.to_csv(path, index=False)
table.head()

# %% [markdown]
# ## Rows that judge each other
# There is no validation set, so each patient is held out in one of five folds and judged by what
# the others know. None is wasted, and identical rows never judge each other.

# %%
data = dv.load_table(
    path, target="diagnosis", party="hospital", ignore=["patient_id"], holdout="none"
)
dataset, parties = partition_own(cross_fit(data, key=fold_key))
dataset.notes

# %% [markdown]
# ## Values
# Shapley values of the default: regression with an RBF kernel of the raw columns, scored by soft
# accuracy. ± and intervals hold the draw of the patients.

# %%
made = dv.Ingredients(
    dv.MLP(widths=(16,), num_outputs=2), dataset, parties, key=key, num_initialisations=2
)
values = dv.shapley(made.kernel_regression(kernel="rbf", metric="soft_accuracy"))
values.to_frame()[["player", "value", "low", "high", "rank_low", "rank_high", "num_rows"]].round(3)

# %% [markdown]
# Noisy is last. Do the rows suffice to tell it from each of the others? These pairs are not told
# apart at 95 %, all pairs together; Noisy is in none of them:

# %%
assert not any("Noisy" in pair for pair in values.not_separable())
values.not_separable()

# %% [markdown]
# ## A second opinion
# The paper's ν looks at no label of those who judge, and cannot see that Noisy's are wrong. The
# command `value` shows both ranks, and says where they part and which one follows trained networks.

# %%
nu = dv.shapley(made.davinz())
opinion = Opinion(values, nu, nu.description["utility"], seconds=0.0)
assert opinion.parts
opinion.sentences()

# %%
frame = beside(values.to_frame(), opinion, 0.95)
figure = values_figure(frame, values.terms, title="kernel regression", level=0.95)
add_opinion(figure, frame, by="ν", level=0.95)
figure

# %% [markdown]
# ## Whose rows are doubted?
# Each row's label against what all others suggest. Most of the patients whose label is doubted most
# are Noisy's, which holds a fifth.

# %%
check = label_margins(made.regression_kernel("rbf"), dataset.targets)
worst = np.argsort(check.margin)[:24]
owners = np.array(parties.names)[parties.indices[worst]]
assert (owners == "Noisy").mean() > 0.4
dict(zip(*np.unique(owners, return_counts=True), strict=True))

# %% [markdown]
# ## Money
# 10,000 by value; who is worth less than nothing gets nothing.

# %%
values.payouts(10_000).to_frame()

# %% [markdown]
# The same from the command line, with a report for people who were not there:
#
#     python -m experiments.value data=table data.path=patients.csv data.target=diagnosis \
#         data.party=hospital data.ignore=[patient_id]
#     python -m experiments.payout run=outputs/value/<time> budget=10000
