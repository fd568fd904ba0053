"""The two clients have the same names, arguments, types, defaults and docs, with few exceptions."""

import inspect
import re

from ai_spine import AISpine, AsyncAISpine

# The names that the language itself wants to differ.
TWINS = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
# The only arguments that differ, and why.
ARGUMENTS = {
    ("__init__", "api_key"): "a function for it may be async",
    ("__init__", "access_token"): "a function for it may be async",
    ("__init__", "session"): "each client sends with sessions of its own libraries",
    ("__init__", "event_hooks"): "hooks of the async client may be async",
    ("__init__", "transport"): "only the async client has two libraries to choose from",
    ("execute_batch", "executor"): "the workers of an executor block",
    ("iter_batch", "executor"): "the workers of an executor block",
    ("session", "return"): "each client sends with sessions of its own libraries",
}
# The only docs that differ by more than `async` and `await`, and why.
DOCS = {
    "__doc__": "an async client belongs to an event loop, and has other sessions and hooks",
    "session": "the async client has one session for each event loop",
    "execute_batch": "the async client is cancelled instead of interrupted, and has no executor",
    "stream_execution": "the async client is cancelled instead of interrupted",
    "subscribe": "with a callback, the async client returns what to await",
    "wait_for_execution": "the async client is cancelled instead of interrupted",
}


def words_of(text):
    """Return the words of a text, without those that make it async."""
    text = re.sub(r"\b(await|async) ", "", text or "")
    text = re.sub(r"\bAsync(?=AISpine\b|RestClient\b)", "", text)
    text = text.replace("aclose", "close")
    text = re.sub(r"\bAsync(Iter|Context|Generator)", r"\1", text)
    return re.sub(r"(>>>|\.\.\.)", "", text).split()


def methods_of(client):
    names = [name for name in dir(client) if not name.startswith("_")]
    names += ["__init__", *(name for name in TWINS if hasattr(client, name))]
    return {TWINS.get(name, name) for name in names} | (
        {"__enter__", "__exit__"} & set(dir(client))
    )


def member(client, name):
    back = {twin: name for name, twin in TWINS.items()}
    found = getattr(client, name, None)
    if client is AsyncAISpine:
        found = getattr(client, back.get(name, name), None)
    return found.fget if isinstance(found, property) else found


def arguments_of(client, name):
    """Return each argument of a method, and `return`, as text."""
    signature = inspect.signature(member(client, name))
    arguments = {each.name: str(each) for each in signature.parameters.values()}
    arguments["return"] = inspect.formatannotation(signature.return_annotation)
    return {key: " ".join(words_of(text)) for key, text in arguments.items()}


def test_both_clients_have_the_same_methods():
    assert methods_of(AISpine) == methods_of(AsyncAISpine)


def test_only_arguments_with_a_reason_differ():
    found = set()
    for name in methods_of(AISpine):
        ours, theirs = arguments_of(AISpine, name), arguments_of(AsyncAISpine, name)
        shared = [key for key in ours if key in theirs]
        assert shared == [key for key in theirs if key in ours], "another order"
        found |= {
            (name, key) for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)
        }
    assert found == set(ARGUMENTS)


def test_only_docs_with_a_reason_differ():
    found = {
        name
        for name in methods_of(AISpine)
        if words_of(member(AISpine, name).__doc__)
        != words_of(member(AsyncAISpine, name).__doc__)
    }
    if words_of(AISpine.__doc__) != words_of(AsyncAISpine.__doc__):
        found.add("__doc__")
    assert found == set(DOCS)


def test_iterators_are_iterators_in_both():
    for name in methods_of(AISpine):
        ours, theirs = member(AISpine, name), member(AsyncAISpine, name)
        assert inspect.isgeneratorfunction(ours) is inspect.isasyncgenfunction(theirs)
