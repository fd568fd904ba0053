"""Turns the arguments of a client for any API into settings: it asks no environment for more."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ai_spine.config import arguments
from ai_spine.config.settings import check_policy
from ai_spine.config.urls import check_base_url
from ai_spine.exceptions import ConfigurationError
from ai_spine.policy.credentials import TOKEN, ApiCredential, HeaderCredential
from ai_spine.policy.settings import Phases, Settings
from ai_spine.policy.validation import check_amount, check_count, check_seconds
from ai_spine.utils import Secret

# What only a client of AI Spine has.
_ABSENT = {"on_credits_low": None, "credits_low_at": 0.0}


def check_all(given: Mapping[str, Any]) -> Settings:
    """Return the settings of a client from its arguments.

    Args:
        given: The arguments by name; those that are secrets are wrapped.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    wrong = ConfigurationError
    given = {**_ABSENT, **given}
    tenancy: Dict[str, Any] = {
        name: None if given[name] is None else arguments.check_tenant(name, given[name])
        for name in ("tenant", "workspace")
    }
    return Settings(
        api_key=None,
        access_token=None,
        api_prefix="",
        log_bodies=False,
        key_argument=TOKEN,
        base_url=check_base_url("base_url", given["base_url"], "a credential"),
        timeout=check_seconds("timeout", given["timeout"], wrong),
        max_retries=check_count("max_retries", given["max_retries"], error=wrong),
        credentials=check_credentials(given["credentials"], given["token"]),
        retry_budget=_check_budget(given["retry_budget"]),
        phases=_check_phases(given),
        **tenancy,
        **check_policy(given),
        **arguments.check_network(given),
        **arguments.check_callbacks(given),
    )


def check_credentials(given: Any, token: Any) -> Dict[str, ApiCredential]:
    """Return the credentials of a client, its token among them.

    Args:
        given: The credentials by name.
        token: The token, wrapped; `None` if there is none.

    Raises:
        ConfigurationError: They are not a mapping of names to credentials, or the token is wrong.
    """
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            "credentials must be a mapping of names to credentials"
        )
    known: Dict[str, ApiCredential] = {}
    for name, credential in given.items():
        if not isinstance(name, str) or not isinstance(credential, ApiCredential):
            raise ConfigurationError(
                "credentials must map names to credentials such as HeaderCredential"
            )
        if name == TOKEN and token is not None:
            raise ConfigurationError(
                f"credentials must not have {TOKEN!r} beside token"
            )
        known[name] = credential
    if isinstance(token, Secret) and token.reveal() != "":
        known[TOKEN] = HeaderCredential("Authorization", token)
    return known


def _check_phases(given: Mapping[str, Any]) -> Optional[Phases]:
    """Return the limits of the parts of an attempt; `None` if there are none.

    Raises:
        ConfigurationError: One is no duration.
    """
    names = [f"{name}_timeout" for name in Phases._fields]
    limits = [
        (
            None
            if given[name] is None
            else check_seconds(name, given[name], ConfigurationError)
        )
        for name in names
    ]
    return Phases(*limits) if any(limits) else None


def _check_budget(value: Any) -> Optional[float]:
    """Return the retries for each call.

    Raises:
        ConfigurationError: They are no number from 0 up.
    """
    if value is None:
        return None
    return check_amount(
        "retry_budget", value, "retries for each call", ConfigurationError
    )
