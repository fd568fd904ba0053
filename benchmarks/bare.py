"""A bare Flask route under waitress, in a process of its own: `python -m benchmarks.bare`.

It prints its URL, and serves until its input ends.
"""

import json
import logging
import sys
import threading
from typing import Any

from flask import Flask, Response
from waitress.server import create_server

from benchmarks.raw import EXECUTION

app = Flask(__name__)


@app.route("/executions/<execution_id>")
def execution(execution_id: str) -> Response:
    """Return the same JSON for any id."""
    told = {**EXECUTION, "execution_id": execution_id}
    return Response(json.dumps(told), mimetype="application/json")


def main() -> None:
    # As the local server does: to tell of a queue of one costs more than to serve it.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=8)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
