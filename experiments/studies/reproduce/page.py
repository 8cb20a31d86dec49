"""The page of the paper's experiments: `python -m experiments.studies.reproduce.page` writes it.

It is made of results/experiments alone, so that it cannot say other numbers than those do.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from davinz_jax.files import write_whole
from experiments.report.tables import markdown
from experiments.runtime import outputs
from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.compose import plain
from experiments.runtime.foreign import cell
from experiments.studies.reproduce import statements
from experiments.studies.reproduce.jobs import Job, read_jobs
from experiments.studies.reproduce.kept import FOLDER, ROOT, SIZES, Kept, read_kept
from experiments.studies.reproduce.schedule import duration
from experiments.studies.reproduce.statements import Decided

PAGE = ROOT / "docs" / "experiments.md"
RESULTS = "../results/experiments"

INTRODUCTION = """\
# The paper's experiments

Every experiment is one command with one configuration; `conf/experiment/*.yaml` are changes to it,
headed by the question, the command, time and device. A plan lists them, runs the most answers an
hour first, and goes on where it was after whatever ended it:

    make reproduce HOURS=2                                    # the reduced plan, again and again
    python -m experiments.reproduce plan=medium hours=8       # what two cores decide in a night
    python -m experiments.reproduce plan=paper list=true      # a command a line, for a cluster
    python -m experiments.reproduce plan=paper rehearse=true  # the same jobs at a tiny size
    python -m experiments.comparison -m seed=0,1,2 model=cnn,mlp hydra/launcher=joblib
    python -m experiments.collect multirun/comparison             # one table, one figure

Results that are kept (`keep=true`) lie in `results/experiments/`, and this page is made of them by
`python -m experiments.studies.reproduce.page`. Numbers are means over seeds (fresh data, parties,
blocks and weights) with Student's 95 % interval in brackets. A claim **holds** where the whole
interval is on its side of zero, **does not hold** where the whole interval is on the other, and is
**undecided** else; *better than* is of the difference in the same seed. Sizes are *smoke* (seconds,
digits or Ising), *reduced* (minutes), *medium* (what two cores decide in a night) and *paper*.
"""

REASONS = """\
## What to look for

- *The in-domain part does not know the validation set.* In data preference ν rises because MMD
  does; the complexity part may go the other way, for blended digits cost more to fit.
- *Agreement between networks is partly MMD's*, which is the same in all of them. The complexity
  part is the only one that sees the network; the smallest eigenvalue of its kernel says how sound
  it is.
- *Size*: bootstrap sets differ in size, and the logarithm of the number of rows looks at nothing
  and tracks accuracy too. *At a given size* is the rank correlation that is left once it is known.
- *A class left out* costs the accuracy of that class: see the class's share in each comparison.
- *Networks that do not learn*: the paper's MLP of ten layers without biases can stay on its first
  plateau, where the loss is settled from the start; look at the loss, too, not only at the share
  that settled.
"""

METHOD = """\
## How it is done

- *Correlation*: one kernel of all rows serves every set; a row drawn w times has the ridge λ/w. κ
  is the mean over the sets, as in the paper. Networks are trained on every set by SGD until the
  epoch's loss settles; the share that settled stands beside each result.
- *Comparison*: DAVINZ's leave-one-out values come from one kernel pass, which its time includes;
  the times of VP, influence functions and robust volume include their training. Times are the least
  over seeds, so that compiling is left out. A baseline that refuses its data is left out with its
  reason. KNN-Shapley measures distances between raw inputs, or with
  `baselines.knn_shapley.use_features=true` between the trained network's features. The truth is the
  fall of accuracy and the rise of loss of networks trained without the party. Leaving a class out
  costs the accuracy of that class, so that the class's share of the validation set predicts the
  fall without looking at an image: every comparison prints it.
- Results of trained networks lie in the run's `checkpoints/` (or `checkpoints=DIR`): a killed run,
  started again in the same folder (`hydra.run.dir=DIR`), goes on from there, and so does a plan. A
  plan's folder is `outputs/reproduce/PLAN`; a job is finished when its result is there. A job is
  begun if its estimate fits the time left, or if none has ended in this call.
- Estimates are of a job's rows, networks and epochs, at rates that short probes of training, kernel
  and MMD measure first.
- *Notebook 3* draws the figures from `results/experiments/`, or from any folder of runs:
  `DAVINZ_RESULTS=outputs make notebooks`.
"""


def main() -> None:
    """Write the page from the kept results."""
    write_whole(PAGE.parent, {PAGE.name: outputs.text_writer(current())})


def current(folder: Path = FOLDER) -> str:
    """The page of the results in a folder."""
    kept = read_kept(folder)
    parts = [INTRODUCTION, *_summary(statements.find(kept))]
    for size in reversed(SIZES):
        for each in (k for k in kept.values() if k.size == size):
            parts += _section(each)
    return "\n".join([*parts, *_plans(kept), REASONS, METHOD])


def _summary(findings: list[Decided]) -> Iterator[str]:
    yield "## What holds\n"
    if not findings:
        yield "No result is kept yet.\n"
        return
    rows = [
        (f.statement.claim, str(f.number), f"**{f.decision}**", _size(f.kept), _linked(f.kept))
        for f in findings
    ]
    yield from markdown(["claim", "our number", "decision", "size", "result"], rows)


def _linked(kept: Kept) -> str:
    return f"[{kept.name}](#{kept.name.replace('_', '-')})"


def _size(kept: Kept) -> str:
    return f"{kept.size}, {len(kept.content['seeds'])} seeds"


def _section(kept: Kept) -> Iterator[str]:
    """One result: question, answers, figure, how long it took and on what."""
    content = kept.content
    yield f"### {kept.name.replace('_', '-')}\n"
    yield f"*{content['question']}* `{_command(content)}`\n"
    yield from (f"- {_plain(sentence)}" for sentence in content["verdicts"])
    if (settled := _settled(kept)) is not None:
        yield f"- {settled:.0%} of the trained networks settled"
    yield ""
    if (FOLDER / f"{kept.name}.png").is_file():
        yield f"![{kept.name}]({RESULTS}/{kept.name}.png)\n"
    yield f"{_times(content)}; [numbers]({RESULTS}/{kept.name}.json), "
    yield f"[measurements]({RESULTS}/{kept.name}.csv).\n"


def _plain(sentence: str) -> str:
    return cell(sentence).replace("|", "\\|")


def _command(content: Mapping[str, Any]) -> str:
    told = " ".join(content["overrides"])
    return f"python -m experiments.{content['experiment']} {told}".strip()


def _settled(kept: Kept) -> float | None:
    """Share of networks whose loss settled, where the result says it."""
    for name in ("converged", "settled"):
        if kept.measurements is not None and name in kept.measurements:
            return float(np.mean(kept.measurements[name].dropna().to_numpy(np.float64)))
    return None


def _times(content: Mapping[str, Any]) -> str:
    versions = content["versions"]
    took = f"Took {duration(content['took'])}, estimated {duration(content['estimate'])}"
    return f"{took}, on {versions['device']}; jax {versions['jax']}, commit {versions['commit']}"


def _plans(kept: Mapping[str, Kept]) -> Iterator[str]:
    """Every job of every plan, and whether its result is here."""
    yield "## What was run\n"
    rows = [row for path in _plan_files() for row in _jobs_of(path, kept)]
    yield from markdown(["plan", "job", "question", "run"], rows)
    ratios = [k.content["took"] / k.content["estimate"] for k in kept.values()]
    if ratios:
        yield f"Time taken is {np.median(ratios):.2f} times the estimate (median over jobs).\n"


def _plan_files() -> list[Path]:
    return [CONFIG_FOLDER / "plan" / f"{name}.yaml" for name in ("reduced", "medium", "paper")]


def _jobs_of(path: Path, kept: Mapping[str, Kept]) -> Iterator[tuple[str, ...]]:
    jobs: list[Job] = read_jobs(plain(OmegaConf.load(path)))  # pyright: ignore
    for job in jobs:
        run = _linked(kept[job.name]) if job.name in kept else "not run here"
        yield path.stem, job.name, job.question, run


if __name__ == "__main__":
    main()
