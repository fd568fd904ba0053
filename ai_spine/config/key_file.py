"""`KeyFile`: a key in a file, as Docker and Kubernetes mount secrets."""

from typing import NoReturn

from ai_spine.utils import Secret, is_header_value

_LARGEST = 64 * 1024  # bytes


class KeyFile:
    """Reads a key from a file each time it is called, since the key may change.

    Args:
        path: The path of the file.
        name: What named it, for messages.
    """

    def __init__(self, path: str, name: str) -> None:
        self.path, self.name = path, name

    def __call__(self) -> str:
        """Return the key, without the newline at the end of the file.

        Raises:
            ConfigurationError: The file cannot be read, or has no key.
        """
        try:
            with open(self.path, "rb") as file:
                text = file.read(_LARGEST + 1).decode("latin-1")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            self._refuse(f"cannot be read: {reason}")
        secret = Secret(text.rstrip("\r\n"))
        del text  # so that no traceback that shows local variables shows it
        if len(secret.reveal()) > _LARGEST:
            self._refuse(f"is larger than {_LARGEST // 1024} KiB")
        if not is_header_value(secret.reveal()):
            self._refuse("must contain one line of printable ASCII text, the key")
        return secret.reveal()

    def __repr__(self) -> str:
        return f"KeyFile({self.name!r})"

    def _refuse(self, problem: str) -> NoReturn:
        # `exceptions` imports `requests`, and a help page need not wait for that.
        from ai_spine.exceptions import ConfigurationError

        # Without the path, which may be a key in the wrong place.
        raise ConfigurationError(f"{self.name}: the file {problem}") from None
