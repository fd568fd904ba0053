"""Manifests of facets, as TOML: written, read and checked."""

import importlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import (
    Any,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Type,
    TypeVar,
)

from ai_spine.exceptions import ValidationError
from ai_spine.policy.validation import METHODS, check_path
from ai_spine.ron.errors import RonConfigError
from ai_spine.utils import one_line

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KINDS = ("static", "echo", "proxy")
T = TypeVar("T")


@dataclass(frozen=True)
class Route:
    """One route of a facet, with the file or the path of the upstream that it leads to."""

    method: str
    path: str
    file: Optional[str] = None
    upstream_path: Optional[str] = None
    integrity: Optional[Mapping[str, str]] = None
    """The digest of the file: its `algo` and its `value`."""


@dataclass(frozen=True)
class Facet:
    """A facet: what a node serves below `/facets/{id}`.

    Args:
        id: Its name, which is unique in a node.
        kind: `static`, `echo` or `proxy`.
        security: `public` and `requires_auth`, both of which must be said.
        routes: At least one.
        meta: `description`, `owner` and `version`.
        upstream: `scheme`, `host`, `port` and `base_path` of a proxy.
        limits: `max_rps` and `max_concurrency`.

    Raises:
        RonConfigError: Something is missing or wrong.

    Example:
        >>> security = {"public": True, "requires_auth": False}
        >>> facet = Facet("docs", "static", security, [Route("GET", "/", file="index.html")])
        >>> Facet.from_toml(facet.to_toml()) == facet
        True
    """

    id: str
    kind: str
    security: Mapping[str, bool]
    routes: Sequence[Route]
    meta: Mapping[str, str] = field(default_factory=dict)
    upstream: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", tuple(self.routes))
        name = f"facet {one_line(str(self.id), 64)!r}"
        said = {key for key, flag in self.security.items() if isinstance(flag, bool)}
        problem = next(_problems(self, said), None)
        if problem is not None:
            raise RonConfigError(f"{name} {problem}")

    def to_toml(self) -> str:
        """Return the manifest."""
        tables = {"": {"id": self.id, "kind": self.kind}, "security": self.security}
        tables.update(meta=self.meta, upstream=self.upstream, limits=self.limits)
        lines: List[str] = []
        for name, table in tables.items():
            if table:
                lines += _table(f"[facet.{name}]" if name else "[facet]", table)
        for route in self.routes:
            known = {k: v for k, v in vars(route).items() if v is not None}
            integrity = known.pop("integrity", None)
            lines += _table("[[route]]", known)
            if integrity:
                lines += _table("[route.integrity]", integrity)
        return "\n".join(lines[1:]) + "\n"

    @classmethod
    def from_toml(cls, text: str) -> "Facet":
        """Return the facet of a manifest.

        Raises:
            RonConfigError: It is no manifest, or something in it is missing or wrong.
        """
        toml = _toml()
        try:
            found = toml.loads(text)
        except (toml.TOMLDecodeError, TypeError, RecursionError):
            raise RonConfigError("the manifest is not TOML") from None
        routes = found.get("route", [])
        made = [_make(Route, route, "[[route]]") for route in _list(routes)]
        given = found.get("facet", {})
        return _make(
            cls,
            {**given, "routes": made} if isinstance(given, dict) else given,
            "[facet]",
        )

    def check_files(self, root: Path) -> None:
        """Check that the file of each route exists below a folder.

        Raises:
            RonConfigError: One is missing, or outside of the folder.
        """
        for route in self.routes:
            path = (root / (route.file or "")).resolve()
            inside = root.resolve() in (path, *path.parents)
            if route.file and not (inside and path.is_file()):
                where = "is missing" if inside else "leads out of the facet's folder"
                raise RonConfigError(f"the file {one_line(route.file, 100)!r} {where}")


def check_unique(facets: Iterable[Facet]) -> None:
    """Check that no two facets of a node have the same id.

    Raises:
        RonConfigError: Two have.
    """
    seen = set()
    for facet in facets:
        if facet.id in seen:
            raise RonConfigError(f"two facets have the id {facet.id!r}")
        seen.add(facet.id)


def _problems(facet: Facet, said: Set[str]) -> Iterator[str]:
    """Yield what is wrong with a facet."""
    if not isinstance(facet.id, str) or not _ID.fullmatch(facet.id):
        yield "has an id that is not of small letters, digits, '.', '_' and '-'"
    if facet.kind not in _KINDS:
        yield f"has a kind that is not one of {', '.join(_KINDS)}"
    missing = sorted({"public", "requires_auth"} - said)
    if missing:
        yield f"must say whether it is {missing[0]}: security has no {missing[0]} of true or false"
    if not facet.routes:
        yield "needs a route"
    if facet.kind == "proxy" and not facet.upstream.get("host"):
        yield "is a proxy: upstream needs a host"
    seen = set()
    for route in facet.routes:
        where = (route.method, route.path)
        if where in seen:
            yield f"has the route {route.method} {one_line(str(route.path), 100)} twice"
        seen.add(where)
        yield from _problems_of_route(facet.kind, route)


def _problems_of_route(kind: str, route: Route) -> Iterator[str]:
    if route.method not in METHODS:
        yield f"has a route whose method is not one of {', '.join(METHODS)}"
    try:
        check_path("the path of a route", route.path)
    except ValidationError as error:
        yield f"is wrong: {error.message}"
    if kind == "static" and not route.file:
        yield "is static: each route needs a file"
    parts = PurePosixPath(str(route.file or "").replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in str(parts):
        yield f"has a file that leads out of its folder: {one_line(str(parts), 100)!r}"
    if route.integrity is not None and set(route.integrity) != {"algo", "value"}:
        yield "has an integrity without algo and value"


def _toml() -> Any:
    """Return the module that reads TOML, which Python has since 3.11."""
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise RonConfigError("manifests need tomli on this Python: pip install tomli")


def _list(value: Any) -> List[Any]:
    return value if isinstance(value, list) else [value]


def _make(kind: Type[T], given: Any, where: str) -> T:
    names = set(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    if not isinstance(given, dict) or not set(given) <= names:
        unknown = sorted(set(given) - names) if isinstance(given, dict) else ["?"]
        raise RonConfigError(
            f"{where} has unknown fields: {one_line(', '.join(unknown), 100)}"
        )
    try:
        return kind(**given)
    except (TypeError, AttributeError):
        raise RonConfigError(
            f"{where} lacks a field, or has one of another kind"
        ) from None


def _table(title: str, fields: Mapping[str, Any]) -> List[str]:
    """Return the lines of a table; texts are written as JSON writes them, which TOML reads."""
    lines = ["", title]
    for name, value in fields.items():
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
        lines.append(f"{key} = {json.dumps(value)}".replace("\x7f", "\\u007f"))
    return lines
