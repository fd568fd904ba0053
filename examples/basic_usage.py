"""Execute a flow, wait for it, and read its output.

Run a server in another terminal, and set its URL:

    ai-spine local start
    AI_SPINE_BASE_URL=http://127.0.0.1:8000 python examples/basic_usage.py
"""

from ai_spine import AISpine, Execution


def show(execution: Execution) -> None:
    print(f"  {execution.status}")


def main() -> None:
    with AISpine() as client:
        print(f"{client.base_url} is {client.health_check().status}, and serves:")
        for flow in client.list_flows():
            print(f"  {flow.flow_id}: {flow.description}")

        applicant = {
            "name": "Ana",
            "income": 52000,
            "amount": 15000,
            "term_months": 24,
        }
        execution = client.execute_flow("credit_analysis", applicant)
        print(f"execution {execution.execution_id}:")
        execution = client.wait_for_execution(execution.execution_id, on_progress=show)

        decision = (execution.output_data or {})["decision"]
        payment = decision["monthly_payment"]
        print(f"{decision['decision']}, with {payment} to pay each month, because:")
        for reason in decision["reasons"]:
            print(f"  {reason}")


if __name__ == "__main__":
    main()
