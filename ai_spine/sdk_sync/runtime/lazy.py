"""Packages whose names are imported when they are first used."""

import functools
import importlib
import re
import sys
from types import ModuleType
from typing import Any, Callable, Dict, List, Mapping, Tuple, Type

_IDENTIFIERS = re.compile(r"[^\W\d]\w*")
_TABLE = "_MODULE_OF"


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> Tuple[Callable[[str], Any], Callable[[], List[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Args:
        package: The name of the package.
        modules: The modules of its names.
    """

    def find(name: str) -> Any:
        module = modules.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{module}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> List[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return find, names


class StandIn:
    """Stands for a class or an alias in annotations until its module is needed.

    Attributes:
        package: The package that has it: the module and not its name, since a package that is
            imported anew has classes of its own.
        target: Its name there.
    """

    package: ModuleType
    target: str


@functools.lru_cache(maxsize=None)
def stand_in(package: ModuleType, name: str) -> Type[StandIn]:
    """Return what stands for a name of a package."""
    return type(name, (StandIn,), {"package": package, "target": name})


def load(kind: Type[StandIn]) -> Any:
    """Return what a class stands for."""
    return getattr(kind.package, kind.target)


def missing_names(kind: type) -> Tuple[str, List[str]]:
    """Return the names that the annotations of a class have and its module has not.

    Returns:
        The package that has them, and the names.
    """
    module = sys.modules[kind.__module__]
    package = kind.__module__.rpartition(".")[0]
    table: Mapping[str, str] = vars(sys.modules.get(package, module)).get(_TABLE, {})
    texts = [each for each in kind.__annotations__.values() if table]
    found: Dict[str, None] = {}
    for text in texts:
        if isinstance(text, str):
            found.update(dict.fromkeys(_IDENTIFIERS.findall(text)))
    known = vars(module)
    return package, [name for name in found if name in table and name not in known]
