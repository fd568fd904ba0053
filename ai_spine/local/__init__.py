"""An AI Spine server for one machine, to build and test flows with. Needs the extra `[local]`."""

from importlib.util import find_spec as _find_spec

try:
    import flask as _flask  # noqa: F401
    import waitress as _waitress  # noqa: F401
    import yaml as _yaml  # noqa: F401

    if (
        _find_spec("jsonschema") is None
    ):  # to import it takes time, and few flows need it
        raise ImportError(name="jsonschema")
except ImportError as error:
    raise ImportError(
        f"the local server needs {error.name or error}, which is not installed: "
        "pip install 'ai-spine-sdk[local]'"
    ) from None

from ai_spine.local.agents.context import AgentContext
from ai_spine.local.agents.functions import agent
from ai_spine.local.server import LocalServer

__all__ = ["AgentContext", "LocalServer", "agent"]
