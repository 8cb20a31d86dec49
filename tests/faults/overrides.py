"""Generated options of the command line: sound, on the edge, and such as must be refused."""

from hypothesis import strategies as st

from tests.faults.cases import Wanted

Override = tuple[str, Wanted]

NUMBERS = ("0", "-1", "1", "0.5", "2", "1e-300", "1e308", "nan", "inf", "-inf", "null", "many",
           "''", "[]", "{}", "[1]", "true", "99999999999999999999", "1e400", "０", "${seed}",
           "${nothing}", "???")  # fmt: skip
"""What is tried in place of any number."""

LOOSE = {
    "num_initialisations": ("1", "2", "0", "-1", "1.5"),
    "ntk.ridge": ("auto", "1e-4", "0", "-1", "1e12"),
    "ntk.ridge_unit": ("relative", "absolute", "metres"),
    "ntk.output": ("label", "trace", "scalar", "lable"),
    "ntk.parameters": ("weights", "all", "some"),
    "ntk.num_blocks": ("1", "2", "17", "1000000000000"),
    "ntk.batch_size": ("4", "1", "0"),
    "ntk.memory": ("4GiB", "1", "1KiB", "lots", "-1GiB"),
    "ntk.shuffle": ("false", "perhaps"),
    "kernel": ("rbf", "laplace", "network_features", "sum", "ntk", "gauss"),
    "kernel.bandwidth": ("median", "1", "0", "-1"),
    "kernel.cosine": ("true", "perhaps"),
    "utility.metric": ("accuracy", "mse", "auc", "r2", "cross_entropy", "best"),
    "mmd.bandwidth": ("median", "1", "0", "-1", "medium"),
    "mmd": ("median", "features", "paper", "mmd"),
    "utility": ("davinz", "complexity", "discrepancy", "kernel_regression", "davinz_standalone"),
    "semivalue": ("leave_one_out", "standalone", "shapley", "banzhaf", "beta_shapley", "shaply"),
    "players": ("rows", "parties", "people"),
    "parties": ("random", "by_class", "own", "column", "by_sizes", "nobody"),
    "corruption": ("flip_labels", "noise", "duplicates", "none"),
    "seed": ("1", "-1", "4294967296", "100000000000000000000", "1.5"),
    "value.worst": ("0", "-1", "3", "1000000"),
    "data.holdout": ("0.2", "0", "1", "-1", "none", "0.999", "crossfit", "auto"),
    "second_opinion": ("false", "null", "true", "perhaps"),
    "data.impute": ("mean", "median", "most_frequent", "mode"),
    "data.num_rows": ("16", "0", "-1", "1", "1000000000000"),
    "data.num_validation_rows": ("4", "0", "1", "-3"),
    "data.select": ("first", "random", "balanced", "last"),
    "data.task": ("classification", "regression", "clustering"),
    "data.ignore": ("[x0]", "[]", "[nobody]", "x0", "[y]"),
    "data.categorical": ("[x0]", "[y]", "[nobody]"),
    "data.max_categories": ("1", "2", "0", "-1"),
    "data.target": ("y", "x0", "party", "nobody", "2023", "null", "''", "true"),
    "data.party": ("party", "y", "nobody", "3"),
    "data.path": ("nowhere.csv", "/", "''", ".", "/dev/null", "a.xlsx"),
    "data.validation_path": ("nowhere.csv", "/dev/null"),
    "model.weights": ("nowhere.npz", "/dev/null"),
    "model.widths": ("[]", "[0]", "[-1]", "3", "null"),
}  # fmt: skip
"""Values tried of options by name; what becomes of them depends on the others."""

REFUSED = (
    "value.level=0", "value.level=1", "value.level=-0.1", "value.level=2", "value.level=nan",
    "num_initialisations=0", "ntk.ridge=-1", "ntk.ridge=nan", "ntk.output=lable", "nkt.ridge=1",
    "ntk.rigde=1", "seed=100000000000000000000", "semivalue=shaply", "data=tabel", "foo=1",
    "++foo=1", "model=cnm", "mmd.bandwidth=-1", "mmd.bandwidth=nan", "mmd.bandwidth=0",
    "data._target_=os.makedirs", "data._target_=os.getcwd", "model._target_=builtins.print",
    "semivalue._target_=subprocess.run", "utility._target_=nowhere.nothing", "a=b=c=", "=", "x",
    "data={_target_: mine.source}", "value.resume=nowhere", "num_initialisations=[1]",
    "data.holdout=1", "data.path=nowhere.csv", "data.target=nobody", "seed=null", "value=3",
    "model.widths=[-1]", "model.widths=[0]", "[", "data.num_rows=0", "data.num_validation_rows=0",
)  # fmt: skip
"""Options of `value` that no input makes right."""

SOUND = (
    (), ("semivalue=shapley",), ("semivalue=standalone",), ("semivalue=banzhaf",),
    ("semivalue=beta_shapley",), ("players=rows",), ("players=rows", "value.worst=5"),
    ("seed=7",), ("value.level=0.5",), ("semivalue=shapley", "semivalue.method=permutation",
     "semivalue.num_samples=20"), ("semivalue=shapley", "semivalue.method=stratified",
     "semivalue.num_samples=20"), ("semivalue=banzhaf", "semivalue.method=sample_reuse",
     "semivalue.num_samples=40"),
)  # fmt: skip
"""Options of `value` that suit every sound input."""

RAW = ("utility=kernel_regression", "kernel=rbf")
"""No network is looked at; little is compiled."""

ALONE = ("second_opinion=false",)
"""No other utility is looked at."""

NETWORK = ("utility=davinz", "model=mlp_table", "model.widths=[4]", "num_initialisations=1")
"""A network so small that compiling it is all it takes."""

DETECT = {
    "what": ("labels", "inputs", "people"),
    "kernel": ("rbf", "laplace", "auto", "gauss"),
    "kernel.bandwidth": ("median", "2", "0", "-1"),
    "cut": ("two_means", "rate", "fdr", "auto", "half"),
    "rate": ("0.1", "0", "1", "nan", "-1", "0.999"),
    "fdr": ("0.1", "0", "1", "0.9"),
    "block_size": ("2", "1", "8", "1000000", "0"),
    "worst": ("0", "3", "-1", "100000"),
    "corruption": ("flip_labels", "noise", "none"),
    "seed": ("1", "-1", "100000000000000000000"),
    "data.impute": ("mean", "mode"),
    "data.num_rows": ("16", "2", "0", "1"),
}  # fmt: skip
"""Values tried of options of `detect`."""

PAYOUT = {
    "budget": ("100", "0.01", "0", "-1", "nan", "inf", "1e300", "1e-9", "null", "ten", "0.005",
               "99999999999999999999", "1_000"),
    "negative": ("zero", "shift", "charge", "refuse", "ignore"),
    "floor": ("0", "1", "-1", "1000", "nan", "33.33", "inf"),
    "cap": ("null", "50", "0", "-5", "nan", "33.34", "inf"),
    "decimals": ("0", "2", "-1", "8", "400", "1.5"),
    "by_party": ("true", "false", "maybe"),
}  # fmt: skip
"""Values tried of options of `payout`."""

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def loose(draw: st.DrawFn, choices: dict[str, tuple[str, ...]]) -> Override:
    """One option with a value that may or may not do."""
    name = draw(st.sampled_from(sorted(choices)))
    value = draw(st.sampled_from(choices[name]) | st.sampled_from(NUMBERS))
    return f"{name}={value}", "either"


def refused() -> st.SearchStrategy[Override]:
    """One option that must be refused."""
    return st.sampled_from(REFUSED).map(lambda text: (text, "refused"))


@st.composite
def garbled(draw: st.DrawFn, choices: dict[str, tuple[str, ...]]) -> Override:
    """An option with any text for its name or its value."""
    name = draw(st.sampled_from(sorted(choices)))
    text = draw(TEXTS)
    return draw(st.sampled_from([f"{name}={text}", f"{name}{text}=1", f"{text}={name}"])), "either"


def of_value() -> st.SearchStrategy[list[Override]]:
    """Up to two options of `value`."""
    return st.lists(loose(LOOSE) | refused() | garbled(LOOSE), min_size=1, max_size=2)


def of(choices: dict[str, tuple[str, ...]], least: int = 0) -> st.SearchStrategy[list[Override]]:
    """Up to three options of a command."""
    return st.lists(loose(choices) | loose(choices) | garbled(choices), min_size=least, max_size=3)
