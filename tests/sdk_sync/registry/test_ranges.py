"""Ranges of versions say what they look like, and nothing else is one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import SchemaVersion
from ai_spine.sdk_sync.registry import VersionRange
from tests.sdk_sync.strategies import VERSIONS

ALL = ["0.0.0", "0.0.3", "0.0.4", "0.2.3", "0.3.0", "1.0.0", "1.2.0", "1.2.3", "1.3.0"]
ALL.append("2.0.0")


@pytest.mark.parametrize(
    "text, wanted",
    [
        (">=1.0,<2", ["1.0.0", "1.2.0", "1.2.3", "1.3.0"]),
        (">= 1.0 < 1.3", ["1.0.0", "1.2.0", "1.2.3"]),
        (">1.2", ["1.3.0", "2.0.0"]),
        ("<=0.0.3", ["0.0.0", "0.0.3"]),
        ("<=0.0", ["0.0.0", "0.0.3", "0.0.4"]),
        ("^1.2", ["1.2.0", "1.2.3", "1.3.0"]),
        ("^0.2.1", ["0.2.3"]),
        ("^0.0.3", ["0.0.3"]),
        ("^0.0", ["0.0.0", "0.0.3", "0.0.4"]),
        ("^0", ["0.0.0", "0.0.3", "0.0.4", "0.2.3", "0.3.0"]),
        ("~1.2.3", ["1.2.3"]),
        ("~1.2", ["1.2.0", "1.2.3"]),
        ("~1", ["1.0.0", "1.2.0", "1.2.3", "1.3.0"]),
        ("1.x", ["1.0.0", "1.2.0", "1.2.3", "1.3.0"]),
        ("1.2.*", ["1.2.0", "1.2.3"]),
        ("1.2.3", ["1.2.3"]),
        ("==1.2", ["1.2.0", "1.2.3"]),
        (">=1,!=1.2,!=2.0.0", ["1.0.0", "1.3.0"]),
        ("*", ALL),
        ("x.x.x", ALL),
    ],
)
def test_a_range_holds_these_versions(text, wanted):
    found = VersionRange(text)
    assert [each for each in ALL if SchemaVersion.parse(each) in found] == wanted


@pytest.mark.parametrize(
    "text",
    "|| ,|1..2|x.1|>|^|1.2.3.4|a|1x|1.x.2|>=*|1.2.3.x|01|1,|,1|1 - 2|.x|1.xx|>=1,,<2".split(
        "|"
    )
    + [None, 5, "1.2.3-rc1", "1 || 2", "９"],
)
def test_what_is_no_range_is_refused_with_examples(text):
    with pytest.raises(ConfigError, match="is no range of versions; ranges look like"):
        VersionRange(text)


@given(VERSIONS, VERSIONS)
@settings(max_examples=100, deadline=None)
def test_a_caret_means_compatible_and_not_older(version, other):
    wanted = other >= version and other.is_compatible_with(version)
    if version.major == version.minor == 0:
        wanted = other == version
    assert (other in VersionRange(f"^{version}")) == wanted


@given(st.text("0123456789.x*<>=!^~, ", max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_range_or_a_clear_error(text):
    try:
        VersionRange(text)
    except ConfigError as error:
        assert "is no range" in str(error)
