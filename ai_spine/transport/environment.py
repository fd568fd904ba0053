"""The proxy and the TLS settings of async transports: the client's own, or the environment's."""

import os
import ssl
from typing import Optional

import certifi
import requests.utils
from urllib3.util.ssl_ import create_urllib3_context

from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.settings import Settings
from ai_spine.utils import Secret, one_line


def proxy_of(settings: Settings) -> Optional[Secret]:
    """Return the proxy for the client's server, as `requests` would choose it."""
    known = {name: proxy.reveal() for name, proxy in settings.proxies.items()}
    no_proxy = known.pop("no_proxy", None)
    found = requests.utils.get_environ_proxies(settings.base_url, no_proxy=no_proxy)
    if no_proxy and requests.utils.should_bypass_proxies(settings.base_url, no_proxy):
        known = {}
    found.pop("no", None)
    proxy = requests.utils.select_proxy(settings.base_url, {**found, **known})
    if not proxy:
        return None
    return Secret(proxy if "://" in proxy else f"http://{proxy}")


def check_proxy(settings: Settings) -> None:
    """Refuse a proxy that the libraries for asyncio cannot use.

    Raises:
        ConfigurationError: It is not an HTTP proxy.
    """
    proxy = proxy_of(settings)
    scheme = proxy.reveal().partition(":")[0].lower() if proxy else "http"
    if scheme not in ("http", "https"):
        name = settings.client
        raise ConfigurationError(
            f"{name} cannot use a {scheme} proxy: use an http proxy, or {name.replace('Async', '')}"
        )


def needs_tls(settings: Settings, proxy: Optional[Secret]) -> bool:
    """Return whether the server or the proxy is reached over TLS: to read the CAs takes a while."""
    urls = (settings.base_url, proxy.reveal() if proxy else "")
    return any(url.lower().startswith("https:") for url in urls)


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Return the context for connections to the client's server.

    Raises:
        ConfigurationError: A certificate cannot be read.
    """
    verify = settings.verify
    if verify is True:
        names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        verify = next(filter(None, map(os.environ.get, names)), None) or certifi.where()
    # Not the system's own CAs, which `create_default_context` would trust as well.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual = create_urllib3_context()  # which `requests` uses
    context.options |= usual.options
    context.verify_flags |= usual.verify_flags
    context.hostname_checks_common_name = False
    try:
        if verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif os.path.isdir(verify):
            context.load_verify_locations(capath=verify)
        else:
            context.load_verify_locations(cafile=verify)
        if settings.cert is not None:
            cert = settings.cert
            pair = (cert, None) if isinstance(cert, str) else cert
            context.load_cert_chain(*pair)
    except (OSError, ssl.SSLError) as error:
        words = one_line(str(error), 200)
        raise ConfigurationError(f"a certificate cannot be read: {words}") from None
    return context
