"""The `__init__` of a package, which imports nothing before it is used."""

import ast
from typing import Dict, List, Mapping, Sequence

from ai_spine.sdk_sync.generators.python.endpoints.errors_module import CLASSES
from ai_spine.sdk_sync.generators.python.filling import fill
from ai_spine.sdk_sync.generators.python.syntax import docstring, literal, module
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.utils import one_line

CLIENTS = (
    "AsyncAuthenticatedClient",
    "AsyncClient",
    "AuthenticatedClient",
    "Client",
)
_SUBMODULES = ("errors", "models")
_LAZY = """
def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = importlib.import_module(f"{__name__}.{module}")
    value = found if module == name else getattr(found, name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
"""


def init_module(
    spec: IRSpec, version: str, models: Sequence[str], generated: str
) -> ast.Module:
    """Return the module that imports others when one of their names is first used.

    Args:
        spec: The specification.
        version: The version of the package.
        models: The names of the models.
        generated: The sentence that says by what it is generated.
    """
    taken = {*CLIENTS, *CLASSES, *_SUBMODULES, "API_VERSION"}
    names = {
        "client": sorted(CLIENTS),
        "errors": sorted(CLASSES),
        "models": sorted(set(models) - taken),
    }
    body: List[ast.stmt] = list(
        ast.parse("import importlib\nfrom typing import TYPE_CHECKING, Any, List").body
    )
    body.append(ast.If(ast.Name("TYPE_CHECKING"), _imports(names), []))
    body += _values(spec, version, names)
    body += ast.parse(_LAZY).body
    title = one_line(spec.title or "An HTTP API", 200)
    return module([docstring(f"Client for {title}. {generated}"), *body])


def _imports(names: Mapping[str, Sequence[str]]) -> List[ast.stmt]:
    own = [ast.alias(each, each) for each in _SUBMODULES]
    found: List[ast.stmt] = [ast.ImportFrom(None, own, 1)]
    found += [
        ast.ImportFrom(module_name, [ast.alias(each, each) for each in members], 1)
        for module_name, members in names.items()
        if members
    ]
    return found


def _values(
    spec: IRSpec, version: str, names: Mapping[str, Sequence[str]]
) -> List[ast.stmt]:
    module_of: Dict[str, str] = {each: each for each in _SUBMODULES}
    module_of.update({each: m for m, members in names.items() for each in members})
    values: Dict[str, object] = {
        "__version__": version,
        "API_VERSION": spec.api_version,
        "__all__": ["API_VERSION", *sorted(module_of)],
    }
    body = [fill(f"{n} = VALUE", {"VALUE": literal(v)}) for n, v in values.items()]
    table = {"VALUE": literal(module_of)}
    body.append(fill("_MODULE_OF: dict[str, str] = VALUE", dict(table)))
    return body
