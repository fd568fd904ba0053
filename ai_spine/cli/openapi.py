"""`openapi`: prints the OpenAPI document of the API of AI Spine."""

from ai_spine.cli.commands import command
from ai_spine.cli.output.printing import print_value
from ai_spine.cli.output.terminal import put
from ai_spine.cli.output.formats import json_text
from ai_spine.cli.session import session


@command("openapi")
def openapi() -> None:
    """Print the OpenAPI document of the API, without a server.

    It is JSON, unless --output or --query asks for something else.

    \b
    ai-spine openapi > openapi.json
    ai-spine openapi --base-url https://spine.example.com --output yaml
    """
    from ai_spine.config.settings import resolve_base_url
    from ai_spine.operations.openapi import openapi_document

    now = session()
    document = openapi_document(
        resolve_base_url(now.options.get("base_url"), now.profile)
    )
    if now.output == "table" and now.options.get("query") is None:
        put(json_text(document))
    else:
        print_value(document)


COMMANDS = (openapi,)
