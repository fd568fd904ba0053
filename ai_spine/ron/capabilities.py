"""Capabilities: macaroons that their holder restricts further, in the terms of the app plane.

RON-CORE names them "macaroon / bearer token" and leaves the encoding open: libmacaroons' is ours.
"""

import functools
import re
from datetime import datetime, timedelta, timezone
from inspect import isawaitable
from ipaddress import ip_network
from typing import Any, Iterable, List, Optional, Sequence

from ai_spine.policy.validation import check_header_value, check_seconds
from ai_spine.ron.errors import RonConfigError
from ai_spine.ron.wire import read_time, write_time
from ai_spine.utils import Secret, parse_timestamp
from ai_spine.utils.macaroons import Macaroon

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_EXPIRY = "expiry = "


def caveats_of(
    expiry: Any = None,
    readonly: bool = False,
    tenant: Optional[str] = None,
    write_once: bool = False,
    content_prefix: Optional[str] = None,
    ip_allowlist: Iterable[str] = (),
) -> List[str]:
    """Return the texts of caveats; the first three are ours, the others are named by RON-CORE.

    Raises:
        RonConfigError: One is wrong, or there is none.
    """
    texts = {"tenant": tenant, "content_prefix": content_prefix}
    texts["ip_allowlist"] = _networks(ip_allowlist)
    flags = {"readonly": readonly, "write_once": write_once}
    found = [] if expiry is None else [_EXPIRY + write_time(_moment(expiry))]
    found += [f"{name} = true" for name, flag in flags.items() if flag]
    for name, text in ((n, text) for n, text in texts.items() if text is not None):
        found.append(f"{name} = {check_header_value(name, text, RonConfigError)}")
    if not found:
        raise RonConfigError("with_caveat needs a caveat, such as expiry or readonly")
    return found


def _networks(given: Iterable[str]) -> Optional[str]:
    try:
        known = [] if isinstance(given, str) else [each.strip() for each in given]
        if known or not given:
            return ",".join(str(ip_network(text)) for text in known) or None
    except (TypeError, AttributeError, ValueError):
        pass
    raise RonConfigError("ip_allowlist must be a list of networks, such as 10.0.0.0/8")


def _moment(expiry: Any) -> datetime:
    """Return when a time, a duration or a text such as `10m` is over."""
    now = datetime.now(timezone.utc)
    if isinstance(expiry, datetime):
        moment = read_time(write_time(expiry))
    else:
        if isinstance(expiry, str) and re.fullmatch("[0-9]{1,12}[smhd]", expiry):
            expiry = int(expiry[:-1]) * _UNITS[expiry[-1]]
        problem = "expiry must be a time to come, a duration, or a text such as 10m"
        if isinstance(expiry, str):
            raise RonConfigError(problem)
        seconds = check_seconds("expiry", expiry, RonConfigError)
        moment = now + timedelta(seconds=seconds)
    if moment <= now:
        raise RonConfigError("expiry is over already: the token could not be used")
    return moment


def restrict(token: Secret, caveats: Sequence[str]) -> Secret:
    """Return a token, or the function that returns it, with more caveats.

    Raises:
        RonConfigError: The token is no macaroon.
    """
    if callable(token.reveal()):
        return Secret(functools.partial(_from_source, token, caveats))  # type: ignore[arg-type]
    try:
        return Secret(Macaroon.read(token.reveal()).restrict(caveats).to_text())
    except ValueError as error:
        raise RonConfigError(f"the token cannot be restricted: {error}") from None


def _from_source(source: Any, caveats: Sequence[str]) -> Any:
    given = Secret(source.reveal()())  # wrapped, for the sake of tracebacks with locals
    if isawaitable(given.reveal()):
        return _awaited(given.reveal(), caveats)
    return restrict(given, caveats).reveal()


async def _awaited(given: Any, caveats: Sequence[str]) -> Any:
    return restrict(Secret(await given), caveats).reveal()


def expiry_of(token: Optional[Secret]) -> Optional[datetime]:
    """Return when a token ends, as far as its own caveats say."""
    try:
        caveats = Macaroon.read(token.reveal()).caveats if token else ()
    except ValueError:
        return None
    ends = [each[len(_EXPIRY) :] for each in caveats if each.startswith(_EXPIRY)]
    moments = (parse_timestamp(text) for text in ends)
    # Of what is no time, the node decides what it means.
    return min((each for each in moments if isinstance(each, datetime)), default=None)
