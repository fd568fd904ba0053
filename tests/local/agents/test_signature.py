"""Tests of the forms that an agent's function may have, and of the sentences that refuse others."""

import asyncio
import functools
from dataclasses import dataclass
from typing import Any, AsyncIterator, Dict, Iterator, List, Mapping, Optional

import pytest

from ai_spine import ConfigurationError
from ai_spine.local import AgentContext, LocalServer, agent
from tests.local import flow, node, is_one_sentence, run


@dataclass
class Decision:
    """What was decided."""

    approved: bool
    score: float = 0.5


@dataclass
class Settings:
    rate: float = 0.1


def typed(income: float, amount: float, term_months: int = 12) -> Decision:
    return Decision(amount / term_months < income / 24, score=term_months)


def output_of(serve, function, input_data=None, **config):
    """Return the output of a node, or why it failed.

    An agent without types stands before it: the flow itself has no schema, and takes any input.
    """
    nodes = node("first", "pass"), node("n", "work", ["first"], config=config)
    server = serve([flow(*nodes)], {"work": function, "pass": lambda i, c: i})
    done = run(server, input_data=input_data or {})
    if done.succeeded:
        return done.output_data["n"]
    return done.error_message.replace("Node 'n' failed: ", "")


def by_class(call):
    """Return an object that is called like a function."""

    class Agent:
        __call__ = call

    return Agent()


async def awaited(self, input, config):
    await asyncio.sleep(0)
    return {"input": input, "config": config}


def through(function):
    """Return a function as a decorator leaves it, whose own parameters have other names."""

    @functools.wraps(function)
    def wrapper(first, second):
        return function(first, second)

    return wrapper


FORMS = {
    "input": lambda input: {"input": input, "config": {"r": 1}},
    "by place": lambda a, b: {"input": a, "config": b},
    "by name in another order": lambda config, input: {
        "input": input,
        "config": config,
    },
    "keyword-only config": lambda a, *, config: {"input": a, "config": config},
    "any arguments": lambda *args: dict(zip(("input", "config"), args)),
    "a default for the third": lambda a, b, c=5: {"input": a, "config": b},
    "a decorated function": through(
        lambda input, config: {"input": input, "config": config}
    ),
    "a partial": functools.partial(lambda x, i, c: {"input": i, "config": c}, 0),
    "an object": by_class(
        lambda self, input, config: {"input": input, "config": config}
    ),
    "an async object": by_class(awaited),
    "a plain function that returns a coroutine": lambda i, c: awaited(None, i, c),
    "an async function": functools.partial(awaited, None),
}


@pytest.mark.parametrize("function", FORMS.values(), ids=FORMS)
def test_a_function_without_types_gets_the_input_and_the_config(serve, function):
    output = output_of(serve, function, {"x": 1}, r=1)
    assert output == {"input": {"x": 1}, "config": {"r": 1}}


def plain_dicts(data: Dict[str, Any], config: Mapping[str, Any]) -> Dict[str, Any]:
    return {"data": data, "config": dict(config)}


def test_one_parameter_that_is_a_dict_is_the_whole_input(serve):
    output = output_of(serve, plain_dicts, {"x": 1}, r=2)
    assert output == {"data": {"x": 1}, "config": {"r": 2}}


def test_typed_parameters_are_taken_from_the_input_by_name(serve):
    given = {"income": 24, "amount": 6, "term_months": 12, "more": [1]}
    assert output_of(serve, typed, given) == {"approved": True, "score": 12}


def test_a_parameter_that_is_missing_keeps_its_default(serve):
    output = output_of(serve, typed, {"income": 1, "amount": 6})
    assert output == {"approved": False, "score": 12}


def test_config_and_context_stand_among_typed_parameters(serve):
    def work(config, amount: float, context, *, note: Optional[str] = None) -> dict:
        return {"all": [config["rate"], amount, context.node_id, note]}

    assert output_of(serve, work, {"amount": 2}, rate=3)["all"] == [3, 2.0, "n", None]


def test_a_context_is_known_by_its_type(serve):
    def work(amount: float, ctx: AgentContext) -> dict:
        return {"node": ctx.node_id}

    assert output_of(serve, work, {"amount": 2}) == {"node": "n"}


def test_the_third_parameter_without_a_type_is_the_context(serve):
    assert output_of(serve, lambda a, b, c: {"node": c.node_id}) == {"node": "n"}


def test_the_whole_input_and_the_config_may_have_types(serve):
    def work(input: Decision, config: Settings) -> dict:
        return {"score": input.score, "rate": config.rate}

    assert output_of(serve, work, {"approved": True}) == {"score": 0.5, "rate": 0.1}
    words = output_of(serve, work, {"approved": 1}, rate="much")
    assert words == (
        "approved: must be true or false, not a number; "
        "config.rate: must be a number, not text"
    )


def test_all_that_is_wrong_with_an_input_is_named(serve):
    words = output_of(serve, typed, {"income": "much", "term_months": 1.5})
    assert words == (
        "income: must be a number, not text; amount: is required; "
        "term_months: must be a whole number, not 1.5"
    )


def test_types_may_be_written_as_text(serve):
    def work(amount: "float", note: "Optional[str]" = None) -> "Decision":
        return Decision(True, amount)

    assert output_of(serve, work, {"amount": 1})["score"] == 1.0


def test_unknown_names_in_types_of_dicts_do_not_matter(serve):
    def work(input: "NotThere", config: "NorThis") -> "NorThat":  # noqa: F821
        return {"input": input}

    assert output_of(serve, work, {"x": 1}) == {"input": {"x": 1}}


def test_an_agent_in_a_flow_of_functions_may_be_typed_and_async(serve):
    async def double(amount: float) -> dict:
        return {"amount": 2 * amount}

    server = serve([])
    server.add_flow("f", double, typed_end)
    assert run(server, input_data={"amount": 2}).output_data == {
        "typed_end": {"end": 4.0}
    }


def typed_end(amount: float) -> Dict[str, float]:
    return {"end": amount}


def test_an_agent_is_called_directly_like_its_function():
    decorated = agent("typed")(typed)
    assert decorated(24, amount=6) == Decision(True, 12)

    @agent("async")
    async def later(name: str) -> dict:
        return {"name": name}

    assert asyncio.run(later("Ana")) == {"name": "Ana"}


# Refusals


class Strange:
    """No type that JSON has a form for."""


def of_unknown_type(x: Strange) -> dict:
    return {}


def of_types_inside(x: List[Strange]) -> dict:
    return {}


def of_two_dicts(a: Dict[str, Any], b: Dict[str, Any]) -> dict:
    return {}


def of_two_contexts(context, other: AgentContext):
    return {}


def of_some_types(a, b: float) -> dict:
    return {}


def of_many(a: float, *rest: float) -> dict:
    return {}


def of_places(a: float, /, b: float) -> dict:
    return {}


def of_text(input: str) -> dict:
    return {}


def of_wrong_context(amount: float, context: str) -> dict:
    return {}


def of_missing_name(a: "NotThere") -> dict:  # noqa: F821
    return {}


def returning_nothing(a: float) -> None:
    pass


def generating(input, config):
    yield {}


async def generating_later(input, config):
    yield {}


def annotated_generator(a: float) -> Iterator[dict]:
    return iter(())


def annotated_async_generator(a: float) -> AsyncIterator[dict]:
    raise NotImplementedError


REFUSED = {
    of_unknown_type: "its parameter 'x' has the type Strange, to which JSON cannot be",
    of_types_inside: "its parameter 'x' has the type Strange, to which JSON cannot be",
    of_two_dicts: "its parameters 'a' and 'b' cannot be distinguished: call them input",
    of_two_contexts: "its parameters 'context' and 'other' cannot be distinguished",
    of_some_types: "its parameter 'a' needs a type, because others have one",
    of_many: "its parameter 'rest' has no name in the input: *args and **kwargs",
    of_places: "its parameter 'a' is positional-only, and cannot be taken from",
    of_text: "its parameter 'input' is the whole input, so its type must be a dict, a",
    of_wrong_context: "'context' is the whole context, so its type must be AgentContext",
    of_missing_name: "the type of its parameter 'a' cannot be found: define it in",
    returning_nothing: "it returns None, and must return a mapping",
    generating: "it is a generator, and must return a mapping",
    generating_later: "it is a generator, and must return a mapping",
    annotated_generator: "it is a generator, and must return a mapping",
    annotated_async_generator: "it is a generator, and must return a mapping",
}


@pytest.mark.parametrize("function", REFUSED, ids=lambda each: each.__name__)
def test_an_unclear_signature_is_refused_in_one_sentence(function):
    with pytest.raises(ConfigurationError) as caught:
        LocalServer([], {"a": function}).close()
    assert str(caught.value).startswith("agent 'a': ")
    assert REFUSED[function] in str(caught.value) and is_one_sentence(caught.value)


RETURNED = {
    "a generator": (lambda i, c: (x for x in ()), "returned a generator, where a map"),
    "nothing": (lambda i, c: None, "returned a NoneType, where a mapping is expected"),
    "a coroutine of a coroutine": (
        lambda i, c: hands_on(i, c),
        "returned a coroutine, which it must await first",
    ),
}


async def hands_on(input, config):
    return awaited(None, input, config)


@pytest.mark.parametrize("function, words", RETURNED.values(), ids=RETURNED)
def test_an_agent_that_returns_no_mapping_fails_its_node(serve, function, words):
    assert output_of(serve, function).startswith(f"agent 'work' {words}")


def test_a_future_of_another_loop_fails_its_node(serve):
    loop = asyncio.new_event_loop()
    try:
        words = output_of(serve, lambda i, c: loop.create_future())
    finally:
        loop.close()
    assert words == "agent 'work' returned a Future of another event loop"


# Schemas


def test_a_typed_agent_has_the_schemas_of_its_types():
    @agent("risk")
    def risk(income: float, note: str = "", months: int = 12) -> Decision:
        """Assess.

        Args:
            income: What is earned,
                in a year.
        """
        return Decision(True)

    assert risk.input_schema == {
        "type": "object",
        "properties": {
            "income": {"type": "number", "description": "What is earned, in a year."},
            "note": {"type": "string", "default": ""},
            "months": {"type": "integer", "default": 12},
        },
        "required": ["income"],
    }
    assert risk.output_schema == {
        "title": "Decision",
        "description": "What was decided.",
        "type": "object",
        "properties": {
            "approved": {"type": "boolean"},
            "score": {"type": "number", "default": 0.5},
        },
        "required": ["approved"],
    }


@pytest.mark.parametrize(
    "function", [lambda input, config: {}, plain_dicts, FORMS["any arguments"]]
)
def test_an_agent_without_types_has_no_schemas(function):
    made = agent("a")(function)
    assert made.input_schema is None and made.output_schema is None


def test_the_type_of_the_whole_input_is_the_schema():
    def work(input: Decision, months: int = 1) -> Dict[str, float]:
        return {}

    both = agent("a")(work)
    whole, own = both.input_schema["allOf"]
    assert whole["title"] == "Decision" and list(own["properties"]) == ["months"]
    assert both.output_schema["additionalProperties"] == {"type": "number"}
