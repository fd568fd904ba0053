"""Schemas of every kind: what is sent of them, and what comes back."""

import datetime
import decimal
import uuid

import pytest

from tests.sdk_sync.generated.both import Both
from tests.sdk_sync.generated.packages import generated, package_of
from tests.sdk_sync.generated.wire import Wire


@pytest.fixture(scope="module")
def wire():
    made = Wire()
    yield made
    made.close()


@pytest.fixture(scope="module", params=["attrs", "pydantic"])
def models(request):
    return request.param


@pytest.fixture(scope="module")
def clients(wire, models):
    package = package_of("schemas", models, "client")
    kinds = (package.Client, package.AsyncClient)
    made = Both(*(kind(wire.url, max_retries=0) for kind in kinds), wire)
    yield made
    made.close()


@pytest.fixture
def api(clients, wire):
    wire.echo()
    return clients


@pytest.fixture
def own(models):
    return package_of("schemas", models).models


def sent_and_returned(api, wire, method, value):
    """Send a value to an operation that sends it back; return the result, if nothing changed."""
    result = getattr(api.echo, method)(value)
    assert wire.sent.json == value
    assert api.sync.codec.to_json(result) == value
    return result


ROUND_TRIPS = [
    ("an enum", "echo_enums", {"tier": "Human-Approve"}),
    ("values of an enum that look alike", "echo_enums", {"tier": "Manual-Only"}),
    ("a null in an enum", "echo_enums", {"maybe": None}),
    ("an enum of texts and null", "echo_enums", {"maybe": "on"}),
    *(("an enum of many types", "echo_enums", {"mixed": v}) for v in (1, "one", None)),
    ("a boolean in an enum", "echo_enums", {"mixed": True}),
    ("a negative number in an enum", "echo_enums", {"level": -1}),
    ("a fraction in an enum", "echo_enums", {"ratio": -0.5}),
    *(
        ("an enum of odd texts", "echo_enums", {"sign": v})
        for v in ("+1", "-1", "€", "a:b", "1st", "", "None", "mro", "a,")
    ),
    ("an enum of one", "echo_enums", {"single": "only"}),
    ("a required null", "echo_nulls", {"named": None}),
    ("a null for an object", "echo_nulls", {"named": "a", "owner": None}),
    (
        "an object that may be null",
        "echo_nulls",
        {"named": "a", "owner": {"name": "b"}},
    ),
    ("a null for a time", "echo_nulls", {"named": "a", "at": None}),
    ("a null for a list", "echo_nulls", {"named": "a", "tags": None}),
    (
        "an allOf that only describes",
        "echo_nulls",
        {"named": "a", "described": {"name": "b"}},
    ),
    (
        "constants of all types",
        "echo_constants",
        {
            "kind": "fixed",
            "version": 2,
            "flag": True,
            "list": ["a", 1],
            "nothing": None,
        },
    ),
    (
        "an allOf of three",
        "echo_composed",
        {
            "id": "1",
            "name": "a",
            "extra": 5,
            "kind": "b",
            "created": "2026-01-02T03:04:05Z",
        },
    ),
    *(("a union of types", "echo_unions", {"primitive": v}) for v in (1, True, "1")),
    *(("a number or a text", "echo_unions", {"number": v}) for v in (1, 1.5, "1")),
    ("one of two objects", "echo_unions", {"either": {"name": "a"}}),
    (
        "the other of two objects",
        "echo_unions",
        {"either": {"company": "a", "size": 1}},
    ),
    *(
        ("a nested union", "echo_unions", {"nested": v})
        for v in (["a"], None, {"a": 1})
    ),
    *(
        ("a list of types", "echo_unions", {"listed": v})
        for v in ("a", 1, [{"a": None}])
    ),
    ("a schema with not", "echo_unions", {"allowed": {"a": [1]}}),
    ("a discriminator", "echo_pet", {"type": "dog", "bark": True}),
    ("two names for one schema", "echo_pet", {"type": "tiger", "lives": 9}),
    ("a discriminator without mapping", "echo_shape", {"shape": "Square", "side": 2}),
    ("a discriminator of a base", "echo_vehicle", {"kind": "car", "doors": 5}),
    (
        "a tree",
        "echo_tree",
        {"name": "a", "children": [{"name": "b", "children": []}], "parent": None},
    ),
    (
        "two schemas that refer to each other",
        "echo_tree",
        {"name": "a", "parent": {"tree": {"name": "b", "parent": {}}}},
    ),
    ("other properties", "echo_maps", {"id": "1", "x": 5, "y": 6}),
    ("a map of models", "echo_maps", {"id": "1", "typed": {"a": {"name": "b"}}}),
    ("a map of anything", "echo_maps", {"id": "1", "free": {"a": [None, {}]}}),
    ("properties by patterns", "echo_maps", {"id": "1", "patterned": {"x-a": 5}}),
    ("a tuple", "echo_maps", {"id": "1", "pair": ["a", 5]}),
    (
        "names that python does not take",
        "echo_names",
        {
            **{name: "a" for name in ("class", "self", "from", "type", "model_config")},
            **{name: "b" for name in ("model_dump", "1st", "id", "_id", "banType")},
            **{name: "c" for name in ("ban_type", "BAN", "ban", "@type", "to_json")},
            **{name: "d" for name in ("with space", "Names", "none")},
            **{"list": ["a"], "+1": 1, "-1": 2, "items": [3], "values": {"a": 4}},
        },
    ),
    (
        "formats",
        "echo_formats",
        {
            "day": "2026-01-02",
            "at": "2026-01-02T03:04:05Z",
            "span": "P1DT12H",
            "key": "00000000-0000-4000-8000-000000000000",
            "bytes": "aGVsbG8=",
            "price": "12.50",
            "big": 9007199254740993,
            "odd": "x",
            "clock": "03:04:05",
        },
    ),
    ("absent properties with defaults", "echo_defaults", {}),
    ("a null that is the default", "echo_defaults", {"nothing": None}),
    ("a list of models", "echo_list", [{"name": "a"}, {"name": "b"}]),
    ("a text alone", "echo_word", "hello"),
]


@pytest.mark.parametrize("what, method, value", ROUND_TRIPS)
def test_a_value_goes_out_and_comes_back_unchanged(api, wire, what, method, value):
    sent_and_returned(api, wire, method, value)


def test_an_enum_with_a_name_is_a_class_of_texts(api, wire, own):
    result = sent_and_returned(api, wire, "echo_enums", {"tier": "Human-Approve"})
    assert result.tier is own.Tier("Human-Approve")
    assert (result.tier, str(result.tier.value)) == ("Human-Approve",) * 2
    assert len({own.Tier("Manual Only").name, own.Tier("Manual-Only").name}) == 2
    api.echo.echo_enums(own.Enums(tier=own.Tier("Auto")))
    assert wire.sent.json == {"tier": "Auto"}


def test_a_model_composed_of_three_has_all_their_fields(api, wire, own):
    value = own.Composed(id="1", name="a", extra=5)
    assert api.echo.echo_composed(value) == value
    assert wire.sent.json == {"id": "1", "name": "a", "extra": 5}
    with pytest.raises(Exception):
        own.Composed(id="1", extra=5)


def test_the_member_of_a_union_is_the_one_that_fits(api, wire, own):
    unions = sent_and_returned(api, wire, "echo_unions", {"either": {"company": "a"}})
    assert isinstance(unions.either, own.Company)
    unions = sent_and_returned(api, wire, "echo_unions", {"primitive": True})
    assert unions.primitive is True
    unions = sent_and_returned(api, wire, "echo_unions", {"number": 1})
    assert unions.number == 1 and not isinstance(unions.number, bool)


@pytest.mark.parametrize(
    "method, value, kind",
    [
        ("echo_pet", {"type": "tiger"}, "Cat"),
        ("echo_pet", {"type": "dog"}, "Dog"),
        ("echo_shape", {"shape": "Circle"}, "Circle"),
        ("echo_vehicle", {"kind": "bike"}, "Bike"),
    ],
)
def test_a_discriminator_says_which_class_it_is(api, wire, own, method, value, kind):
    result = sent_and_returned(api, wire, method, value)
    assert type(result) is getattr(own, kind)


def test_values_have_the_types_of_their_formats(api, wire):
    result = sent_and_returned(
        api,
        wire,
        "echo_formats",
        {
            "day": "2026-01-02",
            "at": "2026-01-02T03:04:05Z",
            "key": str(uuid.UUID(int=7)),
            "big": 2**60,
            "price": "12.50",
        },
    )
    assert result.day == datetime.date(2026, 1, 2)
    assert result.at.tzinfo is not None and result.at.hour == 3
    assert result.key == uuid.UUID(int=7)
    assert result.big == 2**60
    assert decimal.Decimal(str(result.price)) == decimal.Decimal("12.5")


def test_what_only_responses_have_is_no_part_of_a_request(api, wire, own):
    returned = {"id": "1", "name": "a", "inner": {"at": "now", "note": "n"}}
    wire.respond(returned)
    result = api.echo.echo_sides({"name": "a", "secret": "s"})
    assert wire.sent.json == {"name": "a", "secret": "s"}
    assert (result.id, result.name, result.inner.at) == ("1", "a", "now")
    assert api.sync.codec.to_json(result) == returned
    given = own.SidesInput(name="a", secret="s")
    api.echo.echo_sides(given)
    assert wire.sent.json == {"name": "a", "secret": "s"}


def test_a_default_is_neither_sent_nor_made_up(api, wire, own):
    api.echo.echo_defaults(own.Defaults())
    assert wire.sent.json == {}


def test_null_and_absence_are_two_things(api, wire, own):
    api.echo.patch_thing(own.Patch(name=None))
    assert wire.sent.json == {"name": None}
    api.echo.patch_thing(name=None, size=5)
    assert wire.sent.json == {"name": None, "size": 5}
    api.echo.patch_thing(own.Patch())
    assert wire.sent.json == {}


def test_properties_that_look_alike_are_all_there(own):
    import inspect

    names = list(inspect.signature(own.Names).parameters)
    assert len(names) == len(set(names)) and all(each.isidentifier() for each in names)


def test_old_documents_say_null_in_their_own_way(client_of, wire, models):
    wire.echo()
    api = client_of("old", models)
    for value in (
        {"name": None},
        {"name": "a", "tier": None, "sibling": None, "choice": None, "choices": None},
        {"name": "a", "tier": "pro", "sibling": "free", "choice": "a", "choices": "a"},
        {"name": "a", "owner": None, "list": None},
        {"name": "a", "owner": {"name": "b"}, "list": ["a", None], "number": 0.5},
        {"name": "a", "owner": 5},
    ):
        sent_and_returned(api, wire, "echo_thing", value)
    for value in ({"both": None}, {"fixed": "x", "pair": [1, "a"]}):
        sent_and_returned(api, wire, "echo_new", value)


@pytest.mark.parametrize("style", ["attrs", "pydantic"])
def test_a_schema_has_no_warning_that_a_generator_can_read(style):
    assert generated("schemas", style).warnings == []
