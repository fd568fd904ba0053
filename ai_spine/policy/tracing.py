"""Chooses whether spans and metrics are recorded."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import Any, Callable

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.telemetry import Telemetry
from ai_spine.utils import one_line


def make_telemetry(
    tracing: bool,
    tracer_provider: Any = None,
    meter_provider: Any = None,
    *,
    base_url: str = "",
    redact: Callable[[str], str] = str,
) -> Telemetry:
    """Return what records spans and metrics, where OpenTelemetry is installed and wanted.

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
    try:
        from ai_spine.policy.opentelemetry import OpenTelemetry

        return OpenTelemetry(tracer_provider, meter_provider, base_url, redact)
    except (ImportError, TypeError) as error:  # of an old release, or a part of it
        if named:
            raise ConfigurationError(
                f"{named[0]} needs a newer OpenTelemetry: "
                f"pip install 'ai-spine-sdk[otel]' ({one_line(str(error), 200)})"
            ) from None
        return Telemetry()


def _is_installed() -> bool:
    """Return whether OpenTelemetry can be imported, without asking finders that warn."""
    name = "opentelemetry"
    return name in sys.modules or PathFinder.find_spec(name) is not None
