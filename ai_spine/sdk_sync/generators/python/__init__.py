"""The generator of Python packages."""

from ai_spine.sdk_sync.generators.python.clients import PythonClientGenerator
from ai_spine.sdk_sync.generators.python.model_generator import PythonModelGenerator
from ai_spine.sdk_sync.generators.python.package import PythonSDKGenerator
from ai_spine.sdk_sync.generators.python.plan import Plan, plan_models

__all__ = [
    "Plan",
    "PythonClientGenerator",
    "PythonModelGenerator",
    "PythonSDKGenerator",
    "plan_models",
]
