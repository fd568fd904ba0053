"""Tests of the application, with a server that the SDK's pytest plugin starts for each of them."""

from typing import AsyncIterator

import httpx
import pytest
from app import app

from ai_spine.local import LocalServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def web(ai_spine_server: LocalServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, which runs with its lifespan."""
    ai_spine_server.add_samples()
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as web:
            yield web


async def test_a_review_is_rated(
    web: httpx.AsyncClient, ai_spine_server: LocalServer
) -> None:
    response = await web.post("/ratings", json={"text": "Wonderful!"})
    assert response.status_code == 200
    assert response.json()["label"] == "positive"
    (execution,) = ai_spine_server.executions("sentiment-analysis")
    assert response.json()["execution_id"] == execution.execution_id


async def test_an_empty_review_cannot_be_rated(web: httpx.AsyncClient) -> None:
    response = await web.post("/ratings", json={"text": ""})
    assert response.status_code == 422


async def test_a_server_that_is_gone_is_reported(
    web: httpx.AsyncClient, ai_spine_server: LocalServer
) -> None:
    ai_spine_server.faults.add("POST", "/flows/execute", drop=True, times=None)
    response = await web.post("/ratings", json={"text": "Wonderful!"})
    assert (response.status_code, response.json()) == (
        503,
        {"detail": "Try again later."},
    )


async def test_an_unknown_flow_cannot_be_executed(
    web: httpx.AsyncClient, ai_spine_server: LocalServer
) -> None:
    ai_spine_server.reset()
    response = await web.post("/ratings", json={"text": "Wonderful!"})
    assert response.status_code == 422
