"""The parts of an SVG picture: escaped texts, and a frame that reads in light and in dark.

Colours stand in attributes, so that a page whose policy forbids styles within it shows them, too.
What stands outside boxes takes the colour of the page's text; a picture that is a file of its own
has no page, and brings both colours.
"""

from html import escape
from typing import List

from ai_spine.flows.drawing.theme import columns

MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
SIZE = 13
COLUMN = 7.9  # what one column of text takes in that font and size
_ALONE = (
    "svg:root{color:#1f2328;background:#ffffff}"
    "@media (prefers-color-scheme:dark){svg:root{color:#e6edf3;background:#0d1117}}"
)


def clean(text: str) -> str:
    """Escape a text for XML; what XML cannot hold at all becomes a sign for that."""
    held = "".join(c if _is_xml(ord(c)) else "\ufffd" for c in text)
    return escape(held)


def _is_xml(code: int) -> bool:
    if code < 0x20:
        return code in (0x9, 0xA, 0xD)
    return not (
        0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE
    )


def number(value: float) -> str:
    """Return a number with one digit behind the point, where it needs it."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def text(
    x: float,
    y: float,
    words: str,
    *,
    fill: str = "currentColor",
    anchor: str = "middle",
    size: int = SIZE,
) -> str:
    """Return a text with its base line at `y`, each in a direction of its own."""
    return (
        f'<text x="{number(x)}" y="{number(y)}" fill="{fill}" font-size="{size}" '
        f'text-anchor="{anchor}" unicode-bidi="isolate">{clean(words)}</text>'
    )


def width_of(words: str, size: int = SIZE) -> float:
    """Return how wide a text is, as far as that is known without its font."""
    return columns(words) * COLUMN * size / SIZE


def picture(
    width: float,
    height: float,
    title: str,
    description: str,
    parts: List[str],
    kind: str,
) -> str:
    """Return a complete picture with a class, a title and a description."""
    wide, high = number(width), number(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="ai-spine-{kind}" '
        f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'font-family="{MONO}" aria-label="{clean(title)}">'
        f"<title>{clean(title)}</title><desc>{clean(description)}</desc>"
        f"<style>{_ALONE}</style>{''.join(parts)}</svg>\n"
    )
