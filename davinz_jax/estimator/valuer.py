"""`DataValuer`: values of groups of rows, or of rows, by scikit-learn's conventions."""

from dataclasses import replace
from functools import partial
from numbers import Integral
from typing import Any, get_args

import jax
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import check_consistent_length, validate_data

from davinz_jax import semivalues
from davinz_jax.choices import check_choice
from davinz_jax.data.copies import Copies, leave_copies_out
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.data.folds import cross_fit
from davinz_jax.defaults import (
    COSTS,
    UtilityName,
    usual_kernel,
    usual_metric,
    usual_ridge,
    usual_semivalue,
    usual_utility,
)
from davinz_jax.estimator.doubts import judge
from davinz_jax.estimator.network import make_module
from davinz_jax.estimator.rows import Given, class_values, make_dataset, make_parties
from davinz_jax.semivalues import Valuation, add_rounding, add_sketch_error
from davinz_jax.types import PRNGKey, Utility
from davinz_jax.utility.ingredients import Ingredients
from davinz_jax.utility.options import KernelChoice, KernelOptions

SEMIVALUES = ("shapley", "leave_one_out", "banzhaf", "beta_shapley", "standalone")
"""Semivalues by name."""

OWN = "own"
"""Stands for a utility that is a function of the user's."""


class DataValuer(BaseEstimator):
    """What each group's data is worth to all, or each row's, without training a network.

    What is left at `auto` is what `python -m experiments.value` takes: kernel regression with an
    RBF kernel of raw rows, or the tangent kernel of `model`, and a ridge of least leave-one-out
    error; exact Shapley values of up to 12 groups, sampled ones of more, leave-one-out values of
    rows. Where there is no validation set, rows judge each other in folds; a pipeline does not
    transform `X_val` unless its `transform_input` names it.

    Args:
        utility: what a coalition of players is judged by: `auto`, `kernel_regression`,
            `confidence` (needs no labels of validation rows) or `davinz` (the paper's ν, needs a
            model); or a function of `Ingredients` that gives a utility.
        semivalue: `auto`, `shapley`, `leave_one_out`, `banzhaf`, `beta_shapley` or `standalone`; or
            a function `(utility, *, key)` that gives a `Valuation`.
        model: Flax Linen module; a function `(input_shape, num_outputs)` that gives one; or None,
            for kernels of raw rows. A field `num_outputs` is set to the number of classes.
        kernel: of a regression, as in `KernelChoice`; `auto` is the network's where there is one,
            else `rbf` (`laplace` for the confidence).
        metric: of kernel regression, as in `make_metric`; `auto` is the soft accuracy, −MSE for
            numbers, and for groups through a network.
        ridge: λ ≥ 0, absolute; `auto` is that of least leave-one-out error, the paper's for ν.
        task: `classification` or `regression`; None: classification for labels that are words,
            truth values or integers, else regression.
        standardise: whether columns of a table are standardised and words become columns of 0 and
            1, as `load_table` does (a regression target is standardised too); otherwise, and for
            images, rows are taken as they are.
        impute: what fills gaps of a table: `mean`, `median` or `most_frequent`; None refuses them.
        copies: whether rows that a group holds several times, with equal inputs and target, count
            `once` or `each`; `auto`: once where a group repeats rows far more often than the rows
            given coincide. Where they count once, `dataset_` holds those that count.
        num_folds: folds in which rows judge each other; None for 5, fewer where fewer differ.
        num_initialisations: draws of the network.
        wrong_rate: share of rows that is wrong, in (0, 1), which `keep_` drops; `auto` parts them
            from the others by two means.
        level: coverage of `intervals_`, in (0, 1).
        per_validation_row: whether to keep values by validation row too, for
            `result_.for_validation_row`; of regressions by metrics that are means over rows. Where
            rows judge each other, they are the validation rows.
        random_state: seed, `RandomState`, or None: draws folds, networks and samples.

    Attributes:
        values_: (p,) value of each player, in the unit of the metric; of groups in the sorted order
            of their labels, of rows in the order of `X`.
        stderr_: (p,) standard error of each value, from every source that was measured.
        intervals_: (p, 2) limits of each value by itself.
        ranks_: (p,) ranks, 1 the best; ties share the better one.
        players_: (p,) label of each group, or number of each row.
        keep_: (n,) whether a row is one to train on. Every row is predicted by regression on all
            others; the cost of a row is (1 − margin)² where its margin, its own label's output
            above the best other, is below 1 (of numbers, the squared standardised residual), and
            rows of the upper of two means of the cost are dropped, whatever the share of them.
        margins_: (n,) these margins, low is doubtful.
        result_: the `Valuation`, with terms, rank intervals, payouts and `.plot()`.
        dataset_: the `Dataset` that was valued.
        classes_: labels of the classes, where there are any.
        n_features_in_: columns of `X`.
        feature_names_in_: names of the columns, where they are all text.

    >>> import numpy as np
    >>> X = np.array([[0.0], [0.1], [1.0], [0.9], [0.2], [0.8]] * 3)
    >>> y, who = np.where(X[:, 0] > 0.5, "high", "low"), np.arange(18) % 3
    >>> DataValuer(random_state=0).fit(X, y, groups=who).values_.shape
    (3,)
    """

    def __init__(
        self,
        utility: Any = "auto",
        semivalue: Any = "auto",
        model: Any = None,
        *,
        kernel: Any = "auto",
        metric: Any = "auto",
        ridge: Any = "auto",
        task: Any = None,
        standardise: Any = True,
        impute: Any = None,
        copies: Any = "auto",
        num_folds: Any = None,
        num_initialisations: Any = 5,
        wrong_rate: Any = "auto",
        level: Any = 0.95,
        per_validation_row: Any = False,
        random_state: Any = None,
    ) -> None:
        self.utility = utility
        self.semivalue = semivalue
        self.model = model
        self.kernel = kernel
        self.metric = metric
        self.ridge = ridge
        self.task = task
        self.standardise = standardise
        self.impute = impute
        self.copies = copies
        self.num_folds = num_folds
        self.num_initialisations = num_initialisations
        self.wrong_rate = wrong_rate
        self.level = level
        self.per_validation_row = per_validation_row
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, groups: Any = None, X_val: Any = None, y_val: Any = None
    ) -> "DataValuer":
        """Value the groups of rows, or each row where there are no groups.

        Args:
            X: (n, d) array or DataFrame; or (n, h, w) or (n, h, w, c) images.
            y: (n,) labels of any type, or numbers.
            groups: (n,) label of the group that each row belongs to.
            X_val: validation set, like `X`; None lets the rows judge each other in folds.
            y_val: its labels or numbers; None where they are not known.

        Raises:
            ValueError: for arrays of other lengths or shapes, gaps that nothing fills, fewer than
                two classes or groups, or choices that do not go together.
        """
        self._check_settings()
        keys = jax.random.split(jax.random.key(self._seed()), 4)
        given = self._check(X, y, X_val, y_val)
        whole = make_dataset(
            given, task=self.task, standardise=self.standardise, impute=self.impute
        )
        parties, self.players_ = make_parties(whole, groups)
        distinct = leave_copies_out(
            whole, parties, copies="each" if groups is None else self.copies
        )
        dataset, parties = distinct[:2]
        if given.validation_inputs is None:
            dataset = cross_fit(dataset, num_folds=self.num_folds, key=keys[0])
        self.dataset_ = dataset if groups is None else replace(dataset, parties=parties)
        if dataset.task == "classification":
            self.classes_ = class_values(given)
        name = self._utility_name(dataset)
        ingredients = self._ingredients(name, dataset, parties, key=keys[1])
        utility = self._utility(name, ingredients)
        self._store(self._value(name, utility, ingredients.values_rows, key=keys[2]))
        kernel = None if name in (*COSTS, OWN) else ingredients.regression_kernel()
        judged = judge(dataset, kernel, self.wrong_rate, key=keys[3])
        self.keep_, self.margins_ = (each[distinct.places] for each in judged)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = self.impute is not None
        return tags

    def _seed(self) -> int:
        """The seed given, or one drawn from NumPy's state."""
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _check_settings(self) -> None:
        """Refuse what can be refused before anything is computed."""
        for name in ("level", "wrong_rate"):
            share = getattr(self, name)
            if share != "auto" and not 0 < share < 1:
                raise ValueError(f"{name}: wanted a share in (0, 1), got {share}; 0.1 is a tenth")
        for name, known in (
            ("utility", get_args(UtilityName)),
            ("semivalue", SEMIVALUES),
            ("copies", get_args(Copies)[1:]),
        ):
            if not callable(getattr(self, name)):
                check_choice(name, getattr(self, name), ("auto", *known))
        if self.per_validation_row and self.semivalue == "standalone":
            raise ValueError(
                "per_validation_row: wanted a semivalue that keeps values by validation row, got "
                "'standalone'; take shapley, leave_one_out, banzhaf or beta_shapley"
            )

    def _utility_name(self, dataset: Dataset) -> str:
        """Name of the utility that is asked for or chosen; `OWN` for a function."""
        if callable(self.utility):
            return OWN
        if self.utility != "auto":
            return self.utility
        is_labelled = dataset.validation.targets is not None
        return usual_utility(dataset.task, is_labelled=is_labelled)[0]

    def _check(self, X: Any, y: Any, X_val: Any, y_val: Any) -> Given:
        """What is given, in arrays or frames that scikit-learn would take."""
        if y is None:
            raise ValueError(
                "y: wanted a label or number for each row, got none; DataValuer requires y to be "
                "passed, but the target y is None"
            )
        if X_val is None and y_val is not None:
            raise ValueError("X_val: wanted it beside y_val, got none; give both or neither")
        inputs, targets = self._check_rows(X, y, ensure_min_samples=2)
        if X_val is None:
            return Given(inputs, targets)
        return Given(inputs, targets, *self._check_rows(X_val, y_val, reset=False))

    def _check_rows(self, X: Any, y: Any, **checks: Any) -> tuple[Any, Any]:
        """Rows and their targets, if any, checked; frames are checked when they are encoded."""
        if hasattr(X, "columns"):
            checks = {"skip_check_array": True, "reset": checks.get("reset", True)}
        else:
            finite = True if self.impute is None else "allow-nan"
            checks |= {"allow_nd": True, "ensure_all_finite": finite}
        inputs = validate_data(self, X, **checks)
        if y is not None:
            y = column_or_1d(y, warn=True)
            check_consistent_length(inputs, y)
        return inputs, y

    def _ingredients(
        self, name: str, dataset: Dataset, parties: Parties, *, key: PRNGKey
    ) -> Ingredients:
        """Network, kernel and ridge as chosen, for a utility of this name."""
        module, kernel = make_module(self.model, dataset), self.kernel
        if isinstance(kernel, str) and kernel == "auto":
            kernel = usual_kernel(name, with_network=module is not None)
        return Ingredients(
            module,
            dataset,
            parties,
            key=key,
            num_initialisations=self.num_initialisations,
            kernel_options=KernelOptions(
                ridge=usual_ridge(name) if self.ridge == "auto" else self.ridge
            ),
            kernel_choice=kernel if isinstance(kernel, KernelChoice) else KernelChoice(kernel),
        )

    def _utility(self, name: str, ingredients: Ingredients) -> Utility:
        """What is shared out."""
        if name == OWN:
            return self.utility(ingredients)
        if name in COSTS:
            return getattr(ingredients, name)()
        with_network = ingredients.kernel_choice.needs_network
        if name == "confidence":
            return ingredients.confidence(ensemble=with_network)
        metric, task = self.metric, ingredients.dataset.task
        if isinstance(metric, str) and metric == "auto":
            values_rows = ingredients.values_rows
            metric = usual_metric(task, values_rows=values_rows, with_network=with_network)
        return ingredients.kernel_regression(metric=metric, ensemble=with_network)

    def _value(self, name: str, utility: Utility, values_rows: bool, *, key: PRNGKey) -> Valuation:
        """Values with every error, that of rounding too."""
        semivalue = self.semivalue
        if isinstance(semivalue, str) and semivalue == "auto":
            usual = usual_semivalue(name, len(utility.players), values_rows=values_rows)
            settings = {} if usual.sampling is None else {"sampling": usual.sampling}
            semivalue = partial(getattr(semivalues, usual.name), **settings)
        elif isinstance(semivalue, str):
            semivalue = getattr(semivalues, semivalue)
        take = partial(semivalue, key=key)
        kept = {"per_validation_row": True} if self.per_validation_row else {}
        found = take(utility, **kept)
        found = add_rounding(found, utility, take, key=jax.random.fold_in(key, 1))
        return add_sketch_error(found, utility, take)

    def _store(self, result: Valuation) -> None:
        self.result_ = result
        self.values_, self.stderr_, self.ranks_ = result.values, result.stderr, result.rank
        self.intervals_ = result.intervals(self.level)
