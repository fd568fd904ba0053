"""Reads what `sdk-sync diff` compares: a specification or a model, from wherever it is."""

import asyncio
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

import click

from ai_spine.cli.session import session
from ai_spine.utils import one_line

if TYPE_CHECKING:
    from ai_spine.sdk_sync.ir import IRModel, IRSpec, SchemaVersion

Source = Union["IRSpec", "IRModel"]
_URL = re.compile(r"https?://", re.IGNORECASE)
_SPEC_KEYS = ("models", "tools", "api_version")
_SHOWN = 200


def read_source(text: str) -> Source:
    """Return the specification or the model that an argument names.

    Args:
        text: A file of a specification, an OpenAPI document or a JSON Schema, the URL of a
            backend, or the folder of a registry; `#Model` or `#Model@1.0.0` after it picks one
            model.

    Raises:
        click.UsageError: There is no such file or model.
        ai_spine.sdk_sync.errors.SDKSyncError: It cannot be read.
    """
    place, _, wanted = text.partition("#")
    name, _, version_text = wanted.partition("@")
    version = _version(version_text)
    if _URL.match(place):
        return _picked(export_backend(place), text, name, version)
    path = Path(place)
    if path.is_dir():
        return _registered(path, text, name, version)
    found = _read_file(path)
    return _picked(found, text, name, version)


def _version(text: str) -> "Optional[SchemaVersion]":
    from ai_spine.sdk_sync.errors import ConfigError
    from ai_spine.sdk_sync.ir import SchemaVersion

    try:
        return SchemaVersion.parse(text) if text else None
    except ConfigError as error:
        raise click.UsageError(error.message) from None


def _read_file(path: Path) -> Source:
    from ai_spine.flows.definitions import read_file
    from ai_spine.sdk_sync.errors import ImportError as SchemaError
    from ai_spine.sdk_sync.errors import SDKSyncError
    from ai_spine.sdk_sync.registry.sources import load_openapi

    described = load_openapi(path)
    if described is not None:
        return described
    data = read_file(path)
    try:
        return _source_of(data, path.stem)
    except SDKSyncError as error:
        name = one_line(str(path), _SHOWN)
        words = one_line(error.message, _SHOWN)
        raise SchemaError(f"{name}: {words}", source_path=str(path)) from None


def _source_of(data: Any, stem: str) -> Source:
    """Return JSON as a specification, or as a JSON Schema, which may be named after its file."""
    from ai_spine.sdk_sync.ir import IRModel, IRSpec

    is_object = isinstance(data, dict)
    if is_object and "version" in data and any(key in data for key in _SPEC_KEYS):
        return IRSpec.from_dict(data)
    has_name = is_object and (data.get("title") or data.get("x-name"))
    return IRModel.from_json_schema(data, name=None if has_name else stem)


def export_backend(url: str) -> "IRSpec":
    """Return the specification of a running backend, with the key and timeout of the options.

    Args:
        url: The backend.
    """
    from ai_spine.sdk_sync.errors import ConfigError
    from ai_spine.sdk_sync.registry import SchemaExporter

    if find_spec("aiohttp") is None:
        raise ConfigError(
            "reading a backend needs aiohttp: pip install 'ai-spine-sdk[sdk-sync]'"
        )
    key = session().key
    more = {n: v for n, v in session().options.items() if n == "timeout"}
    exporter = SchemaExporter(url, api_key=key() if callable(key) else key, **more)
    # Unlike threads, a coroutine ends at once when Ctrl-C comes.
    return asyncio.run(exporter.export_from_backend())


def _registered(
    folder: Path, text: str, name: str, version: "Optional[SchemaVersion]"
) -> "IRModel":
    if not name:
        shown = one_line(text, _SHOWN)
        raise click.UsageError(
            f"{shown} is a folder: name a model of its registry, such as {shown}#User@1.0.0"
        )
    from ai_spine.sdk_sync.registry import SchemaRegistry

    model = SchemaRegistry(folder).get_model(name, version)
    return _present(model, text)


def _picked(
    found: Source, text: str, name: str, version: "Optional[SchemaVersion]"
) -> Source:
    """Return the model of this name and version, or all if none is named."""
    from ai_spine.sdk_sync.ir import IRSpec

    if not name:
        return found
    model = found.models.get(name) if isinstance(found, IRSpec) else found
    if model is None or model.name != name or version not in (None, model.version):
        model = None
    return _present(model, text)


def _present(model: "Optional[IRModel]", text: str) -> "IRModel":
    if model is None:
        raise click.UsageError(f"there is no model {one_line(text, _SHOWN)}")
    return model
