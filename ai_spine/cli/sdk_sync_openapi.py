"""`sdk-sync inspect` and `sdk-sync openapi`: show OpenAPI documents, and write them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

import click

from ai_spine.cli.commands import command
from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import API_ERROR
from ai_spine.cli.output.formats import json_text
from ai_spine.cli.output.printing import (
    print_data,
    print_picked,
    print_value,
    refuses_colour,
    say,
)
from ai_spine.cli.output.rows import print_pairs, print_table, text_of
from ai_spine.cli.output.terminal import harmless, harmless_line, put
from ai_spine.cli.session import session

if TYPE_CHECKING:
    from ai_spine.sdk_sync.ir import IREndpoint
    from ai_spine.sdk_sync.openapi import Problem, ReadDocument

_OPERATION = (
    "method",
    "path",
    "operation",
    "group",
    "call",
    "also",
    "body",
    "responses",
)
_PROBLEM = ("severity", "place", "sentence", "pointer")
# The exit code if operations are missing; no server is asked for a key here.
INCOMPLETE = 3
_DOCUMENTS = ("json", "yaml")


@command("inspect")
@click.argument("file", metavar="FILE")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything is wrong.")
@click.option(
    "--validate", is_flag=True, help="Also list what openapi-spec-validator finds."
)
def inspect(file: str, strict: bool, validate: bool) -> None:
    """Show what is in an OpenAPI document, and what is wrong with it.

    FILE is OpenAPI 3.0 or 3.1, in JSON or YAML. A flaw spoils no more than its own place: a schema
    that cannot be read allows any value, an operation that could not be called is left out, and
    both are listed. It exits with 3 if an operation is left out.

    \b
    ai-spine sdk-sync inspect openapi.yaml
    ai-spine sdk-sync inspect openapi.yaml --output json --strict
    """
    from ai_spine.sdk_sync.openapi import read_openapi

    read = read_openapi(Path(file), validate=validate)
    _print(read)
    there, problems = len(read.spec.endpoints), len(read.problems)
    counted = f"{problems} problem{'' if problems == 1 else 's'}"
    say(f"{there} of {read.operations} operations; {counted}")
    if strict and problems:
        raise click.exceptions.Exit(API_ERROR)
    if read.left_out:
        raise click.exceptions.Exit(INCOMPLETE)


@command("openapi")
@click.option(
    "--spec-file", metavar="FILE", required=True, help="IR spec or OpenAPI document."
)
@click.option("--out", metavar="FILE", help="File to write, instead of stdout.")
def openapi(spec_file: str, out: Optional[str]) -> None:
    """Write an OpenAPI 3.1 document from a specification.

    Models become its schemas, endpoints its paths, and each tool the endpoint that executes it. It
    is JSON, unless --output or --query asks for something else.

    \b
    ai-spine sdk-sync openapi --spec-file spec.json --out openapi.json
    ai-spine sdk-sync openapi --spec-file old-3.0.yaml --output yaml
    """
    from ai_spine.sdk_sync.openapi import write_openapi
    from ai_spine.sdk_sync.registry import load_spec

    document = write_openapi(load_spec(Path(spec_file)))
    if out is not None:
        try:
            Path(out).write_text(json_text(document) + "\n", encoding="utf-8")
        except OSError as error:
            place = harmless_line(out)
            fail(f"the document cannot be written to {place}: {error.strerror}")
        say(f"the document is in {harmless(out)}")
    elif session().output == "table" and session().options.get("query") is None:
        put(json_text(document))
    else:
        print_value(document)


def _print(read: "ReadDocument") -> None:
    query, form = session().options.get("query"), session().output
    if query is not None:
        print_picked(query(_as_json(read)))
    elif form in _DOCUMENTS:
        print_data(_as_json(read))
    elif form == "table":
        _print_tables(read)
    else:
        print_data(_rows(read))


def _print_tables(read: "ReadDocument") -> None:
    print_pairs(list(_facts(read).items()), refuses_colour())
    operations: List[Tuple[Any, ...]] = [tuple(row.values()) for row in _rows(read)]
    problems = [tuple(_problem(each).values()) for each in read.problems]
    for columns, rows in ((_OPERATION, operations), (_PROBLEM, problems)):
        if rows:
            put("")
            cells = [[text_of(cell) for cell in row] for row in rows]
            print_table(columns, cells, refuses_colour(), True)


def _facts(read: "ReadDocument") -> Dict[str, Any]:
    """Return the title of a document, and how much is in it."""
    spec = read.spec
    groups = {endpoint.get_group() for endpoint in spec.endpoints.values()}
    return {
        "title": spec.title,
        "version": spec.api_version,
        "openapi": str(spec.metadata.get("openapi")),
        "operations": read.operations,
        "left_out": len(read.left_out),
        "schemas": len(spec.models),
        "groups": len(groups),
        "security_schemes": list(spec.security_schemes),
        "servers": [str(each["url"]) for each in spec.servers],
    }


def _rows(read: "ReadDocument") -> List[Dict[str, Any]]:
    calls = _calls(read)
    return [_row(key, each, calls) for key, each in read.spec.endpoints.items()]


def _calls(read: "ReadDocument") -> Dict[str, List[str]]:
    """Return the methods that would be generated, by the names of operations."""
    from ai_spine.sdk_sync.generators.python.endpoints.config import read_config
    from ai_spine.sdk_sync.generators.python.endpoints.package import plan_package

    planned = plan_package(read.spec, read_config())
    found = {}
    for group in planned.operations.groups:
        for each in group.operations:
            walk = planned.paged.get(each.key)
            names = [each.name, each.stream_name, walk and walk.name]
            found[each.key] = [f"{group.names.attribute}.{n}" for n in names if n]
    return found


def _row(
    name: str, endpoint: "IREndpoint", calls: Mapping[str, List[str]]
) -> Dict[str, Any]:
    methods = calls.get(name, [])
    cells = (
        endpoint.method,
        endpoint.path,
        name,
        endpoint.get_group(),
        methods[0] if methods else None,
        methods[1:] or None,
        [body.content_type for body in endpoint.bodies] or None,
        [response.status for response in endpoint.responses],
    )
    return dict(zip(_OPERATION, cells))


def _problem(problem: "Problem") -> Dict[str, Any]:
    line = "" if problem.line is None else f":{problem.line}"
    place = f"{problem.file}{line}"
    cells = (problem.severity, place, problem.sentence, problem.pointer or "/")
    return dict(zip(_PROBLEM, cells))


def _as_json(read: "ReadDocument") -> Dict[str, Any]:
    return {
        **_facts(read),
        "left_out": read.left_out,
        "endpoints": _rows(read),
        "problems": [each._asdict() for each in read.problems],
    }
