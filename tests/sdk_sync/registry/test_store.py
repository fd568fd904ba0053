"""What is saved is loaded again, whatever else happens to the folder."""

import json
import os
import shutil
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.sdk_sync.errors import ConfigError, SchemaRegistryError
from ai_spine.sdk_sync.ir import (
    IRField,
    IRModel,
    IRType,
    SchemaMigration,
    SchemaVersion,
)
from ai_spine.sdk_sync.registry import SchemaRegistry
from ai_spine.sdk_sync.registry.store import LOCK, is_store, safe_name
from ai_spine.utils.locks import locked
from tests.sdk_sync.strategies import NAMES, specs

V1, V2 = SchemaVersion(1), SchemaVersion(2)


def user(version=V1, **more):
    return IRModel("User", version, [IRField("id", IRType.STRING)], **more)


def saved(folder, *models, replace=False):
    registry = SchemaRegistry()
    for model in models:
        registry.register_model(model, replace=replace)
    registry.save(folder)
    return registry


def content(folder):
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@given(specs(), st.data())
@settings(max_examples=20, deadline=None)
def test_a_registry_is_loaded_as_it_was_saved(tmp_path_factory, spec, data):
    registry = SchemaRegistry()
    registry.import_spec(spec)
    for name in spec.models:
        versions = data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=2))
        first, second = map(SchemaVersion, versions)
        registry.register_migration(SchemaMigration(name, first, second, "x"))
    folder = tmp_path_factory.mktemp("store")
    registry.save(folder)
    before = content(folder)
    loaded = SchemaRegistry(folder)
    assert loaded.problems == []
    assert loaded.models == registry.models
    assert loaded.tools == registry.tools
    for name in spec.models:
        assert loaded.get_migrations_for(name) == registry.get_migrations_for(name)
    loaded.save()
    assert content(folder) == before
    loaded.save(folder / "copy")
    assert content(folder / "copy") == before


@given(st.sets(NAMES, min_size=2, max_size=4))
@settings(max_examples=100, deadline=None)
def test_no_two_names_share_a_folder_on_any_file_system(names):
    folders = {safe_name(name).lower() for name in names}
    assert len(folders) == len(names)
    for each in folders:
        assert each.isascii() and not set(each) & set('/\\:*?"<>|. ')


@pytest.mark.parametrize(
    "name", ["a" * 500, "é" * 60, "CON", "nul", "..", "a.", "com1"]
)
def test_names_that_file_systems_refuse_are_saved_all_the_same(tmp_path, name):
    saved(tmp_path, IRModel(name))
    (path,) = tmp_path.glob("models/*/1.0.0.json")
    assert len(path.parent.name) < 200
    assert path.parent.name not in (name.lower(), "con", "nul", "com1")
    assert SchemaRegistry(tmp_path).get_model(name) == IRModel(name)


def test_names_that_differ_in_case_only_have_folders_of_their_own(tmp_path):
    saved(tmp_path, IRModel("user"), IRModel("User"), IRModel("USER"))
    names = sorted(path.name for path in (tmp_path / "models").iterdir())
    assert names == ["+u+s+e+r", "+user", "user"]


def test_what_others_saved_stays_and_is_loaded_on_request(tmp_path):
    mine = SchemaRegistry(tmp_path)
    saved(tmp_path, user())
    mine.register_model(user(V2))
    mine.save()
    assert mine.versions_of("User") == [V2]
    mine.load()
    assert mine.versions_of("User") == [V1, V2]
    assert SchemaRegistry(tmp_path).versions_of("User") == [V1, V2]


def test_other_content_of_a_saved_version_is_refused_and_nothing_is_written(tmp_path):
    saved(tmp_path, user())
    before = content(tmp_path)
    with pytest.raises(
        SchemaRegistryError, match="with other content already, in"
    ) as e:
        saved(tmp_path, IRModel("Another"), user(description="x"))
    assert "raise the version, or register it with replace=True" in str(e.value)
    assert (e.value.schema_name, e.value.version) == ("User", "1.0.0")
    assert content(tmp_path) == before
    saved(tmp_path, user(description="x"), replace=True)
    assert SchemaRegistry(tmp_path).get_model("User").description == "x"


def test_a_saved_version_keeps_its_times_and_its_own_layout(tmp_path):
    saved(tmp_path, user())
    (path,) = tmp_path.glob("models/*/*.json")
    path.write_text(json.dumps(json.loads(path.read_text())))
    before = path.read_bytes()
    saved(tmp_path, user(created_at=datetime(2026, 1, 1)))
    assert path.read_bytes() == before


def test_loading_does_not_change_what_is_registered(tmp_path):
    saved(tmp_path, user())
    registry = SchemaRegistry()
    registry.register_model(user(description="mine"))
    registry.load(tmp_path)
    (problem,) = registry.problems
    assert "model 'User' 1.0.0 is registered here with other content" in str(problem)
    assert registry.get_model("User").description == "mine"
    registry.register_model(user(description="mine"), replace=True)
    registry.load(tmp_path)
    assert registry.problems == []


def _is_folder(path):
    path.unlink()
    path.mkdir()


DAMAGE = {
    "empty": (lambda path: path.write_bytes(b""), "is not JSON"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:40]), "is not JSON"),
    "binary": (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not UTF-8 text"),
    "a list": (lambda path: path.write_text("[]"), "is no model: a schema must be an"),
    "no schema": (lambda path: path.write_text('{"a": 1}'), "has no name"),
    "deep": (lambda path: path.write_text("[" * 10**5), "nested too deeply"),
    "other name": (
        lambda path: path.write_text('{"title": "Pet"}'),
        "is model 'Pet' 1.0.0, which belongs in models/+pet/1.0.0.json",
    ),
    "other version": (
        lambda path: path.write_text('{"title": "User", "x-version": "1.0.1"}'),
        "belongs in models/+user/1.0.1.json",
    ),
    "no version": (
        lambda path: path.write_text('{"title": "User", "x-version": "one"}'),
        "a version has three numbers",
    ),
    "a folder": (_is_folder, "is not a regular file"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_loses_one_version_and_no_other(tmp_path, damage):
    saved(tmp_path, user(), user(V2), IRModel("Other"))
    path = tmp_path / "models" / "+user" / "1.0.0.json"
    do, words = DAMAGE[damage]
    do(path)
    registry = SchemaRegistry(tmp_path)
    ((where, sentence),) = registry.problems
    assert where == path and words in sentence
    assert registry.versions_of("User") == [V2] and registry.get_model("Other")
    strict = SchemaRegistry()
    with pytest.raises(SchemaRegistryError, match="1 file in .* cannot be loaded") as e:
        strict.load(tmp_path, strict=True)
    assert words in str(e.value) and strict.models == {}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_set_aside_before_it_is_saved_again(tmp_path, damage):
    saved(tmp_path, user())
    path = tmp_path / "models" / "+user" / "1.0.0.json"
    for number in ("", "2"):
        DAMAGE[damage][0](path)
        before = path.read_bytes() if path.is_file() else None
        registry = SchemaRegistry(tmp_path)
        registry.save()
        assert path.exists() and registry.problems  # nothing of its own to save
        saved(tmp_path, user())
        aside = path.with_name(f"1.0.0.json.damaged{number}")
        assert aside.exists() and (before is None or aside.read_bytes() == before)
        assert SchemaRegistry(tmp_path).problems == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root")
def test_a_file_that_may_not_be_read_is_a_problem(tmp_path):
    saved(tmp_path, user())
    (path,) = tmp_path.glob("models/*/*.json")
    path.chmod(0)
    ((_, sentence),) = SchemaRegistry(tmp_path).problems
    assert sentence == "cannot be read: Permission denied"


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path, monkeypatch):
    saved(tmp_path, user())

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    ((_, sentence),) = SchemaRegistry(tmp_path).problems
    assert sentence == "cannot be read: Permission denied"


def test_a_process_that_died_while_saving_leaves_nothing_that_is_loaded(tmp_path):
    saved(tmp_path, user())
    (path,) = tmp_path.glob("models/*/*.json")
    path.with_name(".new-1").write_bytes(b'{"tit')
    path.with_name(".new-1.json").write_bytes(b'{"tit')
    (tmp_path / "models" / "README.md").write_text("Do not edit.")
    assert SchemaRegistry(tmp_path).problems == []


def test_a_damaged_tool_and_a_damaged_migration_are_problems_too(tmp_path):
    for kind in ("tools", "migrations"):
        (tmp_path / kind / "a").mkdir(parents=True)
        (tmp_path / kind / "a" / "1.0.0.json").write_text("{}")
    sentences = [each.sentence for each in SchemaRegistry(tmp_path).problems]
    assert sentences == [
        "is no tool: IRTool has no name, which it needs",
        "is no migration: SchemaMigration has no schema_name, which it needs",
    ]


def test_without_a_folder_there_is_nothing_to_load(tmp_path):
    registry = SchemaRegistry(tmp_path / "none")  # it is made when it is first saved
    with pytest.raises(SchemaRegistryError, match="there is no folder"):
        registry.load()
    registry.register_model(user())
    registry.save()
    assert SchemaRegistry(str(tmp_path / "none")).get_model("User")
    with pytest.raises(ConfigError, match="the registry has no storage_path"):
        SchemaRegistry().save()
    (tmp_path / "file").write_text("")
    with pytest.raises(SchemaRegistryError, match="there is no folder"):
        SchemaRegistry(tmp_path / "file")
    with pytest.raises(SchemaRegistryError, match="the registry cannot be saved in"):
        registry.save(tmp_path / "file")


@pytest.mark.parametrize("value", [float("nan"), {1}, object])
def test_what_json_has_not_is_refused_before_anything_is_written(tmp_path, value):
    registry = SchemaRegistry()
    registry.register_model(user())
    registry.register_model(IRModel("Odd", metadata={"x": value}))
    with pytest.raises(
        SchemaRegistryError, match="model 'Odd' 1.0.0 cannot be written"
    ):
        registry.save(tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_folder_is_a_store_if_versions_are_in_it(tmp_path):
    (tmp_path / "models" / "user").mkdir(parents=True)
    (tmp_path / "models" / "user" / "user.json").write_text("{}")
    assert not is_store(tmp_path)
    saved(tmp_path, user())
    assert is_store(tmp_path)


def test_saving_waits_for_another_that_saves(tmp_path):
    thread = threading.Thread(target=saved, args=(tmp_path, user()))
    with locked(str(tmp_path / LOCK)):
        thread.start()
        thread.join(0.1)
        assert thread.is_alive() and not is_store(tmp_path)
    thread.join(20)
    assert is_store(tmp_path)


def test_threads_that_save_at_once_lose_nothing(tmp_path):
    failures = []

    def save(number):
        try:
            for minor in range(10):
                saved(tmp_path, user(SchemaVersion(number, minor)))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert failures == []
    assert len(SchemaRegistry(tmp_path).versions_of("User")) == 40


def test_of_two_processes_that_save_the_same_version_one_is_refused(tmp_path):
    program = (
        "import sys\n"
        "from ai_spine.sdk_sync.ir import IRModel\n"
        "from ai_spine.sdk_sync.registry import SchemaRegistry\n"
        "registry = SchemaRegistry()\n"
        "registry.register_model(IRModel('User', description=sys.argv[2]))\n"
        "registry.save(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    running = [
        subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in "ab"
    ]
    errors = [each.communicate(timeout=60)[1] for each in running]
    assert sorted(each.returncode for each in running) == [0, 1]
    assert b"is saved with other content already" in b"".join(errors)
    assert SchemaRegistry(tmp_path).get_model("User").description in ("a", "b")
    shutil.rmtree(str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("link", ["models", "models/+user"])
def test_nothing_is_saved_behind_a_link_that_leads_out(tmp_path, link):
    outside, folder = tmp_path / "outside", tmp_path / "store"
    outside.mkdir()
    (folder / link).parent.mkdir(parents=True)
    (folder / link).symlink_to(outside)
    registry = SchemaRegistry()
    registry.register_model(IRModel("User"))
    with pytest.raises(SchemaRegistryError, match="leads out of the registry"):
        registry.save(folder)
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_the_folder_of_a_registry_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    registry = SchemaRegistry()
    registry.register_model(IRModel("User"))
    registry.save(tmp_path / "link")
    assert SchemaRegistry(tmp_path / "real").get_model("User") is not None
