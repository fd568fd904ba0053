"""A FastAPI application that executes a flow for each request, with one client for all of them."""

from contextlib import asynccontextmanager
from typing import AsyncIterator

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from ai_spine import (
    AISpineError,
    AsyncAISpine,
    ExecutionError,
    NetworkError,
    TimeoutError,
)


class Review(BaseModel):
    text: str


class Rating(BaseModel):
    label: str
    execution_id: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the client when the application starts, and close it when that stops."""
    async with AsyncAISpine() as client:
        app.state.spine = client
        yield


app = FastAPI(title="Reviews", lifespan=lifespan)


def get_spine(request: Request) -> AsyncAISpine:
    """Return the application's client; tests can override this dependency."""
    client: AsyncAISpine = request.app.state.spine
    return client


@app.post("/ratings")
async def rate(review: Review, spine: AsyncAISpine = Depends(get_spine)) -> Rating:
    """Rate a review. If the caller disconnects, the wait is cancelled, and the flow goes on."""
    try:
        execution = await spine.execute_and_wait(
            "sentiment-analysis", {"text": review.text}, timeout=10
        )
    except ExecutionError as error:
        raise HTTPException(422, f"The review cannot be rated: {error}") from error
    except (NetworkError, TimeoutError) as error:
        raise HTTPException(503, "Try again later.") from error
    except AISpineError as error:
        raise HTTPException(502, "The flow cannot be executed.") from error
    label = execution.output["sentiment"]["label"]
    return Rating(label=label, execution_id=str(execution.execution_id))
