"""`Api`: the WSGI application of the API, with the pages behind it.

It is no Flask application as the pages are: for responses as small as these, Flask's dispatch takes
longer than the work.
"""

import json
from typing import Any, Callable, Dict, Iterable, Optional, Tuple

from ai_spine.local.http.requests import Answer, Request, Routes, current_request
from ai_spine.local.http.responses import (
    check_key,
    echoed_headers,
    refusal_of,
    status_line,
)
from ai_spine.local.http.security import Wsgi
from ai_spine.local.http.tracing import note_status, span_of
from ai_spine.local.store.store import Reply
from ai_spine.policy.telemetry import Telemetry


class Api:
    """Answers the requests whose path has a route, and passes all others on.

    Args:
        routes: The views.
        key_digest: The digest of the key that requests must have.
        lets_in: Returns whether a request needs no key, because it comes from the page.
        telemetry: Records requests.
        others: Answers what has no route.
    """

    def __init__(
        self,
        routes: Routes,
        key_digest: Optional[bytes],
        lets_in: Callable[[Request], bool],
        telemetry: Telemetry,
        others: Wsgi,
    ) -> None:
        self._routes, self._others = routes, others
        self._key_digest, self._lets_in = key_digest, lets_in
        self._telemetry = telemetry

    @property
    def rules(self) -> Tuple[Tuple[str, str], ...]:
        """The method and the path of each route."""
        return self._routes.rules

    def __call__(
        self, environ: Dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        asked = Request(environ)
        if not self._routes.find(asked):
            return self._others(environ, start_response)
        before = current_request.set(asked)
        try:
            with span_of(self._telemetry, asked) as span:
                answer = self._answer(asked)
                note_status(span, _status_of(answer))
        finally:
            current_request.reset(before)
        asked.reply_headers.update(echoed_headers(asked))
        if isinstance(answer, Reply):
            return _send(answer, asked, start_response)
        answer.headers.update(asked.reply_headers)
        return answer(environ, start_response)

    def _answer(self, asked: Request) -> Answer:
        """Return what the view answers, or why it is not called or fails."""
        try:
            refusal = check_key(asked, self._key_digest, self._lets_in)
            if refusal is not None:
                raise refusal
            return asked.view()
        except Exception as error:
            refusal = refusal_of(error, asked)
            asked.reply_headers.update(refusal.headers)
            return refusal.reply


def _status_of(answer: Answer) -> int:
    return answer.status if isinstance(answer, Reply) else answer.status_code


def _send(
    reply: Reply, asked: Request, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    content = json.dumps(reply.body).encode("ascii")
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(content))),
    ]
    start_response(status_line(reply.status), [*headers, *asked.reply_headers.items()])
    return [] if asked.method == "HEAD" else [content]
