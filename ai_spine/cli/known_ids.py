"""The ids that a server has, for completion and suggestions: fast, and never an error."""

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from ai_spine.cli.session import Session
from ai_spine.config.folders import cache_folder
from ai_spine.config.profiles import find
from ai_spine.constants import ENV_CACHE
from ai_spine.utils.files import write_whole

MAX_AGE = 60.0  # seconds
_TIMEOUT = 1.0  # seconds, for all that has to do with the network
_MOST = 1000  # ids
_LARGEST = 1024 * 1024  # bytes

Ask = Callable[[Any], List[Any]]
_LISTS: Dict[str, Callable[[Any], List[Any]]] = {
    "flow_id": lambda client: client.list_flows(),
    "agent_id": lambda client: client.list_agents(),
    "tool_id": lambda client: client.list_tools(),
    "execution_id": lambda client: client.list_executions(limit=20),
}


def known_ids(kind: str, session: Session) -> List[str]:
    """Return the ids that the server has, or had in the last minute; none if it does not say.

    Args:
        kind: `flow_id`, `agent_id`, `tool_id` or `execution_id`.
        session: The session, whose options lead to the server.
    """

    def find_ids(client: Any) -> List[Any]:
        return [getattr(item, kind) for item in _LISTS[kind](client)]

    return _known_words(kind, find_ids, session)


def known_inputs(flow_id: str, session: Session) -> List[str]:
    """Return the names of a flow's inputs, as far as its schema says them; cached like ids.

    Args:
        flow_id: The flow.
        session: The session, whose options lead to the server.
    """

    def find_names(client: Any) -> List[Any]:
        schema = client.get_flow(flow_id).input_schema or {}
        return list(schema.get("properties", ()))

    name = hashlib.sha256(flow_id.encode("utf-8", "replace")).hexdigest()[:16]
    return _known_words(f"inputs-{name}", find_names, session)


def _known_words(name: str, ask: Ask, session: Session) -> List[str]:
    try:
        with _silence():
            return _cached(name, ask, session)
    except Exception:  # without words there are no suggestions, and no harm
        return []


def _cached(name: str, ask: Ask, session: Session) -> List[str]:
    if session.options.get("local"):  # the server ends with this command: cache nothing
        return (session.has_client and _ask(ask, session)) or []
    path = _path(name, session)
    noted, age = _read(path)
    if 0 <= age < MAX_AGE:
        return noted
    fresh = _ask(ask, session)
    # A server that does not respond is cached as well, so that not every key press waits for it.
    ids = noted if fresh is None else fresh
    with contextlib.suppress(OSError):
        _write(path, ids)
    return ids


def _path(name: str, session: Session) -> str:
    """Return the cache file for a server, a profile and a tenant; its name reveals none."""
    folder = os.environ.get(ENV_CACHE, "").strip() or cache_folder()
    if folder is None:
        raise OSError("there is no folder for a cache")
    parts = [session.profile.name]
    for setting in ("base_url", "tenant", "workspace"):
        given = session.options.get(setting)
        found = find(setting, session.profile) if given is None else None
        parts.append(str(given) if found is None else found.text.reveal())
    server = "\n".join(parts).encode("utf-8", "replace")
    return os.path.join(
        folder, f"{hashlib.sha256(server).hexdigest()[:32]}-{name}.json"
    )


def _read(path: str) -> Tuple[List[str], float]:
    """Return the cached ids and their age in seconds, which is infinite if there are none."""
    try:
        with open(path, "rb") as file:
            noted = json.loads(file.read(_LARGEST).decode("utf-8"))
        ids = [each for each in noted["ids"] if isinstance(each, str)]
        return ids, time.time() - float(noted["at"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return [], float("inf")


def _write(path: str, ids: List[str]) -> None:
    """Write ids to a file that only its owner can read, in one step."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    noted = {"at": time.time(), "ids": ids}
    write_whole(path, json.dumps(noted).encode("utf-8"), mode=0o600)


def _ask(find_words: Ask, session: Session) -> Optional[List[str]]:
    """Request the words, for a second at most; `None` if no response came by then."""
    client = session.quick_client(_TIMEOUT)
    answer: List[List[str]] = []

    def ask() -> None:
        with contextlib.suppress(Exception):
            found = find_words(client)
            answer.append([each for each in found if isinstance(each, str)][:_MOST])

    # Looking up a name can take longer than any timeout, so the thread is left behind.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_TIMEOUT)
    return answer[0] if answer else None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Suppress warnings and logs, which would appear among the words being typed."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
