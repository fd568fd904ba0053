"""`PythonSDKGenerator`: a whole package of typed clients, of one specification."""

import ast
import keyword
import re
import string
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

from ai_spine.__version__ import __version__
from ai_spine.config.urls import check_base_url
from ai_spine.exceptions import ConfigurationError
from ai_spine.sdk_sync.errors import CodegenError, ConfigError
from ai_spine.sdk_sync.generated_folder import (
    Difference,
    check_folder,
    differences,
    read_manifest,
    with_manifest,
    write_generated,
)
from ai_spine.sdk_sync.generators.python.clients import (
    DEFAULT_BASE_URL,
    class_names,
    client_names,
    clients_module,
    validation_module,
)
from ai_spine.sdk_sync.generators.python.formatting import format_files
from ai_spine.sdk_sync.generators.python.plan import Plan, plan_models
from ai_spine.sdk_sync.generators.python.readme import write_readme
from ai_spine.sdk_sync.generators.python.styles import STYLES
from ai_spine.sdk_sync.generators.python.filling import fill
from ai_spine.sdk_sync.generators.python.syntax import literal, module, source_of
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.utils import one_line

DEFAULT_PACKAGE = "n3_sdk"
DEFAULT_VERSION = "1.0.0"
LOCK = "spec.lock"
LOCK_FORMAT = 1
_TEMPLATES = Path(__file__).parent / "templates"
_PACKAGE_NAME = re.compile("[a-z][a-z0-9_]*")
# The public versions of PEP 440, in their usual spelling.
_VERSION = re.compile(
    r"[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?"
)
_TAKEN = {"ai_spine", "attrs", "httpx", "pydantic", "test", "tests"}
_JSONSCHEMA = "jsonschema>=4.18"
_DEVICE = re.compile("aux|con|nul|prn|(com|lpt)[0-9]")  # no folder on Windows
_INIT = """
def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
"""


class PythonSDKGenerator:
    """Writes a package of typed clients.

    Args:
        spec: What it is generated from.
        package_name: The name that it is imported by.
        output_dir: The folder to write; it holds `pyproject.toml`, `README.md`, `spec.lock` and the
            folder of the package.
        base_url: The backend that clients call unless they are given another.
        version: The version of the package.
        strict: Whether what cannot be typed is an error, not a warning.
        models: `pydantic` or `attrs`.
        format: Whether to format the code, by ruff.
        force: Whether the folder may have other files, which are kept.
        progress: Called with a few words when a step begins.

    Attributes:
        warnings: What could not be typed, a sentence each, once the package is rendered.
        model_count: How many models it has, likewise.

    Raises:
        ConfigError: An argument is wrong.
    """

    def __init__(
        self,
        spec: IRSpec,
        package_name: str = DEFAULT_PACKAGE,
        output_dir: Union[str, Path] = "sdk",
        base_url: str = DEFAULT_BASE_URL,
        version: str = DEFAULT_VERSION,
        *,
        strict: bool = False,
        models: str = "pydantic",
        format: bool = True,
        force: bool = False,
        progress: Optional[Callable[[str], Any]] = None,
    ) -> None:
        check_package_name(package_name)
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            shown = one_line(repr(version), 100)
            raise ConfigError(
                f"the version of a package is such as 1.2.3 or 1.2.3rc1, not {shown}"
            )
        if models not in STYLES:
            shown = one_line(repr(models), 60)
            raise ConfigError(f"models are {' or '.join(STYLES)}, not {shown}")
        try:  # it becomes code that is passed on: a password has no place in it
            self.base_url = check_base_url("base_url", base_url)
        except ConfigurationError as error:
            raise ConfigError(str(error)) from None
        self.spec = spec.sorted()
        self.package_name = package_name
        self.output_dir = Path(output_dir)
        self.version = version
        self.warnings: List[str] = []
        self.model_count = 0
        self._strict, self._models = strict, models
        self._format, self._force = format, force
        self._progress = progress or (lambda words: None)

    async def generate(self) -> Path:
        """Write the package, and return the folder that has it.

        Raises:
            ConfigError: The folder has something in it that was not generated.
            CodegenError: The package could not be generated; what was there is as it was.
        """
        return self.generate_sync()

    def generate_sync(self) -> Path:
        """Do the same outside an event loop."""
        check_folder(self.output_dir, LOCK, force=self._force)
        files = self.render()
        self._progress("writing")
        write_generated(self.output_dir, files, LOCK, force=self._force)
        return self.output_dir

    def check(self) -> List[Difference]:
        """Return how the folder differs from what would be generated; nothing is changed."""
        return differences(self.output_dir, self.render())

    @property
    def summary(self) -> str:
        """How much the package has, in words, once it is rendered."""
        tools = counted(len(self.spec.tools), "client")
        return f"{tools} and {counted(self.model_count, 'model')}"

    def render(self) -> Dict[str, bytes]:
        """Return all files by their paths in the folder.

        Raises:
            CodegenError: The package cannot be generated, or, if strict, not all of it.
        """
        self._progress("planning")
        plan, clients = self._plan()
        self.warnings = [*_said_by(self.spec), *plan.warnings]
        self.model_count = len(plan.classes)
        self._refuse_warnings()
        self._progress("generating")
        files = self._modules(plan, clients, self.package_name)
        files["pyproject.toml"] = self._pyproject(self._requirements(files))
        files["README.md"] = self._readme(plan, clients)
        return self._finished(files, self._facts(plan, clients))

    def _refuse_warnings(self) -> None:
        """Refuse all warnings, if the package must be strict."""
        if self._strict and self.warnings:
            count = len(self.warnings)
            raise CodegenError(
                f"{count} part{'s' if count > 1 else ''} of the specification cannot be typed, "
                f"which --strict refuses: {one_line('; '.join(self.warnings[:3]), 600)}"
            )

    def _modules(
        self, plan: Plan, clients: Mapping[str, str], folder: str
    ) -> Dict[str, bytes]:
        """Return the modules of tools, in a folder of the output."""
        style = STYLES[self._models]
        trees = {
            "__init__": self._init_module(plan, clients),
            "models": style.emit(plan),
            "clients": clients_module(
                self.spec, plan, clients, self.base_url, style.runtime
            ),
            "validation": validation_module(self.spec, plan, style.runtime),
        }
        files = {
            f"{folder}/{name}.py": code_of(tree, name) for name, tree in trees.items()
        }
        files[f"{folder}/exceptions.py"] = _template("exceptions.py")
        files[f"{self.package_name}/py.typed"] = b""
        return files

    def tool_files(self, folder: str) -> Tuple[Dict[str, bytes], List[str]]:
        """Return the modules of tools in a folder of the output, and what could not be typed."""
        plan, clients = self._plan()
        return self._modules(plan, clients, folder), plan.warnings

    def _requirements(self, files: Mapping[str, bytes]) -> List[str]:
        """Return what the package needs besides this SDK."""
        # Rules that only JSON Schema can say are checked by it.
        found = any(b"FitsSchema(" in content for content in files.values())
        return [STYLES[self._models].requirement, *([_JSONSCHEMA] if found else [])]

    def _finished(
        self, files: Dict[str, bytes], facts: Mapping[str, Any]
    ) -> Dict[str, bytes]:
        """Return files with the lock file, formatted if they are to be."""
        if self._format:
            self._progress("formatting")
            files = format_files(files)
        return with_manifest(files, LOCK, facts)

    def _plan(self) -> Tuple[Plan, Dict[str, str]]:
        """Return the plan of the models, and the names of the clients."""
        given = names_in_lock(read_manifest(self.output_dir, LOCK))
        plan = plan_models(self.spec, given)
        clients = client_names(self.spec, plan, given)
        there = {*plan.names, *clients}
        if given.keys() <= there:
            return plan, clients
        # Names of what is no longer there are free again.
        given = {key: name for key, name in given.items() if key in there}
        plan = plan_models(self.spec, given)
        return plan, client_names(self.spec, plan, given)

    def _init_module(self, plan: Plan, clients: Mapping[str, str]) -> ast.Module:
        """Return the module that imports others when one of their names is first used."""
        names = {
            "clients": sorted(clients.values()),
            "models": class_names(plan),
        }
        exported = sorted(each for found in names.values() for each in found)
        count = len(clients)
        body: List[ast.stmt] = ast.parse(
            "import importlib\nfrom typing import Any, List"
        ).body
        if exported:
            body[1:] = ast.parse("from typing import TYPE_CHECKING, Any, List").body
            imports: List[ast.stmt] = [
                ast.ImportFrom(module, [ast.alias(each, each) for each in found], 1)
                for module, found in names.items()
                if found
            ]
            body.append(ast.If(ast.Name("TYPE_CHECKING"), imports, []))
        text = f"Typed clients of {count} tool{'' if count == 1 else 's'}."
        doc = f"{text} Generated by `ai-spine sdk-sync python`: do not edit."
        values: Dict[str, object] = {
            "__version__": self.version,
            "SCHEMA_VERSION": str(self.spec.version),
            "API_VERSION": self.spec.api_version,
            "__all__": ["API_VERSION", "SCHEMA_VERSION", *exported],
        }
        body += [fill(f"{n} = VALUE", {"VALUE": literal(v)}) for n, v in values.items()]
        module_of = {each: module for module, found in names.items() for each in found}
        annotated = "_MODULE_OF: dict[str, str] = VALUE"
        body.append(fill(annotated, {"VALUE": literal(module_of)}))
        body += ast.parse(_INIT).body
        return ast.Module([ast.Expr(ast.Constant(doc)), *body], [])

    def _readme(self, plan: Plan, clients: Mapping[str, str]) -> bytes:
        folder = self.output_dir.resolve().name
        text = write_readme(
            self.package_name,
            folder,
            self.spec,
            plan,
            clients,
            self.warnings,
            STYLES[self._models],
        )
        return text.encode("utf-8", "backslashreplace")

    def _pyproject(
        self, requirements: List[str], template: str = "pyproject.toml"
    ) -> bytes:
        text = _template(template).decode("utf-8")
        values = {
            "project": self.package_name.replace("_", "-"),
            "package": self.package_name,
            "version": self.version,
            "sdk_version": __version__,
            "requirements": '",\n    "'.join(sorted(requirements)),
        }
        return string.Template(text).substitute(values).encode("utf-8")

    def _facts(self, plan: Plan, clients: Mapping[str, str]) -> Dict[str, Any]:
        """Return what the lock file says, so that names stay as they are the next time."""
        return {
            "format": LOCK_FORMAT,
            "spec": self.spec.compute_hash(),
            "models": len(plan.classes),
            "tools": len(clients),
            "names": dict(sorted({**plan.names, **clients}.items())),
        }


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    Example:
        >>> counted(1, "model"), counted(2, "model")
        ('1 model', '2 models')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def check_package_name(name: Any) -> None:
    """Refuse what cannot be the name of a package.

    Raises:
        ConfigError: It cannot be imported, or another package has it.
    """
    if not isinstance(name, str) or not _PACKAGE_NAME.fullmatch(name):
        shown = one_line(repr(name), 100)
        raise ConfigError(
            "the name of a package has small letters, digits and underscores, and begins with a "
            f"letter: {shown} is none (--package-name gives another)"
        )
    known = getattr(sys, "stdlib_module_names", ())
    is_taken = name in _TAKEN or name in known or _DEVICE.fullmatch(name)
    if keyword.iskeyword(name) or is_taken:
        raise ConfigError(
            f"{name!r} is the name of something else: choose another name"
        )


def _said_by(spec: IRSpec) -> List[str]:
    """Return the warnings that whoever made the specification has added to it."""
    found = spec.metadata.get("warnings")
    return (
        [one_line(str(each), 300) for each in found] if isinstance(found, list) else []
    )


def names_in_lock(lock: Mapping[str, Any]) -> Dict[str, str]:
    """Return the names that a lock file has, by JSON Pointer."""
    names = lock.get("names")
    if not isinstance(names, dict):
        return {}
    return {key: name for key, name in names.items() if isinstance(name, str)}


def _template(name: str) -> bytes:
    return (_TEMPLATES / f"{name}-tpl").read_bytes()


def code_of(tree: ast.Module, name: str, *, is_spaced: bool = False) -> bytes:
    """Return the code of a module, and make sure that it is code.

    Args:
        tree: The module.
        name: Its name, for messages.
        is_spaced: Whether to leave lines between its statements.

    Raises:
        CodegenError: It is no code.
    """
    ast.fix_missing_locations(tree)
    # Methods have docstrings of several lines, whose indentation only `unparse` keeps.
    source = source_of(tree) if name == "models" else ast.unparse(tree) + "\n"
    if is_spaced:
        source = "".join(f"{_space(e)}{ast.unparse(module([e]))}\n" for e in tree.body)
    try:
        compile(source, f"{name}.py", "exec")
        return source.encode("utf-8")
    except (SyntaxError, ValueError, RecursionError) as error:
        words = one_line(str(error), 200)
        raise CodegenError(
            f"{name}.py could not be generated, which is a mistake of this program: {words}"
        ) from None


def _space(statement: ast.stmt) -> str:
    return "" if isinstance(statement, (ast.Import, ast.ImportFrom)) else "\n"
