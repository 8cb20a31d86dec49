"""How large the measurements of a run are: a minute, a processor's dozen minutes, an accelerator.

`cpu` holds the sizes that the claims of the README are made at.
"""

from dataclasses import dataclass

from experiments.benchmarks.measuring import Effort


@dataclass(frozen=True)
class Size:
    """Numbers of rows, blocks and players of each measurement.

    Attributes:
        effort: of each measurement.
        is_judged: whether the numbers wanted are those of this size.
        own_process: whether peaks of memory are those of processes of their own.
        product_size: rows and columns of the matrix product that gives the machine's rate.
        engines: (network, rows) of each comparison of engines.
        sequences: likewise, of networks on sequences beside what the machine allows.
        rows: n of the dense kernels whose cost is followed.
        blocks: rows, and the numbers of blocks that they are cut into.
        memory: n of the kernels in blocks whose memory is followed, and rows of a block.
        leave_one_out: n of each measurement of all leave-one-out values.
        permutations: rows, and permutations of the whole estimator.
        shapley: rows, blocks and parties of the exact Shapley values.
        ridge: n of each choice of a ridge.
        threads: rows, validation rows and parties of Shapley values on many threads and on one.
        recomputing: rows, blocks and parties valued by a kernel for each coalition.
        whole_pass: rows of kernel and leave-one-out in one pass.
        mmd: rows of both samples where the dense matrices fit.
        large_mmd: rows of both samples where only tiles do.
        sketches: (network, rows, k of each sketch) of each comparison with the exact kernel.
        sketched_values: (data, rows, validation rows, k of each sketch, keys) of each comparison of
            what sketches say of values.
    """

    effort: Effort
    is_judged: bool
    own_process: bool
    product_size: int
    engines: tuple[tuple[str, int], ...]
    sequences: tuple[tuple[str, int], ...]
    rows: tuple[int, ...]
    blocks: tuple[int, tuple[int, ...]]
    memory: tuple[tuple[int, ...], int]
    leave_one_out: tuple[int, ...]
    permutations: tuple[int, int]
    shapley: tuple[int, int, int]
    ridge: tuple[int, ...]
    threads: tuple[int, int, int]
    recomputing: tuple[int, int, int]
    whole_pass: int
    mmd: tuple[int, int]
    large_mmd: tuple[int, int]
    sketches: tuple[tuple[str, int, tuple[int, ...]], ...]
    sketched_values: tuple[tuple[str, int, int, tuple[int, ...], int], ...]


TINY = Size(
    effort=Effort(rounds=2, seconds=1.0),
    is_judged=False,
    own_process=False,
    product_size=128,
    engines=(("cnn", 8),),
    sequences=(),
    rows=(8, 16),
    blocks=(16, (1, 2)),
    memory=((16, 24), 8),
    leave_one_out=(60,),
    permutations=(40, 5),
    shapley=(32, 4, 4),
    ridge=(40,),
    threads=(32, 10, 4),
    recomputing=(16, 1, 2),
    whole_pass=16,
    mmd=(60, 40),
    large_mmd=(100, 50),
    sketches=(("cnn", 8, (8,)),),
    sketched_values=(),
)

CPU = Size(
    effort=Effort(rounds=15, seconds=10.0),
    is_judged=True,
    own_process=True,
    product_size=2048,
    engines=(("cnn", 1000), ("cnn", 4000), ("cnn8", 300), ("vgg13", 100), ("resnet18", 100)),
    sequences=(("bert", 100), ("bert", 400), ("vit", 100)),
    rows=(250, 500, 1000, 2000),
    blocks=(2000, (1, 4, 20)),
    memory=((5_000, 20_000, 60_000), 100),
    leave_one_out=(1000, 5000),
    permutations=(1000, 1000),
    shapley=(10_000, 100, 10),
    ridge=(1000, 2000),
    threads=(800, 400, 8),
    recomputing=(200, 2, 5),
    whole_pass=10_000,
    mmd=(4000, 1000),
    large_mmd=(20_000, 5_000),
    sketches=(("resnet18", 2000, (64,)), ("resnet18", 500, (16, 32, 64, 128))),
    sketched_values=(
        ("digits", 1000, 300, (16, 32, 64, 128), 5),
        ("mnist", 400, 200, (16, 32, 64, 128), 3),
    ),
)

GPU = Size(
    effort=Effort(rounds=15, seconds=8.0),
    is_judged=True,
    own_process=True,
    product_size=8192,
    engines=(("cnn", 1000), ("cnn", 4000), ("cnn8", 1000), ("vgg13", 100), ("resnet18", 100)),
    sequences=(("bert", 400), ("bert", 2000), ("vit", 400)),
    rows=(1000, 2000, 5000, 10_000),
    blocks=(10_000, (1, 2, 10, 50, 100)),
    memory=((5_000, 20_000, 60_000), 100),
    leave_one_out=(1000, 5000, 10_000),
    permutations=(1000, 1000),
    shapley=(10_000, 100, 10),
    ridge=(1000, 2000),
    threads=(800, 400, 8),
    recomputing=(200, 2, 5),
    whole_pass=10_000,
    mmd=(10_000, 5_000),
    large_mmd=(60_000, 10_000),
    sketches=(("resnet18", 2000, (64,)), ("resnet18", 500, (16, 32, 64, 128))),
    sketched_values=(
        ("digits", 1000, 300, (16, 32, 64, 128), 5),
        ("mnist", 400, 200, (16, 32, 64, 128), 3),
    ),
)

SIZES = {"tiny": TINY, "cpu": CPU, "gpu": GPU}
