"""The session of one invocation: its shared options, its profile and its client."""

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple, Union

import click

from ai_spine.config.key_file import KeyFile
from ai_spine.utils import Secret
from ai_spine.utils.did_you_mean import hint

# They take time to import, which neither a help page nor completion should wait for.
if TYPE_CHECKING:
    from ai_spine.async_client import AsyncAISpine
    from ai_spine.client import AISpine
    from ai_spine.config.profiles import Profile

TENANCY = ("tenant", "workspace")
FORMATS = ("table", "json", "jsonl", "yaml", "csv")


class Session:
    """The shared options, as far as they have been read, and what is made from them."""

    def __init__(self) -> None:
        self.options: Dict[str, Any] = {}
        self._profile: "Optional[Profile]" = None
        self._client: "Optional[AISpine]" = None

    @property
    def output(self) -> str:
        """The output format: one of `FORMATS`.

        Raises:
            ConfigurationError: The profile cannot be read, or its format is unknown.
        """
        given = self.options.get("output")
        own = None if given else self.profile.own("output")
        if own is not None:
            return read_output(own.name, own.text)
        return str(given or FORMATS[0])

    @property
    def profile(self) -> "Profile":
        """The profile for settings that neither an option nor the environment has.

        Raises:
            ConfigurationError: It cannot be read.
        """
        if self._profile is None:
            from ai_spine.config.profiles import load_profile

            self._profile = load_profile(self.options.get("profile"))
        return self._profile

    def client(self, **more: Any) -> "AISpine":
        """Return the client that the options describe; it is closed when the command ends.

        Args:
            **more: Further arguments of `AISpine`.
        """
        from ai_spine.client import AISpine

        make, given = self._prepare(AISpine, "client")
        context = click.get_current_context().find_root()
        self._client = context.with_resource(make(**given, **more))
        return self._client

    def async_client(self, **more: Any) -> "AsyncAISpine":
        """Return the async client that the options describe; the caller closes it.

        Args:
            **more: Further arguments of `AsyncAISpine`.
        """
        from ai_spine.async_client import AsyncAISpine

        make, given = self._prepare(AsyncAISpine, "async_client")
        made: AsyncAISpine = make(**given, **more)
        return made

    def _prepare(self, make: Any, name: str) -> Tuple[Any, Dict[str, Any]]:
        """Return what makes the client, a local server's method if need be, and its arguments."""
        from ai_spine.exceptions import ConfigurationError

        context = click.get_current_context().find_root()
        given = self._arguments()
        if self.options.get("local"):
            if "base_url" in given:
                raise ConfigurationError("--local and --base-url exclude each other")
            make = getattr(context.with_resource(import_local().LocalServer()), name)
            given["profile"] = ""  # its settings are for another server
        return make, given

    @property
    def has_client(self) -> bool:
        """Whether the command has made its client."""
        return self._client is not None

    @property
    def sends_no_key(self) -> bool:
        """Whether the command has made its client, without any key."""
        return self._client is not None and self._client._api.settings.api_key is None

    def quick_client(self, timeout: float) -> "AISpine":
        """Return a client for requests that nobody waits for: one attempt, and a short timeout.

        Args:
            timeout: Seconds for a call.

        Returns:
            The command's own client, with these settings; a new one if it has none.
        """
        from ai_spine.client import AISpine

        made = self._client or AISpine(**self._arguments())
        return made.with_options(timeout=timeout, deadline=timeout, max_retries=0)

    def _arguments(self) -> Dict[str, Any]:
        known = ("base_url", "timeout", "debug", "profile", *TENANCY)
        given = {name: self.options[name] for name in known if name in self.options}
        key = self.key
        return given if key is None else {**given, "api_key": key}

    @property
    def key(self) -> "Union[None, str, KeyFile]":
        """The key that an option gives, or the file that has it.

        Raises:
            ConfigurationError: The file cannot be read or has no key, or both are given.
        """
        path = self.options.get("api_key_file")
        if path is None:
            given: Optional[str] = self.options.get("api_key")
            return given
        if "api_key" in self.options:
            from ai_spine.exceptions import ConfigurationError

            raise ConfigurationError("--api-key and --api-key-file exclude each other")
        file = KeyFile(path, "--api-key-file")
        file()  # before anything is sent
        return file


def read_output(name: str, text: Secret) -> str:
    """Read the name of a format of results.

    Args:
        name: The name of the setting in errors.
        text: The text of the setting.

    Raises:
        ConfigurationError: There is no such format.
    """
    if text.reveal() in FORMATS:
        return text.reveal()
    from ai_spine.exceptions import ConfigurationError

    meant = hint(text.reveal(), FORMATS)
    raise ConfigurationError(f"{name} must be one of {', '.join(FORMATS)}{meant}")


def import_local() -> Any:
    """Return the module of the local server.

    Raises:
        ConfigurationError: The extra that it needs is not installed.
    """
    try:
        import ai_spine.local
    except ImportError as error:
        from ai_spine.exceptions import ConfigurationError

        raise ConfigurationError(str(error)) from None
    return ai_spine.local


def session() -> Session:
    """Return the session of the command that runs."""
    return click.get_current_context().ensure_object(Session)
