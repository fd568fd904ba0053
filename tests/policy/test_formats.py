"""Formats take what the standards have, and nothing else."""

import pytest

from ai_spine.policy.formats import FORMATS, fits

GOOD = {
    "date": ["2026-11-02"],
    "date-time": ["2026-11-02T10:00:00Z", "2026-11-02T10:00:00.5+01:00"],
    "time": ["10:00:00"],
    "duration": ["P1D", "P1Y2M3DT4H5M6S", "PT0.5S", "P4W", "PT1H"],
    "uuid": ["3f2b8c1e-0d5a-4c57-9d0e-6a1f5b7c2d90"],
    "email": ["ada@example.com", "a.b+c@x", "é@exämple.de"],
    "hostname": ["localhost", "a-b.example.com", "1.example", "a" * 63],
    "ipv4": ["127.0.0.1"],
    "ipv6": ["::1", "2001:db8::ff00:42:8329"],
    "uri": [
        "https://a.test/b?c#d",
        "urn:isbn:1",
        "mailto:ada@a.test",
        "http://[::1]:8/",
    ],
    "uri-reference": ["", "/a/b?c", "#d", "a%20b", "https://a.test"],
    "regex": ["^a+$", ""],
    "json-pointer": ["", "/a/b~1c~0", "/"],
}
BAD = {
    "date": ["2026-13-02", "today"],
    "date-time": ["yesterday", "2026-11-02T25:00:00Z"],
    "time": ["25:00"],
    "duration": ["P", "PT", "1D", "P1", "P1DT", "P1W2D", "P-1D", "PT1H\n"],
    "uuid": ["x"],
    "email": ["ada", "@x", "a@", "a b@x", "a@b@c", "a@-b", "a@x..y", "a@" + "x" * 64],
    "hostname": ["", "-a", "a-", "a..b", "a_b", "a" * 64, "a." * 127 + "a", "é", "a\n"],
    "ipv4": ["127.0.0.256", "1.2.3", "::1"],
    "ipv6": ["fe80::1%eth0", "1.2.3.4", ":::", "12345::"],
    "uri": ["/a", "a b:c", "https://a b", "http://a:b/", "http://[::1", "1a:b"],
    "uri-reference": ["a b", "%zz", "<a>", "http://a:99999/", "a\n"],
    "regex": ["(", "[a"],
    "json-pointer": ["a", "/~2", "/a~"],
}


@pytest.mark.parametrize("name, text", [(n, t) for n in GOOD for t in GOOD[n]])
def test_a_text_of_the_format_fits(name, text):
    assert fits(name, text)


@pytest.mark.parametrize("name, text", [(n, t) for n in BAD for t in BAD[n]])
def test_any_other_text_does_not_fit(name, text):
    assert not fits(name, text)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_no_text_has_no_format(name):
    assert fits(name, 5) and fits(name, None)
    assert GOOD[name] and BAD[name]
