"""The page of a kept result: `python -m experiments.studies.finetuning.page` writes it anew.

It is made of results/finetuning.json alone, so that it cannot say other numbers than that does.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from davinz_jax.files import write_whole
from experiments.report.tables import markdown
from experiments.runtime import outputs
from experiments.studies.finetuning.layers import KERNELS
from experiments.studies.finetuning.methods import METHODS

STEM = "finetuning"
ROOT = Path(__file__).parents[3]
KEPT, PAGE = ROOT / "results", ROOT / "docs" / f"{STEM}.md"
INTRODUCTION = """# Fine-tuning data: what rows are worth to a pretrained encoder

Which texts help a pretrained encoder that is fine-tuned on them, which hurt, and which have a wrong
label? Made by `python -m experiments.finetuning path=… validation_path=… weights=… keep=true` and
kept in `results/`; this page is made of that file by
`python -m experiments.studies.finetuning.page`. How to value one's own texts: [text.md](text.md).

**The rows** are drawn from the training split of Reuters R8 (eight classes), {noise:.0%} of their
labels replaced by another class; the validation rows are of the test split, with true labels. Every
row is a player. The encoder is MiniLM (6 layers, 384 wide), each text cut to {max_tokens} tokens.

**Ours** is regression with the tangent kernel of the last {num_tuned} layers and the head at the
pretrained weights (of one logit, used for every class), scored by the probability of the right
class. Shapley values are sampled by {num_permutations} permutations, each of which takes the exact
score of every prefix. A margin is a row's label against the best other one by regression on all
other rows, and sees no clean label.

**Rivals** see the same rows: the same regression with an RBF kernel on frozen features and on
TF-IDF, KNN-Shapley, the influence function of the same tangent kernel (the form of TRAK and LoGra),
and chance.

**Tuned networks** are the encoder's last {num_tuned} layers and head, trained by Adam for
{num_epochs} epochs on the {share:.0%} of the rows with the highest, and with the lowest, values,
with the labels that they have, and on as many random rows. Where the utility counts validation rows
alike, the rows of highest Shapley value are those of the few largest classes, and a network tuned
on them never sees the others. Two remedies stand beside: to take the share of the rows *of each
class*, and to let the utility count *classes* alike (`utility.metric=balanced_soft_accuracy`). Both
were thought of after the first had been seen. Intervals are
Student's over {num_seeds} seeds of head and order, of one draw of rows; those of AUC are a
bootstrap over rows.
"""


def main() -> None:
    """Write the page from what is kept."""
    text = page(outputs.read_result(KEPT / f"{STEM}.json"))
    write_whole(PAGE.parent, {PAGE.name: outputs.text_writer(text)})


def page(content: Mapping[str, Any]) -> str:
    """The page of one result."""
    parts = [INTRODUCTION.format(**content["config"]), "## What was found\n"]
    parts += [f"- {line}" for line in verdicts(content)]
    parts += [f"\n![tuned networks and rows removed](../results/{STEM}.png)\n", "## Methods\n"]
    parts += [*markdown(*method_rows(content)), "\n## Which layers\n"]
    parts += [
        f"Leave-one-out margins of the first {content['layers']['num_rows']:,} rows, with the "
        f"leave-one-out error ({content['layers']['criterion'].replace('_', ' ')}) by which each "
        "ridge was chosen.\n",
        *markdown(*layer_rows(content)),
        "\n## What it took\n",
    ]
    parts += [*markdown(*second_rows(content)), "", *_made(content)]
    parts += [
        "\nSeconds are by the clock, whatever else the machine did; those of networks tuned in "
        "earlier starts of the run are not among them."
    ]
    return "\n".join(parts) + "\n"


def verdicts(content: Mapping[str, Any]) -> Iterator[str]:
    """What the numbers say, a sentence or a few a line."""
    auc = content["auc"]
    yield (
        f"**Wrong labels** ({content['num_wrong']} of {content['num_rows']:,} rows): AUC "
        f"{_auc(auc['tangent_margin'])} by tangent margins, {_auc(auc['tangent_shapley'])} by "
        f"tangent Shapley values. {_ahead('RBF margins on frozen features', auc['frozen_margin'])} "
        f"{_ahead('RBF margins on TF-IDF', auc['tfidf_margin'])}"
    )
    yield from _tuned_verdicts(content)
    curves = content["curves"]
    last = max(curves, key=lambda name: curves[name][-1])
    yield (
        "**Without the lowest half** of all classes together, a logistic regression on frozen "
        f"features is best by {METHODS[last].title}, {curves[last][-1]:.3f}; by tangent Shapley "
        f"values it has {curves['tangent_shapley'][-1]:.3f}, by chance "
        f"{curves['random'][-1]:.3f}: what is removed there are rows of the small classes too."
    )
    sampling = content["sampling"]
    yield (
        "**Sampling error**: a standard error of "
        f"{sampling['mean_stderr']:.1e} a row on average, widened for what few permutations may "
        f"have missed, where values spread by {sampling['spread_of_values']:.1e}: they rank rows, "
        "and single ones are not told from zero."
    )


def _tuned_verdicts(content: Mapping[str, Any]) -> Iterator[str]:
    """What networks tuned on the best and the worst rows say."""
    tuned = _by_place(content)
    top, bottom = (tuned["tangent_shapley", side] for side in ("class_top", "class_bottom"))
    of_all = tuned["tangent_shapley", "top"]
    chance = tuned["random", "class_top"]
    yield (
        f"**Tuned on the top {content['config']['share']:.0%}** of each class by tangent Shapley "
        f"values a network reaches {_accuracy(top)}, on as many random rows {_accuracy(chance)} "
        f"(difference {_ahead_by(top)}), on the bottom ones {_accuracy(bottom)} (difference "
        f"{_ahead_by(bottom)}); on the top of all classes together {_accuracy(of_all)}."
    )
    alike, least = (tuned["balanced_shapley", side] for side in ("top", "bottom"))
    yield (
        "**By a utility that counts classes alike** the top of all rows together has "
        f"{_accuracy(alike)} (less random rows {_ahead_by(alike)}), the bottom "
        f"{_accuracy(least)} (difference {_ahead_by(least)})."
    )
    tops = {name: entry for (name, side), entry in tuned.items() if side == "class_top"}
    best = max(tops, key=lambda name: tops[name]["accuracy"])
    yield f"**The best top** is that by {METHODS[best].title}: {_accuracy(tops[best])}."


def method_rows(content: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headers and rows: a method a line."""
    tuned = _by_place(content)
    headers = ("method", "clean labels", "AUC of wrong labels", "tuned on top of classes",
               "less random", "on bottom of classes", "on top of all",
               "less random", "on bottom of all", "without lowest half")  # fmt: skip
    rows = [
        (method.title, "yes" if method.is_clean else "", _auc(content["auc"][name]),
         _accuracy(tuned.get((name, "class_top"))),
         "" if name == "random" else _ahead_by(tuned.get((name, "class_top"))),
         _accuracy(tuned.get((name, "class_bottom"))), _accuracy(tuned.get((name, "top"))),
         _ahead_by(tuned.get((name, "top"))), _accuracy(tuned.get((name, "bottom"))),
         f"{content['curves'][name][-1]:.3f}")
        for name, method in METHODS.items()
    ]  # fmt: skip
    return headers, rows


def layer_rows(content: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headers and rows: a kernel a line."""
    found = content["layers"]["kernels"]
    rows = [
        (title, _auc(found[name]),
         "" if name == "tuned" else
         f"{found[name]['margin_less_low']:+.4f} to {found[name]['margin_less_high']:+.4f}",
         f"{found[name]['error']:.4f}")
        for name, title in KERNELS.items()
    ]  # fmt: skip
    return ("kernel", "AUC of wrong labels", "tuned layers less this", "error"), rows


def second_rows(content: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headers and rows: a phase a line."""
    phases = content["seconds"].items()
    rows = [(phase, f"{seconds:.0f}") for phase, seconds in phases if seconds >= 0.5]
    return ("phase", "seconds"), rows


def _by_place(content: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, float]]:
    return {(entry["method"], entry["side"]): entry for entry in content["tuned"]}


def _auc(found: Mapping[str, float]) -> str:
    return f"{found['auc']:.4f} [{found['low']:.4f}, {found['high']:.4f}]"


def _accuracy(found: Mapping[str, float] | None) -> str:
    return (
        ""
        if found is None
        else f"{found['accuracy']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
    )


def _ahead_by(found: Mapping[str, float] | None) -> str:
    if found is None:
        return ""
    return f"{found['ahead']:.3f} [{found['ahead_low']:.3f}, {found['ahead_high']:.3f}]"


def _ahead(what: str, found: Mapping[str, float]) -> str:
    """Whether the tangent margin's AUC is above another's, by the interval of their difference."""
    low, high = found["margin_less_low"], found["margin_less_high"]
    text = f"{_auc(found)}; tangent margins less these: {low:+.4f} to {high:+.4f}"
    verdict = "behind" if low > 0 else "ahead" if high < 0 else "not told apart"
    return f"{what}: {text}, {verdict}."


def _made(content: Mapping[str, Any]) -> Iterator[str]:
    versions = content["versions"]
    shown = ", ".join(f"{key} {versions[key]}" for key in ("python", "jax", "flax", "scipy"))
    yield (
        f"{versions['device']}; commit {versions['commit']}; {shown}. {content['num_rows']:,} rows "
        f"and {content['num_validation_rows']:,} validation rows; parameters "
        f"`{content['parameters']}`."
    )
    yield from (f"\nNote: {note}." for note in content["notes"] if "read as" not in note)


if __name__ == "__main__":
    main()
