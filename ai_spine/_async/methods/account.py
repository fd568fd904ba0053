"""Users, their credits and their API keys."""

from __future__ import annotations

import warnings
from typing import Any, Mapping, Optional

from ai_spine import operations
from ai_spine._async.methods.base import Methods
from ai_spine.exceptions import NotFoundError
from ai_spine.models import ApiKeyChange, ApiKeyStatus, User
from ai_spine.operations import Operation
from ai_spine.policy.validation import check_id


class AccountMethods(Methods):
    """Methods of users and their API keys."""

    async def get_current_user(self) -> User:
        """Return the user that the key belongs to, with the credits that are left.

        Raises:
            AuthenticationError: The key is missing or wrong.
            APIError: The server refused.
            NetworkError: No response came.

        Example:
            >>> user = await client.get_current_user()
            >>> user.id
            'local'
        """
        user = await self._api.call(operations.GET_CURRENT_USER)
        await self._api.report_credits(user.credits)
        return user

    async def check_credits(self) -> Optional[float]:
        """Return the credits that are left; `None` where the server does not say.

        Raises:
            AuthenticationError: The key is missing or wrong.
            APIError: The server refused.
            NetworkError: No response came.
        """
        user = await self.get_current_user()
        return user.credits

    async def get_user_profile(self) -> User:
        """Return the user that the account token belongs to.

        Raises:
            ConfigurationError: The client has no `access_token`.
            AuthenticationError: The token is wrong or has expired.
            APIError: The server refused.
            NetworkError: No response came.
        """
        user = await self._api.call(operations.GET_USER_PROFILE)
        await self._api.report_credits(user.credits)
        return user

    async def get_api_key_status(self) -> ApiKeyStatus:
        """Return whether the account has an API key, and what it allows.

        Raises:
            ConfigurationError: The client has no `access_token`.
            AuthenticationError: The token is wrong or has expired.
            APIError: The server refused.
            NetworkError: No response came.
        """
        return await self._api.call(operations.GET_API_KEY_STATUS)

    async def generate_api_key(self) -> ApiKeyChange:
        """Generate a new API key for the account; an earlier one becomes invalid.

        Raises:
            ConfigurationError: The client has no `access_token`.
            AuthenticationError: The token is wrong or has expired.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether there may be a new key.
        """
        return await self._api.call(operations.GENERATE_API_KEY)

    async def revoke_api_key(self) -> ApiKeyChange:
        """Revoke the API key of the account.

        Raises:
            ConfigurationError: The client has no `access_token`.
            AuthenticationError: The token is wrong or has expired.
            NotFoundError: There is no key.
            APIError: The server refused.
            NetworkError: No response came.
        """
        return await self._revoke(operations.REVOKE_API_KEY)

    async def check_user_api_key(self, user_id: str) -> ApiKeyStatus:
        """Return whether a user has an API key. Deprecated: use `get_api_key_status`.

        The client's key is not sent, since the endpoint takes none.

        Raises:
            ValidationError: The id is not valid.
            APIError: The server refused.
            NetworkError: No response came.
        """
        _warn("check_user_api_key", "get_api_key_status")
        params = {"user_id": check_id("user_id", user_id)}
        return await self._api.call(operations.CHECK_USER_API_KEY, params=params)

    async def generate_user_api_key(self, user_id: str) -> ApiKeyChange:
        """Generate a new API key for a user. Deprecated: use `generate_api_key`.

        The client's key is not sent, since the endpoint takes none.

        Raises:
            ValidationError: The id is not valid.
            APIError: The server refused.
            NetworkError: No response came; `maybe_executed` says whether there may be a new key.
        """
        _warn("generate_user_api_key", "generate_api_key")
        body = {"user_id": check_id("user_id", user_id)}
        return await self._api.call(operations.GENERATE_USER_API_KEY, body=body)

    async def revoke_user_api_key(self, user_id: str) -> ApiKeyChange:
        """Revoke a user's API key. Deprecated: use `revoke_api_key`.

        The client's key is not sent, since the endpoint takes none.

        Raises:
            ValidationError: The id is not valid.
            NotFoundError: The user has no key.
            APIError: The server refused.
            NetworkError: No response came.
        """
        _warn("revoke_user_api_key", "revoke_api_key")
        body = {"user_id": check_id("user_id", user_id)}
        return await self._revoke(operations.REVOKE_USER_API_KEY, body)

    async def _revoke(
        self,
        operation: Operation[ApiKeyChange],
        body: Optional[Mapping[str, Any]] = None,
    ) -> ApiKeyChange:
        try:
            return await self._api.call(operation, body=body)
        except NotFoundError as error:
            if not error.maybe_executed:
                raise
            return ApiKeyChange(action="revoked")  # by an earlier attempt


def _warn(old: str, new: str) -> None:
    warnings.warn(
        f"{old} is deprecated, since it sends no credential: "
        f"use {new} with AsyncAISpine(access_token=...)",
        DeprecationWarning,
        stacklevel=3,
    )
