"""Values as text."""

import collections
import sys
import types

import pytest

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.unset import UNSET
from ai_spine.sdk_sync.runtime.values import as_is, plain, text_of


class Text(str):
    pass


def test_models_on_all_levels_are_what_they_write():
    class Money:
        pass

    def to_json(value):
        return 5 if isinstance(value, Money) else value

    assert plain(Money(), to_json) == 5
    assert plain({"a": [Money()]}, to_json) == {"a": [5]}


def test_mappings_and_sequences_of_any_kind_are_dictionaries_and_lists():
    frozen = types.MappingProxyType({"a": (1, UNSET)})
    assert plain(frozen, as_is) == {"a": [1]}
    assert plain(collections.deque([1, 2]), as_is) == [1, 2]


def test_text_of_another_class_is_text():
    assert type(plain(Text("a"), as_is)) is str
    assert plain({Text("a"): 1, 5: 2, True: 3, None: 4}, as_is) == {
        "a": 1,
        "5": 2,
        "true": 3,
        "null": 4,
    }


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_not_finite_has_no_text(value):
    with pytest.raises(ValidationError, match=f"^is {value}, which has no text$"):
        text_of(value)


def test_numbers_have_all_their_digits():
    assert text_of(2**64) == "18446744073709551616"
    assert text_of(1e22) == "1e+22"


@pytest.mark.skipif(
    not hasattr(sys, "get_int_max_str_digits"), reason="this Python writes any number"
)
def test_a_number_that_python_does_not_write_is_refused():
    with pytest.raises(ValidationError, match="^is a number of too many digits$"):
        text_of(10**5000)
