"""Writes queries as openapi-core reads them, where it reads a style otherwise than it is."""

from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from ai_spine.sdk_sync.ir import IREndpoint, IRField, IRParameter, IRSpec, IRType

Pairs = List[Tuple[str, str]]
_DEEPEST = 8  # references to follow


class Styles(NamedTuple):
    """The parameters of a query whose styles openapi-core reads in its own way."""

    spaced: FrozenSet[str]
    """Those that have spaces between their items, which it wants encoded."""
    exploded: Mapping[str, Optional[FrozenSet[str]]]
    """Objects whose properties are parameters themselves, with the names of those if they are
    all known; it wants them in one."""
    others: FrozenSet[str]
    """The names of all other parameters."""


def styles_of(spec: IRSpec, endpoint: IREndpoint) -> Styles:
    """Return what of the styles of an operation has to be written in another way.

    Args:
        spec: The specification, which has what the operation refers to.
        endpoint: The operation.
    """
    query = [each for each in endpoint.parameters if each.location == "query"]
    exploded: Dict[str, Optional[FrozenSet[str]]] = {}
    for each in query:
        found = _object_of(spec, each)
        if found is not None:
            names = frozenset(found.properties or ())
            is_open = found.constraints.get("additionalProperties") not in (None, False)
            exploded[each.name] = None if is_open or not names else names
    spaced = [e.name for e in query if e.get_style() == "spaceDelimited"]
    others = frozenset(each.name for each in query if each.name not in exploded)
    return Styles(frozenset(spaced), exploded, others)


def _object_of(spec: IRSpec, parameter: IRParameter) -> Optional[IRField]:
    is_form = parameter.get_style() == "form" and parameter.get_explode()
    if not is_form or parameter.content_type is not None:
        return None
    found: Optional[IRField] = parameter.schema
    for _ in range(_DEEPEST):
        if found is None or found.type is not IRType.REF:
            break
        found = spec.resolve(str(found.ref_name))
    is_object = found is not None and found.type is IRType.OBJECT
    return found if is_object else None


def transcribed(pairs: Pairs, styles: Styles) -> Pairs:
    """Return a query as openapi-core reads it.

    Example:
        >>> styles = Styles(frozenset(["ids"]), {"point": None}, frozenset(["ids"]))
        >>> transcribed([("ids", "1 2"), ("x", "5"), ("y", "6")], styles)
        [('ids', '1%202'), ('x', '5'), ('y', '6'), ('point', 'x=5&y=6')]
    """
    made = [
        (name, value.replace(" ", "%20") if name in styles.spaced else value)
        for name, value in pairs
    ]
    for name, known in styles.exploded.items():
        own = [
            f"{key}={value}"
            for key, value in pairs
            if (key not in styles.others if known is None else key in known)
        ]
        if own:
            made = [pair for pair in made if pair[0] != name]
            made.append((name, "&".join(own)))
    return made
