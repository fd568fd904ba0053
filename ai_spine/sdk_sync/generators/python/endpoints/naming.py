"""Names for groups, methods and arguments: PEP 8, unique, and the same in each run."""

import keyword
import re
import unicodedata
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from ai_spine.sdk_sync.generators.python.names import (
    NOT_CLASSES,
    Names,
    class_name,
    module_name,
)
from ai_spine.sdk_sync.ir import IREndpoint, IRParameter
from ai_spine.sdk_sync.ir.endpoints import METHODS

# What a client has of its own, which no group may hide.
CLIENT_ATTRIBUTES = frozenset(
    "aclose add_middleware base_url call close codec credentials delete error_classes errors get"
    " head headers items max_retries models pages patch post put request schemes send servers"
    " session subscribe timeout token with_options workspace_id".split()
)
# What annotations in a class name in lower case: a method of the name would hide it.
_NOT_METHODS = frozenset("bool bytes date datetime float int method models str".split())
# What all methods have, or may have.
_NOT_ARGUMENTS = frozenset("body cls content_type idempotency_key self timeout".split())
# What a module of a group imports or defines.
NOT_MODELS = frozenset(
    "Api AsyncApi AsyncDownload AsyncEvents"
    " AsyncIterator Body Content Download Encoding Endpoint Events File"
    " FileContent IO Pages Parameter PathLike Sequence Server TYPE_CHECKING UUID".split()
)
# The same for the module of the clients.
_IN_CLIENT = frozenset(
    "AsyncAuthenticatedClient AsyncBaseClient AsyncClient AsyncHooks AsyncKey AsyncSession"
    " AuthenticatedClient BaseClient Callable Client Duration ERRORS Hooks Key Scheme"
    " Session".split()
)
_NOT_GROUPS = NOT_CLASSES | NOT_MODELS | _IN_CLIENT
_WORDS = re.compile(r"[^\W_]+")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_VERSION = re.compile(r"v[0-9]+([._-]?[0-9a-z]+)*|api", re.IGNORECASE)


class GroupNames(NamedTuple):
    """What the group of a tag is called."""

    module: str
    """Its module in `api`."""
    attribute: str
    """Its attribute of the client."""
    kind: str
    """Its class; that of asynchronous calls has the prefix `Async`."""


def snake_name(text: str) -> str:
    """Return a text as words in lower case with underscores; it may still be a keyword.

    Example:
        >>> snake_name("startRun"), snake_name("getHTTPStatus"), snake_name("X-Trace-Id")
        ('start_run', 'get_http_status', 'x_trace_id')
        >>> snake_name("2nd"), snake_name("+"), snake_name("größe")
        ('value_2nd', 'value', 'größe')
    """
    spaced = _BOUNDARY.sub("_", unicodedata.normalize("NFKC", text)).lower()
    joined = unicodedata.normalize("NFKC", "_".join(_WORDS.findall(spaced)))
    # Digits such as a raised two are in words, but not in identifiers.
    name = "".join(each for each in joined if f"a{each}".isidentifier())
    if not name:
        return "value"
    return name if name.isidentifier() else f"value_{name}"


def group_names(group: str) -> GroupNames:
    """Return what a group is called.

    Example:
        >>> group_names("Work Items"), group_names("close").attribute
        (GroupNames(module='work_items', attribute='work_items', kind='WorkItems'), 'close_')
    """
    module = module_name(group)
    attribute = f"{module}_" if module in CLIENT_ATTRIBUTES else module
    kind = class_name(module.strip("_"))
    return GroupNames(module, attribute, f"{kind}Api" if kind in _NOT_GROUPS else kind)


def method_names(
    endpoints: Mapping[str, IREndpoint],
    given: Mapping[str, str],
    configured: Mapping[str, str],
) -> Dict[str, str]:
    """Return the names of the methods of a group, by their keys.

    The name is that of the operation; of those that collide, and of operations without a name,
    it is made of the method and the path.

    Args:
        endpoints: The endpoints, by keys of yours, in an order that does not change.
        given: Names of an earlier run, by these keys, which stay.
        configured: Names that a user wants, by these keys; no other method keeps one of them.
    """
    wanted = set(configured.values())
    kept = {k: n for k, n in given.items() if k in endpoints and n not in wanted}
    kept.update(configured)
    kept = {k: n for k, n in kept.items() if is_name(n) and n not in _NOT_METHODS}
    names = Names(kept, reserved=_NOT_METHODS)
    found = {key: names.take(kept[key], key) for key in endpoints if key in kept}
    left = {k: _wanted(each) for k, each in endpoints.items() if k not in kept}
    while left:
        firsts = {key: options[0] for key, options in left.items()}
        counts = _counted(firsts.values())
        waiting = {}
        taken = {*found.values(), *kept.values()}
        for key, options in left.items():
            is_free = counts[firsts[key]] == 1 and firsts[key] not in taken
            if is_free or len(options) == 1:
                found[key] = names.take(_allowed(firsts[key], _NOT_METHODS), key)
            else:
                waiting[key] = options[1:]
        left = waiting
    return {key: found[key] for key in endpoints}


def argument_names(
    parameters: Sequence[IRParameter],
    given: Mapping[str, str],
    configured: Mapping[str, str],
) -> List[str]:
    """Return the names of the arguments for parameters.

    Args:
        parameters: The parameters.
        given: Names of an earlier run, by `argument_key`.
        configured: Names that a user wants, by the same keys.
    """
    keys = [argument_key(each) for each in parameters]
    kept = {k: n for k, n in {**given, **configured}.items() if k in keys}
    kept = {k: n for k, n in kept.items() if is_name(n) and n not in _NOT_ARGUMENTS}
    names = Names(kept, reserved=_NOT_ARGUMENTS)
    counts = _counted(snake_name(each.name) for each in parameters)
    found = []
    for key, each in zip(keys, parameters):
        name = snake_name(each.name)
        if counts[name] > 1 and each.location != "path":
            name = f"{name}_{each.location}"
        found.append(names.take(_allowed(name, _NOT_ARGUMENTS), key))
    return found


def argument_key(parameter: IRParameter) -> str:
    """Return what the name of an argument is kept for, below the key of its operation."""
    return f"{parameter.location}/{parameter.name}"


def is_name(text: str) -> bool:
    """Return whether a text may be the name of a method or an argument.

    Example:
        >>> is_name("list_runs"), is_name("a b"), is_name("class"), is_name("_a")
        (True, False, False, False)
    """
    is_same = unicodedata.normalize("NFKC", text) == text
    is_free = not keyword.iskeyword(text) and not text.startswith("_")
    return text.isidentifier() and is_same and is_free


def derived_name(names: Names, wanted: str) -> str:
    """Return a name for a second method of an operation, such as `iter_runs`."""
    return names.take(_allowed(wanted, _NOT_METHODS))


def taken_names(names: Iterable[str]) -> Names:
    """Return names that nothing else may have."""
    return Names(reserved=[*_NOT_METHODS, *names])


def is_taken_by_all(name: str) -> bool:
    """Return whether an argument has a name that all methods have an argument of."""
    return name in _NOT_ARGUMENTS


def order_of(endpoint: IREndpoint) -> "tuple[str, int]":
    """Return where an endpoint is among others, whatever the order in the document."""
    return endpoint.path, METHODS.index(endpoint.method)


def _wanted(endpoint: IREndpoint) -> List[str]:
    """Return the names that a method may have, the best first."""
    wanted = []
    given = endpoint.operation_id
    if given is not None and _WORDS.search(given):
        short = _without_path(given, endpoint)
        wanted = [snake_name(each) for each in (short, given) if each]
    segments = [each for each in endpoint.path.split("?")[0].split("/") if each]
    telling = [each for each in segments if not _VERSION.fullmatch(each)]
    for parts in (telling, segments):
        words = [f"by_{each[1:-1]}" if each[0] == "{" else each for each in parts]
        wanted.append(snake_name("_".join([endpoint.method.lower(), *words])))
    wanted.append(snake_name(f"{endpoint.method.lower()} {endpoint.path}"))
    return list(dict.fromkeys(wanted))


def _without_path(name: str, endpoint: IREndpoint) -> Optional[str]:
    """Return the name of the function, if FastAPI has added path and method to it."""
    added = re.sub(r"\W", "_", endpoint.path) + f"_{endpoint.method.lower()}"
    short = name[: -len(added)] if name.endswith(added) else ""
    return short if _WORDS.search(short) else None


def _allowed(name: str, reserved: Iterable[str]) -> str:
    is_taken = name in reserved or keyword.iskeyword(name)
    return f"{name}_" if is_taken else name


def _counted(names: Iterable[str]) -> Dict[str, int]:
    counts: Dict[str, int] = {}
    for each in names:
        counts[each] = counts.get(each, 0) + 1
    return counts


def constant_names(methods: Iterable[str]) -> Dict[str, str]:
    """Return the names of the constants that have the data of methods.

    Example:
        >>> constant_names(["start_run", "Start_run"])
        {'start_run': '_START_RUN', 'Start_run': '_START_RUN2'}
    """
    names = Names()
    return {each: f"_{names.take(each.upper())}" for each in methods}
