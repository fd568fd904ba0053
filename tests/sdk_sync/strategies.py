"""Random schemas, models and specifications, with names and texts as unkind as can be."""

from hypothesis import assume
from hypothesis import strategies as st

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.ir import (
    UNSET,
    IRBody,
    IREndpoint,
    IRField,
    IRModel,
    IRParameter,
    IRResponse,
    IRSpec,
    IRTool,
    IRType,
    SchemaVersion,
)

CANARY = "__import__('os').abort()"  # a text that must never run
NASTY = [
    "class",
    "None",
    "self",
    "__class__",
    "model_config",
    "model_fields",
    "json",
    "copy",
    "schema",
    "_private",
    "2nd",
    "a-b",
    "a_b",
    "a b",
    "A",
    "a",
    "ﬁeld",
    "field",
    "раssword",
    "naïve",
    "data\u2028line",
    "List",
    "Optional",
    "Field",
    "BaseModel",
    "int",
    "id",
    "'",
    '"""',
    "\\",
    "{x}",
    "\n",
    "$ref",
    "a/b~c",
    CANARY,
]
NAMES = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
)
TEXTS = st.sampled_from(['"""', "\\", "'''\n", CANARY, "\r\n# x", "{{ x }}"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)
VERSIONS = st.builds(SchemaVersion, *[st.integers(0, 20)] * 3)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(
    -1e6, 1e6, allow_nan=False, allow_subnormal=False
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=3,
)
# Of a few: what is drawn for nearly all that there is takes most of the time.
METADATA = st.sampled_from(
    [
        {},
        {"": CANARY, "$ref": None},
        {"a/b~c": [{"\u2028": 1.5}, []]},
        {'"""': {"class": [True, "\\"]}, "naïve": -1},
    ]
)


def constraints_of(kind):
    """Random constraints of a type, each possible to fulfil."""
    if kind is IRType.STRING:
        return st.sampled_from(
            [
                {},
                {"minLength": 1},
                {"maxLength": 5},
                {"minLength": 2, "maxLength": 9},
                {"pattern": "^[a-z]"},
                {"enum": ["a", "b", "", "class"]},
                {"const": CANARY},
                {"title": CANARY},
                {"format": "email"},
                {"examples": [CANARY]},
            ]
        )
    if kind in (IRType.INTEGER, IRType.NUMBER):
        return st.sampled_from(
            [
                {},
                {"minimum": 0},
                {"maximum": 9},
                {"exclusiveMinimum": -3, "exclusiveMaximum": 4},
                {"multipleOf": 2},
                {"enum": [1, 2, -1]},
                {"x-unit": CANARY},
            ]
        )
    if kind is IRType.ARRAY:
        return st.sampled_from([{}, {"minItems": 1}, {"maxItems": 2}])
    return st.just({})


@st.composite
def fields(draw, names=NAMES, models=(), depth=2):
    """A random field; it refers to some of the models."""
    kinds = [
        IRType.STRING,
        IRType.INTEGER,
        IRType.NUMBER,
        IRType.BOOLEAN,
        IRType.NULL,
        IRType.ANY,
    ]
    if depth:
        kinds += [IRType.ARRAY, IRType.OBJECT, IRType.UNION]
    if models:
        kinds.append(IRType.REF)
    kind = draw(st.sampled_from(kinds))
    inner = fields(models=models, depth=depth - 1) if depth else st.none()
    more = {}
    if kind is IRType.ARRAY:
        more["items"] = draw(st.none() | inner)
    elif kind is IRType.OBJECT:
        more["properties"] = draw(st.none() | st.dictionaries(NAMES, inner, max_size=3))
    elif kind is IRType.UNION:
        more["union_types"] = draw(st.lists(inner, min_size=1, max_size=3))
        more["exclusive"] = draw(st.booleans())
    elif kind is IRType.REF:
        more["ref_name"] = draw(st.sampled_from(models))
    try:
        return IRField(
            draw(names),
            kind,
            required=draw(st.booleans()),
            nullable=draw(st.booleans()),
            description=draw(st.none() | TEXTS),
            default=draw(st.just(UNSET) | VALUES),
            constraints=draw(constraints_of(kind)),
            metadata=draw(METADATA),
            **more,
        )
    except ConfigError:
        assume(False)


@st.composite
def models(draw, name=NAMES, others=()):
    """A random model of an object."""
    return IRModel(
        draw(name),
        draw(VERSIONS),
        draw(
            st.lists(
                fields(models=others), max_size=5, unique_by=lambda each: each.name
            )
        ),
        description=draw(st.none() | TEXTS),
        namespace=draw(st.none() | NAMES),
        tags=draw(st.lists(NAMES, max_size=2)),
        metadata=draw(METADATA),
    )


@st.composite
def parameters(draw, location, others=()):
    """A random parameter."""
    return IRParameter(
        draw(NAMES),
        location,
        draw(fields(models=others, depth=1)),
        required=location == "path" or draw(st.booleans()),
        explode=draw(st.none() | st.booleans()),
        description=draw(st.none() | TEXTS),
        deprecated=draw(st.booleans()),
    )


@st.composite
def endpoints(draw, path, method, others=()):
    """A random endpoint; its parameters have names of their own in each location."""
    location = st.sampled_from(["query", "header", "cookie"])
    content = st.dictionaries(
        st.sampled_from(["application/json", "text/csv", "*/*"]),
        st.none() | fields(models=others, depth=1),
        max_size=2,
    )
    kinds = ["application/json", "multipart/form-data"]
    bodies = draw(st.lists(st.sampled_from(kinds), max_size=2, unique=True))
    is_required = draw(st.booleans())
    return IREndpoint(
        path,
        method,
        draw(TEXTS),
        tags=draw(st.lists(NAMES, max_size=2)),
        operation_id=path[1:],
        summary=draw(st.none() | TEXTS),
        parameters=draw(
            st.lists(
                location.flatmap(lambda where: parameters(where, others)),
                max_size=3,
                unique_by=lambda each: (each.name, each.location),
            )
        ),
        bodies=[
            IRBody(kind, draw(st.none() | fields(models=others, depth=1)), is_required)
            for kind in bodies
        ],
        responses=[
            IRResponse(status, draw(TEXTS), draw(content), draw(_headers(others)))
            for status in draw(
                st.lists(st.sampled_from(["200", "4XX", "default"]), unique=True)
            )
        ],
        auth_required=draw(st.booleans()),
        deprecated=draw(st.booleans()),
        security=draw(st.sampled_from([None, [], [{"key": []}], [{}, {"key": ["a"]}]])),
        servers=draw(st.sampled_from([[], [{"url": "/v2"}]])),
    )


def _headers(others):
    made = parameters("header", others)
    return st.lists(made, max_size=1).map(lambda found: {h.name: h for h in found})


@st.composite
def specs(draw, most=4):
    """A random specification: models that refer to each other, and tools with their own."""
    names = draw(st.lists(NAMES, max_size=most, unique=True))
    made = {name: draw(models(st.just(name), names)) for name in names}
    tool_names = draw(st.lists(NAMES, max_size=2, unique=True))
    tools = {}
    for number, name in enumerate(tool_names):
        tools[name] = IRTool(
            name,
            draw(VERSIONS),
            draw(TEXTS),
            draw(models(st.just(f"tool {number} input"), names)),
            draw(models(st.just(f"tool {number} output"), names)),
            namespace=draw(st.none() | NAMES),
            tags=draw(st.lists(NAMES, max_size=2)),
            timeout=draw(st.none() | st.integers(1, 60)),
            streaming=draw(st.booleans()),
            metadata=draw(METADATA),
        )
    methods = draw(st.lists(st.sampled_from(["GET", "POST"]), unique=True, max_size=2))
    return IRSpec(
        draw(VERSIONS),
        draw(TEXTS),
        models=made,
        tools=tools,
        endpoints={m: draw(endpoints(f"/do{m}", m, names)) for m in methods},
        metadata=draw(METADATA),
        title=draw(st.none() | st.just("An API")),
        servers=draw(st.sampled_from([[], [{"url": "https://example.com"}]])),
        security_schemes={"key": {"type": "http", "scheme": "bearer"}},
        security=draw(st.sampled_from([[], [{"key": []}]])),
    )
