"""`sdk-sync python`: generates a package; its other commands are in files of their own."""

import contextlib
import os
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional

import click

from ai_spine.cli.commands import command
from ai_spine.cli.errors import fail
from ai_spine.cli.exit_codes import API_ERROR, USAGE
from ai_spine.cli.groups import Noun
from ai_spine.cli.output.printing import say
from ai_spine.cli.output.terminal import harmless, harmless_line, put
from ai_spine.cli.sdk_sync_diff import diff
from ai_spine.cli.sdk_sync_openapi import INCOMPLETE, inspect, openapi
from ai_spine.cli.sdk_sync_sources import export_backend
from ai_spine.cli.sdk_sync_verify import verify
from ai_spine.cli.session import import_local, session
from ai_spine.utils import one_line

# The generator takes time to import, which no help page waits for.
if TYPE_CHECKING:
    from ai_spine.sdk_sync.generators.python import PythonSDKGenerator
    from ai_spine.sdk_sync.generators.python.endpoints.config import Config
    from ai_spine.sdk_sync.ir import IRSpec

_OUT, _PACKAGE, _BASE_URL = "./sdk", "n3_sdk", "http://localhost:8000"
_VERSION, _MODELS = "1.0.0", "pydantic"  # of packages for tools
_MANY = 500  # models, which take seconds
_SCHEMA_VERSION = "1.0.0"  # of flows that have none
_SOURCES = ("backend", "schema_dir", "spec_file", "flows")


class _Source(NamedTuple):
    """A specification, and what is known of the document that it was read from."""

    spec: "IRSpec"
    problems: List[str] = []
    left_out: List[str] = []


@click.group("sdk-sync", cls=Noun, no_args_is_help=False)
def sdk_sync() -> None:
    """Generate typed clients, and compare versions of schemas.

    \b
    ai-spine sdk-sync python --backend http://localhost:8000 --out ./my_flows
    """
    if sys.version_info < (3, 10):
        fail("sdk-sync needs Python 3.10 or later", USAGE)


@command("python", sdk_sync, prints=False)
@click.option("--backend", metavar="URL", help="Running backend to read schemas from.")
@click.option("--schema-dir", metavar="DIR", help="Folder with files of schemas.")
@click.option("--spec-file", metavar="FILE", help="IR spec or OpenAPI document.")
@click.option("--flows", metavar="PATH", help="Files of flows; no server is needed.")
@click.option(
    "--agents", metavar="MODULE", help="Agents of the flows, for their types."
)
@click.option(
    "--out", metavar="DIR", default=_OUT, show_default=True, help="Folder to write."
)
@click.option(
    "--package-name",
    metavar="NAME",
    help=f"Name of the package; by default that of DIR, or {_PACKAGE} for {_OUT}.",
)
@click.option(
    "--version", default=_VERSION, show_default=True, help="Of a package for tools."
)
@click.option(
    "--package-version",
    metavar="VERSION",
    help="Of the package; by default that of the API, or --version for tools.",
)
@click.option(
    "--models",
    type=click.Choice(["pydantic", "attrs"]),
    help="What models are made with; by default attrs, or pydantic for tools.",
)
@click.option(
    "--config",
    metavar="FILE",
    help="TOML file with [tool.ai-spine.sdk-sync]; by default pyproject.toml.",
)
@click.option(
    "--allow-remote-refs",
    is_flag=True,
    help="Follow references of an OpenAPI document to https URLs.",
)
@click.option("--strict", is_flag=True, help="Fail if anything cannot be typed.")
@click.option("--no-format", is_flag=True, help="Do not format the code by ruff.")
@click.option("--save-spec", metavar="FILE", help="Also write the IR spec to FILE.")
@click.option(
    "--check", is_flag=True, help="Only say how DIR differs; exit with 1 if so."
)
@click.option("--force", is_flag=True, help="Allow other files in DIR, which are kept.")
@click.option("--verbose", is_flag=True, help="Show each step and each warning.")
def python(out: str, package_name: Optional[str], **options: Any) -> None:
    """Generate a Python package of typed clients.

    It is made from an OpenAPI document, a running backend, a folder of schemas, an IR spec, or
    files of flows. Operations of an API get a client with a method for each, tools a client each.
    Clients call --base-url by default, or else the server that the document names, or the backend,
    or http://localhost:8000. --api-key is only sent to the backend. It exits with 3 if an operation
    is left out because the document is wrong there.

    \b
    ai-spine sdk-sync python --spec-file openapi.yaml --out ./petstore
    ai-spine sdk-sync python --backend http://localhost:8000 --out ./my_flows
    ai-spine sdk-sync python --flows flows/ --agents agents.py --out ./my_flows
    ai-spine sdk-sync python --spec-file spec.json --out ./my_flows --check
    """
    if not out:
        raise click.UsageError("the name of the folder must not be empty")
    _check_sources(options)
    verbose = options["verbose"]
    with _needing_the_extra():
        config = _read_config(options["config"])
        source = _read_source(options)
        if options["save_spec"]:
            _save(source.spec, options["save_spec"])
        generator = _generator(source, out, package_name, options, config)
        if options["check"]:
            _check(generator, len(source.left_out), verbose)
            return
        generator.generate_sync()
        _report(generator, verbose)
        if source.left_out:
            raise click.exceptions.Exit(INCOMPLETE)


def _check_sources(options: Dict[str, Any]) -> None:
    given = [name for name in _SOURCES if options[name] is not None]
    names = [f"--{name.replace('_', '-')}" for name in given or _SOURCES]
    if options["agents"] is not None and options["flows"] is None:
        raise click.UsageError("--agents needs --flows")
    if not given:
        raise click.UsageError(
            f"name what to read: {', '.join(names[:-1])} or {names[-1]}"
        )
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(names)} exclude each other")
    if options["check"] and options["save_spec"]:
        raise click.UsageError("--check writes nothing: leave out --save-spec")


@contextlib.contextmanager
def _needing_the_extra() -> Iterator[None]:
    """Say in one sentence what to install if a library is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = one_line(str(error.name), 60)
        fail(
            f"sdk-sync needs {missing}: pip install 'ai-spine-sdk[sdk-sync]'",
            error=error,
        )


def _read_config(path: Optional[str]) -> "Config":
    from ai_spine.sdk_sync.generators.python.endpoints.config import read_config

    return read_config(None if path is None else Path(path))


def _read_source(options: Dict[str, Any]) -> _Source:
    """Return the specification that the options name."""
    from ai_spine.sdk_sync.registry import SchemaExporter, load_spec
    from ai_spine.sdk_sync.registry.sources import read_if_openapi

    if options["backend"] is not None:
        return _Source(export_backend(options["backend"]))
    if options["schema_dir"] is not None:
        exporter = SchemaExporter()
        spec = exporter.export_from_directory(Path(options["schema_dir"]))
        for problem in exporter.problems:
            say(f"warning: {harmless_line(f'{problem.path}: {problem.sentence}')}")
        return _Source(spec)
    if options["spec_file"] is not None:
        path, remote = Path(options["spec_file"]), options["allow_remote_refs"]
        read = read_if_openapi(path, allow_remote_refs=remote)
        if read is None:
            return _Source(load_spec(path))
        return _Source(read.spec, [str(each) for each in read.problems], read.left_out)
    import_local()
    from ai_spine.local.site import Definitions

    definitions = Definitions(options["flows"], options["agents"])
    return _Source(definitions.export_schemas(_SCHEMA_VERSION))


def _generator(
    source: _Source,
    out: str,
    package_name: Optional[str],
    options: Dict[str, Any],
    config: "Config",
) -> "PythonSDKGenerator":
    """Return what writes the package: for endpoints, or for tools alone."""
    spec = source.spec
    name = package_name or config.package_name or _package_of(out)
    base_url = session().options.get("base_url") or options["backend"]
    shared: Dict[str, Any] = {
        "strict": options["strict"],
        "format": not options["no_format"],
        "force": options["force"],
        "progress": say if options["verbose"] or len(spec.models) > _MANY else None,
    }
    version = options["package_version"]
    if spec.endpoints or source.left_out:
        version = version or _given_version(options["version"])
        shared.update(config=config, models=options["models"])
        return _endpoints_generator(source, name, out, base_url, version, shared)
    from ai_spine.sdk_sync.generators.python import PythonSDKGenerator

    shared["models"] = options["models"] or config.models or _MODELS
    spec = _with_warnings(spec, source.problems)
    version = version or options["version"]
    return PythonSDKGenerator(spec, name, out, base_url or _BASE_URL, version, **shared)


def _endpoints_generator(
    source: _Source,
    name: str,
    out: str,
    base_url: Optional[str],
    version: Optional[str],
    shared: Dict[str, Any],
) -> "PythonSDKGenerator":
    from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator

    return EndpointsGenerator(
        source.spec,
        name,
        out,
        base_url,
        version,
        problems=source.problems,
        left_out=source.left_out,
        **shared,
    )


def _given_version(version: str) -> Optional[str]:
    """Return the version if it was given, which is the default one otherwise."""
    source = click.get_current_context().get_parameter_source("version")
    return version if source is click.core.ParameterSource.COMMANDLINE else None


def _with_warnings(spec: "IRSpec", problems: List[str]) -> "IRSpec":
    """Return a specification that has the problems of its document in its metadata."""
    metadata = {**spec.metadata, "warnings": problems} if problems else spec.metadata
    return replace(spec, metadata=metadata)


def _package_of(out: str) -> str:
    """Return the name of the package that a folder is named after."""
    if out == _OUT:
        return _PACKAGE
    return re.sub("[^a-z0-9]+", "_", Path(out).resolve().name.lower()).strip("_")


def _save(spec: "IRSpec", path: str) -> None:
    from ai_spine.sdk_sync.exporter import save_spec_to_file

    save_spec_to_file(spec, Path(path))
    say(f"the spec is in {harmless(path)}")


def _check(generator: "PythonSDKGenerator", left_out: int, verbose: bool) -> None:
    """Print how the folder differs from what would be generated, and exit as that needs."""
    found = generator.check()
    _report_warnings(generator.warnings, verbose)
    for each in found:
        put(harmless_line(f"{each.kind}: {each.path}"))
        for line in each.diff.splitlines():
            put(f"{line[:1]}{harmless_line(line[1:])}")
    folder = harmless(str(generator.output_dir))
    if found:
        count = f"{_count(len(found), 'file')} differ{'s' if len(found) == 1 else ''}"
        fail(f"{folder} is not up to date: {count}; generate it again", API_ERROR)
    if left_out:
        lacks = f"lacks {_count(left_out, 'operation')} of the document"
        fail(f"{folder} is up to date, but {lacks}: see the warnings", INCOMPLETE)
    say(f"{folder} is up to date")


def _report(generator: "PythonSDKGenerator", verbose: bool) -> None:
    """Say what was written, and what could not be typed."""
    folder = harmless(str(generator.output_dir))
    say(f"{folder} has {generator.summary}")
    _report_warnings(generator.warnings, verbose)
    # With a separator in it, pip takes it for a folder, and not for a package of an index.
    place = folder if os.path.isabs(folder) else os.path.join(os.curdir, folder)
    put(f"pip install {shlex.quote(place)}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _report_warnings(warnings: List[str], verbose: bool) -> None:
    shown = warnings if verbose else warnings[:3]
    for each in shown:
        say(f"warning: {harmless_line(one_line(each, 500))}")
    if len(warnings) > len(shown):
        more = _count(len(warnings) - len(shown), "more warning")
        say(f"{more}: --verbose shows all")


sdk_sync.add_command(inspect)
sdk_sync.add_command(openapi)
sdk_sync.add_command(diff)
sdk_sync.add_command(verify)
COMMANDS = (sdk_sync,)
