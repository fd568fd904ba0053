"""Any client of the SDK in the frameworks of others; none of them is imported here.

- `adapters.fastapi`: a dependency that is open as long as the application runs.
- `adapters.flask`: the client of an application.
- `adapters.click`: options for the URL, the token and the timeout of a command's client.
- `adapters.structlog`: what an error knows of its request, as fields of a log entry.
"""
