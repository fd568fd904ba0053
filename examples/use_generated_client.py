"""Use a client that `ai-spine sdk-sync python` has generated from an OpenAPI document.

The document is docs/reference/openapi.json, and the client is in examples/generated_client. Run a
server in another terminal, and set its URL:

    ai-spine local start
    AI_SPINE_BASE_URL=http://127.0.0.1:8000 python examples/use_generated_client.py

The client is generated again by:

    scripts/codegen/generate-python-client.sh docs/reference/openapi.json \\
        examples/generated_client --package-name ai_spine_client
"""

import os
import sys
from pathlib import Path

# Instead of: pip install ./examples/generated_client
sys.path.insert(0, str(Path(__file__).parent / "generated_client"))

from ai_spine_client import AuthenticatedClient, Execution, errors  # noqa: E402


def main() -> None:
    url = os.environ.get("AI_SPINE_BASE_URL", "http://127.0.0.1:8000")
    token = os.environ.get("AI_SPINE_API_KEY", "any key will do here")
    with AuthenticatedClient(url, token) as client:
        for flow in client.flows.list_flows().flows:
            print(f"{flow.flow_id}: {flow.description}")

        applicant = {"name": "Ana", "income": 52000, "amount": 15000, "term_months": 24}
        execution = client.executions.execute_flow(
            flow_id="credit_analysis", input_data=applicant
        )
        print(f"execution {execution.execution_id}:")
        with client.executions.stream_execution(execution.execution_id) as events:
            for event in events:
                print(f"  {event[:70]}")
        show(client.executions.get_execution(execution.execution_id))

        print("all executions, page by page:")
        for each in client.executions.iter_executions(limit=10):
            print(f"  {each.execution_id}: {each.status}")

        try:
            client.flows.get_flow("no-such-flow")
        except errors.NotFoundError as error:
            print(f"{error.status_code}: {error.body}")

        raw = client.system.health_check.raw()
        print(f"{raw.status}: {raw.headers['content-type']}, {raw.parsed().status}")


def show(execution: Execution) -> None:
    print(f"  {execution.status}: {execution.output_data}")


if __name__ == "__main__":
    main()
