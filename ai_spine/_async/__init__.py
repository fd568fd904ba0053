"""The source of everything that awaits; `make twins` translates it into `_sync`."""

import sys

if sys.version_info < (3, 10):
    raise ImportError(
        "AsyncAISpine needs Python 3.10 or later; AISpine runs on older ones too"
    )
