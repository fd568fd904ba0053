"""The README of a package for endpoints; what it shows are real operations."""

import ast
import json
import re
import shlex
import string
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ai_spine.sdk_sync.generators.python.endpoints.api_modules import call_for
from ai_spine.sdk_sync.generators.python.endpoints.client_module import (
    WORKSPACE,
    client_schemes,
)
from ai_spine.sdk_sync.generators.python.endpoints.docstrings import summary_of
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    GroupPlan,
    OperationPlan,
    OperationsPlan,
)
from ai_spine.sdk_sync.generators.python.endpoints.paged import Paged
from ai_spine.sdk_sync.generators.python.endpoints.security import (
    BASIC,
    NONE,
    takes_token,
)
from ai_spine.sdk_sync.generators.python.endpoints.servers import default_base_url
from ai_spine.sdk_sync.generators.python.endpoints.signatures import class_of
from ai_spine.sdk_sync.generators.python.markdown import plain
from ai_spine.sdk_sync.generators.python.models import ModelsPlan
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.syntax import literal
from ai_spine.sdk_sync.ir import IRSpec

_TEMPLATE = Path(__file__).parent.parent / "templates" / "client-README.md-tpl"
_ANY_SERVER = "https://api.example.com"
_SCALARS: Mapping[str, Any] = {"str": "...", "int": 1, "float": 1.0, "bool": True}


class About(NamedTuple):
    """What a README is about.

    Attributes:
        package: The name of the package.
        folder: The name of the folder that holds it.
        spec: The specification.
        operations: Its operations.
        models: Its models.
        paged: The operations that have pages.
        left_out: The operations of the document that are missing.
        warnings: What is otherwise than the document says.
    """

    package: str
    folder: str
    spec: IRSpec
    operations: OperationsPlan
    models: ModelsPlan
    paged: Mapping[str, Paged]
    left_out: Sequence[str]
    warnings: Sequence[str]


class _Shown(NamedTuple):
    """An operation that is shown, and what it is passed."""

    group: GroupPlan
    plan: OperationPlan
    positional: List[ast.expr]
    named: Dict[str, ast.expr]

    def call(self, method: str) -> str:
        """Return the call of one of its methods."""
        keywords = [ast.keyword(key, value) for key, value in self.named.items()]
        owner = ast.Attribute(ast.Name("client"), self.group.names.attribute)
        made = ast.Call(ast.Attribute(owner, method), self.positional, keywords)
        return ast.unparse(ast.fix_missing_locations(made))


def write_readme(about: About) -> bytes:
    """Return the README of a package."""
    shown = _shown(about)
    reading = shown[0] if shown else None
    made, how = _client(about, "")
    method = "client.…" if reading is None else _path_of(reading)
    values = {
        "project": about.package.replace("_", "-"),
        "package": about.package,
        "folder": shlex.quote(f"./{about.folder}"),
        "title": plain(about.spec.title or "an HTTP API"),
        "api_version": plain(about.spec.api_version),
        "authentication": how,
        "usage": _usage(about, shown, made),
        "errors_code": _errors(about, reading, made),
        "raw": f"{method}.raw",
        "groups": _groups(about),
        "left_out": _listed("What is missing", about.left_out)
        + _listed("What is otherwise than the document says", about.warnings),
    }
    text = string.Template(_TEMPLATE.read_text("utf-8")).substitute(values)
    short = re.sub("\n{3,}", "\n\n", text).rstrip() + "\n"
    return short.encode("utf-8", "backslashreplace")


def _client(about: About, prefix: str) -> Tuple[str, str]:
    """Return the code that makes a client, and how it authenticates, as Markdown."""
    spec = about.spec
    schemes = client_schemes(spec, about.operations)
    url = default_base_url(spec.servers)
    secret = f'os.environ["{about.package.upper()}_TOKEN"]'
    others = [each for each in schemes if each.kind != NONE]
    if others and not takes_token(schemes):
        first = others[0]
        value = f'("user", {secret})' if first.kind == BASIC else secret
        arguments = [] if url else [json.dumps(_ANY_SERVER)]
        code = f"{prefix}Client({', '.join([*arguments, f'{first.keyword}={value}'])})"
        names = ", ".join(f"`{each.keyword}=`" for each in others)
        return code, f"`Client` takes the credentials of the API as {names}.\n"
    given = [json.dumps(url or _ANY_SERVER), secret]
    operations = about.operations.operations
    knows = {each.client_default for plan in operations for each in plan.arguments}
    given += ['workspace_id="..."'] if WORKSPACE in knows else []
    code = f"{prefix}AuthenticatedClient({', '.join(given)})"
    words = (
        "`AuthenticatedClient` sends a token with each request; it may be a function that returns"
        " the token, which is called\nagain when the server refuses it. `Client` sends none.\n"
    )
    named = ", ".join(f"`{each.keyword}=`" for each in others)
    if len(others) > 1:
        words += f"Other credentials of the API are the arguments {named}.\n"
    return code, words


def _usage(about: About, shown: List[_Shown], made: str) -> str:
    if not shown:
        return ""
    parts = ["", "## Use", "", *_first_block(about, shown, made)]
    paged = next((each for each in shown if each.plan.key in about.paged), None)
    if paged is not None:
        name = about.paged[paged.plan.key].name
        loop = [f"    for each in {paged.call(name)}:", "        print(each)"]
        parts += ["All items of a list, page by page:", ""]
        parts += _block([*_head(about, made, "import os"), *loop])
    parts += ["The same with `async` and `await`:", "", *_async_block(about, shown[0])]
    return "\n".join(parts)


def _first_block(about: About, shown: List[_Shown], made: str) -> List[str]:
    lines = [f"    print({each.call(each.plan.name)})" for each in shown[:2]]
    return _block([*_head(about, made, "import os"), *lines])


def _head(about: About, made: str, imports: str) -> List[str]:
    kind = made.partition("(")[0]
    return [
        imports,
        "",
        f"from {about.package} import {kind}",
        "",
        f"with {made} as client:",
    ]


def _async_block(about: About, shown: _Shown) -> List[str]:
    made, _ = _client(about, "Async")
    kind = made.partition("(")[0]
    return _block(
        [
            "import asyncio",
            "import os",
            "",
            f"from {about.package} import {kind}",
            "",
            "async def main() -> None:",
            f"    async with {made} as client:",
            f"        print(await {shown.call(shown.plan.name)})",
            "",
            "asyncio.run(main())",
        ]
    )


def _errors(about: About, shown: Optional[_Shown], made: str) -> str:
    kind = made.partition("(")[0]
    call = "print(client)" if shown is None else f"print({shown.call(shown.plan.name)})"
    lines = [
        "import os",
        "",
        f"from {about.package} import {kind}, errors",
        "",
        f"with {made} as client:",
        "    try:",
        f"        {call}",
        "    except errors.NotFoundError as error:",
        "        print(error.status_code, error.body)",
        "    except errors.APIError as error:",
        "        print(error.status_code, error.problem)",
    ]
    return "\n".join(lines)


def _block(lines: List[str]) -> List[str]:
    return ["```python", *lines, "```", ""]


def _shown(about: About) -> List[_Shown]:
    """Return operations that can be shown, those that are easiest to read first."""
    found = []
    for group in about.operations.groups:
        for plan in group.operations:
            given = _given(plan, about.models)
            if given is not None and call_for(plan.successes) == "_call":
                found.append(_Shown(group, plan, *given))
    found.sort(key=lambda each: _difficulty(each, about.paged))
    readers = [each for each in found if each.plan.endpoint.method == "GET"]
    writers = [each for each in found if each.plan.endpoint.method == "POST"]
    return [*readers[:1], *writers[:1], *readers[1:]] or found


def _difficulty(shown: _Shown, paged: Mapping[str, Paged]) -> Tuple[bool, bool, int]:
    """Return how hard a call is to read: lists with pages come first, then short calls."""
    count = len(shown.positional) + len(shown.named)
    return shown.plan.endpoint.deprecated, shown.plan.key not in paged, count


def _given(
    plan: OperationPlan, models: ModelsPlan
) -> Optional[Tuple[List[ast.expr], Dict[str, ast.expr]]]:
    """Return what a call passes, or `None` if an example is not obvious."""
    positional = []
    for each in plan.arguments:
        if each.is_required:
            value = _example(models.type_at(each.pointer), each.name, models)
            if value is None:
                return None
            positional.append(value)
    named: Dict[str, ast.expr] = {}
    if plan.body_required:
        found = class_of(plan.bodies[0], models)
        taken = {each.name for each in plan.arguments}
        for field in found.fields if found is not None else ():
            value = _example(field.type, field.name, models)
            if field.required and (value is None or field.name in taken):
                return None
            if field.required and value is not None:
                named[field.name] = value
        if found is None or not named:
            return None
    return positional, named


def _example(kind: TypePlan, name: str, models: ModelsPlan) -> Optional[ast.expr]:
    """Return a value of a simple type."""
    if kind.kind == "literal":
        return literal(kind.values[0])
    if kind.kind == "union":
        found = (_example(each, name, models) for each in kind.args)
        return next((each for each in found if each is not None), None)
    if kind.kind == "name":
        plan = models.classes.get(kind.name)
        alias = None if plan is None else plan.alias
        return None if alias is None else _example(alias, name, models)
    if kind.kind == "str" and name.endswith("id"):
        return literal(f"{name.replace('_', '-')}-1")
    return literal(_SCALARS[kind.kind]) if kind.kind in _SCALARS else None


def _path_of(shown: _Shown) -> str:
    return f"client.{shown.group.names.attribute}.{shown.plan.name}"


def _groups(about: About) -> str:
    lines = ["", "## Operations", ""]
    for group in about.operations.groups:
        lines += [
            f"### `client.{group.names.attribute}`",
            "",
            plain(group.summary),
            "",
        ]
        for plan in group.operations:
            names = [plan.name, plan.stream_name]
            if plan.key in about.paged:
                names.append(about.paged[plan.key].name)
            shown = ", ".join(f"`{each}`" for each in names if each)
            words = plain(summary_of(plan))
            if plan.endpoint.deprecated and "deprecated" not in words.lower():
                words += " Deprecated."
            lines.append(f"- {shown}: {words}")
        lines.append("")
    return "\n".join(lines)


def _listed(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    found = [f"- {plain(each)}" for each in sorted(lines)]
    return "\n".join(["", f"## {title}", "", *found, ""])
