"""Tests of reading JSON that others have written."""

import pytest

from ai_spine.flows.json_reading import parse_json


def test_a_byte_order_mark_is_named_in_the_error():
    with pytest.raises(ValueError, match="begins with a byte order mark"):
        parse_json('\ufeff{"a": 1}')
