"""Tests of `[tool.ai-spine.sdk-sync]`."""

from dataclasses import replace

import pytest

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.generators.python.endpoints.config import (
    Config,
    config_of,
    read_config,
)
from ai_spine.sdk_sync.ir import IREndpoint, IRParameter, IRSpec

USERS = IREndpoint("/v1/users", "GET", "", tags=["Users"])
ADMIN = IREndpoint("/admin/keys", "POST", "", tags=["Keys"])
WHOLE = """
[tool.ai-spine.sdk-sync]
package_name = "shop"
models = "pydantic"
content_types = ["application/xml"]

[tool.ai-spine.sdk-sync.names]
operations = {listUsers = "all_users"}
schemas = {User = "Person"}
parameters = {q = "query", "listUsers q" = "search"}

[tool.ai-spine.sdk-sync.tags]
Users = "People"

[tool.ai-spine.sdk-sync.client_defaults]
X-Org = "organization"

[tool.ai-spine.sdk-sync.pagination]
listUsers = {kind = "cursor"}

[tool.ai-spine.sdk-sync.leave_out]
operations = ["POST /admin/keys"]
tags = ["Beta"]
paths = ["/internal/*"]
"""


def test_all_settings_are_read(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(WHOLE)
    assert read_config(path) == Config(
        "shop",
        "pydantic",
        {"listUsers": "all_users"},
        {"User": "Person"},
        {"q": "query", "listUsers q": "search"},
        {"Users": "People"},
        ("application/xml",),
        {"listUsers": {"kind": "cursor"}},
        {"X-Org": "organization"},
        ("POST /admin/keys",),
        ("Beta",),
        ("/internal/*",),
    )


def test_the_file_of_the_current_folder_is_read_if_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_config() == Config()
    (tmp_path / "pyproject.toml").write_text(WHOLE)
    assert read_config().package_name == "shop"
    (tmp_path / "pyproject.toml").write_text("[tool.other]\na = 1\n")
    assert read_config() == Config()


@pytest.mark.parametrize(
    "table, words",
    [
        ({"pakage_name": "a"}, "[tool.ai-spine.sdk-sync] has no setting 'pakage_name'"),
        ({"names": {"tags": {}}}, "names] has no setting 'tags': it has operations"),
        ({"leave_out": {"tag": []}}, "leave_out] has no setting 'tag'"),
        (
            {"models": 5},
            "models in [tool.ai-spine.sdk-sync] is a text, not of type int",
        ),
        ({"tags": []}, "tags in [tool.ai-spine.sdk-sync] is a table"),
        ({"tags": {"A": 1}}, "A in [tool.ai-spine.sdk-sync.tags] is a text"),
        ({"content_types": "a"}, "content_types in [tool.ai-spine.sdk-sync] is a list"),
        ({"content_types": [1]}, "is a list of texts"),
        ({"names": {"operations": {"a": "b c"}}}, "'b c' for 'a' in"),
        ({"names": {"schemas": {"a": "class"}}}, "sync.names.schemas] is no name in"),
        ({"client_defaults": {"X-A": "_a"}}, "client_defaults] is no name in Python"),
    ],
)
def test_what_is_no_setting_is_refused_in_one_sentence(table, words):
    with pytest.raises(ConfigError) as caught:
        config_of(table)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "text, words",
    [
        ("a = ", "pyproject.toml is no TOML"),
        ("tool = 5", "pyproject.toml: [tool.ai-spine.sdk-sync] is no table"),
        ("[tool.ai-spine]\nsdk-sync = 5", "[tool.ai-spine.sdk-sync] is no table"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path, text, words):
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert words in caught.value.message


def test_a_file_that_is_missing_is_an_error_if_it_was_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "none.toml")
    assert "none.toml cannot be read: No such file" in caught.value.message


@pytest.mark.parametrize(
    "name", ["listUsers", "GET /v1/users", "/paths/~1v1~1users/get"]
)
def test_an_operation_goes_by_its_id_its_path_or_its_pointer(name):
    config = Config(operations={name: "all_users"}, left_out_operations=(name,))
    assert config.method_name("listUsers", USERS) == "all_users"
    assert config.leaves_out("listUsers", USERS)
    assert config.method_name("other", ADMIN) is None
    assert not config.leaves_out("other", ADMIN)


@pytest.mark.parametrize(
    "config",
    [Config(left_out_tags=("Keys",)), Config(left_out_paths=("/admin/*",))],
)
def test_tags_and_paths_are_left_out(config):
    assert config.leaves_out("makeKey", ADMIN)
    assert not config.leaves_out("listUsers", USERS)


def test_the_name_of_an_argument_is_for_one_operation_or_for_all():
    config = Config(parameters={"q": "query", "listUsers q": "search"})
    assert config.argument_name("listUsers", USERS, "q") == "search"
    assert config.argument_name("makeKey", ADMIN, "q") == "query"
    assert config.argument_name("makeKey", ADMIN, "limit") is None


def test_defaults_of_the_client_are_found_in_any_case_and_can_be_taken_away():
    config = Config(client_defaults={"X-Org": "organization", "workspaceId": ""})
    assert config.client_default("x-org") == "organization"
    assert config.client_default("X-WORKSPACE-ID") == "workspace_id"
    assert config.client_default("workspaceId") is None


def test_names_that_are_nowhere_else_are_reported():
    config = Config(
        operations={"listUser": "a", "listUsers": "b"},
        tags={"User": "c", "Users": "d"},
        pagination={"gone": False},
        schemas={"Usr": "e", "/endpoints/listUsers/bodies/a": "f"},
        parameters={"q": "g", "listUsers q": "h", "z": "i", "addUser q": "j"},
        client_defaults={"Q": "k", "X-Org": "l"},
        left_out_paths=("/v1/*", "/v2/*"),
    )
    users = replace(USERS, parameters=[IRParameter("q", "query")])
    found = config.unused(IRSpec("1.0.0", endpoints={"listUsers": users}))
    there = ("which is not there", "[tool.ai-spine.sdk-sync] names the ")
    assert [each.split(f", {there[0]}")[0].replace(there[1], "") for each in found] == [
        "operation 'gone'",
        "operation 'listUser'",
        "parameter 'X-Org'",
        "parameter 'addUser q'",
        "parameter 'z'",
        "path '/v2/*'",
        "schema 'Usr'",
        "tag 'User'",
    ]
