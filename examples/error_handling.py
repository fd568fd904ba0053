"""What can go wrong, and what to do about each.

Run a server in another terminal, and set its URL:

    ai-spine local start
    AI_SPINE_BASE_URL=http://127.0.0.1:8000 python examples/error_handling.py
"""

from typing import Any, Dict, Optional

from ai_spine import (
    AISpine,
    AISpineError,
    APIError,
    AuthenticationError,
    Execution,
    ExecutionError,
    NetworkError,
    RateLimitError,
    TimeoutError,
    ValidationError,
)


def execute(
    client: AISpine, flow_id: str, input_data: Dict[str, Any]
) -> Optional[Execution]:
    """Execute a flow, and print what went wrong, if anything did."""
    try:
        return client.execute_and_wait(flow_id, input_data, timeout=60)
    except AuthenticationError as error:
        print(f"set AI_SPINE_API_KEY to a key that the server knows: {error}")
    except RateLimitError as error:
        print(f"too many requests, retry in {error.retry_after} s: {error}")
    except APIError as error:
        print(f"the server refused: {error}")
    except NetworkError as error:
        # `maybe_executed` says whether it is safe to start the flow again.
        print(f"no response, maybe executed: {error.maybe_executed}: {error}")
    except ValidationError as error:
        print(f"wrong arguments, nothing was sent: {error}")
    except TimeoutError as error:
        # The execution continues: wait again, with this id.
        print(f"not done yet, last seen {error.last_status}: {error.execution_id}")
    except ExecutionError as error:
        print(f"the flow failed, or there is none: {error}")
    except AISpineError as error:
        print(f"something else: {error}")
    return None


def main() -> None:
    with AISpine() as client:
        execute(client, "..", {})
        execute(client, "credit_analysis", {"amount": float("nan")})
        execute(client, "no-such-flow", {})
        execute(client, "sentiment-analysis", {"text": ""})
        execution = execute(
            client, "sentiment-analysis", {"text": "What a lovely day!"}
        )
        if execution is not None:
            print(f"this one succeeded: {execution.output_data}")

    # There is no such server: the error counts the attempts, and nothing was executed.
    with AISpine(base_url="http://127.0.0.1:9", max_retries=1) as nowhere:
        execute(nowhere, "sentiment-analysis", {"text": "Hello?"})


if __name__ == "__main__":
    main()
