"""The responses of the page: rendered templates, and the headers that protect them."""

import functools
import json
from pathlib import Path
from typing import Any, Dict

import jinja2
from flask import Response

from ai_spine.__version__ import __version__
from ai_spine.local.pages import formatting
from ai_spine.models.statuses import ExecutionStatus

_HERE = Path(__file__).parent
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# A drawing brings its own style, and can do nothing else.
_DRAWING_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    # With no-referrer, browsers would hide the origin of forms, and the guard would refuse them.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_STATIC_TYPES = {"page.css": "text/css", "page.js": "text/javascript"}

# What a program gets instead of the page: where everything is.
INDEX = json.dumps(
    {
        "name": "AI Spine local server",
        "version": __version__,
        "page": "/",
        "flows": "/flows",
        "health": "/health",
        "docs": "https://github.com/Dataframe-Consulting/ai-spine-sdk-python/tree/main/docs",
    },
    indent=2,
).encode("ascii")


class Problem(Exception):
    """A request that the page cannot do; it says so in a heading and a sentence."""

    def __init__(self, status: int, title: str, words: str) -> None:
        super().__init__(status, title, words)
        self.status, self.title, self.words = status, title, words


class Banner:
    """What every page shows above everything else."""

    def __init__(self) -> None:
        self.text = ""
        """A sentence; empty for none."""


def render(name: str, values: Dict[str, Any], status: int = 200) -> Response:
    """Return a rendered template."""
    text = _environment().get_template(name).render(values)
    # Half of a surrogate pair, which JSON can contain, fits in no page.
    return answer(text.encode("utf-8", "replace"), "text/html", status)


def drawing(svg: str) -> Response:
    """Return a drawing."""
    response = answer(svg.encode("utf-8", "replace"), "image/svg+xml")
    response.headers["Content-Security-Policy"] = _DRAWING_POLICY
    return response


def static_file(name: str) -> Response:
    """Return the page's style or its script.

    Raises:
        Problem: It is neither.
    """
    if name not in _STATIC_TYPES:
        raise Problem(404, "Not found", "There is no such page.")
    return answer((_HERE / "static" / name).read_bytes(), _STATIC_TYPES[name])


def answer(content: bytes, kind: str, status: int = 200) -> Response:
    """Return a response of any type, in UTF-8."""
    return Response(content, status, content_type=f"{kind}; charset=utf-8")


def see_other(location: str) -> Response:
    """Send the browser to another page, which it gets."""
    return Response(status=303, headers={"Location": location})


def guarded(response: Response) -> Response:
    """Set the headers that all responses of the page have."""
    for name, text in _HEADERS.items():
        response.headers.setdefault(name, text)
    return response


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Return what fills in the templates; it is made with the first page, not with the server."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        finalize=formatting.visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        link=formatting.link,
        signs=formatting.SIGNS,
        longest_of_node=formatting.LONGEST_OF_NODE,
        statuses=[
            str(status)
            for status in ExecutionStatus
            if status != ExecutionStatus.SKIPPED
        ],
        longest=formatting.LONGEST_SHOWN,
        strip=(formatting.STRIP_WIDTH, formatting.STRIP_HEIGHT),
    )
    environment.filters.update(
        as_json=formatting.as_json,
        seconds=formatting.seconds_in_words,
        taken=formatting.time_taken,
        moment=formatting.moment_in_words,
        machine=formatting.moment_for_machines,
    )
    return environment
