"""Swaps edited agents, flows and settings into a server that runs: `local start --reload`."""

import os
import threading
import traceback
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ai_spine.exceptions import ConfigurationError
from ai_spine.flows.definitions import FILE_SUFFIXES
from ai_spine.local.agents.modules import project_of
from ai_spine.local.env_file import EnvFile
from ai_spine.local.server import LocalServer
from ai_spine.utils import one_line

MAX_FOLDERS = 5000
_STEP_MS, _DEBOUNCE_MS = (
    50,
    200,
)  # a change is taken up when nothing has followed it for a step
_LOOK_EVERY_MS = (
    1000  # for changes that the system has not reported, as in some containers
)
_LONGEST = 500  # characters of an error
_SKIPPED = {"__pycache__", "node_modules", "site-packages", "dist-packages"}
State = Dict[str, Tuple[int, int]]


class Sources(NamedTuple):
    """The files that a server is made from."""

    flows: Optional[Path]
    """A folder of flows."""
    project: Optional[Path]
    """The folder of the agents' modules."""
    env: Optional[Path]
    """A file of settings."""

    def folders(self) -> List[str]:
        """Return the folders to watch, as far as they exist.

        Raises:
            ConfigurationError: There are too many of them.
        """
        found = [self.flows, self.env and self.env.absolute().parent]
        known = {str(folder) for folder in found if folder and folder.is_dir()}
        for folder, _ in _walk(self.project):
            known.add(folder)
            if len(known) > MAX_FOLDERS:
                raise ConfigurationError(
                    f"--reload watches at most {MAX_FOLDERS} folders, and {self.project} has "
                    "more: start the server in the folder of your project"
                )
        return sorted(known)

    def may_have(self, path: str) -> bool:
        """Return whether a change at a path is worth a look."""
        if self.env is not None and os.path.basename(path) == self.env.name:
            return True
        return os.path.splitext(path)[1] in (".py", "", *FILE_SUFFIXES)

    def state(self) -> State:
        """Return when each file was changed, and its size."""
        paths = [] if self.env is None else [str(self.env)]
        if self.flows is not None and self.flows.is_dir():
            names = os.listdir(self.flows)
            paths += [str(self.flows / n) for n in names if n.endswith(FILE_SUFFIXES)]
        for folder, names in _walk(self.project):
            paths += [os.path.join(folder, n) for n in names if n.endswith(".py")]
        return {path: stamp for path in paths for stamp in _stamps_of(path)}


def sources_of(
    flows: Optional[str], agents: Optional[str], env: Optional[EnvFile]
) -> Sources:
    """Return the files of a server.

    Args:
        flows: Its folder of flows.
        agents: Its module of agents, which is imported, or the path of its file.
        env: Its file of settings.
    """
    return Sources(
        None if flows is None else Path(flows),
        project_of(agents),
        None if env is None else env.path,
    )


class Reloader:
    """Reloads a server when its files change, from `start` to `stop`.

    Args:
        server: The server.
        sources: Its files.
        report: Called with a line for each reload, good or bad.
        env: Settings to load before agents are imported again.

    Raises:
        ConfigurationError: `watchfiles` is not installed, or there are too many folders.
    """

    def __init__(
        self,
        server: LocalServer,
        sources: Sources,
        report: Callable[[str], None],
        env: Optional[EnvFile] = None,
    ) -> None:
        self._watch = find_watch()
        self._server, self._sources, self._env = server, sources, env
        self._report = report
        self._folders, self._state = sources.folders(), sources.state()
        self._complaint = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._follow, name="ai-spine-reload", daemon=True
        )

    def start(self) -> None:
        """Begin to watch, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; a module that is being imported is not waited for."""
        self._stop.set()
        self._thread.join(timeout=2)

    def __enter__(self) -> "Reloader":
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def reload(self) -> bool:
        """Load everything again, and return whether that worked.

        If it did not, the last good version is still served, and the page shows why.
        """
        try:
            with ExitStack() as stack:
                if self._env is not None:
                    stack.enter_context(self._env.loaded())
                self._server.reload()
        except BaseException as error:  # the thread that watches must not end
            words = _words_of(error, self._sources.project)
            text = f"Not reloaded: {words}. The last good version is still served."
            self._server.banner.text = text
            self._report(
                f"not reloaded, the last good version is still served: {words}"
            )
            return False
        self._server.banner.text = ""
        return True

    def look(self) -> None:
        """Reload if a file has changed since the last look."""
        before, self._state = self._state, self._sources.state()
        changed = dict(before.items() ^ self._state.items())
        if changed and self.reload():
            names = ", ".join(sorted({os.path.basename(path) for path in changed}))
            self._report(f"reloaded {names}")

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._folders = self._sources.folders()
                self._follow_folders()
            except Exception as error:  # too many to watch, or one has just disappeared
                self._complain(_words_of(error, self._sources.project))
                self._stop.wait(_LOOK_EVERY_MS / 1000)
                self.look()

    def _complain(self, words: str) -> None:
        if words != self._complaint:
            self._complaint = words
            self._report(f"files are looked at once a second: {words}")

    def _follow_folders(self) -> None:
        """Look after each change, until there are other folders to watch."""
        changes = self._watch(
            *self._folders,
            watch_filter=lambda _, path: self._sources.may_have(path),
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            stop_event=self._stop,
            rust_timeout=_LOOK_EVERY_MS,
            yield_on_timeout=True,
            recursive=False,
        )
        with closing(changes):
            for _ in changes:
                self.look()
                if self._sources.folders() != self._folders:
                    return


def find_watch() -> Callable[..., Any]:
    """Return the function that watches files.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        import watchfiles
    except ImportError:
        words = "--reload needs watchfiles: pip install 'ai-spine-sdk[reload]'"
        raise ConfigurationError(words) from None
    return watchfiles.watch


def _walk(project: Optional[Path]) -> Iterator[Tuple[str, List[str]]]:
    """Yield the folders of a project that may have modules, with the names of their files."""
    if project is None:
        return
    for folder, below, names in os.walk(project):
        if "pyvenv.cfg" in names:
            below.clear()
            continue
        below[:] = [n for n in below if n not in _SKIPPED and not n.startswith(".")]
        yield folder, names


def _stamps_of(path: str) -> Iterator[Tuple[int, int]]:
    """Yield when a file was changed, and its size; nothing if it does not exist."""
    with suppress(OSError):
        found = os.stat(path)
        yield found.st_mtime_ns, found.st_size


def _words_of(error: BaseException, project: Optional[Path]) -> str:
    """Return an error in one line, with its place in the project if it has one."""
    words = str(error)
    if not isinstance(error, ConfigurationError):
        words = f"{type(error).__name__}: {words}"
    cause = error.__cause__
    if cause is not None and not isinstance(
        cause, SyntaxError
    ):  # which names it itself
        for frame in reversed(traceback.extract_tb(cause.__traceback__)):
            if project in Path(os.path.realpath(frame.filename)).parents:
                words += f" ({os.path.basename(frame.filename)}, line {frame.lineno})"
                break
    return one_line(words, _LONGEST)
