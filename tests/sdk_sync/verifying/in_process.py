"""Calls a package in the process of the tests, which need not start another for each."""

import json
import sys

from ai_spine.sdk_sync.verifying.calling import Package


class PackageHere:
    """What `PackageProcess` is, but without a process; both sides see JSON alone."""

    def __init__(self, out, package, base_url, arguments):
        self._out, self._name = str(out), package
        self._others = self._forgotten()  # what other tests have imported of that name
        about = {"out": self._out, "package": package, "base_url": base_url}
        self._package = Package({**about, "arguments": _as_json(arguments)})
        self.import_ms = self._package.import_ms

    def call(self, call, mode):
        return _as_json(self._package.call(_as_json({**call, "mode": mode})))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._package.close()
        sys.path.remove(self._out)
        self._forgotten()
        sys.modules.update(self._others)

    def _forgotten(self):
        names = [each for each in sys.modules if each.split(".")[0] == self._name]
        return {each: sys.modules.pop(each) for each in names}


def _as_json(value):
    return json.loads(json.dumps(value))
