"""The strategies shared by the property-based tests."""

from types import MappingProxyType

from hypothesis import strategies as st

from ai_spine.models.base import Model

# Field names that the SDK reads, so that odd values reach the code that reads them.
_NOT_IN_MODELS = """
    detail message error details code data next_cursor loc msg title type error_code credits_needed
    credits_available flows agents executions messages node_results results flow user
""".split()
NAMES = sorted(
    {*_NOT_IN_MODELS}.union(*(model.field_names() for model in Model.__subclasses__()))
)

# All of Unicode, including surrogates, control characters and bidi marks.
ANY_CHARACTER = st.characters(exclude_categories=())
TEXT = st.text(ANY_CHARACTER, max_size=20)
STATUSES = st.sampled_from(["pending", "running", "success", "error", "cancelled"])
TIMESTAMPS = (
    st.from_regex(
        r"[0-9]{4}-?[01][0-9]-?[0-3][0-9][T ][0-2][0-9](:?[0-6][0-9]){0,2}"
        r"([.,][0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?",
        fullmatch=True,
    )
    | st.from_regex(r"[-+0-9TWZ:., ]{0,30}", fullmatch=True)
    | st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, -1, 10**30, 1e308, 2**63])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | STATUSES | TIMESTAMPS
ODD = SCALARS | st.sampled_from([[], {}, [None], [{}], ["a"], {"a": []}])
JSON = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(st.sampled_from(NAMES) | TEXT, children, max_size=6),
    max_leaves=20,
)

_WRAPPERS = [
    "data",
    "flows",
    "agents",
    "executions",
    "messages",
    "node_results",
    "flow",
]


def objects_of(model):
    """Return objects with the fields of a model, and any values in them."""
    return st.dictionaries(
        st.sampled_from(model.field_names()), ODD, min_size=1, max_size=12
    )


def nearly(model):
    """Return bodies that look like a response with a model, and any values in its fields."""
    lists = st.lists(objects_of(model), max_size=3)
    wrapped = st.builds(lambda w, i: {w: i}, st.sampled_from(_WRAPPERS), lists)
    return objects_of(model) | lists | wrapped


# Keys with characters that HTML and JSON escape. They begin with a unique prefix, because
# Hypothesis also draws texts from the code under test, such as a path, which is no secret.
KEYS = st.text(
    st.sampled_from("\"\\/&<>'*{}=+ ")
    | st.characters(min_codepoint=0x21, max_codepoint=0x7E),
    min_size=8,
    max_size=40,
).map(lambda text: f"sk-9{text}".strip())


class StandIn:
    """A placeholder for a value that cannot be printed, so that failures can be shown."""

    def __init__(self, name, make):
        self._name = name
        self.make = make

    def __repr__(self):
        return self._name


def deep(depth):
    """Return a list nested to a depth."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def endless():
    """Return a list that contains itself."""
    value = [1]
    value.append({"again": value})
    return value


UNPRINTABLE = st.sampled_from(
    [
        StandIn("10**5000", lambda: 10**5000),
        StandIn("-(10**5000)", lambda: -(10**5000)),
        StandIn("deep(5000)", lambda: deep(5000)),
        StandIn("endless()", endless),
    ]
)


def real(value):
    """Return a value with its placeholders replaced."""
    if isinstance(value, StandIn):
        return value.make()
    if type(value) in (list, tuple, frozenset):
        return type(value)(map(real, value))
    if isinstance(value, (dict, MappingProxyType)):
        return type(value)({real(key): real(part) for key, part in value.items()})
    return value
