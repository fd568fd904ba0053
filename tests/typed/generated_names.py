"""The types of the methods of generated packages, checked by mypy and not run."""

from typing import Any, AsyncIterator, Coroutine, Iterator, Union, assert_type

from ai_spine.policy.event_streams import ServerEvent
from ai_spine.sdk_sync.runtime.async_streams import AsyncDownload, AsyncEvents
from ai_spine.sdk_sync.runtime.methods import AsyncBoundMethod, BoundMethod
from ai_spine.sdk_sync.runtime.responses import RawResponse
from ai_spine.sdk_sync.runtime.streams import Download, Events
from tests.sdk_sync.runtime.orders.client import AsyncClient, Client
from tests.sdk_sync.runtime.orders.errors import NotFoundError
from tests.sdk_sync.runtime.orders.models import NewOrder, Order, Token


def synchronous(client: Client) -> None:
    """Use a client."""
    orders = client.orders
    assert_type(orders.get_order("o"), Order)
    assert_type(orders.get_order(order_id="o", timeout=2.0), Order)
    assert_type(orders.get_order.raw("o", timeout=2.0), RawResponse[Order])
    assert_type(orders.get_order.raw("o").parsed(), Order)
    assert_type(orders.start_order(NewOrder(item_id="i"), workspace_id="w"), Order)
    assert_type(orders.change_order("o"), Union[Order, None])
    assert_type(orders.delete_order.raw("o"), RawResponse[None])
    assert_type(orders.get_note(), str)
    assert_type(orders.ask_stream(text="Hi"), Events[Token])
    assert_type(orders.follow(), Events[ServerEvent])
    assert_type(orders.get_invoice(), Download)
    assert_type(orders.iter_orders(limit=2), Iterator[Order])
    assert_type(client.with_options(timeout=2), Client)
    assert_type(client.request("GET", "/x"), RawResponse[Any])
    is_bound: BoundMethod[..., str] = orders.get_note
    with client as same, orders.ask_stream(text="Hi") as events:
        assert_type(same, Client)
        for token in events:
            assert_type(token, Token)
    try:
        orders.get_order(1)  # type: ignore[arg-type]
        orders.get_order("o", colour="red")  # type: ignore[call-arg]
        orders.get_order.raw()  # type: ignore[call-arg]
        is_bound()
    except NotFoundError as error:
        print(error.problem and error.problem.title, error.headers["X"], error.body)


async def asynchronous(client: AsyncClient) -> None:
    """Use an asynchronous client."""
    orders = client.orders
    coroutine: Coroutine[Any, Any, Order] = orders.get_order("o")
    assert_type(await coroutine, Order)
    assert_type(await orders.get_order("o", timeout=2.0), Order)
    assert_type(await orders.get_order.raw("o"), RawResponse[Order])
    assert_type(await orders.ask_stream(text="Hi"), AsyncEvents[Token])
    assert_type(await orders.get_invoice(), AsyncDownload)
    assert_type(await (await orders.get_invoice()).read(), bytes)
    assert_type(orders.iter_orders(limit=2), AsyncIterator[Order])
    is_bound: AsyncBoundMethod[..., str] = orders.get_note
    async with client as same, await orders.ask_stream(text="Hi") as events:
        assert_type(same, AsyncClient)
        async for token in events:
            assert_type(token, Token)
    await orders.get_order(1)  # type: ignore[arg-type]
    await orders.get_order.raw()  # type: ignore[call-arg]
    await is_bound()
