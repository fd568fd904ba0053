"""Links to the next page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.policy.links import next_link, query_of

BASE = "https://api.example.com/v1"


@pytest.mark.parametrize(
    "header, url",
    [
        ('<https://a.example/x?page=2>; rel="next"', "https://a.example/x?page=2"),
        ("</x?a=1,2>; rel=next", "/x?a=1,2"),
        ('</1>; rel="first", </2>; title="a"; REL="prev Next"', "/2"),
        ('</1>; rel="nextpage"', None),
        ("</1>", None),
        ("rel=next", None),
        ("", None),
        (None, None),
    ],
)
def test_the_next_page_is_the_link_that_says_so(header, url):
    assert next_link(header) == url


@pytest.mark.parametrize(
    "url, query",
    [
        (f"{BASE}/users?page=2&q=a%20b", {"page": "2", "q": "a b"}),
        ("https://API.example.com:443/v1/users?c=", {"c": ""}),
        ("/v1/users?tag=a&tag=b", {"tag": ["a", "b"]}),
        ("?page=2", {"page": "2"}),
        (BASE + "?a=", {"a": ""}),
    ],
)
def test_the_query_of_a_link_below_the_base_is_read(url, query):
    assert query_of(url, BASE) == query
    assert query_of(url, BASE + "/") == query


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/users?page=2",
        "http://api.example.com/v1/users?page=2",
        "https://api.example.com:8443/v1/users?page=2",
        "https://api.example.com/v2/users?page=2",
        "https://api.example.com/v10/users?page=2",
        "//evil.example/v1/users",
        "/admin?page=2",
        "https://api.example.com:no/v1",
        "https://[::1/v1",
    ],
)
def test_a_link_to_another_place_is_refused(url):
    with pytest.raises(ValueError) as caught:
        query_of(url, BASE)
    assert str(caught.value) == (
        f"the next page is at {url.partition('?')[0]}, which is not below {BASE}"
    )


@pytest.mark.parametrize("url", [BASE, f"{BASE}/users/page/2", "c2", f"{BASE}?#a"])
def test_a_link_that_leads_to_the_first_page_again_is_refused(url):
    with pytest.raises(ValueError, match="the next page is at .*, which has no query"):
        query_of(url, "https://api.example.com")


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=50)
def test_no_header_is_too_odd(text):
    for header in (text, f"<{text}>; rel=next"):
        url = next_link(header)
        assert url is None or url in header
