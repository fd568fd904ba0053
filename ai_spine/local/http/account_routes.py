"""The routes of users and their keys, all under `/api/v1`."""

import hashlib
import secrets
from typing import Any, Dict

from ai_spine.local.http.requests import Routes, request
from ai_spine.local.http.responses import (
    HTTPError,
    bearer_token,
    check_fields,
    found_or_404,
    json_object,
    once,
)
from ai_spine.local.store.store import Reply, Store

_KIND = "user_key"
_CREDITS, _RATE_LIMIT = 999999, 10000


class AccountRoutes:
    """`/users/me`, `/user/keys/…` for any user, and `/user/account/…` for the token's owner.

    There are no users to distinguish here: any name is a user, and any token is an account. Keys
    are made and forgotten as on a real server, and open nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        keys, account = "/user/keys", "/user/account/api-key"
        routes.add("GET", "/users/me", lambda: Reply(200, _user("local")))
        routes.add("GET", f"{keys}/my-key", lambda: self._status(_named_in_query()))
        routes.add("POST", f"{keys}/generate", lambda: self._generate(_named_in_body()))
        routes.add("DELETE", f"{keys}/revoke", lambda: self._revoke(_named_in_body()))
        routes.add(
            "GET",
            "/user/account/profile",
            lambda: Reply(200, _user(_account())),
        )
        routes.add("GET", f"{account}/status", lambda: self._status(_account()))
        routes.add("POST", f"{account}/generate", lambda: self._generate(_account()))
        routes.add("POST", f"{account}/revoke", lambda: self._revoke(_account()))

    def _status(self, user_id: str) -> Reply:
        key = self._store.get(_KIND, user_id)
        return Reply(
            200,
            {
                "has_api_key": key is not None,
                "api_key": key and key["api_key"],
                "credits": _CREDITS,
                "rate_limit": _RATE_LIMIT,
                "created_at": key and key["updated_at"],
                "last_used_at": None,
            },
        )

    def _generate(self, user_id: str) -> Reply:
        def make() -> Reply:
            action = (
                "created" if self._store.get(_KIND, user_id) is None else "regenerated"
            )
            made = {"api_key": f"sk_local_{secrets.token_hex(16)}"}
            self._store.put(_KIND, user_id, made)
            return Reply(
                200, {"message": f"API key {action}", **made, "action": action}
            )

        return once(self._store, make)

    def _revoke(self, user_id: str) -> Reply:
        found_or_404(self._store.get(_KIND, user_id), "No API key found for this user")
        self._store.delete(_KIND, user_id)
        return Reply(200, {"message": "API key revoked", "status": "revoked"})


def _user(user_id: str) -> Dict[str, Any]:
    return {
        "id": user_id,
        "email": f"{user_id}@localhost",
        "name": "Local User",
        "organization": "AI Spine",
        "credits": _CREDITS,
        "rate_limit": _RATE_LIMIT,
    }


def _named_in_query() -> str:
    user_id = request.args.get("user_id")
    if not user_id:
        problem = {
            "type": "missing",
            "loc": ["query", "user_id"],
            "msg": "Field required",
        }
        raise HTTPError(422, [problem])
    return user_id


def _named_in_body() -> str:
    body = json_object()
    check_fields(body, {"user_id": (str, True)})
    return str(body["user_id"])


def _account() -> str:
    token = bearer_token(request)
    if not token:
        raise HTTPError(401, "Invalid or missing account token")
    return "account-" + hashlib.sha256(token.encode("utf-8")).hexdigest()[:12]
