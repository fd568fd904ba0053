"""A version that can be made can be written and read again."""

import pytest

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import SchemaVersion


@pytest.mark.parametrize("part", [-1, 1.0, True, "1", 10**9])
def test_a_part_that_no_text_could_have_is_refused(part):
    with pytest.raises(ConfigError, match="from 0 to 999999999"):
        SchemaVersion(1, part)


def test_the_largest_version_is_its_own_text():
    largest = SchemaVersion(*[999_999_999] * 3)
    assert SchemaVersion.parse(str(largest)) == largest
