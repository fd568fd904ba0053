"""The requests of a walk over the pages of an operation, and the items that they return. Pure."""

from collections.abc import Mapping
from typing import Any, Dict, List

from ai_spine.models.base import UnexpectedResponse
from ai_spine.policy.decoding import parse_json
from ai_spine.policy.messages import Response
from ai_spine.sdk_sync.runtime.pages import Pages, PageWalk
from ai_spine.sdk_sync.runtime.preparing import Arguments, Prepared
from ai_spine.sdk_sync.unset import UNSET
from ai_spine.utils import one_line


class PageRequests:
    """A walk over the pages of an operation.

    Args:
        prepared: The operation.
        given: What the caller has given.
        known: What the client knows, by the names of `Parameter.client_default`.
        base_url: Where the API is.
    """

    def __init__(
        self,
        prepared: Prepared[Any],
        given: Arguments,
        known: "Mapping[str, Any]",
        base_url: str,
    ) -> None:
        self._prepared = prepared
        self._pages: Pages = prepared.endpoint.pages or Pages("none")
        self._given = given._replace(values=prepared.filled(given.values, known))
        start = self._body() if self._pages.in_body else self._query()
        self._walk = PageWalk(self._pages, start, base_url)
        self._read_item = prepared.item_reader(self._pages.item)

    @property
    def is_done(self) -> bool:
        """Whether there is no other page."""
        return self._walk.is_done

    def arguments(self) -> Arguments:
        """Return what the next request is made of."""
        following = self._walk.values
        if self._pages.in_body:
            return self._given._replace(body=following, fields=None)
        left, values = dict(following), list(self._given.values)
        for place, parameter in enumerate(self._prepared.endpoint.parameters):
            if parameter.location == "query":
                # A link need not repeat what each request needs.
                absent = values[place] if parameter.required else UNSET
                values[place] = left.pop(parameter.name, absent)
        return self._given._replace(values=tuple(values), more_query=left)

    def read(self, response: Response) -> List[Any]:
        """Return the items of a page, and advance to the next one.

        Raises:
            UnexpectedResponse: It is no such page.
        """
        try:
            page = parse_json(response.body, response.headers.get("Content-Type", ""))
            items = self._walk.read(page, response.headers)
        except (ValueError, RecursionError) as error:
            problem = one_line(str(error), 300)
        else:
            return [self._read_item(item) for item in items]
        raise UnexpectedResponse(f"a page that cannot be read: {problem}")

    def _query(self) -> Dict[str, Any]:
        """Return the query of the first request, by the names on the wire."""
        parameters = self._prepared.endpoint.parameters
        return {
            parameter.name: value
            for parameter, value in zip(parameters, self._given.values)
            if parameter.location == "query" and value is not UNSET
        }

    def _body(self) -> Dict[str, Any]:
        """Return the fields of the body of the first request, by the names on the wire."""
        fields = self._given.fields or {}
        found = {name: each for name, each in fields.items() if each is not UNSET}
        body = self._prepared.codec.to_json(self._given.body)
        return {**body, **found} if isinstance(body, Mapping) else found
