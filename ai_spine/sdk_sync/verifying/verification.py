"""`verify_package`: calls each operation of a package against a server of its document."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import parse_qsl

from ai_spine.sdk_sync.errors import ConfigError
from ai_spine.sdk_sync.generated_folder import read_manifest
from ai_spine.sdk_sync.generators.python.endpoints.client_module import (
    reserved_arguments,
)
from ai_spine.sdk_sync.generators.python.endpoints.config import Config
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    GroupPlan,
    OperationPlan,
    OperationsPlan,
    plan_operations,
)
from ai_spine.sdk_sync.generators.python.endpoints.security import (
    BASIC,
    NONE,
    schemes_of,
)
from ai_spine.sdk_sync.generators.python.package import LOCK, names_in_lock
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.sdk_sync.verifying.arguments import (
    Call,
    Impossible,
    calls_of,
    defaults_of,
)
from ai_spine.sdk_sync.verifying.comparing import difference, same
from ai_spine.sdk_sync.verifying.messages import Request
from ai_spine.sdk_sync.verifying.process import (
    PackageProcess,
    compile_errors,
    type_errors,
)
from ai_spine.sdk_sync.verifying.server import DocumentServer
from ai_spine.utils import one_line

MODES = ("sync", "async")
_TOKEN = "a-token"  # nosec B105
_LONGEST = 400


class Finding(NamedTuple):
    """What was found of an operation."""

    operation: str
    sentence: str

    def __str__(self) -> str:
        return f"{one_line(self.operation, 100)}: {self.sentence}"


@dataclass
class Verification:
    """What was found of a package.

    Attributes:
        operations: How many operations the package has.
        passed: How many of them did what the document says, in all of their calls.
        calls: How many calls there were.
        failures: What is wrong.
        unchecked: What could not be checked, and why.
        type_errors: What `mypy --strict` says; `None` if mypy is not installed or was not asked.
        import_ms: How long the import of the package took, without that of the runtime.
        first_call_ms: How long the first call took.
    """

    operations: int = 0
    passed: int = 0
    calls: int = 0
    failures: List[Finding] = field(default_factory=list)
    unchecked: List[Finding] = field(default_factory=list)
    type_errors: Optional[List[str]] = None
    import_ms: float = 0.0
    first_call_ms: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures and not self.type_errors


def verify_package(
    out: Path,
    document: Path,
    *,
    config: Config = Config(),
    types: bool = True,
    cache: Optional[Path] = None,
    progress: Callable[[str], Any] = lambda words: None,
) -> Verification:
    """Return what is wrong in a package that was generated from an OpenAPI document.

    It is compiled, type-checked, imported in a process of its own, and each of its operations is
    called, by its synchronous and its asynchronous method, with all arguments and with few.

    Args:
        out: The folder that has the package.
        document: The document.
        config: The configuration that it was generated with.
        types: Whether to check the types, where mypy is installed.
        cache: Where mypy keeps what it knows.
        progress: Called with a few words when a step begins.

    Raises:
        ConfigError: The folder has no such package, or a library is missing.
        ImportError: The document cannot be read.
        CodegenError: The package cannot be imported.
    """
    package = package_in(out)
    found = Verification()
    with DocumentServer(document) as server:
        spec = server.document.spec
        manifest = read_manifest(out, LOCK)
        plan = plan_operations(spec, config, names_in_lock(manifest))
        found.operations = len(plan.operations)
        for error in compile_errors(out, package):
            found.failures.append(Finding(package, f"it is no Python: {error}"))
        if manifest.get("spec") != spec.compute_hash():
            words = "it was generated from another version of the document"
            found.failures.append(Finding(package, words))
        if found.failures:
            return found
        if types:
            progress("checking the types")
            found.type_errors = type_errors(out, package, cache)
        progress("calling the operations")
        known = defaults_of(spec, plan)
        arguments = {**_credentials(spec), **known}
        with PackageProcess(out, package, server.url, arguments) as process:
            found.import_ms = process.import_ms
            _Calls(server, process, plan, known, found).run()
    return found


def package_in(out: Path) -> str:
    """Return the name of the package that a folder has.

    Raises:
        ConfigError: It has none, or several.
    """
    found = [each.parent.name for each in sorted(out.glob("*/client.py"))]
    if len(found) != 1 or not (out / LOCK).exists():
        shown = one_line(str(out), 300)
        raise ConfigError(f"{shown} has no package that was generated for endpoints")
    return found[0]


def _credentials(spec: IRSpec) -> Dict[str, Any]:
    """Return a credential for each security scheme, by the arguments of clients."""
    schemes = schemes_of(spec, reserved_arguments())
    return {
        each.keyword: ["user", _TOKEN] if each.kind == BASIC else _TOKEN
        for each in schemes
        if each.kind != NONE
    }


class _Calls:
    """Makes the calls of a package, and judges them."""

    def __init__(
        self,
        server: DocumentServer,
        process: PackageProcess,
        plan: OperationsPlan,
        known: Dict[str, Any],
        found: Verification,
    ) -> None:
        self._server, self._process = server, process
        self._plan, self._known, self._found = plan, known, found

    def run(self) -> None:
        for group in self._plan.groups:
            for operation in group.operations:
                self._verify(group, operation)

    def _verify(self, group: GroupPlan, operation: OperationPlan) -> None:
        """Make the calls of one operation."""
        problems: List[str] = []
        reasons: List[str] = []
        for call, mode in self._calls(group, operation, reasons):
            problem, reason = self._call(call, mode)
            problems += [problem] if problem else []
            reasons += [reason] if reason else []
        name = f"{group.names.attribute}.{operation.name}"
        for problem in dict.fromkeys(problems):
            self._found.failures.append(Finding(name, problem))
        for reason in dict.fromkeys(reasons):
            self._found.unchecked.append(Finding(name, f"not checked: {reason}"))
        self._found.passed += not problems

    def _calls(
        self, group: GroupPlan, operation: OperationPlan, reasons: List[str]
    ) -> Iterator[Tuple[Call, str]]:
        spec = self._server.document.spec
        try:
            for call in calls_of(spec, group, operation, self._known):
                for mode in MODES:
                    yield call, mode
        except Impossible as error:
            reasons.append(str(error))

    def _call(self, call: Call, mode: str) -> Tuple[Optional[str], Optional[str]]:
        """Return what is wrong with a call, and what of it could not be checked."""
        self._server.received.clear()
        self._server.expected = call.operation
        result = self._process.call(call.to_dict(), mode)
        self._found.calls += 1
        if not self._found.first_call_ms:
            self._found.first_call_ms = float(result.get("ms", 0.0))
        received = list(self._server.received)
        if len(received) != 1:
            said = one_line(str(result.get("error", "")), _LONGEST)
            return f"{mode}: it sent {len(received)} requests; {said}", None
        only = received[0]
        if only.problem is not None:
            return f"{mode}: {only.problem}", only.unchecked
        if only.operation != call.operation:
            shown = one_line(str(only.operation), 100)
            return f"{mode}: it called {shown}", None
        problem = _missing(call, only.request)
        problem = problem or self._sent_wrongly(call, only.request.body)
        if problem is None and only.answer.unchecked is None:
            problem = difference(result, only.answer)
        return problem and f"{mode}: {problem}", only.unchecked

    def _sent_wrongly(self, call: Call, body: bytes) -> Optional[str]:
        """Return how the body of a request is otherwise than what was passed."""
        import json

        if call.content is None or call.content.kind != "json":
            return None
        try:
            sent = json.loads(body)
        except ValueError:
            return "the body that it sent is no JSON"
        is_marked = isinstance(sent, dict) and call.expected == "events"
        if is_marked and "stream" not in (call.body or {}):
            sent.pop("stream", None)
        if same(sent, call.body):
            return None
        shown = one_line(repr(sent), 150), one_line(repr(call.body), 150)
        return f"it sent {shown[0]} for {shown[1]}"


def _missing(call: Call, request: Request) -> Optional[str]:
    """Return which parameter was passed, but not sent."""
    query = [name for name, _ in parse_qsl(request.query, keep_blank_values=True)]
    cookie = request.header("Cookie") or ""
    for each in call.sent:
        name = each.name
        # An object may be sent as its properties, each by its own name.
        is_object = each.get_style() == "form" and each.get_explode()
        if each.location == "query":
            starts = (f"{name}[", f"{name}.")
            is_there = any(n == name or n.startswith(starts) for n in query)
            is_there = is_there or (is_object and bool(query))
        elif each.location == "header":
            is_there = request.header(name) is not None
        elif each.location == "cookie":
            is_there = f"{name}=" in cookie or (is_object and bool(cookie))
        else:
            continue
        if not is_there and each.content_type is None:
            return f"it did not send the {each.location} parameter {name!r}"
    return None
