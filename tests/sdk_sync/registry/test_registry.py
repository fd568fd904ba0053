"""The registry keeps each version, finds it again, and refuses to change one silently."""

from datetime import datetime
from pathlib import Path

import pytest

from ai_spine.sdk_sync.errors import ConfigError, SchemaRegistryError
from ai_spine.sdk_sync.ir import (
    IRField,
    IRModel,
    IRSpec,
    IRTool,
    IRType,
    SchemaMigration,
    SchemaVersion,
)
from ai_spine.sdk_sync.registry import SchemaRegistry

V1, V11, V2 = SchemaVersion(1), SchemaVersion(1, 1), SchemaVersion(2)


def user(version=V1, **more):
    return IRModel("User", version, [IRField("id", IRType.STRING)], **more)


def search(version=V1, **more):
    return IRTool("search", version, "", IRModel("In"), IRModel("Out"), **more)


def test_the_readme_of_the_registry_works_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    user_model = user(tags=["entity", "user"], namespace="core")
    product_model, search_tool = IRModel("Product"), search()
    registry = SchemaRegistry()
    registry.register_model(user_model)
    registry.register_model(product_model)
    registry.register_tool(search_tool)
    assert registry.get_model("User") == user_model
    assert registry.get_model("User", SchemaVersion(1, 0, 0)) == user_model
    assert registry.find_models_by_tag("entity") == [user_model]
    assert registry.find_models_by_namespace("core") == [user_model]
    spec = registry.export_spec(version=SchemaVersion(1, 0, 0), api_version="1.0")
    assert spec.models == {"User": user_model, "Product": product_model}
    assert spec.tools == {"search": search_tool}
    registry.save(Path("./schema_registry"))
    assert SchemaRegistry(Path("./schema_registry")).export_spec(V1) == spec


def test_the_newest_version_is_returned_unless_another_is_asked_for():
    registry = SchemaRegistry()
    for version in (V11, V2, V1):
        registry.register_model(user(version))
        registry.register_tool(search(version))
    assert registry.get_model("User").version == V2
    assert registry.get_tool("search").version == V2
    assert registry.get_tool("search", V1).version == V1
    assert registry.versions_of("User") == [V1, V11, V2]
    assert registry.versions_of("Nobody") == []
    assert registry.get_model("Nobody") is registry.get_tool("none", V1) is None
    assert registry.get_model("User", SchemaVersion(9)) is None


def test_models_and_tools_are_found_by_all_that_is_said():
    registry = SchemaRegistry()
    registry.register_model(user(V2, tags=["a"], namespace="n"))
    registry.register_model(user(V1, tags=["a"]))
    registry.register_model(IRModel("Pet", V1, tags=["a"], namespace="n"))
    registry.register_tool(search(V1, tags=["a"], namespace="n"))
    registry.register_tool(search(V2))

    def found(**wanted):
        models = registry.find_models(**wanted)
        return [(each.name, each.version) for each in models]

    assert found() == [("Pet", V1), ("User", V1), ("User", V2)]
    assert found(name="User", versions="1.x") == [("User", V1)]
    assert found(versions=V2) == [("User", V2)]
    assert found(tag="a", namespace="n") == [("Pet", V1), ("User", V2)]
    assert found(tag="b") == found(name="Nobody") == []
    assert registry.find_tools("search", "<2", tag="a", namespace="n") == [
        search(V1, tags=["a"], namespace="n")
    ]
    with pytest.raises(ConfigError, match="no range of versions"):
        registry.find_tools(versions="newest")


def migration(first, second, **more):
    return SchemaMigration("User", first, second, "changed", **more)


def test_migrations_of_a_schema_come_in_the_order_of_versions():
    registry = SchemaRegistry()
    steps = [migration(V11, V2), migration(V1, V2), migration(V1, V11)]
    for each in [*steps, steps[0], SchemaMigration("Pet", V1, V2, "")]:
        registry.register_migration(each)
    assert registry.get_migrations_for("User") == [steps[2], steps[1], steps[0]]
    assert len(registry.migrations) == 4


@pytest.mark.parametrize(
    "first, second, words",
    [
        (user(), user(description="x"), "model 'User' 1.0.0 is there"),
        (search(), search(streaming=True), "tool 'search' 1.0.0 is there"),
        (
            migration(V1, V2),
            migration(V1, V2, breaking=True),
            "migration 'User' 1.0.0 to 2.0.0 is there",
        ),
        (user(), user(metadata={"x": {1}}), "model 'User' 1.0.0 is there"),
    ],
)
def test_other_content_of_a_version_is_refused_unless_it_may_replace(
    first, second, words
):
    registry = SchemaRegistry()

    def register(part, **more):
        if isinstance(part, IRModel):
            registry.register_model(part, **more)
        elif isinstance(part, IRTool):
            registry.register_tool(part, **more)
        else:
            registry.register_migration(part, **more)

    register(first)
    register(first)
    with pytest.raises(SchemaRegistryError, match=words) as caught:
        register(second)
    assert caught.value.schema_name in ("User", "search")
    register(second, replace=True)
    spec = registry.export_spec(V1)
    kept = [*spec.models.values(), *spec.tools.values(), *spec.migrations]
    assert kept == [second]


def test_order_and_times_are_no_other_content():
    def model(names, **more):
        made = [IRField(name, IRType.STRING, required=True) for name in names]
        return IRModel("User", V1, made, **more)

    registry = SchemaRegistry()
    registry.register_model(model("ab"))
    registry.register_model(model("ba", created_at=datetime(2026, 1, 1)))
    assert registry.get_model("User") == model("ab")


def test_a_specification_is_added_whole():
    spec = IRSpec(
        V1,
        models={"User": user()},
        tools={"search": search()},
        migrations=[migration(V1, V2)],
    )
    registry = SchemaRegistry()
    registry.import_spec(spec)
    assert registry.export_spec(V1) == spec
    changed = IRSpec(V1, models={"User": user(description="x")})
    with pytest.raises(SchemaRegistryError):
        registry.import_spec(changed)
    registry.import_spec(changed, replace=True)
    assert registry.get_model("User").description == "x"
