"""Rows judged from data to files: what `experiments.detect` runs."""

from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig

from davinz_jax import KernelOptions
from davinz_jax.detection import (
    Cut,
    RowCheck,
    check_classes_left,
    cut_false_discovery,
    cut_rate,
    cut_two_means,
    cut_wrong_labels,
    label_margins,
    target_residuals,
)
from davinz_jax.kernels import Kernel
from experiments.report import doubts
from experiments.report.doubts import Doubts
from experiments.report.page.of_doubts import doubts_page
from experiments.report.page.render import REPORT, page_writer
from experiments.report.plots_ridges import ridge_writers
from experiments.runtime import claims, compose, protocols
from experiments.runtime.console import Stages
from experiments.runtime.context import Rows
from experiments.runtime.network import Model
from experiments.runtime.own_rows import OwnRows, own_rows
from experiments.runtime.schema.detect import CutRule, What
from experiments.studies.base import check_worst
from experiments.studies.detect.kernels import make_ingredients
from experiments.studies.detect.options import (
    BOUND,
    choose_block_size,
    choose_cut,
    choose_kernel,
    source_of_all_rows,
)
from experiments.studies.detect.views import view_rows, wants_views, with_few_validation_rows


def run(cfg: DictConfig, folder: Path, named: Set[str] = frozenset()) -> dict[str, Any]:
    """Judge all rows, print, and write to the folder; returns what result.json holds."""
    check_worst(cfg.worst)
    with claims.claim(folder, overwrite=cfg.overwrite):
        found = detect(cfg, named)
        content = doubts.result(found, compose.plain(cfg))
        doubts.show(found, cfg.worst)
        more = {REPORT: page_writer(doubts_page(found, content, worst=cfg.worst))}
        if cfg.ridge_figure:
            more |= ridge_writers(found.check.curves, title=found.rows.dataset.name)
        doubts.save(found, content, folder, cfg.worst, more)
    return content


def detect(cfg: DictConfig, named: Set[str]) -> Doubts:
    """Judge the rows of a configuration.

    Args:
        cfg: the options of `Detect`.
        named: options that the command line names, which `auto` goes by.
    """
    settings, keys, stages = compose.plain(cfg), compose.streams(cfg.seed), Stages()
    rule = choose_cut(cfg, named)
    has_views = wants_views(settings["data"], cfg.views)
    model = Model.of(settings["model"])
    options: KernelOptions = compose.make("ntk", settings["ntk"])
    with stages.stage("data"):
        rows, own = load(settings, keys, stages)
        rows = replace(rows, dataset=model.remark(rows.dataset))
    choice = choose_kernel(settings, named, has_tokens=rows.dataset.input_kind == "tokens")
    num_blocks = -(-len(rows.dataset) // choose_block_size(cfg, len(rows.dataset)))
    shared = make_ingredients(
        with_few_validation_rows(rows.dataset, views=has_views, key=keys["semivalue"]),
        model,
        choice,
        replace(options, num_blocks=num_blocks),
        num_initialisations=cfg.num_initialisations,
        keys=keys,
        stages=stages,
    )
    with stages.stage("kernel"):
        kernel = shared.regression_kernel()
    with stages.stage("margins"):
        check = judge(kernel, rows, What(cfg.what))
        cut = cut_rows(check, rows, rule, what=What(cfg.what), rate=cfg.rate, fdr=cfg.fdr)
    refuse_one_class(cut, rows)
    views = ()
    if has_views:
        with stages.stage("views"):
            ridge = check.curves[0].ridge
            views = view_rows(shared, ridge=ridge, key=keys["semivalue"])
    return Doubts(
        rows=rows,
        own=own,
        what=What(cfg.what),
        kernel={"kernel": choice.name, "num_blocks": num_blocks}
        | dict(getattr(kernel, "details", {})),
        check=check,
        cut=cut,
        views=views,
        seconds=stages.seconds,
        seed=cfg.seed,
    )


def load(settings: dict[str, Any], keys: Any, stages: Stages) -> tuple[Rows, OwnRows]:
    """All labelled rows of the source, none held out, and how the source has them."""
    node, data_seed, _ = compose.split_data(settings["data"])
    source = compose.function("data", source_of_all_rows(node), protocols.Source)
    partition = compose.function("parties", settings["parties"], protocols.Partition)
    corruption = compose.function("corruption", settings["corruption"], protocols.Corruption)
    data_key = keys["data"] if data_seed is None else compose.streams(data_seed)["data"]
    dataset = source(key=data_key, progress=stages.progress)
    dataset, parties = partition(dataset.numbered(), key=keys["parties"])
    dataset = dataset.numbered()
    own = own_rows(source, dataset)
    dataset, corrupted = corruption(dataset, key=keys["corruption"])
    return Rows(dataset, parties, corrupted), own


def judge(kernel: Kernel, rows: Rows, what: What) -> RowCheck:
    """What all other rows say of each row; of inputs, how unlike all others they are."""
    targets = rows.dataset.targets
    if rows.dataset.task == "classification":
        check = label_margins(kernel, targets)
    else:
        check = target_residuals(kernel, targets.astype(np.float64))
    if what == What.labels:
        return check
    share = check.novelty / check.curves[0].scale
    return replace(check, margin=-share, cost=share)


def cut_rows(
    check: RowCheck,
    rows: Rows,
    rule: CutRule,
    *,
    what: What,
    rate: float | None = None,
    fdr: float | None = None,
) -> Cut:
    """The rows to be dropped; the mixture is that of labels where labels are doubted."""
    if rule == CutRule.two_means:
        return cut_two_means(check.cost)
    if rule == CutRule.rate:
        assert rate is not None
        return cut_rate(check.margin, rate=rate)
    bound = BOUND if fdr is None else fdr
    if what == What.labels and rows.dataset.task == "classification":
        return cut_wrong_labels(check.outputs, rows.dataset.targets, bound=bound)
    return cut_false_discovery(check.margin, bound=bound)


def refuse_one_class(cut: Cut, rows: Rows) -> None:
    """Refuse a cut that leaves fewer than two classes of several."""
    dataset = rows.dataset
    if dataset.task == "classification":
        names = np.array(dataset.class_names or range(dataset.num_classes))
        check_classes_left(cut, names[dataset.targets])
