"""The conditions of a conditional node: declared comparisons, never evaluated code.

`conditions` maps ids of nodes that depend on the conditional node to what must hold for them to
run; the word `otherwise` holds when none of the others does. A dependent that is not named runs
anyway. A comparison is `{"field": "score", "op": ">=", "value": 600}`, where `field` is a path such
as `applicant.age` into the node's output; comparisons combine as `{"all": […]}`, `{"any": […]}`
and `{"not": …}`.
"""

import operator
from typing import Any, Callable, Dict, Iterator, List, Mapping, Set

from ai_spine.models.definition import FlowDefinition, FlowNode

OTHERWISE = "otherwise"
_MISSING = object()

_COMPARISONS: Dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
    "contains": lambda left, right: right in left,
}
_OPS = (*_COMPARISONS, "exists")


class CannotCompare(ValueError):
    """Two values cannot be ordered, or one has no content."""


def excluded_nodes(
    conditions: Mapping[str, Any], output: Mapping[str, Any]
) -> Set[str]:
    """Return the ids of the dependents that must not run.

    Raises:
        CannotCompare: The output holds values that the conditions cannot be held against.

    Example:
        >>> rules = {"approve": {"field": "risk", "op": "<", "value": 40}, "refer": "otherwise"}
        >>> excluded_nodes(rules, {"risk": 70})
        {'approve'}
    """
    named = {node: rule for node, rule in conditions.items() if rule != OTHERWISE}
    chosen = {node for node, rule in named.items() if holds(rule, output)}
    if not chosen:
        chosen = set(conditions) - set(named)
    return set(conditions) - chosen


def holds(rule: Mapping[str, Any], output: Mapping[str, Any]) -> bool:
    """Return whether a comparison, or a combination of comparisons, is true.

    Raises:
        CannotCompare: The values cannot be compared.
    """
    if "all" in rule:
        return all(holds(part, output) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, output) for part in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], output)
    return _compare(rule["field"], rule["op"], rule.get("value"), output)


def _compare(field: str, op: str, value: Any, output: Mapping[str, Any]) -> bool:
    found = _look_up(field, output)
    if op == "exists":
        return (found is not _MISSING) == (value is not False)
    if found is _MISSING:
        return op == "!="
    try:
        return bool(_COMPARISONS[op](found, value))
    except TypeError:
        raise CannotCompare(
            f"{field} is {found!r}, which {op} {value!r} cannot judge"
        ) from None


def _look_up(field: str, output: Any) -> Any:
    for step in field.split("."):
        if not isinstance(output, Mapping) or step not in output:
            return _MISSING
        output = output[step]
    return output


def find_condition_problems(flow: FlowDefinition) -> List[str]:
    """Return all problems of the conditions of a flow whose graph is valid."""
    return [
        f"node {node.id!r}: {problem}"
        for node in flow.nodes
        if node.conditions
        for problem in _node_problems(node, flow)
    ]


def _node_problems(node: FlowNode, flow: FlowDefinition) -> Iterator[str]:
    dependents = {
        other.id for other in flow.nodes if node.id in (other.depends_on or ())
    }
    for target, rule in (node.conditions or {}).items():
        if target not in dependents:
            yield f"its conditions name {target!r}, which does not depend on it"
        if rule != OTHERWISE:
            yield from (
                f"the condition for {target!r} {words}"
                for words in _rule_problems(rule)
            )


def _rule_problems(rule: Any) -> Iterator[str]:
    if not isinstance(rule, Mapping):
        yield f"must be a mapping or the word {OTHERWISE}"
        return
    combinations = [name for name in ("all", "any", "not") if name in rule]
    if combinations:
        if len(rule) > 1:
            yield f"must hold nothing beside {combinations[0]!r}"
        parts = rule[combinations[0]]
        if combinations[0] == "not":
            parts = [parts]
        if not isinstance(parts, list) or not parts:
            yield f"must have a list of conditions under {combinations[0]!r}"
            return
        for part in parts:
            yield from _rule_problems(part)
        return
    if not isinstance(rule.get("field"), str) or not rule["field"]:
        yield "has no field"
    if rule.get("op") not in _OPS:
        yield f"must have one of {', '.join(_OPS)} as its op"
    unknown = set(rule) - {"field", "op", "value"}
    if unknown:
        yield f"has unknown parts: {', '.join(sorted(map(str, unknown)))}"
