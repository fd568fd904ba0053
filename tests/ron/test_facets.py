"""Tests of manifests of facets."""

import tomllib as toml
from dataclasses import replace

import pytest

from ai_spine.ron import Facet, RonConfigError, Route, check_unique

SECURITY = {"public": False, "requires_auth": True}
STATIC = Facet("docs", "static", SECURITY, [Route("GET", "/", file="index.html")])
FULL = Facet(
    "api-1",
    "proxy",
    SECURITY,
    [
        Route("GET", "/a", upstream_path="/b"),
        Route("POST", "/a", upstream_path='/"c'),
    ],
    meta={"description": "Ünï \\ \x7f\n😀", "owner": "ada", "version": "1.0"},
    upstream={"scheme": "http", "host": "127.0.0.1", "port": 9000, "base_path": "/x"},
    limits={"max_rps": 10, "max_concurrency": 2},
)


def test_a_manifest_is_the_toml_that_nodes_read():
    route = Route(
        "GET", "/", file="index.html", integrity={"algo": "sha256", "value": "00ff"}
    )
    assert replace(STATIC, routes=[route]).to_toml() == """\
[facet]
id = "docs"
kind = "static"

[facet.security]
public = false
requires_auth = true

[[route]]
method = "GET"
path = "/"
file = "index.html"

[route.integrity]
algo = "sha256"
value = "00ff"
"""


@pytest.mark.parametrize("facet", [STATIC, FULL], ids=["static", "proxy"])
def test_a_manifest_is_read_as_it_was_written(facet):
    assert Facet.from_toml(facet.to_toml()) == facet
    assert toml.loads(facet.to_toml())["facet"]["id"] == facet.id


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"id": "../x"}, "has an id that"),
        ({"id": ""}, "has an id that"),
        ({"id": None}, "has an id that"),
        ({"kind": "magic"}, "kind that is not one of static, echo, proxy"),
        ({"security": {}}, "must say in its security whether it is public"),
        ({"security": {"public": True}}, "whether it is requires_auth"),
        ({"security": {"public": 1, "requires_auth": True}}, "whether it is public"),
        (
            {"security": {**SECURITY, "pubic": True}},
            "has no security 'pubic', only: pub",
        ),
        ({"meta": {"b": "", "a": ""}}, "has no meta 'a', only: description, owner"),
        ({"limits": {"max_rsp": 3}}, "has no limits 'max_rsp', only: max_rps, max_c"),
        ({"upstream": {"path": "/"}}, "has no upstream 'path', only: scheme, host"),
        ({"routes": []}, "needs a route"),
        ({"kind": "proxy"}, "upstream needs a host"),
        ({"routes": [Route("GET", "/")]}, "each route needs a file"),
        ({"routes": [Route("FETCH", "/", "a")]}, "method must be one of"),
        ({"routes": [Route("GET", "/", "a", "/../x")]}, "must not have . or .. as"),
        ({"routes": None}, "has a field of another kind"),
        ({"routes": [7]}, "has a field of another kind"),
        ({"security": None}, "has a field of another kind"),
        ({"limits": {"max_rps": 0}}, "has a limit that is not a whole number"),
        ({"limits": {"max_rps": True}}, "has a limit that is not a whole number"),
        ({"routes": [Route("GET", "a", "a")]}, "starts with one slash"),
        (
            {"routes": [Route("GET", "/", "a"), Route("GET", "/", "b")]},
            "the route GET / twice",
        ),
        (
            {"routes": [Route("GET", "/", "a", integrity={"algo": "x"})]},
            "not algo and value",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(changes, words):
    with pytest.raises(RonConfigError, match=words) as caught:
        replace(STATIC, **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "file", ["../a", "/etc/passwd", "a/../../b", "..\\a", "C:\\a", "a/.."]
)
def test_a_file_must_not_leave_the_folder(file):
    with pytest.raises(RonConfigError, match="a file that leads out of its folder"):
        replace(STATIC, routes=[Route("GET", "/", file)])


def test_files_are_looked_for_below_the_folder(tmp_path):
    with pytest.raises(RonConfigError, match="the file 'index.html' is missing"):
        STATIC.check_files(tmp_path)
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "inner" / "index.html").symlink_to(tmp_path / "secret")
    with pytest.raises(RonConfigError, match="leads out of the facet's folder"):
        STATIC.check_files(tmp_path / "inner")
    (tmp_path / "index.html").write_text("x")
    STATIC.check_files(tmp_path)
    FULL.check_files(tmp_path)


def test_ids_are_unique_in_a_node():
    check_unique([STATIC, FULL])
    with pytest.raises(RonConfigError, match="two facets have the id 'docs'"):
        check_unique([STATIC, FULL, STATIC])


@pytest.mark.parametrize(
    "text, words",
    [
        ("[facet", "cannot be read: it is not TOML"),
        ("", "lacks a field"),
        ("facet = 7", "lacks a field"),
        ('[facet]\nid = "a"\nsecret = 1', "has unknown fields: secret"),
        (
            '[facet]\nid="a"\nkind="echo"\nsecurity = 7\n[[route]]\nmethod="GET"\npath="/"',
            "of another kind",
        ),
        ('route = 7\n[facet]\nid="a"', "unknown fields|lacks a field"),
        ('[facet]\nid="a"\n[[route]]\nmethod="GET"', r"\[\[route\]\] lacks a field"),
    ],
)
def test_what_is_no_manifest_is_said(text, words):
    with pytest.raises(RonConfigError, match=words):
        Facet.from_toml(text)
