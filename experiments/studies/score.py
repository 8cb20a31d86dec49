"""A new party scored against a saved run: its data joins the old, everything else stays frozen.

κ, bandwidth, ridge, temperature, seeds and encoding are those of the run, and the old data must
hash to the run's `data_sha256`; only the coalitions N, N ∪ new and {new} are looked at. Blocks, if
any, are drawn anew over old and new rows.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from davinz_jax.data import Copies, Dataset, Parties
from davinz_jax.data.copies import rows_that_count
from davinz_jax.data.tokens import widen_rows
from davinz_jax.files import write_whole
from davinz_jax.linalg import NotPositiveDefiniteError
from davinz_jax.semivalues import NewParty, Valuation, score_new_party
from experiments.report.page.common import figure_text, text_table
from experiments.report.page.document import Document, Table
from experiments.report.page.of_study import study_page
from experiments.report.page.render import REPORT, page_writer
from experiments.report.values import ridge_of
from experiments.runtime import auto, claims, compose, console, outputs, saved, usage
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.runtime.errors import InputError


@dataclass(frozen=True)
class Score:
    """A new party's worth beside the valuation that it is compared with.

    Attributes:
        party: what it adds, and is worth alone.
        num_rows: of it, those that count.
        valuation: of the run.
        told: what a trust run said of the run's values, if it was named there.
    """

    party: NewParty
    num_rows: int
    valuation: Valuation
    told: Sequence[str] = ()


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Score, print, and write to the folder; returns what result.json holds."""
    with claims.claim(folder, overwrite=cfg.overwrite):
        return _run(cfg, folder)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    stages = Stages()
    found = score(
        Path(cfg.run), Path(cfg.path), cfg.name, stages=stages, packages=list(cfg.packages)
    )
    content = {**result(found), "seconds": stages.seconds} | {
        "config": compose.plain(cfg),
        "versions": outputs.versions(),
    }
    for sentence in sentences(found):
        console.say(sentence)
    for sentence in found.told:
        console.note(sentence)
    files = {
        REPORT: page_writer(report(found, content)),
        outputs.RESULT: outputs.result_writer(content),
    }
    write_whole(folder, files)
    console.say(f"written to {folder}: {', '.join(files)}")
    return content


def score(
    folder: Path, path: Path, name: str, *, stages: Stages, packages: Sequence[str] = ()
) -> Score:
    """Rebuild the run's utility with the new party in it, and ask what the party adds.

    What the run's file names is called only if it is ours or of the packages given here.
    """
    earlier, valuation = saved.result(folder), saved.valuation(folder)
    settings: dict[str, Any] = freeze(earlier) | {"packages": list(packages)}
    with stages.stage("data"):
        old = _old_rows(settings, earlier, stages)
        _check_encoding(old, earlier)
        inputs, targets = _new_rows(settings, earlier, path, stages)
        joined = _count(join(old, inputs, targets, name), settings.get("copies") or "each")
    components = compose.components(OmegaConf.create(settings))
    kind = usage.kind_of(settings["utility"])
    has_tokens = joined.dataset.input_kind == "tokens"
    used = usage.used_by(kind, components.kernel_choice, settings["mmd"], has_tokens=has_tokens)
    if "model" not in used:
        components = components.without_network()
    context = components.context(joined, stages, announce=stages.announce)
    with stages.stage("utility"), _refusing_far_rows(path):
        utility = components.utility(context.ingredients)
        party = score_new_party(utility, name, against=valuation)
    told = [earlier["trust"]["sentence"]] if earlier.get("trust") else []
    return Score(party, int(joined.parties.sizes[-1]), valuation, told)


@contextmanager
def _refusing_far_rows(path: Path) -> Iterator[None]:
    """Say of new rows with which the run's kernel and ridge do not do what can be done here."""
    try:
        yield
    except NotPositiveDefiniteError as error:
        raise InputError(
            "path: wanted rows with which the run's kernel and ridge stay positive definite, got "
            f"rows in {path} with an eigenvalue of {error.min_eigenvalue:.3g}; check the units of "
            f"their columns, or value anew with a ridge of {error.ridge:.2g} (ntk.ridge, "
            "ntk.ridge_unit=absolute) or with ntk.precision=float64"
        ) from error


def freeze(earlier: dict[str, Any]) -> dict[str, Any]:
    """The run's configuration, with what it calibrated from its data written in as numbers.

    Raises:
        InputError: for a run of rows, one whose network is fitted to its rows, or one whose
            bandwidths differ between initialisations or whose kernel is scaled by its rows.
    """
    settings = with_kernel(earlier["config"])
    if settings.get("model", {}).get("head") == "ridge":
        raise InputError(
            "run: wanted a network that stays as it is when rows join, got model.head=ridge, which "
            "is fitted to them; value with model.head=drawn to score new parties"
        )
    if settings["players"] == "rows":
        raise InputError(
            "run: wanted a run over parties, got one over rows; value parties first, with "
            "experiments.value players=parties"
        )
    if usage.kind_of(settings["utility"]) in usage.REGRESSIONS:
        return settings | _freeze_regression(settings, earlier)
    if settings["mmd"]["features"] == "network" and earlier["bandwidth"] is not None:
        raise InputError(
            "run: wanted a discrepancy on raw inputs, got one on network features; value with "
            "mmd.features=inputs to score new parties"
        )
    if earlier["kappa"] is not None:
        settings["utility"] = settings["utility"] | {"kappa": earlier["kappa"]}
    if earlier["bandwidth"] is not None:
        settings["mmd"] = settings["mmd"] | {"bandwidth": earlier["bandwidth"]}
    if settings["ntk"]["ridge"] == "auto":
        ridge = ridge_of(earlier["utility"])
        settings["ntk"] = settings["ntk"] | {"ridge": ridge, "ridge_unit": "absolute"}
    return settings


def _freeze_regression(settings: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """Kernel, ridge and utility with what the run found from its data written in."""
    described = earlier["utility"]
    if described.get("kernel") == "sum":
        raise InputError(
            "run: wanted a kernel that stays as it is when rows join, got kernel=sum, which is "
            "scaled by its rows; value with another kernel to score new parties"
        )
    found = {name: described[name] for name in ("bandwidth", "temperature") if name in described}
    kernel, utility = (
        settings[group] | {name: found[name] for name in found.keys() & settings[group].keys()}
        for group in ("kernel", "utility")
    )
    ridge = {"ridge": ridge_of(described), "ridge_unit": "absolute"}
    return {"kernel": kernel, "utility": utility, "ntk": settings["ntk"] | ridge}


def with_kernel(config: dict[str, Any]) -> dict[str, Any]:
    """A run's configuration; of one from before kernels had a group, theirs taken from utility."""
    utility = {**config["utility"]}
    if "kernel" in config:
        return {**config}
    name = utility.pop("kernel", "ntk")
    options = {key: utility.pop(key) for key in ("bandwidth", "cosine") if key in utility}
    kernel = auto.read_choice("kernel", name)
    kernel |= {key: value for key, value in options.items() if key in kernel}
    return {**config, "utility": utility, "kernel": kernel}


def _old_rows(settings: dict[str, Any], earlier: dict[str, Any], stages: Stages) -> Rows:
    rows = compose.components(OmegaConf.create(settings)).load(stages.progress)
    found = rows.dataset.sha256()
    if found != earlier["data_sha256"]:
        raise InputError(
            f"run: wanted the data that was valued (sha256 {earlier['data_sha256'][:12]}…), got "
            f"{found[:12]}…; restore the file, or value the data anew"
        )
    return rows


def _check_encoding(rows: Rows, earlier: dict[str, Any]) -> None:
    found = json.loads(json.dumps(rows.dataset.encoding))
    if found != earlier.get("encoding"):
        raise InputError(
            "run: wanted the encoding that its data gives, got another one in result.json; restore "
            "the file from a copy, or value the data anew"
        )


def _new_rows(
    settings: dict[str, Any], earlier: dict[str, Any], path: Path, stages: Stages
) -> tuple[np.ndarray, np.ndarray]:
    """The new party's rows: read as the run's source reads a validation file."""
    data = settings["data"]
    if "validation_path" not in data:
        raise InputError(
            "run: wanted a run on data=table, text, arrays or images, got "
            f"{data['_target_']}; a new party comes as a file"
        )
    read = data | {"validation_path": str(path), "num_validation_rows": None}
    if earlier.get("encoding"):
        read["schema"] = earlier["encoding"]
    changed = OmegaConf.create(settings | {"data": read})
    validation = compose.components(changed).load(stages.progress).dataset.validation
    if validation.targets is None:
        raise InputError(f"path: wanted rows with targets, got none in {path}; add their column")
    return validation.inputs, validation.targets


def join(old: Rows, inputs: np.ndarray, targets: np.ndarray, name: str) -> Rows:
    """Old rows first, then the new party's.

    Raises:
        InputError: if the name is taken, or the new rows do not fit the old.
    """
    dataset, parties = old.dataset, old.parties
    if name in parties.names:
        raise InputError(f"name: wanted one that no party has, got {name!r}; choose another")
    if dataset.input_kind == "tokens":
        dataset, inputs = _of_one_width(dataset, inputs)
    if inputs.shape[1:] != dataset.inputs.shape[1:]:
        raise InputError(
            f"path: wanted rows of shape {dataset.inputs.shape[1:]}, got {inputs.shape[1:]}; "
            "give the new party's data the form of the old"
        )
    if dataset.task == "classification" and int(targets.max()) >= dataset.num_classes:
        raise InputError(
            f"path: wanted classes 0..{dataset.num_classes - 1}, got {int(targets.max())}; "
            "a class that nobody had cannot be scored against the saved run"
        )
    joined = replace(
        dataset,
        inputs=np.concatenate([dataset.inputs, inputs.astype(dataset.inputs.dtype)]),
        targets=np.concatenate([dataset.targets, targets.astype(dataset.targets.dtype)]),
        parties=None,
        lines=None,
        ids=None,
        folds=None if dataset.folds is None else np.append(dataset.folds, np.full(len(inputs), -1)),
    )
    indices = np.concatenate([parties.indices, np.full(len(inputs), len(parties))])
    corrupted = np.concatenate([old.corrupted, np.zeros(len(inputs), bool)])
    return Rows(joined, Parties(indices, (*parties.names, name)), corrupted)


def _of_one_width(dataset: Dataset, inputs: np.ndarray) -> tuple[Dataset, np.ndarray]:
    """Old rows and new ones of tokens, filled to the longest of either."""
    assert dataset.encoding is not None  # as every source of tokens has it
    fill = partial(
        widen_rows,
        width=max(inputs.shape[1], dataset.inputs.shape[1]),
        pad=dataset.encoding["pad"],
    )
    return replace(dataset.map_inputs(fill), input_kind="tokens"), fill(inputs)


def _count(rows: Rows, copies: Copies) -> Rows:
    """The rows without those of the new party, the last, that do not count (`copies.py`)."""
    dataset, parties = rows.dataset, rows.parties
    stands_for = rows_that_count(dataset.inputs, dataset.targets, parties.indices, copies)
    is_new = parties.indices == len(parties) - 1
    kept = np.flatnonzero(~is_new | (stands_for == np.arange(len(dataset))))
    if len(kept) < len(dataset):
        console.note(
            f"{len(dataset) - len(kept):,} of {is_new.sum():,} rows of {parties.names[-1]} repeat "
            "another of them and are left out, as in the run; value with copies=each to count them"
        )
    return Rows(
        dataset.take(kept), Parties(parties.indices[kept], parties.names), rows.corrupted[kept]
    )


def result(score: Score) -> dict[str, Any]:
    """What result.json holds of a score."""
    party = score.party
    marginal = dict(zip(party.terms, party.marginal.mean(axis=1).tolist(), strict=True))
    return {
        "name": party.player,
        "num_rows": score.num_rows,
        "value": party.value,
        "stderr": None if np.isnan(party.stderr) else party.stderr,
        **marginal,
        "value_alone": party.value_alone,
        "method": "leave_one_out",
        "rank": _rank(score),
        "trust": list(score.told),
    }


def _rank(score: Score) -> int | None:
    """Rank among the saved values; they compare with a leave-one-out value only."""
    comparable = score.valuation.method == "leave_one_out"
    return score.party.rank_among(score.valuation) if comparable else None


def sentences(score: Score) -> list[str]:
    """What the new party is worth, in words."""
    content, rank = result(score), _rank(score)
    error = "" if content["stderr"] is None else f" ± {content['stderr']:.2g}"
    number = len(score.valuation.players)
    return [
        f"to the {number} parties there are, {content['name']} ({content['num_rows']} rows) adds "
        f"{content['value']:+.5g}{error}",
        f"alone it is worth {content['value_alone']:+.5g}",
        f"among their leave-one-out values it would rank {rank}"
        if rank is not None
        else f"the run's values are by {score.valuation.method}, which this number does not "
        "compare with; value all parties together for that",
    ]


def report(score: Score, content: Mapping[str, Any]) -> Document:
    """The page of a score.

    Args:
        score: the new party.
        content: what result.json holds.
    """
    name, terms = score.party.player, score.party.terms
    parts = [(term, figure_text(content[term])) for term in terms] if len(terms) > 1 else []
    added = [("added to the others", figure_text(score.party.value)), *parts,
             ("alone", figure_text(score.party.value_alone))]  # fmt: skip
    return study_page(
        f"What would {name} be worth?",
        verdicts=sentences(score),
        tables=[text_table(f"Worth of {name}", ["what", "worth"], added), _beside(score)],
        notes=[
            "encoding, bandwidth, ridge, κ and seeds are those of the run: nothing of the old "
            "parties' values was found anew",
            f"the rows that judged the others judged {name} too",
            *score.told,
        ],
        content=content,
    )


def _beside(score: Score) -> Table:
    """The values of the run, the new party's among them where they compare."""
    frame = score.valuation.to_frame()
    values = dict(zip(frame["player"], frame["value"], strict=True))
    if _rank(score) is not None:
        values[f"{score.party.player} (new)"] = score.party.value
    rows = sorted(values.items(), key=lambda each: -each[1])
    caption = f"Values of the run, by {score.valuation.method.replace('_', '-')}"
    return text_table(caption, ["party", "value"], [(name, figure_text(v)) for name, v in rows])
