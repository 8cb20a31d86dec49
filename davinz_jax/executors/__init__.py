"""Who does independent pieces of work: this process, or the workers of a Ray cluster.

    with cluster("ray", num_workers=4):
        ...   # tiles of kernels, samples of semivalues and trainings are shared among the workers

`base` has the protocol, `current` the one in use, `in_process` and `ray_executor` the two that
there are; `ray_cluster` connects, and `ray_worker` is what runs on the other side.
"""

from davinz_jax.executors.base import Executor, in_order
from davinz_jax.executors.clusters import cluster, in_this_process, on_ray
from davinz_jax.executors.current import current_executor, host_executor, use_executor
from davinz_jax.executors.in_process import InProcess

__all__ = [
    "Executor",
    "InProcess",
    "cluster",
    "current_executor",
    "host_executor",
    "in_order",
    "in_this_process",
    "on_ray",
    "use_executor",
]
