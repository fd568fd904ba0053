"""The tests. What makes each of their processes start faster is set before anything is imported."""

import os
import sys
from pathlib import Path

# Compiled modules are kept, also where an environment is not to: else each process compiles all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# What takes longer to import than all else is left out, here and in processes that tests start.
_ABSENT = str(Path(__file__).parent / "absent")
if _ABSENT not in sys.path:
    sys.path.insert(0, _ABSENT)
if _ABSENT not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    paths = filter(None, [_ABSENT, os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
