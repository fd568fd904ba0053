"""The README of a generated package; what it shows runs."""

import shlex
import string
from itertools import islice
from pathlib import Path
from typing import List, Mapping, Optional

from ai_spine.sdk_sync.examples import example_of, fits_model
from ai_spine.sdk_sync.flows import EXAMPLE
from ai_spine.sdk_sync.generators.python.clients import client_key
from ai_spine.sdk_sync.generators.python.markdown import plain
from ai_spine.sdk_sync.generators.python.plan import Plan
from ai_spine.sdk_sync.generators.python.styles import Style
from ai_spine.sdk_sync.ir import IRSpec, IRTool

_TEMPLATE = Path(__file__).parent / "templates" / "README.md-tpl"
_MOST_TRIED = 20  # tools; each is checked with all schemas that it refers to


def write_readme(
    package_name: str,
    folder: str,
    spec: IRSpec,
    plan: Plan,
    clients: Mapping[str, str],
    warnings: List[str],
    style: Style,
) -> str:
    """Return the README of a package.

    Args:
        package_name: The package.
        folder: The name of the folder that holds it.
        spec: What it is generated from.
        plan: Its models.
        clients: The names of its clients by their keys.
        warnings: What could not be typed.
        style: What the models are made with.
    """
    count = len(spec.tools)
    values = {
        "package": package_name,
        "folder": shlex.quote(f"./{folder}"),
        "count": f"{count} tool{'' if count == 1 else 's'}",
        "schema_version": str(spec.version),
        "usage": _usage(package_name, spec, plan, clients, style),
        "checks": style.checks,
        "warnings": _listed("What is not typed", [plain(each) for each in warnings]),
    }
    text = string.Template(_TEMPLATE.read_text("utf-8")).substitute(values)
    return text.rstrip() + "\n"


def _usage(
    package_name: str,
    spec: IRSpec,
    plan: Plan,
    clients: Mapping[str, str],
    style: Style,
) -> str:
    rows = [
        f"| `{clients[client_key(name)]}` | `{plan.class_of(tool.input_schema)}` |"
        f" `{plan.class_of(tool.output_schema)}` | {plain(tool.description)} |"
        for name, tool in spec.tools.items()
    ]
    if not rows:
        return ""
    table = ["| client | input | output | what it does |", "|---|---|---|---|", *rows]
    shown = _first_call(package_name, spec, plan, clients, style)
    parts = ["", "## Use", "", *shown, "## Tools", "", *table, ""]
    return "\n".join(parts)


def _first_call(
    package_name: str,
    spec: IRSpec,
    plan: Plan,
    clients: Mapping[str, str],
    style: Style,
) -> List[str]:
    """Return how one of the first tools is called, of which an input is known."""
    for name, tool in islice(spec.tools.items(), _MOST_TRIED):
        made = _input_of(spec, plan, tool, style)
        if made is None:
            continue
        client, kind = clients[client_key(name)], plan.class_of(tool.input_schema)
        is_class = made.startswith(kind)
        imported = f"{client}, {kind}" if is_class else client
        return [
            "```python",
            f"from {package_name} import {imported}",
            "",
            f"with {client}() as client:",
            f"    result = client.execute_sync({made})",
            "print(result)",
            "```",
            "",
            "In a coroutine, `await client.execute(…)` does the same. Pass `base_url=` for another"
            " backend, and `api_key=` if it",
            "needs a key; without one, `AI_SPINE_API_KEY` is used.",
            "",
        ]
    return []


def _input_of(spec: IRSpec, plan: Plan, tool: IRTool, style: Style) -> Optional[str]:
    """Return an input of a tool as Python code, or `None` if none is known."""
    value = tool.metadata.get(EXAMPLE)
    model = tool.input_schema
    if not isinstance(value, dict) or not fits_model(spec, model, value):
        value = example_of(spec, model)
    if not isinstance(value, dict):
        return None
    if model.root is not None:
        return repr(value)
    kind = plan.class_of(model)
    if any(isinstance(each, (dict, list)) for each in value.values()):
        return f"{kind}.{style.read}({value!r})"  # nested models are made as well
    names = {each.wire: each.name for each in plan.class_plan(kind).fields}
    given = [f"{names[k]}={v!r}" for k, v in value.items() if k in names]
    return f"{kind}({', '.join(given)})"


def _listed(title: str, lines: List[str]) -> str:
    if not lines:
        return ""
    return "\n".join(["", f"## {title}", "", *(f"- {line}" for line in lines), ""])
