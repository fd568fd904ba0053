"""Calls a package in the process of the tests, which need not start another for each."""

import json
import sys

from ai_spine.sdk_sync.verifying.calling import Package


class PackageHere:
    """What `PackageProcess` is, but without a process; both sides see JSON alone."""

    def __init__(self, out, package, base_url, arguments):
        about = {"out": str(out), "package": package, "base_url": base_url}
        self._modules = package
        self._package = Package({**about, "arguments": _as_json(arguments)})
        self.import_ms = self._package.import_ms

    def call(self, call, mode):
        return _as_json(self._package.call(_as_json({**call, "mode": mode})))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._package.close()
        del sys.path[0]
        for name in [n for n in sys.modules if n.split(".")[0] == self._modules]:
            del sys.modules[name]


def _as_json(value):
    return json.loads(json.dumps(value))
