"""Tests of `method`: what editors, `help` and `inspect` see."""

import inspect
import pydoc

from tests.sdk_sync.runtime.orders.api.orders import AsyncOrders, Orders
from tests.sdk_sync.runtime.orders.client import AsyncClient, Client


def test_a_method_looks_like_the_function():
    for orders in (Client().orders, AsyncClient().orders):
        found = orders.get_order
        assert str(inspect.signature(found)).startswith("(order_id: 'str', *, timeout:")
        assert inspect.signature(found) == inspect.signature(found.raw)
        assert found.__doc__ == "Return an order."
        assert found.__name__ == "get_order"
        assert found.__qualname__.endswith("Orders.get_order")
        assert found == orders.get_order and found != orders.delete_order
        assert hash(found) == hash(orders.get_order) and found != 7
        assert repr(found).startswith(f"<method {found.__qualname__} of <")


def test_help_shows_methods_with_their_parameters():
    for kind in (Orders, AsyncOrders):
        text = pydoc.plain(pydoc.render_doc(kind))
        assert "get_order(self, order_id: 'str', *, timeout:" in text
    text = pydoc.plain(pydoc.render_doc(Client().orders.get_order))
    assert "get_order(order_id: 'str', *, timeout:" in text
    assert "Return an order." in text


def test_a_method_of_a_class_is_called_with_an_object():
    assert Orders.get_order is Orders.__dict__["get_order"]
    assert inspect.signature(Orders.get_order).parameters["self"]


def test_raw_leaves_the_object_as_it_is():
    orders = Client().orders
    assert orders.get_order.raw._owner._returns_raw and not orders._returns_raw
