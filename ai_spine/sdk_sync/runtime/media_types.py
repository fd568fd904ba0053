"""Media types: their parts, and which of them match. Pure."""

import re
from functools import lru_cache
from typing import Mapping, NamedTuple, Optional

# Subtypes of `application`, without `x-`.
_JSON_LINES = "ndjson jsonl jsonlines json-lines ldjson json-seq".split()
_TEXTS = "xml yaml graphql sdp javascript ecmascript toml".split()
_PARAMETER = r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))'


class MediaType(NamedTuple):
    """A media type or a range of them, such as `text/*`."""

    essence: str
    """Its type and subtype, in lower case and without parameters."""
    parameters: Mapping[str, str]
    """Its parameters; their names are in lower case."""

    @property
    def charset(self) -> Optional[str]:
        """The charset, if it says one."""
        return self.parameters.get("charset")

    @property
    def is_range(self) -> bool:
        """Whether it matches more than one type."""
        return "*" in self.essence

    @property
    def is_json(self) -> bool:
        """Whether what it names is one JSON value."""
        subtype = self.essence.rpartition("/")[2]
        return subtype == "json" or subtype.endswith("+json")

    @property
    def is_json_lines(self) -> bool:
        """Whether what it names is a JSON value per line."""
        return self._application in _JSON_LINES

    @property
    def is_form(self) -> bool:
        """Whether what it names is a form as browsers send it without files."""
        return self.essence == "application/x-www-form-urlencoded"

    @property
    def is_multipart(self) -> bool:
        """Whether what it names has parts."""
        return self.essence.startswith("multipart/")

    @property
    def is_text(self) -> bool:
        """Whether what it names is text that is no JSON."""
        if self.essence.startswith("text/"):
            return not self.is_json and not self.is_events
        return self._application.rpartition("+")[2] in _TEXTS

    @property
    def _application(self) -> str:
        """Its subtype without `x-`; empty if it is no `application`."""
        start, _, subtype = self.essence.partition("/")
        if start != "application":
            return ""
        return subtype[2:] if subtype.startswith("x-") else subtype

    @property
    def is_events(self) -> bool:
        """Whether what it names are server-sent events."""
        return self.essence == "text/event-stream"


@lru_cache(maxsize=512)
def parse_media_type(text: str) -> MediaType:
    """Return a media type with its parts.

    Example:
        >>> parse_media_type('Text/HTML; Charset="utf-8"')
        MediaType(essence='text/html', parameters={'charset': 'utf-8'})
    """
    essence, _, rest = text.partition(";")
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain.strip()
        for name, quoted, plain in re.findall(_PARAMETER, ";" + rest)
    }
    return MediaType(essence.strip().lower(), parameters)


def match_media_type(declared: MediaType, actual: MediaType) -> int:
    """Return how well a media type fits one that a document declares; 0 if it does not.

    Parameters that both have must be equal, except for the charset.

    Example:
        >>> kinds = ["application/json", "application/*", "*/*", "text/html"]
        >>> actual = parse_media_type("application/json; charset=utf-8")
        >>> [match_media_type(parse_media_type(kind), actual) for kind in kinds]
        [1000, 13, 2, 0]
    """
    for name, value in declared.parameters.items():
        if name != "charset" and actual.parameters.get(name, value) != value:
            return 0
    if declared.essence == actual.essence:
        return 1000 + len(set(declared.parameters) & set(actual.parameters))
    if declared.is_range:
        fits = _range(declared.essence).fullmatch(actual.essence)
        return 0 if fits is None else len(declared.essence.replace("*", "")) + 1
    return 0


@lru_cache(maxsize=64)
def _range(essence: str) -> "re.Pattern[str]":
    return re.compile(re.escape(essence).replace(r"\*", ".*"), re.DOTALL)
