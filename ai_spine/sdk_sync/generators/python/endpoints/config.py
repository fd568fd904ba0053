"""The table `[tool.ai-spine.sdk-sync]` of a `pyproject.toml`."""

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ai_spine.policy.json_encoding import kind_of
from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.generators.python.endpoints.naming import is_name
from ai_spine.sdk_sync.ir import IREndpoint, IRSpec
from ai_spine.sdk_sync.ir.references import escaped
from ai_spine.utils import one_line

TABLE = "tool.ai-spine.sdk-sync"
CONFIG_FILE = "pyproject.toml"
# Names that parameters of this kind go by in many APIs, and the argument of the client for them.
CLIENT_DEFAULTS: Mapping[str, str] = {
    "workspaceId": "workspace_id",
    "workspace_id": "workspace_id",
    "X-Workspace-Id": "workspace_id",
}
_TEXTS = ("package_name", "models")
_TABLES_OF_TEXTS = ("tags", "client_defaults")
_NAMES = ("operations", "schemas", "parameters")
_LEFT_OUT = ("operations", "tags", "paths")
_KEYS = (*_TEXTS, *_TABLES_OF_TEXTS, "names", "content_types", "pagination")
_ALL_KEYS = (*_KEYS, "leave_out")


@dataclass(frozen=True)
class Config:
    """What a user wants otherwise than it is by default.

    An operation is named by its `operationId`, as `GET /users/{id}`, or by its JSON Pointer.

    Attributes:
        package_name: The name of the package.
        models: `attrs` or `pydantic`.
        operations: Names of methods, by operations.
        schemas: Names of classes, by the names of schemas or their JSON Pointers.
        parameters: Names of arguments: by the name on the wire, or by an operation, a space and
            the name on the wire.
        tags: Names of groups, by tags; two tags of one name share a group.
        content_types: Media types in the order in which they are preferred, such as `*/*`.
        pagination: How pages are found, by operations; false for operations that have none.
        client_defaults: Arguments of the client that are the defaults of parameters, by the
            names of the parameters on the wire; an empty text for a parameter that has none.
        left_out_operations: Operations that are left out.
        left_out_tags: Tags whose operations are left out.
        left_out_paths: Paths that are left out; they may be patterns such as `/admin/*`.
    """

    package_name: Optional[str] = None
    models: Optional[str] = None
    operations: Mapping[str, str] = field(default_factory=dict)
    schemas: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    content_types: Tuple[str, ...] = ()
    pagination: Mapping[str, Any] = field(default_factory=dict)
    client_defaults: Mapping[str, str] = field(default_factory=dict)
    left_out_operations: Tuple[str, ...] = ()
    left_out_tags: Tuple[str, ...] = ()
    left_out_paths: Tuple[str, ...] = ()

    def leaves_out(self, key: str, endpoint: IREndpoint) -> bool:
        """Return whether an operation is left out."""
        path = endpoint.get_url_path()
        return (
            not set(self.left_out_operations).isdisjoint(names_of(key, endpoint))
            or not set(self.left_out_tags).isdisjoint(endpoint.tags)
            or any(fnmatch.fnmatchcase(path, each) for each in self.left_out_paths)
        )

    def method_name(self, key: str, endpoint: IREndpoint) -> Optional[str]:
        """Return the name of a method, if one is given."""
        found = first_of(self.operations, names_of(key, endpoint))
        return None if found is None else str(found)

    def argument_name(
        self, key: str, endpoint: IREndpoint, parameter: str
    ) -> Optional[str]:
        """Return the name of an argument, if one is given."""
        own = [f"{each} {parameter}" for each in names_of(key, endpoint)]
        found = first_of(self.parameters, [*own, parameter])
        return None if found is None else str(found)

    def client_default(self, parameter: str) -> Optional[str]:
        """Return the argument of the client that is the default of a parameter.

        Example:
            >>> Config().client_default("X-Workspace-Id"), Config().client_default("limit")
            ('workspace_id', None)
        """
        known = {**CLIENT_DEFAULTS, **self.client_defaults}
        found = {name.lower(): value for name, value in known.items()}
        return found.get(parameter.lower()) or None

    def unused(self, spec: IRSpec) -> List[str]:
        """Return a sentence for each name that is here, and nowhere in a specification."""
        endpoints = spec.endpoints
        there = {n for key, each in endpoints.items() for n in names_of(key, each)}
        tags = {tag for each in endpoints.values() for tag in each.tags}
        tags |= {each.get_group() for each in endpoints.values()}
        of_operations = [*self.operations, *self.pagination, *self.left_out_operations]
        found = [("operation", each) for each in of_operations if each not in there]
        of_tags = [*self.tags, *self.left_out_tags]
        found += [("tag", each) for each in of_tags if each not in tags]
        # A schema without a name goes by its pointer.
        named = [each for each in self.schemas if not each.startswith("/")]
        found += [("schema", each) for each in named if each not in spec.models]
        found += [("parameter", each) for each in self._unused_parameters(endpoints)]
        paths = [each.get_url_path() for each in endpoints.values()]
        of_paths = [p for p in self.left_out_paths if not fnmatch.filter(paths, p)]
        found += [("path", each) for each in of_paths]
        return [
            f"[{TABLE}] names the {kind} {one_line(repr(each), 100)}, which is not there"
            for kind, each in sorted(found)
        ]

    def _unused_parameters(self, endpoints: Mapping[str, IREndpoint]) -> List[str]:
        wires, own = set(), set()
        for key, endpoint in endpoints.items():
            for each in endpoint.parameters:
                wires.add(each.name)
                own |= {f"{name} {each.name}" for name in names_of(key, endpoint)}
        found = [each for each in self.parameters if each not in wires | own]
        lower = {each.lower() for each in wires}
        return found + [
            each for each in self.client_defaults if each.lower() not in lower
        ]


def names_of(key: str, endpoint: IREndpoint) -> List[str]:
    """Return what an operation may be called in a configuration.

    Example:
        >>> names_of("listUsers", IREndpoint("/users", "GET", ""))
        ['listUsers', 'GET /users', '/paths/~1users/get']
    """
    return [key, f"{endpoint.method} {endpoint.path}", pointer_of(endpoint)]


def pointer_of(endpoint: IREndpoint) -> str:
    """Return the JSON Pointer of an operation in its document."""
    return f"/paths/{escaped(endpoint.path)}/{endpoint.method.lower()}"


def first_of(values: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """Return the value of the first key that is there, or `None`."""
    return next((values[key] for key in keys if key in values), None)


def read_config(path: Optional[Path] = None) -> Config:
    """Return the configuration in a file.

    Args:
        path: The file; without one, `pyproject.toml` of the current folder, if it is there.

    Raises:
        ConfigError: It cannot be read, or has something that is no setting.
    """
    if path is None:
        path = Path(CONFIG_FILE)
        if not path.is_file():
            return Config()
    shown = one_line(str(path), 300)
    try:
        return config_of(_table_in(_toml(path.read_bytes().decode("utf-8"))))
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read: {error.strerror}") from None
    except ConfigError as error:
        raise ConfigError(f"{shown}: {error.message}") from None
    except ValueError as error:
        words = one_line(str(error), 200)
        raise ConfigError(f"{shown} is no TOML: {words}") from None


def config_of(table: Mapping[str, Any]) -> Config:
    """Return the configuration that a table describes.

    Raises:
        ConfigError: It has something that is no setting.

    Example:
        >>> config_of({"names": {"operations": {"listUsers": "all_users"}}}).operations
        {'listUsers': 'all_users'}
    """
    _check_keys(table, _ALL_KEYS, TABLE)
    names = _mapping(table, "names", TABLE)
    _check_keys(names, _NAMES, f"{TABLE}.names")
    left_out = _mapping(table, "leave_out", TABLE)
    _check_keys(left_out, _LEFT_OUT, f"{TABLE}.leave_out")
    values: Dict[str, Any] = {key: _text(table, key, TABLE) for key in _TEXTS}
    values.update({key: _texts(table, key, TABLE) for key in _TABLES_OF_TEXTS})
    values.update({key: _texts(names, key, f"{TABLE}.names") for key in _NAMES})
    for key in _NAMES:
        _check_names(values[key], f"{TABLE}.names.{key}")
    _check_names(values["client_defaults"], f"{TABLE}.client_defaults")
    for key in _LEFT_OUT:
        values[f"left_out_{key}"] = _list(left_out, key, f"{TABLE}.leave_out")
    return Config(
        content_types=_list(table, "content_types", TABLE),
        pagination=_mapping(table, "pagination", TABLE),
        **values,
    )


def _toml(text: str) -> Mapping[str, Any]:
    try:
        import tomllib as toml
    except ImportError:  # Python 3.10
        try:
            import tomli as toml  # type: ignore[no-redef,import-not-found,unused-ignore]
        except ImportError:
            words = "needs tomli: pip install 'ai-spine-sdk[sdk-sync]'"
            raise ConfigError(f"reading TOML {words}") from None
    found: Mapping[str, Any] = toml.loads(text)
    return found


def _table_in(data: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = data
    for part in TABLE.split("."):
        found = found.get(part, {})
        if not isinstance(found, Mapping):
            raise ConfigError(f"[{TABLE}] is no table")
    table: Mapping[str, Any] = found
    return table


def _check_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    for key in table:
        if key not in known:
            shown, listed = one_line(repr(key), 60), ", ".join(known)
            raise ConfigError(f"[{where}] has no setting {shown}: it has {listed}")


def _mapping(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, Mapping):
        raise ConfigError(f"{key} in [{where}] is a table, not {kind_of(found)}")
    return found


def _texts(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, str]:
    found = _mapping(table, key, where)
    for name in found:
        _text(found, name, f"{where}.{key}")
    return found


def _text(table: Mapping[str, Any], key: str, where: str) -> Optional[str]:
    found = table.get(key)
    if found is not None and not isinstance(found, str):
        shown = one_line(key, 60)
        raise ConfigError(f"{shown} in [{where}] is a text, not {kind_of(found)}")
    return found


def _check_names(names: Mapping[str, str], where: str) -> None:
    for key, name in names.items():
        is_none = name == "" and where.endswith("client_defaults")
        if not is_name(name) and not is_none:
            shown, at = one_line(repr(name), 60), one_line(repr(key), 60)
            raise ConfigError(f"{shown} for {at} in [{where}] is no name in Python")


def _list(table: Mapping[str, Any], key: str, where: str) -> Tuple[str, ...]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(e, str) for e in found):
        raise ConfigError(f"{key} in [{where}] is a list of texts")
    return tuple(found)
