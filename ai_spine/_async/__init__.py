"""The source of everything that awaits; `make twins` translates it into `_sync`."""

import sys

if sys.version_info < (3, 10):
    raise ImportError(
        "AsyncAISpine and AsyncRestClient need Python 3.10 or later; AISpine and RestClient run on "
        "older ones too"
    )
