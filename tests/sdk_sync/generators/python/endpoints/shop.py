"""A document of our own that has one operation of each kind."""

from tests.sdk_sync.generators.python.endpoints.support import (
    TEXT,
    body,
    document,
    parameter,
)

RUN_ID = parameter("runId", "path")
RUN = {"$ref": "#/components/schemas/Run"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}
INTEGER = {"type": "integer"}
RUNS = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": RUN}, "nextCursor": TEXT},
}
SCHEMAS = {
    "Run": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": TEXT,
            "workflowId": TEXT,
            "status": {"$ref": "#/components/schemas/RunStatus"},
            "place": {"type": "object", "properties": {"fl-oor": INTEGER}},
        },
    },
    "RunStatus": {"type": "string", "enum": ["queued", "done"]},
    "StartRun": {
        "type": "object",
        "required": ["workflowId"],
        "properties": {"workflowId": TEXT, "timeout": INTEGER, "note": TEXT},
    },
    "Problem": {
        "type": "object",
        "properties": {"title": TEXT, "status": INTEGER, "hint": TEXT},
    },
    "Chat": {
        "type": "object",
        "required": ["text"],
        "properties": {"text": TEXT, "stream": {"type": "boolean"}},
    },
}
NOT_FOUND = body(PROBLEM, "application/problem+json", description="No such run")
PATHS = {
    "GET /v1/runs": {
        "operationId": "listRuns",
        "tags": ["Runs"],
        "summary": "List runs",
        "parameters": [
            parameter("limit", schema=INTEGER),
            parameter("cursor"),
            parameter("X-Workspace-Id", "header"),
        ],
        "responses": {"200": body(RUNS)},
    },
    "POST /v1/runs": {
        "operationId": "startRun",
        "tags": ["Runs"],
        "parameters": [parameter("Idempotency-Key", "header")],
        "requestBody": body({"$ref": "#/components/schemas/StartRun"}, required=True),
        "responses": {"201": body(RUN), "4XX": NOT_FOUND},
    },
    "GET /v1/runs/{runId}": {
        "operationId": "getRun",
        "tags": ["Runs"],
        "parameters": [RUN_ID],
        "responses": {"200": body(RUN), "404": NOT_FOUND},
    },
    "DELETE /v1/runs/{runId}": {
        "operationId": "deleteRun",
        "tags": ["Runs"],
        "deprecated": True,
        "parameters": [RUN_ID],
        "responses": {"204": {"description": "Gone"}},
    },
    "GET /v1/runs/{runId}/log": {
        "operationId": "getLog",
        "tags": ["Files"],
        "parameters": [RUN_ID],
        "responses": {"200": body(TEXT, "text/plain")},
    },
    "GET /v1/runs/{runId}/file": {
        "operationId": "getFile",
        "tags": ["Files"],
        "parameters": [RUN_ID],
        "responses": {"200": body({}, "application/octet-stream")},
    },
    "PUT /v1/runs/{runId}/file": {
        "operationId": "putFile",
        "tags": ["Files"],
        "parameters": [RUN_ID],
        "requestBody": body({}, "application/octet-stream", required=True),
        "responses": {"204": {"description": ""}},
    },
    "POST /v1/files": {
        "operationId": "upload",
        "tags": ["Files"],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "note": TEXT,
                        },
                    },
                    "encoding": {"note": {"contentType": "text/plain"}},
                }
            },
        },
        "responses": {"204": {"description": ""}},
    },
    "PUT /v1/note": {
        "operationId": "putNote",
        "tags": ["Files"],
        "requestBody": {
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Chat"}},
                "text/plain": {"schema": TEXT},
            }
        },
        "responses": {"204": {"description": ""}},
    },
    "GET /v1/events": {
        "operationId": "streamEvents",
        "tags": ["chat"],
        "responses": {"200": body(RUN, "text/event-stream")},
    },
    "POST /v1/chat": {
        "operationId": "createChat",
        "tags": ["chat"],
        "requestBody": body({"$ref": "#/components/schemas/Chat"}, required=True),
        "responses": {
            "200": {
                "description": "",
                "content": {
                    "application/json": {"schema": RUN},
                    "text/event-stream": {"schema": RUN},
                },
            }
        },
    },
    "GET /v1/search?v=2": {
        "operationId": "search",
        "tags": ["chat"],
        "parameters": [parameter("q", required=True)],
        "security": [{"key": []}],
        "responses": {"200": body({"type": "array", "items": RUN})},
    },
}
SHOP = document(
    PATHS,
    SCHEMAS,
    servers=[
        {
            "url": "http://{host}.localhost:1/v1",
            "variables": {"host": {"default": "eu", "enum": ["eu", "us"]}},
        }
    ],
    security=[{"bearerAuth": []}],
    components={
        "securitySchemes": {
            "bearerAuth": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "query", "name": "api_key"},
        }
    },
)
