"""Parameters of requests: styles, quoting, and what is refused."""

import datetime
import decimal
import enum
import uuid
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, parse_qsl, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.exceptions import ValidationError
from ai_spine.sdk_sync.runtime.parameters import Parameter, encode_parameters
from ai_spine.sdk_sync.runtime.unset import UNSET
from ai_spine.utils import fill_in

COLOURS = ["blue", "black", "brown"]
RGB = {"R": 100, "G": 200, "B": 150}
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


class Colour(enum.Enum):
    RED = "red"


class Level(str, enum.Enum):
    HIGH = "high"


def path_of(value, style=None, explode=None, **more):
    parameter = Parameter("color", "path", style, explode, **more)
    return fill_in("/{color}", encode_parameters([parameter], [value]).ids)[1:]


def query_of(value, style=None, explode=None, **more):
    return encode_parameters(
        [Parameter("color", "query", style, explode, **more)], [value]
    ).query


def header_of(value, explode=None, **more):
    parameter = Parameter("X-Color", "header", None, explode, **more)
    return encode_parameters([parameter], [value]).headers.get("X-Color")


def cookie_of(value, style=None, explode=None):
    return encode_parameters(
        [Parameter("color", "cookie", style, explode)], [value]
    ).cookie


def refusal_of(location, value, **more):
    with pytest.raises(ValidationError) as caught:
        encode_parameters([Parameter("color", location, **more)], [value])
    return caught.value.message


@pytest.mark.parametrize(
    "style, explode, value, written",
    [
        ("simple", False, "blue", "blue"),
        ("simple", False, COLOURS, "blue,black,brown"),
        ("simple", True, COLOURS, "blue,black,brown"),
        ("simple", False, RGB, "R,100,G,200,B,150"),
        ("simple", True, RGB, "R=100,G=200,B=150"),
        ("label", False, "blue", ".blue"),
        ("label", False, COLOURS, ".blue,black,brown"),
        ("label", True, COLOURS, ".blue.black.brown"),
        ("label", False, RGB, ".R,100,G,200,B,150"),
        ("label", True, RGB, ".R=100.G=200.B=150"),
        ("matrix", False, "blue", ";color=blue"),
        ("matrix", True, "blue", ";color=blue"),
        ("matrix", False, COLOURS, ";color=blue,black,brown"),
        ("matrix", True, COLOURS, ";color=blue;color=black;color=brown"),
        ("matrix", False, RGB, ";color=R,100,G,200,B,150"),
        ("matrix", True, RGB, ";R=100;G=200;B=150"),
    ],
)
def test_a_value_in_a_path_is_written_as_its_style_says(style, explode, value, written):
    assert path_of(value, style, explode) == written


@pytest.mark.parametrize(
    "style, explode, value, written",
    [
        (None, None, "blue", "color=blue"),
        (None, None, "", "color="),
        (None, None, COLOURS, "color=blue&color=black&color=brown"),
        ("form", False, COLOURS, "color=blue,black,brown"),
        (None, None, RGB, "R=100&G=200&B=150"),
        ("form", False, RGB, "color=R,100,G,200,B,150"),
        ("spaceDelimited", None, COLOURS, "color=blue%20black%20brown"),
        ("spaceDelimited", True, COLOURS, "color=blue&color=black&color=brown"),
        ("spaceDelimited", False, RGB, "color=R%20100%20G%20200%20B%20150"),
        ("pipeDelimited", None, COLOURS, "color=blue%7Cblack%7Cbrown"),
        ("pipeDelimited", False, RGB, "color=R%7C100%7CG%7C200%7CB%7C150"),
        ("deepObject", True, RGB, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
        ("deepObject", None, "blue", "color=blue"),
    ],
)
def test_a_value_in_a_query_is_written_as_its_style_says(
    style, explode, value, written
):
    assert query_of(value, style, explode) == written


def test_a_deep_object_has_objects_and_lists_on_all_levels():
    value = {"gt": 5, "in": ["a", {"b": True}], "no": None, "none": [], "e": {}}
    assert parse_qsl(query_of({"created": value}, "deepObject")) == [
        ("color[created][gt]", "5"),
        ("color[created][in][0]", "a"),
        ("color[created][in][1][b]", "true"),
    ]


def test_a_list_of_a_deep_object_has_numbers_as_keys():
    assert unquote(query_of(["a", "b"], "deepObject")) == "color[0]=a&color[1]=b"


def test_objects_within_lists_are_json():
    assert parse_qsl(query_of([{"a": 1}, [2]])) == [
        ("color", '{"a": 1}'),
        ("color", "[2]"),
    ]


def test_reserved_characters_stay_where_the_query_allows_them():
    value = "a/b?c=d:e@f$g'(h)*,;[i]!"
    assert query_of(value, allow_reserved=True) == f"color={value}"
    assert query_of("é&#+", allow_reserved=True) == "color=%C3%A9%26%23%2B"
    assert query_of("50%25 100%", allow_reserved=True) == "color=50%25%20100%25"


def test_reserved_characters_in_a_path_keep_its_end_where_it_is():
    assert path_of("a/b;c@d", allow_reserved=True) == "a/b;c@d"
    assert path_of("a?b#c[d]", allow_reserved=True) == "a%3Fb%23c%5Bd%5D"
    assert path_of("a/b") == "a%2Fb"


@pytest.mark.parametrize(
    "value, text",
    [
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (-0.5, "-0.5"),
        (10**20, str(10**20)),
        (datetime.date(2026, 11, 29), "2026-11-29"),
        (
            datetime.datetime(2026, 11, 29, 5, tzinfo=datetime.timezone.utc),
            "2026-11-29T05:00:00+00:00",
        ),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Colour.RED, "red"),
        (Level.HIGH, "high"),
        (decimal.Decimal("1.50"), "1.50"),
    ],
)
def test_a_value_of_any_type_is_the_same_text_in_each_place(value, text):
    assert unquote(path_of(value)) == text
    assert parse_qs(query_of(value)) == {"color": [text]}
    assert header_of(value) == text
    assert unquote(cookie_of(value)) == f"color={text}"
    assert header_of([value, value]) == f"{text},{text}"


def test_a_model_is_what_it_writes_as_json():
    class Range:
        pass

    def to_json(value):
        return {"from": 1, "to": 2} if isinstance(value, Range) else value

    parameter = Parameter("range", "query", "deepObject")
    found = encode_parameters([parameter], [Range()], to_json=to_json)
    assert unquote(found.query) == "range[from]=1&range[to]=2"


def test_what_is_absent_or_null_is_left_out():
    places = ("query", "header", "cookie")
    parameters = [Parameter(place, place) for place in places]
    nothing = ({}, "", {}, "")
    assert encode_parameters(parameters, [UNSET] * 3) == nothing
    assert encode_parameters(parameters, [None] * 3) == nothing
    assert query_of([1, None, UNSET]) == "color=1"
    assert query_of({"a": 1, "b": None, "c": UNSET}) == "a=1"
    assert query_of([]) == query_of({}, explode=False) == ""


def test_a_parameter_with_a_media_type_is_json():
    kind = "application/json; charset=utf-8"
    assert parse_qsl(query_of({"a": [1, None]}, content_type=kind)) == [
        ("color", '{"a": [1, null]}')
    ]
    assert query_of(None, content_type=kind) == "color=null"
    assert header_of({"a": 1}, content_type=kind) == '{"a": 1}'
    assert path_of([1], content_type=kind) == "%5B1%5D"
    assert query_of("a b", content_type="text/plain") == "color=a%20b"


def test_lists_and_objects_of_a_header_are_not_quoted():
    assert header_of(["a b", 5]) == "a b,5"
    assert header_of({"a": 1, "b": True}) == "a,1,b,true"
    assert header_of({"a": 1, "b": True}, explode=True) == "a=1,b=true"
    assert header_of("caf\xe9") == "caf\xe9"


def test_cookies_are_joined_and_their_values_quoted():
    assert cookie_of("a b;c") == "color=a%20b%3Bc"
    assert cookie_of("YQ==") == "color=YQ=="
    assert cookie_of(["a", "b"]) == "color=a; color=b"
    assert cookie_of(["a", "b,c"], explode=False) == "color=a,b%2Cc"
    assert cookie_of({"a": 1, "b": 2}) == "a=1; b=2"
    assert cookie_of("50%", style="cookie") == "color=50%"


def test_a_cookie_that_is_sent_as_it_is_holds_no_separator():
    assert refusal_of("cookie", "a;b", style="cookie") == (
        "the cookie parameter 'color' contains a character that no cookie can hold"
    )


def test_the_fixed_query_of_a_path_is_merged():
    parameters = [Parameter("beta", "query"), Parameter("limit", "query")]
    fixed = {"fixed_query": "v=2&beta=true"}
    assert encode_parameters(parameters, [UNSET, 5], **fixed).query == (
        "v=2&beta=true&limit=5"
    )
    assert encode_parameters(parameters, [False, UNSET], **fixed).query == (
        "v=2&beta=false"
    )
    assert encode_parameters([], [], **fixed).query == "v=2&beta=true"


def test_values_that_no_parameter_describes_are_added():
    found = encode_parameters([], [], more_query={"page[size]": "2", "tag": ["a", "b"]})
    assert parse_qsl(found.query) == [("page[size]", "2"), ("tag", "a"), ("tag", "b")]


@pytest.mark.parametrize(
    "location, value, problem",
    [
        ("path", "", "cannot be empty: it is a part of the path"),
        ("path", [], "cannot be empty: it is a part of the path"),
        ("path", None, "cannot be None"),
        ("path", UNSET, "is missing"),
        ("path", ".", "cannot be . or .., which lead to another path"),
        ("path", "..", "cannot be . or .., which lead to another path"),
        ("path", "a\nb", "contains a control character, which no path can hold"),
        (
            "header",
            "a\r\nX: b",
            "contains a control character, which no header can hold",
        ),
        (
            "header",
            "日本",
            "contains a character outside Latin-1, which no header can hold",
        ),
        ("header", " a", "cannot begin or end with white space in a header"),
        ("query", "\ud800", "contains half of a character"),
        ("cookie", "\ud800", "contains half of a character"),
        ("path", "\ud800", "contains half of a character"),
        ("query", float("nan"), "is nan, which has no text"),
        ("query", {1, 2}, "is of type set, which has no text"),
        ("query", b"a", "is of type bytes, which has no text"),
        (
            "query",
            [[float("inf")]],
            "cannot be sent: [0] is inf, which JSON cannot hold",
        ),
        ("header", [object()], "is of type object, which has no text"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_the_name_of_the_parameter(
    location, value, problem
):
    assert refusal_of(location, value) == f"the {location} parameter 'color' {problem}"


def test_a_required_parameter_is_not_left_out():
    missing = "the query parameter 'color' is missing"
    assert refusal_of("query", UNSET, required=True) == missing
    assert refusal_of("header", None, required=True) == (
        "the header parameter 'color' cannot be None"
    )


@pytest.mark.parametrize("value", ["a/../b", "./a", "a/.."])
def test_a_reserved_path_value_has_no_dots_as_segments(value):
    assert refusal_of("path", value, allow_reserved=True).endswith(
        "cannot be . or .., which lead to another path"
    )


def test_a_label_does_not_become_dots():
    assert refusal_of("path", ".", style="label").endswith("another path")
    assert path_of("a", "label") == ".a"


@given(TEXTS.filter(bool))
@settings(deadline=None, max_examples=50)
def test_any_text_stays_one_segment_of_the_path(value):
    parameter = Parameter("id", "path")
    try:
        found = encode_parameters([parameter], [value])
    except ValidationError as error:
        assert "'id'" in error.message
        return
    path = fill_in("/a/{id}/b", found.ids)
    assert [unquote(part) for part in path.split("/")] == ["", "a", value, "b"]


@given(st.lists(TEXTS, max_size=4), TEXTS.filter(bool))
@settings(deadline=None, max_examples=50)
def test_a_query_is_read_as_it_was_written(values, name):
    parameters = [Parameter(name, "query"), Parameter("z", "query", explode=False)]
    found = encode_parameters(parameters, [values, [1, 2]])
    expected = [(name, value) for value in values] + [("z", "1,2")]
    assert parse_qsl(found.query, keep_blank_values=True) == expected


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=4))
@settings(deadline=None, max_examples=50)
def test_a_deep_object_is_read_as_it_was_written(value):
    found = encode_parameters([Parameter("q", "query", "deepObject")], [value])
    assert parse_qsl(found.query, keep_blank_values=True) == [
        (f"q[{name}]", text) for name, text in value.items()
    ]


@given(TEXTS)
@settings(deadline=None, max_examples=50)
def test_a_cookie_is_read_as_it_was_written(value):
    found = encode_parameters([Parameter("c", "cookie")] * 2, [value, "x"])
    first, _, _ = found.cookie.partition("; ")
    assert unquote(SimpleCookie(first)["c"].value) == value


@given(TEXTS)
@settings(deadline=None, max_examples=50)
def test_reserved_text_never_leaves_its_parameter(value):
    parameter = Parameter("q", "query", allow_reserved=True)
    query = encode_parameters([parameter], [value]).query
    assert "#" not in query and "&" not in query and query.isascii()
    assert unquote(query[2:]) == unquote(value)
