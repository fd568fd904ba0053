"""Execute a flow for each row of a CSV file, in a batch that can be stopped and resumed.

Run a server in another terminal, and set its URL:

    ai-spine local start
    AI_SPINE_BASE_URL=http://127.0.0.1:8000 python examples/batch_processing.py [FILE.csv]

Kill it at any moment, and run it again: it continues where it stopped.
"""

import csv
import sys
from pathlib import Path
from typing import Any, Dict, Iterator

from ai_spine import AISpine, BatchItem, BatchProgress

RESULTS = "applicants.results.jsonl"


def rows(path: Path) -> Iterator[Dict[str, Any]]:
    """Yield the applicants one by one; the file may be larger than the memory."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            numbers = {name: int(row[name]) for name in row if name != "name"}
            yield {"name": row["name"], **numbers}


def show(progress: BatchProgress) -> None:
    print(f"{progress.done} done, {progress.failed} failed", file=sys.stderr)


def describe(item: BatchItem) -> str:
    if item.output is None or not item.succeeded:
        return f"{item.status}: {item.error}"
    decision = item.output["decision"]
    why = decision.get("reasons") or decision.get(
        "questions"
    )  # questions, if something is missing
    return f"{decision['decision']}: {'; '.join(why)}"


def main() -> None:
    given = sys.argv[1:] or [str(Path(__file__).with_name("applicants.csv"))]
    # Only for servers that honour Idempotency-Key, as the local one does.
    with AISpine(retry_writes=True) as client:
        result = client.execute_batch(
            "credit_analysis",
            rows(Path(given[0])),
            concurrency=8,
            checkpoint=RESULTS,
            progress=show,
        )
    for item in result:
        print(f"{item.input['name']}: {describe(item)}")
    print(f"{result.succeeded} of {len(result)} have a decision")
    print(f"{Path(RESULTS).resolve()} has all results; remove it to start again")


if __name__ == "__main__":
    main()
