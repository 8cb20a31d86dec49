"""Data to be valued: where it comes from, who holds it, and how it can be spoilt.

- Sources: `load_digits`, `load_mnist`, `load_cifar10`, `load_mnist_m` (`load_mnist_domains` for
  MNIST as RGB beside it), `simulate_ising`, and a user's own `load_table`, `load_text`,
  `load_arrays`, `load_images`.
- Partitions: `partition_by_class`, `partition_random`, `partition_by_sizes`, `partition_by_column`,
  `partition_mixture`, `partition_rows`, `partition_own`, `partition_auto`, each giving the rows in
  use and their `Parties`.
- Corruptions: `flip_labels`, `add_noise`, `add_party_noise`, `duplicate_rows`, and `keep_rows` for
  none; and `bootstrap`.
- `leave_copies_out` lets rows that a party holds several times count once.
- `cross_fit` lets the rows judge each other in folds, where there is no validation set.
- `validate` checks a `Dataset` made by hand as every source checks its own.
"""

from davinz_jax.data.checks import validate
from davinz_jax.data.copies import Copies, leave_copies_out
from davinz_jax.data.corruption import (
    add_noise,
    add_party_noise,
    bootstrap,
    duplicate_rows,
    flip_labels,
    keep_rows,
)
from davinz_jax.data.dataset import Dataset, Parties, Validation
from davinz_jax.data.download import PUBLIC_FILES, PublicFile, fetch
from davinz_jax.data.folds import cross_fit
from davinz_jax.data.holdout import hold_out
from davinz_jax.data.partition import (
    partition_auto,
    partition_by_class,
    partition_by_column,
    partition_by_sizes,
    partition_mixture,
    partition_own,
    partition_random,
    partition_rows,
)
from davinz_jax.data.randomness import numpy_generator
from davinz_jax.data.sources.arrays import load_arrays
from davinz_jax.data.sources.cifar10 import load_cifar10
from davinz_jax.data.sources.digits import load_digits
from davinz_jax.data.sources.images import load_images
from davinz_jax.data.sources.ising import ising_energy, simulate_ising
from davinz_jax.data.sources.mnist import load_mnist
from davinz_jax.data.sources.mnist_m import blend_with_photographs, load_mnist_domains, load_mnist_m
from davinz_jax.data.sources.table import encode_table, load_table
from davinz_jax.data.sources.table_fit import fit_schema
from davinz_jax.data.sources.table_schema import TableSchema
from davinz_jax.data.sources.text import load_text
from davinz_jax.data.tabular.options import FileOptions
from davinz_jax.data.tabular.reading import TableFile, open_table, read_cells, read_table

__all__ = [
    "PUBLIC_FILES",
    "Copies",
    "Dataset",
    "FileOptions",
    "Parties",
    "PublicFile",
    "TableFile",
    "TableSchema",
    "Validation",
    "add_noise",
    "add_party_noise",
    "blend_with_photographs",
    "bootstrap",
    "cross_fit",
    "duplicate_rows",
    "encode_table",
    "fetch",
    "fit_schema",
    "flip_labels",
    "hold_out",
    "ising_energy",
    "keep_rows",
    "leave_copies_out",
    "load_arrays",
    "load_cifar10",
    "load_digits",
    "load_images",
    "load_mnist",
    "load_mnist_domains",
    "load_mnist_m",
    "load_table",
    "load_text",
    "numpy_generator",
    "open_table",
    "partition_auto",
    "partition_by_class",
    "partition_by_column",
    "partition_by_sizes",
    "partition_mixture",
    "partition_own",
    "partition_random",
    "partition_rows",
    "read_cells",
    "read_table",
    "simulate_ising",
    "validate",
]
