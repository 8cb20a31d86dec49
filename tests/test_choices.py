"""Names that are no choice."""

import pytest

from davinz_jax.choices import check_choice


def test_choices_pass():
    check_choice("output", "trace", ("label", "trace"))


@pytest.mark.parametrize(
    ("got", "remedy"), [("lable", "did you mean 'label'"), ("xyz", "choose one of these")]
)
def test_refusal_suggests_the_nearest(got, remedy):
    with pytest.raises(ValueError, match=f"output: wanted one of 'label', 'trace', got .*{remedy}"):
        check_choice("output", got, ("label", "trace"))
