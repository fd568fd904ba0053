"""Manifests of facets, as TOML: written, read and checked."""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Type, TypeVar

from ai_spine.exceptions import ValidationError
from ai_spine.policy.validation import check_method, check_path
from ai_spine.ron.errors import RonConfigError
from ai_spine.utils import one_line
from ai_spine.utils.toml import read_toml, table_lines

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KINDS = ("static", "echo", "proxy")
_FLAGS = ("public", "requires_auth")
# The tables of a facet, in the order in which they are written, and what is in them.
_TABLES = {
    "security": _FLAGS,
    "meta": ("description", "owner", "version"),
    "upstream": ("scheme", "host", "port", "base_path"),
    "limits": ("max_rps", "max_concurrency"),
}
T = TypeVar("T")


@dataclass(frozen=True)
class Route:
    """Where a request leads: to a file, whose digest `integrity` is, or a path of the upstream."""

    method: str
    path: str
    file: Optional[str] = None
    upstream_path: Optional[str] = None
    integrity: Optional[Mapping[str, str]] = None


@dataclass(frozen=True)
class Facet:
    """What a node serves below `/facets/{id}`.

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
        try:
            object.__setattr__(self, "routes", tuple(self.routes))
            problem = next(_problems(self), None)
        except (TypeError, AttributeError):
            problem = "has a field of another kind"
        if problem is not None:
            name = one_line(str(self.id), 64)
            raise RonConfigError(f"the facet {name!r} {problem}")

    def to_toml(self) -> str:
        """Return the manifest."""
        blocks = [table_lines("[facet]", {"id": self.id, "kind": self.kind})]
        for name in _TABLES:
            table = getattr(self, name)
            blocks += [table_lines(f"[facet.{name}]", table)] if table else []
        for route in self.routes:
            known = {
                name: each for name, each in vars(route).items() if each is not None
            }
            integrity = known.pop("integrity", None)
            blocks.append(table_lines("[[route]]", known))
            blocks += [table_lines("[route.integrity]", integrity)] if integrity else []
        return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"

    @classmethod
    def from_toml(cls, text: str) -> "Facet":
        """Return the facet of a manifest.

        Raises:
            RonConfigError: It is no manifest, or something in it is missing or wrong.
        """
        try:
            found = read_toml(text)
        except (ValueError, ImportError) as error:
            raise RonConfigError(f"the manifest cannot be read: {error}") from None
        routes, given = found.get("route", []), found.get("facet", {})
        listed = routes if isinstance(routes, list) else [routes]
        made = [_make(Route, route, "[[route]]") for route in listed]
        whole = {**given, "routes": made} if isinstance(given, dict) else None
        return _make(cls, whole, "[facet]")

    def check_files(self, root: Path) -> None:
        """Check that the file of each route exists below a folder.

        Raises:
            RonConfigError: One is missing, or outside of the folder.
        """
        for name in filter(None, (route.file for route in self.routes)):
            path = (root / name).resolve()
            inside = root.resolve() in path.parents
            if not inside or not path.is_file():
                where = "is missing" if inside else "leads out of the facet's folder"
                raise RonConfigError(f"the file {one_line(name, 100)!r} {where}")


def check_unique(facets: Iterable[Facet]) -> None:
    """Check that no two facets of a node have the same id.

    Raises:
        RonConfigError: Two have.
    """
    names = [facet.id for facet in facets]
    for name in names:
        if names.count(name) > 1:
            raise RonConfigError(f"two facets have the id {name!r}")


def _problems(facet: Facet) -> Iterator[str]:
    """Yield what is wrong with a facet."""
    if not isinstance(facet.id, str) or not _ID.fullmatch(facet.id):
        yield "has an id that is not of small letters, digits, '.', '_' and '-'"
    if facet.kind not in _KINDS:
        yield f"has a kind that is not one of {', '.join(_KINDS)}"
    for table, names in _TABLES.items():
        for name in sorted(set(getattr(facet, table)) - set(names)):
            yield f"has no {table} {one_line(name, 60)!r}, only: {', '.join(names)}"
    for flag in _FLAGS:
        if not isinstance(facet.security.get(flag), bool):
            yield f"must say in its security whether it is {flag}: true or false"
    if not facet.routes:
        yield "needs a route"
    if facet.kind == "proxy" and not facet.upstream.get("host"):
        yield "is a proxy: upstream needs a host"
    for limit in facet.limits.values():
        if type(limit) is not int or limit < 1:
            yield "has a limit that is not a whole number above zero"
    for number, route in enumerate(facet.routes):
        places = [(each.method, each.path) for each in facet.routes[:number]]
        if (route.method, route.path) in places:
            yield f"has the route {one_line(f'{route.method} {route.path}', 100)} twice"
        yield from _problems_of_route(facet.kind, route)


def _problems_of_route(kind: str, route: Route) -> Iterator[str]:
    try:
        check_method(route.method)
        check_path("path", route.path)
        check_path("upstream_path", route.upstream_path or "/")
    except ValidationError as error:
        yield f"has a route that is wrong: {error.message}"
    if kind == "static" and not route.file:
        yield "is static: each route needs a file"
    file = PurePosixPath(str(route.file or "").replace("\\", "/"))
    if file.is_absolute() or ".." in file.parts or ":" in str(file):
        yield f"has a file that leads out of its folder: {one_line(str(file), 100)!r}"
    if route.integrity is not None and set(route.integrity) != {"algo", "value"}:
        yield "has an integrity that is not algo and value"


def _make(kind: Type[T], given: Any, where: str) -> T:
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(given) - names) if isinstance(given, dict) else []
    if unknown:
        shown = one_line(", ".join(unknown), 100)
        raise RonConfigError(f"{where} has unknown fields: {shown}")
    try:
        return kind(**given)
    except (TypeError, AttributeError):
        raise RonConfigError(
            f"{where} lacks a field, or has one of another kind"
        ) from None
