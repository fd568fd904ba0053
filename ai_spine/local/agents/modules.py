"""Imports the modules of a project again, while the server runs."""

import importlib
import importlib.util
import os
import sys
import threading
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Callable, Dict, Iterator, Optional

from ai_spine.local.agents.functions import AgentSource

_INSTALLED = {"site-packages", "dist-packages"}
_OURS = "ai_spine"
_importing = threading.RLock()  # sys.modules is one for all servers of a process


def project_of(agents: AgentSource) -> Optional[Path]:
    """Return the folder of the project that has the agents, which are imported.

    It is the working folder if the agents are in it, else the folder that contains their file or
    their package. There is none for installed packages, and for agents that are not in a file.
    """
    if not isinstance(agents, str):
        return None
    if agents.endswith(".py"):
        folder: Optional[Path] = Path(agents).resolve().parent
    else:
        folder = _folder_of(sys.modules[agents.partition(".")[0]])
    if folder is None or not _INSTALLED.isdisjoint(folder.parts):
        return None
    here = Path.cwd().resolve()
    return here if here in folder.parents else folder


@contextmanager
def fresh_imports(project: Optional[Path]) -> Iterator[None]:
    """Import the modules of a project again within the block.

    If the block raises, the modules are those of before. Functions that others keep go on to work
    either way, since they keep what their modules contained.
    """
    if project is None:
        yield
        return
    with _importing:
        old = modules_in(project)
        _drop(old)
        importlib.invalidate_caches()
        written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            yield
        except BaseException:
            _drop(modules_in(project))
            sys.modules.update(old)
            raise
        finally:
            sys.dont_write_bytecode = written


def _folder_of(root: ModuleType) -> Optional[Path]:
    """Return the folder in which Python has found a package or a module; none for ours."""
    if root.__name__ == _OURS:
        return None
    places = list(getattr(root, "__path__", ())) or [getattr(root, "__file__", None)]
    return None if places[0] is None else Path(places[0]).resolve().parent


def modules_in(project: Path) -> Dict[str, ModuleType]:
    """Return the modules that Python has imported from the sources of a project, by name.

    Args:
        project: The folder of the project, as `project_of` returns it.
    """
    real = lru_cache(maxsize=None)(os.path.realpath)  # many modules share a folder
    return {
        name: module
        for name, module in list(sys.modules.items())
        if name != "__main__"
        and name.partition(".")[0] != _OURS
        and _is_in(module, project, real)
    }


def _is_in(module: ModuleType, project: Path, real: Callable[[str], str]) -> bool:
    file = getattr(module, "__file__", None)
    if file is None:  # a folder without an __init__.py
        file = next(iter(getattr(module, "__path__", ())), None)
    elif not file.endswith(".py"):
        return False
    if file is None:
        return False
    path = os.path.join(real(os.path.dirname(file)), os.path.basename(file))
    if os.path.islink(path) or not path.endswith(".py"):
        path = real(file)
    # As text: to make a `Path` of each module takes most of a reload.
    folder = os.path.normcase(os.path.join(project, ""))
    if not os.path.normcase(path).startswith(folder):
        return False
    return _INSTALLED.isdisjoint(Path(path).parts)


def _drop(modules: Dict[str, ModuleType]) -> None:
    for name, module in modules.items():
        sys.modules.pop(name, None)
        # An edit of the same length in the same second would look like what was compiled.
        compiled = getattr(getattr(module, "__spec__", None), "cached", None)
        with suppress(OSError):
            os.unlink(compiled or "")
