"""`SchemaExporter`: reads the schemas of a running backend, or of a folder."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Union

from ai_spine.async_client import AsyncAISpine
from ai_spine.client import AISpine
from ai_spine.exceptions import APIError, ConfigurationError
from ai_spine.exceptions import NetworkError as CoreNetworkError
from ai_spine.sdk_sync.errors import ConfigError, ExportError, NetworkError
from ai_spine.sdk_sync.ir import IRSpec, SchemaVersion
from ai_spine.sdk_sync.registry.backend import Question, read_backend
from ai_spine.sdk_sync.registry.registry import SchemaRegistry, StrPath
from ai_spine.sdk_sync.registry.sources import SPEC_FILE, SchemaImporter, load_spec
from ai_spine.sdk_sync.registry.store import Problem
from ai_spine.utils import Secret

_AT_ONCE = 8  # requests
_UNREADABLE = ": the response "  # how the core says that there was one


class SchemaExporter:
    """Reads the schemas of a running backend, or of a folder, as a specification.

    Args:
        backend_url: The backend.
        api_key: Its API key; by default that of the environment or the profile, as the clients
            have it.
        timeout: Seconds that one attempt of a request may take.

    Attributes:
        backend_url: The backend.
        problems: The files of a folder that could not be read, each with a sentence.
    """

    def __init__(
        self,
        backend_url: Optional[str] = None,
        *,
        api_key: Optional[str] = None,
        timeout: float = 30.0,
    ) -> None:
        self.backend_url = backend_url
        self.problems: List[Problem] = []
        self._api_key = None if api_key is None else Secret(api_key)
        self._timeout = timeout

    async def export_from_backend(self) -> IRSpec:
        """Return the specification of the backend.

        It is read from `/api/_meta/spec`, or, if the backend does not have that, from
        `/api/_meta/schemas` and each model and tool that is named there, several at once.

        Raises:
            ExportError: The backend has no metadata, or they cannot be read or do not fit together.
            NetworkError: The backend could not be reached.
            ConfigError: The URL, the key or the timeout is wrong, or the library that sends is
                missing.
        """
        with self._translated():
            async with AsyncAISpine(**self._settings()) as client:
                with self._redacted(client):
                    steps, results = read_backend(), None
                    while True:
                        try:
                            questions = steps.send(results)
                        except StopIteration as done:
                            return _spec_of(done)
                        results = await _ask(client, questions)

    def export_from_backend_sync(self) -> IRSpec:
        """Return the specification of the backend, as `export_from_backend` does.

        Raises:
            ExportError: The backend has no metadata, or they cannot be read or do not fit together.
            NetworkError: The backend could not be reached.
            ConfigError: The URL, the key or the timeout is wrong.
        """
        with self._translated():
            with AISpine(**self._settings()) as client:
                with self._redacted(client), ThreadPoolExecutor(_AT_ONCE) as pool:
                    steps, results = read_backend(), None
                    while True:
                        try:
                            questions = steps.send(results)
                        except StopIteration as done:
                            return _spec_of(done)
                        # After an error, `map` cancels what has not begun.
                        results = list(pool.map(partial(_ask_one, client), questions))

    def export_from_directory(self, schema_dir: StrPath) -> IRSpec:
        """Return the specification in a folder: its `spec.json`, or the newest of each schema.

        What cannot be read is listed in `problems`; the rest is returned.

        Args:
            schema_dir: The folder: one with a `spec.json`, one that a registry was saved in, or
                one of JSON and YAML files with a schema in each.

        Raises:
            ImportError: There is no such folder, no schema in it, or its `spec.json` is none.
        """
        folder = Path(schema_dir)
        self.problems = []
        if (folder / SPEC_FILE).exists():
            return load_spec(folder / SPEC_FILE)
        registry = SchemaRegistry()
        importer = SchemaImporter(registry)
        importer.import_from_directory(folder)
        self.problems = importer.problems
        return registry.export_spec(SchemaVersion(1), metadata={"source": "directory"})

    def _settings(self) -> Dict[str, Any]:
        if self.backend_url is None:
            raise ConfigError("the exporter has no backend_url")
        return {
            "base_url": self.backend_url,
            "api_key": None if self._api_key is None else self._api_key.reveal(),
            "timeout": self._timeout,
        }

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn errors of the clients into those of SDK-Sync."""
        url = self.backend_url
        try:
            yield
        except ConfigurationError as error:
            raise ConfigError(str(error)) from None
        except CoreNetworkError as error:
            if not error.transient and _UNREADABLE in error.message:
                raise ExportError(str(error), backend_url=url) from None
            raise NetworkError(str(error), backend_url=url) from None

    @contextmanager
    def _redacted(self, client: Union[AISpine, AsyncAISpine]) -> Iterator[None]:
        """Say which backend it was, and nothing of the key, which it may have sent back."""
        try:
            yield
        except ExportError as error:
            words = client._api.redact(f"{client.base_url}: {error.message}")
            raise ExportError(words, backend_url=self.backend_url) from None


def _spec_of(done: StopIteration) -> IRSpec:
    spec: IRSpec = done.value
    return spec


async def _ask(client: AsyncAISpine, questions: List[Question]) -> List[Any]:
    """Ask several questions at once, and return the results in order."""
    results: List[Any] = [None] * len(questions)
    pending = iter(enumerate(questions))

    async def work() -> None:
        for number, each in pending:
            try:
                results[number] = await client.request(
                    "GET", each.path, params=each.params
                )
            except APIError as error:
                results[number] = error

    workers = [asyncio.ensure_future(work()) for _ in range(_AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for each in workers:
            each.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return results


def _ask_one(client: AISpine, question: Question) -> Any:
    try:
        return client.request("GET", question.path, params=question.params)
    except APIError as error:
        return error
