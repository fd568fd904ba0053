"""`EndpointsGenerator`: a whole package of typed clients for the endpoints of an HTTP API."""

import ast
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

from ai_spine.sdk_sync.generated_folder import read_manifest
from ai_spine.sdk_sync.generators.python.endpoints.api_modules import (
    GENERATED,
    ApiModules,
)
from ai_spine.sdk_sync.generators.python.endpoints.client_module import ClientModule
from ai_spine.sdk_sync.generators.python.endpoints.config import Config
from ai_spine.sdk_sync.generators.python.endpoints.errors_module import (
    error_names,
    errors_module,
)
from ai_spine.sdk_sync.generators.python.endpoints.init_module import init_module
from ai_spine.sdk_sync.generators.python.endpoints.model_roots import roots_of
from ai_spine.sdk_sync.generators.python.endpoints.naming import NOT_MODELS
from ai_spine.sdk_sync.generators.python.endpoints.operations import (
    OperationsPlan,
    plan_operations,
)
from ai_spine.sdk_sync.generators.python.endpoints.paged import Paged, find_pages
from ai_spine.sdk_sync.generators.python.endpoints.readme import About, write_readme
from ai_spine.sdk_sync.generators.python.endpoints.servers import default_base_url
from ai_spine.sdk_sync.generators.python.endpoints.versions import package_version
from ai_spine.sdk_sync.generators.python.models import (
    ModelsPlan,
    emit_modules,
    plan_models,
)
from ai_spine.sdk_sync.generators.python.package import (
    LOCK,
    LOCK_FORMAT,
    PythonSDKGenerator,
    code_of,
    counted,
    names_in_lock,
)
from ai_spine.sdk_sync.ir import IRSpec
from ai_spine.sdk_sync.ir.references import escaped

_PYPROJECT = "client-pyproject.toml"


@dataclass(frozen=True)
class Planned:
    """The plan of a package.

    Attributes:
        operations: The operations.
        models: The models.
        paged: The operations that have pages, by their keys.
    """

    operations: OperationsPlan
    models: ModelsPlan
    paged: Mapping[str, Paged]

    @property
    def names(self) -> Dict[str, str]:
        """The names given, by JSON Pointer."""
        return {**self.models.names, **self.operations.names}


def plan_package(
    spec: IRSpec, config: Config, given: Mapping[str, str] = {}
) -> Planned:
    """Return the plan of a package.

    Args:
        spec: What it is generated from.
        config: What a user wants otherwise than it is by default.
        given: The names of an earlier run, by JSON Pointer.

    Raises:
        CodegenError: It cannot be planned.
        ConfigError: The configuration is wrong.
    """
    operations = plan_operations(spec, config, given)
    models = plan_models(
        spec,
        given,
        configured={
            key if key.startswith("/") else f"/models/{escaped(key)}": name
            for key, name in config.schemas.items()
        },
        roots=roots_of(operations.operations),
        reserved=NOT_MODELS,
    )
    paged = find_pages(spec, operations, models, config)
    return Planned(operations, models, paged)


class EndpointsGenerator(PythonSDKGenerator):
    """Writes a package of typed clients for endpoints; tools have theirs in its folder `tools`.

    Args:
        spec: What it is generated from.
        package_name: The name that it is imported by.
        output_dir: The folder to write.
        base_url: The server that clients call unless they are given another; by default, that of
            the specification.
        version: The version of the package; by default, that of the API.
        config: What a user wants otherwise than it is by default.
        strict: Whether a warning is an error.
        models: `attrs` or `pydantic`; by default, what the configuration says, or attrs.
        format: Whether to format the code, by ruff.
        force: Whether the folder may have other files, which are kept.
        progress: Called with a few words when a step begins.
        problems: What is wrong in the document that the specification was read from.
        left_out: The operations of that document that the specification lacks.

    Attributes:
        warnings: What is missing or otherwise than the document says, once it is rendered.
        model_count: How many models it has, likewise.
        operation_count: How many operations it has, likewise.
        left_out: The operations that it lacks.

    Raises:
        ConfigError: An argument is wrong.
    """

    def __init__(
        self,
        spec: IRSpec,
        package_name: str,
        output_dir: Union[str, Path] = "sdk",
        base_url: Optional[str] = None,
        version: Optional[str] = None,
        *,
        config: Config = Config(),
        strict: bool = False,
        models: Optional[str] = None,
        format: bool = True,
        force: bool = False,
        progress: Optional[Callable[[str], Any]] = None,
        problems: Sequence[str] = (),
        left_out: Sequence[str] = (),
    ) -> None:
        if base_url is not None:
            spec = replace(spec, servers=[{"url": base_url}, *spec.servers])
        super().__init__(
            spec,
            package_name,
            output_dir,
            base_url or default_base_url(spec.servers) or "http://localhost:8000",
            version or package_version(spec.api_version),
            strict=strict,
            models=models or config.models or "attrs",
            format=format,
            force=force,
            progress=progress,
        )
        self.config = config
        self.operation_count = 0
        self.left_out = list(left_out)
        self._problems = list(problems)

    @property
    def summary(self) -> str:
        """How much the package has, in words, once it is rendered."""
        count = self.operation_count
        operations = counted(count + len(self.left_out), "operation")
        parts = [f"{count} of {operations}", counted(self.model_count, "model")]
        if self.spec.tools:
            parts.append(counted(len(self.spec.tools), "tool"))
        return ", ".join(parts)

    def render(self) -> Dict[str, bytes]:
        """Return all files by their paths in the folder.

        Raises:
            CodegenError: The package cannot be generated, or, if strict, not all of it.
        """
        self._progress("planning")
        planned = self.plan()
        self.model_count = len(planned.models.classes)
        self.operation_count = len(planned.operations.operations)
        own = [*planned.operations.warnings, *planned.models.warnings]
        self.warnings = [*self._problems, *own]
        self._refuse_warnings()
        self._progress("generating")
        files = {
            f"{self.package_name}/{path}.py": code_of(tree, path, is_spaced=True)
            for path, tree in self._trees(planned).items()
        }
        files[f"{self.package_name}/py.typed"] = b""
        files.update(self._tools())
        requirements = self._requirements(files)
        files["pyproject.toml"] = self._pyproject(requirements, _PYPROJECT)
        files["README.md"] = write_readme(self._about(planned))
        return self._finished(files, self._lock(planned))

    def plan(self) -> Planned:
        """Return the plan of the package; names of an earlier run stay."""
        given = names_in_lock(read_manifest(self.output_dir, LOCK))
        planned = plan_package(self.spec, self.config, given)
        there = planned.names
        if given.keys() <= there.keys():
            return planned
        # Names of what is no longer there are free again.
        given = {k: name for k, name in given.items() if k in there}
        return plan_package(self.spec, self.config, given)

    def _trees(self, planned: Planned) -> Dict[str, ast.Module]:
        """Return the modules, by their paths in the package."""
        operations, models = planned.operations, planned.models
        statuses = {e.status for each in operations.operations for e in each.errors}
        api = ApiModules(self.spec, models, planned.paged, error_names(statuses))
        kinds = self._class_names(planned)
        trees = {
            "__init__": init_module(
                self.spec, self.version, list(models.modules), GENERATED
            ),
            "client": ClientModule(self.spec, operations, self._models, kinds).tree(
                GENERATED
            ),
            "errors": errors_module(operations.operations, models, GENERATED),
            "api/__init__": ast.parse(f'"""The operations. {GENERATED}"""'),
        }
        for group in operations.groups:
            module = group.names.module
            trees[f"api/{module}"] = api.module_of(group, kinds[module])
        for name, tree in emit_modules(models, self._models).items():
            trees[f"models/{name}"] = tree
        return trees

    def _class_names(self, planned: Planned) -> Dict[str, str]:
        """Return the names of the classes of groups, by their modules: no model has them."""
        taken = set(planned.models.modules)
        found: Dict[str, str] = {}
        for group in planned.operations.groups:
            kind = group.names.kind
            while not taken.isdisjoint([kind, f"Async{kind}"]):
                kind += "Api"
            taken |= {kind, f"Async{kind}"}
            found[group.names.module] = kind
        return found

    def _tools(self) -> Dict[str, bytes]:
        """Return the modules of tools, if there are any."""
        if not self.spec.tools:
            return {}
        own = PythonSDKGenerator(
            replace(self.spec, endpoints={}),
            self.package_name,
            self.output_dir,
            self.base_url,
            self.version,
            models=self._models,
        )
        files, said = own.tool_files(f"{self.package_name}/tools")
        self.warnings += said
        return files

    def _about(self, planned: Planned) -> About:
        return About(
            self.package_name,
            self.output_dir.resolve().name,
            self.spec,
            planned.operations,
            planned.models,
            planned.paged,
            self.left_out,
            [*planned.operations.warnings, *planned.models.warnings],
        )

    def _lock(self, planned: Planned) -> Dict[str, Any]:
        """Return what the lock file says, so that names stay as they are the next time."""
        return {
            "format": LOCK_FORMAT,
            "spec": self.spec.compute_hash(),
            "operations": self.operation_count,
            "left_out": len(self.left_out),
            "models": self.model_count,
            "tools": len(self.spec.tools),
            "names": dict(sorted(planned.names.items())),
        }
