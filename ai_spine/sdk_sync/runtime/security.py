"""What authorises operations: the schemes of an API, and a client's credentials for them. Pure."""

from typing import (
    Any,
    Collection,
    Dict,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.credentials import (
    TOKEN,
    ApiCredential,
    BasicCredential,
    CookieCredential,
    HeaderCredential,
    QueryCredential,
)
from ai_spine.sdk_sync.runtime.endpoints import Endpoint
from ai_spine.utils import Secret

_AUTHORIZATION = "Authorization"


class Scheme(NamedTuple):
    """A security scheme of an API.

    Attributes:
        kind: `bearer` (also for OAuth 2 and OpenID Connect), `basic`, `header`, `query` or
            `cookie`; `none` if requests carry nothing, as for certificates of clients.
        keyword: The argument of the client that its credential is.
        name: The name of the header, the parameter or the cookie.
        prefix: What precedes the token in a header.
    """

    kind: str
    keyword: str
    name: str = _AUTHORIZATION
    prefix: Optional[str] = None


class Authorisation(NamedTuple):
    """What a client has of the schemes of its API.

    Attributes:
        schemes: The schemes, by their names.
        credentials: The credentials that are given to the core, by their names there.
        names: The names of these credentials, by the schemes for which they are.
    """

    schemes: Mapping[str, Scheme]
    credentials: Mapping[str, ApiCredential]
    names: Mapping[str, Tuple[str, ...]]

    @property
    def all_names(self) -> Tuple[str, ...]:
        """The credentials for a request that no scheme is declared for: the token, or else all."""
        return (TOKEN,) if TOKEN in self.credentials else tuple(self.credentials)

    def names_for(self, endpoint: Endpoint[Any]) -> Tuple[str, ...]:
        """Return the credentials that the requests of an endpoint carry.

        Raises:
            ConfigurationError: The client does not have what it needs.
        """
        if endpoint.security is None:
            return (TOKEN,) if TOKEN in self.credentials else ()
        if not endpoint.security:
            return ()
        try:
            return self.choose(endpoint.security)
        except ConfigurationError as error:
            message = f"{endpoint.name} {error}"
        raise ConfigurationError(message)

    def choose(self, alternatives: Sequence[Collection[str]]) -> Tuple[str, ...]:
        """Return the credentials of the first alternative that the client has all of.

        One that is nothing comes last: a client that has credentials uses them.

        Raises:
            ConfigurationError: It has all of none.
        """
        for alternative in sorted(alternatives, key=lambda each: not each):
            if all(name in self.names for name in alternative):
                found = [each for name in alternative for each in self.names[name]]
                return tuple(dict.fromkeys(found))
        raise ConfigurationError(self._words(alternatives))

    def _words(self, alternatives: Sequence[Collection[str]]) -> str:
        schemes = " or ".join(" and ".join(names) for names in alternatives)
        keywords = " or ".join(
            ", ".join(f"{self._keyword(name)}=..." for name in names)
            for names in alternatives
        )
        alone = [name for names in alternatives if len(names) == 1 for name in names]
        kinds = [self.schemes[name].kind for name in alone if name in self.schemes]
        token = ", or with a token" if "bearer" in kinds else ""
        return f"needs {schemes}: make the client with {keywords}{token}"

    def _keyword(self, name: str) -> str:
        return self.schemes[name].keyword if name in self.schemes else name


def hide(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return credentials wrapped, so that no traceback shows one; `None` ones are left out."""
    return {
        name: value if isinstance(value, Secret) else Secret(value)
        for name, value in given.items()
        if value is not None
    }


def authorise(
    schemes: Mapping[str, Scheme],
    given: Mapping[str, Any],
    token: Optional[Secret] = None,
) -> Authorisation:
    """Return what a client has.

    Args:
        schemes: The schemes of the API, by their names.
        given: The credentials of the caller by the same names; `None` ones are absent. For `basic`
            it is a pair of a user name and a password; otherwise text, or a function that returns
            it. Any may be wrapped as `Secret`.
        token: The client's token, if it has one. It serves all schemes of the kind `bearer` that
            have no credential of their own; where the API has none, its only scheme.

    Raises:
        ConfigurationError: A credential cannot be sent.

    Example:
        >>> key, login = Scheme("header", "api_key", "X-Key"), Scheme("basic", "login")
        >>> schemes = {"key": key, "login": login}
        >>> authorise(schemes, {"key": "sk-1"}).choose([["login"], ["key"]])
        ('key',)
    """
    credentials: Dict[str, ApiCredential] = {}
    names: Dict[str, Tuple[str, ...]] = {}
    for name, scheme in schemes.items():
        value = given.get(name)
        if value is not None:
            credentials[name] = _credential_of(scheme, value)
            names[name] = (name,)
        elif scheme.kind == "none":
            names[name] = ()
    if token is not None:
        _add_token(schemes, token, credentials, names)
    return Authorisation(schemes, credentials, names)


def _add_token(
    schemes: Mapping[str, Scheme],
    token: Secret,
    credentials: Dict[str, ApiCredential],
    names: Dict[str, Tuple[str, ...]],
) -> None:
    """Let a client's token serve the schemes that it is for."""
    bearers = [name for name, scheme in schemes.items() if scheme.kind == "bearer"]
    others = [name for name, scheme in schemes.items() if scheme.kind not in _NO_TOKEN]
    if not bearers and len(others) == 1:
        credentials[TOKEN] = _credential_of(schemes[others[0]], token)
        bearers = others
    else:
        credentials[TOKEN] = HeaderCredential(_AUTHORIZATION, token)
    for name in bearers:
        names.setdefault(name, (TOKEN,))


_NO_TOKEN = ("none", "basic")


def _credential_of(scheme: Scheme, value: Any) -> ApiCredential:
    """Return the core's credential for one of a caller."""
    hidden = value if isinstance(value, Secret) else Secret(value)
    del value
    if scheme.kind == "basic":
        return _basic_credential(scheme, hidden)
    if scheme.kind == "query":
        return QueryCredential(scheme.name, hidden)
    if scheme.kind == "cookie":
        return CookieCredential(scheme.name, hidden)
    return HeaderCredential(scheme.name, hidden, scheme.prefix)


def _basic_credential(scheme: Scheme, hidden: Secret) -> ApiCredential:
    pair: Any = hidden.reveal()
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        del pair
        raise ConfigurationError(
            f"{scheme.keyword} must be a pair of a user name and a password"
        )
    user, password = pair[0], Secret(pair[1])
    del pair
    return BasicCredential(user, password)
