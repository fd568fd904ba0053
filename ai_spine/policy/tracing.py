"""Chooses whether spans and metrics are recorded."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from typing import Any, Callable, ContextManager, Dict, Mapping, Optional

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.telemetry import CallScope, Parent, Telemetry
from ai_spine.utils import one_line

_NAME = "opentelemetry"
_PROVIDERS = {"OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER"}
_NOTHING = Telemetry()


def make_telemetry(
    tracing: bool,
    tracer_provider: Any = None,
    meter_provider: Any = None,
    *,
    base_url: str = "",
    redact: Callable[[str], str] = str,
) -> Telemetry:
    """Return what records spans and metrics, where OpenTelemetry is installed and wanted.

    It takes a while to import. Without a provider, that is left until something else imports it,
    as what sets the global providers does.

    Args:
        tracing: Whether it is wanted.
        tracer_provider: Makes the tracer; `None` for the global one.
        meter_provider: Makes the meter; `None` for the global one.
        base_url: The server that a client talks to.
        redact: Removes secrets from a URL.

    Raises:
        ConfigurationError: A provider is none, or OpenTelemetry is not installed for it.
    """
    given = {"tracer_provider": tracer_provider, "meter_provider": meter_provider}
    named = [name for name, provider in given.items() if provider is not None]
    if not tracing:
        return Telemetry()
    if not _is_installed():
        if named:
            raise ConfigurationError(
                f"{named[0]} needs OpenTelemetry: pip install 'ai-spine-sdk[otel]'"
            )
        return Telemetry()
    for name in named:
        method = "get_tracer" if name == "tracer_provider" else "get_meter"
        is_class = isinstance(given[name], type)
        if is_class or not callable(getattr(given[name], method, None)):
            raise ConfigurationError(f"{name} must be an object with a method {method}")

    def make() -> Telemetry:
        from ai_spine.policy.opentelemetry import OpenTelemetry

        return OpenTelemetry(tracer_provider, meter_provider, base_url, redact)

    if not named:
        return LateTelemetry(make)
    try:
        return make()
    except (ImportError, TypeError) as error:  # of an old release, or a part of it
        raise ConfigurationError(
            f"{named[0]} needs a newer OpenTelemetry: "
            f"pip install 'ai-spine-sdk[otel]' ({one_line(str(error), 200)})"
        ) from None


class LateTelemetry(Telemetry):
    """Records nothing until the program uses OpenTelemetry.

    Args:
        make: Makes what records then.
    """

    def __init__(self, make: Callable[[], Telemetry]) -> None:
        self._make = make
        self._telemetry: Optional[Telemetry] = None

    def _now(self) -> Telemetry:
        if self._telemetry is not None:
            return self._telemetry
        # A distribution may name providers in the environment, which only using them loads.
        if _NAME not in sys.modules and not _PROVIDERS & os.environ.keys():
            return _NOTHING
        try:
            self._telemetry = self._make()
        except (ImportError, TypeError):  # of an old release, or a part of it
            self._telemetry = _NOTHING
        return self._telemetry

    @property
    def is_recording(self) -> bool:
        """Whether spans are recorded."""
        return self._now().is_recording

    def scope(self, call: Any, path: str, query: str) -> CallScope:
        """Return what lasts as long as a call."""
        return self._now().scope(call, path, query)

    def span(self, name: str, **attributes: Any) -> ContextManager[Dict[str, Any]]:
        """Return a span around what is done meanwhile."""
        return self._now().span(name, **attributes)

    def parent(self, name: str, **attributes: Any) -> Parent:
        """Return a span that is not current, for generators and threads."""
        return self._now().parent(name, **attributes)

    def record_execution(self, execution: Any) -> None:
        """Record how long an execution took, once it is done."""
        self._now().record_execution(execution)

    def continue_trace(
        self, headers: Mapping[str, str], name: str, **attributes: Any
    ) -> ContextManager[Dict[str, Any]]:
        """Return the span of a request that the server answers."""
        return self._now().continue_trace(headers, name, **attributes)

    def here(self) -> Any:
        """Return the place in the trace where this thread is; `None` if nowhere."""
        return self._now().here()

    def span_at(
        self, place: Any, name: str, **attributes: Any
    ) -> ContextManager[Dict[str, Any]]:
        """Return a span below a place in a trace."""
        return self._now().span_at(place, name, **attributes)

    def headers(self) -> Mapping[str, str]:
        """Return the headers that continue the trace of this thread or task."""
        return self._now().headers()


def _is_installed() -> bool:
    """Return whether OpenTelemetry can be imported, without asking finders that warn."""
    return _NAME in sys.modules or PathFinder.find_spec(_NAME) is not None
