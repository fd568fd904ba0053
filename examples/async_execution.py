"""Execute a flow for many inputs at once, in one event loop, and follow one execution.

Run a server in another terminal, and set its URL:

    ai-spine local start
    AI_SPINE_BASE_URL=http://127.0.0.1:8000 python examples/async_execution.py
"""

import asyncio

from ai_spine import AsyncAISpine, ExecutionError

REVIEWS = ["Wonderful!", "Awful.", "It arrived on Monday.", ""]


async def rate(client: AsyncAISpine, text: str) -> str:
    try:
        execution = await client.execute_and_wait("sentiment-analysis", {"text": text})
    except ExecutionError as error:
        return f"failed: {error}"
    return str(execution.output["sentiment"]["label"])


async def follow(client: AsyncAISpine, text: str) -> None:
    execution = await client.execute_flow("sentiment-analysis", {"text": text})
    async for event in client.stream_execution(execution, timeout=60):
        if event.node is not None:
            print(f"  {event.node.node_id} {event.node.status}")


async def main() -> None:
    async with AsyncAISpine() as client:
        ratings = await asyncio.gather(*(rate(client, text) for text in REVIEWS))
        for text, rating in zip(REVIEWS, ratings):
            print(f"{text!r}: {rating}")
        print("the nodes of one execution:")
        await follow(client, "What a lovely day!")


if __name__ == "__main__":
    asyncio.run(main())
