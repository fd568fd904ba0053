"""The README of a package for endpoints; what it shows are real operations."""

import ast
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional

from ai_spine.sdk_sync.generators.python.endpoints.api_modules import call_for
from ai_spine.sdk_sync.generators.python.endpoints.docstrings import summary_of
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    Argument,
    GroupPlan,
    OperationPlan,
)
from ai_spine.sdk_sync.generators.python.endpoints.security import (
    Scheme,
    needs_token,
    schemes_of,
)
from ai_spine.sdk_sync.generators.python.endpoints.signatures import (
    class_of,
    signature_of,
)
from ai_spine.sdk_sync.generators.python.plan_parts import TypePlan
from ai_spine.sdk_sync.generators.python.syntax import literal
from ai_spine.utils import one_line

if TYPE_CHECKING:
    from ai_spine.sdk_sync.generators.python.endpoints.package import (
        EndpointsGenerator,
        Planned,
    )
