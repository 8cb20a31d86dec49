"""Values of data as scikit-learn users expect: `DataValuer(...).fit(X, y, groups)`.

`valuer` is the estimator, `rows` makes a dataset of what it is given, `network` a Flax module of
its model, `doubts` says which rows to keep. What is not said is `davinz_jax.defaults`'.
"""

from davinz_jax.estimator.valuer import DataValuer

__all__ = ["DataValuer"]
