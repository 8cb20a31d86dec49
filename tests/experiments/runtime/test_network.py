"""Networks for texts: heads, notes, and what does not go together."""

import numpy as np
import pytest

from davinz_jax.data import Dataset, Validation
from davinz_jax.models import fit_head, pretrained_variables
from experiments.runtime.auto import read_choice
from experiments.runtime.errors import InputError
from experiments.runtime.network import HEADS, Model
from tests.encoders import write_encoder

IDS = np.array([[2, 4, 6, 3], [2, 5, 6, 3], [2, 8, 7, 3], [2, 9, 7, 3]], np.int32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"), num_hidden_layers=1)


@pytest.fixture
def texts():
    targets = np.array([0, 1, 0, 1])
    validation = Validation(IDS, targets)
    return Dataset(IDS, targets, "classification", 2, validation, input_kind="tokens")


def bert(folder, **changes):
    return Model.of(read_choice("model", "bert", weights=str(folder), **changes))


def test_a_fitted_head_knows_the_labels_and_a_drawn_one_does_not(folder, texts, key):
    heads = {}
    for head in HEADS:
        model = bert(folder, head=head)
        module = model.module(texts)
        assert module.knows_labels == (head == "ridge")
        assert model.remark(texts).notes == (HEADS[head],)
        (variables,) = model.variables(module, texts, 3, key)
        heads[head] = variables["params"]["head"]
    drawn = pretrained_variables(folder, module, key=key)["params"]["head"]
    np.testing.assert_array_equal(heads["drawn"]["kernel"], drawn["kernel"])
    fitted = fit_head(module, {"params": variables["params"]}, IDS, np.eye(2)[texts.targets])
    np.testing.assert_array_equal(heads["ridge"]["kernel"], fitted["params"]["head"]["kernel"])


def test_texts_and_numbers_need_networks_of_their_own(folder, texts):
    numbers = Dataset(
        IDS.astype(np.float32), texts.targets, "classification", 2, Validation(IDS * 1.0)
    )
    with pytest.raises(InputError, match="model: wanted texts for BERT, got rows of numbers"):
        bert(folder).module(numbers)
    plain = Model.of(read_choice("model", "auto"))
    with pytest.raises(InputError, match="model: wanted a pretrained encoder for texts, got MLP"):
        plain.module(texts)
    assert plain.remark(texts) is texts
