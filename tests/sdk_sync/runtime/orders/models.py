"""The models of the package."""

from typing import Dict, List, Union

from attrs import define

from ai_spine.sdk_sync.runtime.attrs_models import UNSET, Model, Unset


@define(kw_only=True, slots=False)
class Order(Model):
    """An order."""

    _keeps_unknown = True
    _wire_names = {"order_id": "orderId"}

    order_id: str
    count: int
    note: Union[str, None, Unset] = UNSET


@define(kw_only=True, slots=False)
class NewOrder(Model):
    """What an order is made of."""

    _wire_names = {"item_id": "itemId"}

    item_id: str
    count: Union[int, Unset] = UNSET
    tags: Union[List[str], Unset] = UNSET


@define(kw_only=True, slots=False)
class Question(Model):
    """What is asked of an agent."""

    text: str
    stream: Union[bool, Unset] = UNSET


@define(kw_only=True, slots=False)
class Token(Model):
    """A part of a reply."""

    text: str


@define(kw_only=True, slots=False)
class NamedEvent(Model):
    """An event with its name."""

    event: str
    data: Dict[str, int]
    id: Union[str, Unset] = UNSET


@define(kw_only=True, slots=False)
class Refusal(Model):
    """What an error says."""

    _keeps_unknown = True

    title: str
    balance: int
