"""What the classes of methods share."""

from __future__ import annotations

from typing import Dict, TypeVar

from ai_spine._async.api import AsyncApiClient
from ai_spine.exceptions import NotFoundError
from ai_spine.models.base import Model, Page
from ai_spine.operations import Operation

M = TypeVar("M", bound=Model)


class Methods:
    """Methods over an `AsyncApiClient`, which the client sets."""

    _api: AsyncApiClient

    async def _list_all(self, operation: Operation[Page[M]]) -> Page[M]:
        """Return a whole list, following the cursors of servers that page it."""
        page = await self._api.call(operation)
        items, cursors = page.holding(page), {page.next_cursor}
        while page.next_cursor is not None:
            page = await self._api.call(operation, params={"cursor": page.next_cursor})
            items += page
            if page.next_cursor in cursors:
                break
            cursors.add(page.next_cursor)
        return items

    async def _delete(self, operation: Operation[None], ids: Dict[str, str]) -> bool:
        """Remove something, and return whether it was there."""
        try:
            await self._api.call(operation, ids=ids)
        except NotFoundError as error:
            return error.maybe_executed  # an earlier attempt may have removed it
        return True
