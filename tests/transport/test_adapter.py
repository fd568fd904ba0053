"""Tests of the adapter: pools are made once, and show no password."""

from ai_spine.transport.requests.adapter import BoundedAdapter


def test_the_pools_of_a_proxy_are_made_once_and_not_shown_by_its_url():
    adapter = BoundedAdapter()
    proxy = "http://user:hush@127.0.0.1:9"
    assert adapter.proxy_manager_for(proxy) is adapter.proxy_manager_for(proxy)
    assert "hush" not in str(vars(adapter))
    adapter.close()
