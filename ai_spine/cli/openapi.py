"""`openapi`."""

import json

from ai_spine.cli.commands import command
from ai_spine.cli.output.terminal import put
from ai_spine.cli.session import session


@command("openapi", prints=False)
def openapi() -> None:
    """Print the OpenAPI document of the API, without asking a server.

    \b
    ai-spine openapi > openapi.json
    ai-spine openapi --base-url https://spine.example.com
    """
    from ai_spine.operations.openapi import openapi_document

    document = openapi_document(session().client().base_url)
    put(json.dumps(document, indent=2))


COMMANDS = (openapi,)
