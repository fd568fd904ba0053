"""The errors of SDK-Sync, each with a code that scripts can rely on.

SDKSyncError SDK001 (AISpineError)
├── SchemaRegistryError  SDK002    the registry refused, or its store is damaged
├── CodegenError         SDK003    no package could be generated
├── VersionMismatchError SDK004    two versions of a schema do not fit together
├── ValidationError      SDK005    data does not fit a schema (ValueError)
├── MigrationError       SDK006    data could not be migrated
├── ExportError          SDK007    schemas could not be read from a backend
├── ImportError          SDK008    schemas could not be read from files
├── ConfigError          SDK009    an argument or an option is wrong (ValueError)
└── NetworkError         SDK010    a backend could not be reached

SDKSyncWarning (UserWarning): something is missing or does not fit, and is let pass.
"""

from typing import Any, ClassVar, Dict, List, Mapping, Optional, Sequence

from ai_spine.exceptions import AISpineError


class SDKSyncError(AISpineError):
    """Anything that SDK-Sync raises.

    Args:
        message: What went wrong, in one sentence.
        details: What programs may want to know of it, as JSON.

    Example:
        >>> SDKSyncError("It is broken.").to_dict()
        {'error': 'SDKSyncError', 'message': 'It is broken.', 'code': 'SDK001', 'details': {}}
    """

    code: ClassVar[str] = "SDK001"

    def __init__(
        self, message: str = "", *, details: Optional[Mapping[str, Any]] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: Dict[str, Any] = dict(details or {})

    def to_dict(self) -> Dict[str, Any]:
        """Return the error as JSON: its class, message, code and details."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "code": self.code,
            "details": self.details,
        }


class SchemaRegistryError(SDKSyncError):
    """The registry refused, or its store is damaged.

    Args:
        message: What went wrong, in one sentence.
        schema_name: The schema.
        version: Its version.
    """

    code = "SDK002"

    def __init__(
        self,
        message: str = "",
        *,
        schema_name: Optional[str] = None,
        version: Optional[str] = None,
    ) -> None:
        super().__init__(
            message, details={"schema_name": schema_name, "version": version}
        )
        self.schema_name = schema_name
        self.version = version


class CodegenError(SDKSyncError):
    """No package could be generated.

    Args:
        message: What went wrong, in one sentence.
        source_file: The file that it is about.
        line_number: The line in it, counted from 1.
    """

    code = "SDK003"

    def __init__(
        self,
        message: str = "",
        *,
        source_file: Optional[str] = None,
        line_number: Optional[int] = None,
    ) -> None:
        details = {"source_file": source_file, "line_number": line_number}
        super().__init__(message, details={"target_language": "python", **details})
        self.source_file = source_file
        self.line_number = line_number


class VersionMismatchError(SDKSyncError):
    """Two versions of a schema do not fit together.

    Args:
        message: What went wrong, in one sentence.
        expected_version: The version that was expected.
        actual_version: The version that there is.
        schema_name: The schema.
    """

    code = "SDK004"

    def __init__(
        self,
        message: str = "",
        *,
        expected_version: Optional[str] = None,
        actual_version: Optional[str] = None,
        schema_name: Optional[str] = None,
    ) -> None:
        super().__init__(
            message,
            details={
                "expected_version": expected_version,
                "actual_version": actual_version,
                "schema_name": schema_name,
            },
        )
        self.expected_version = expected_version
        self.actual_version = actual_version
        self.schema_name = schema_name


class ValidationError(SDKSyncError, ValueError):
    """Data does not fit a schema.

    Args:
        message: What went wrong, in one sentence.
        field_path: The JSON Pointer of the first place that does not fit.
        validation_errors: Each place that does not fit: `path` (a JSON Pointer), `field`, `error`
            (the rule that it breaks) and `message`.
    """

    code = "SDK005"

    def __init__(
        self,
        message: str = "",
        *,
        field_path: Optional[str] = None,
        validation_errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        errors: List[Dict[str, Any]] = [dict(each) for each in validation_errors]
        super().__init__(
            message, details={"field_path": field_path, "validation_errors": errors}
        )
        self.field_path = field_path
        self.validation_errors = errors


class MigrationError(SDKSyncError):
    """Data could not be migrated from one version to another.

    Args:
        message: What went wrong, in one sentence.
        from_version: The version of the data.
        to_version: The version that was wanted.
        schema_name: The schema.
    """

    code = "SDK006"

    def __init__(
        self,
        message: str = "",
        *,
        from_version: Optional[str] = None,
        to_version: Optional[str] = None,
        schema_name: Optional[str] = None,
    ) -> None:
        super().__init__(
            message,
            details={
                "from_version": from_version,
                "to_version": to_version,
                "schema_name": schema_name,
            },
        )
        self.from_version = from_version
        self.to_version = to_version
        self.schema_name = schema_name


class ExportError(SDKSyncError):
    """Schemas could not be read from a backend.

    Args:
        message: What went wrong, in one sentence.
        backend_url: The backend.
    """

    code = "SDK007"

    def __init__(self, message: str = "", *, backend_url: Optional[str] = None) -> None:
        super().__init__(message, details={"backend_url": backend_url})
        self.backend_url = backend_url


class ImportError(SDKSyncError):
    """Schemas could not be read from files.

    Args:
        message: What went wrong, in one sentence.
        source_path: The file or folder.
    """

    code = "SDK008"

    def __init__(self, message: str = "", *, source_path: Optional[str] = None) -> None:
        super().__init__(message, details={"source_path": source_path})
        self.source_path = source_path


class ConfigError(SDKSyncError, ValueError):
    """An argument or an option is wrong."""

    code = "SDK009"


class NetworkError(SDKSyncError):
    """A backend could not be reached.

    Args:
        message: What went wrong, in one sentence.
        backend_url: The backend.
    """

    code = "SDK010"

    def __init__(self, message: str = "", *, backend_url: Optional[str] = None) -> None:
        super().__init__(message, details={"backend_url": backend_url})
        self.backend_url = backend_url


class SDKSyncWarning(UserWarning):
    """Something is missing or does not fit, and is let pass."""
