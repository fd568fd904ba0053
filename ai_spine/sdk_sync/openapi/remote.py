"""Reads documents that references lead to on the network."""

from pathlib import Path
from urllib.parse import urlsplit

from ai_spine.exceptions import AISpineError
from ai_spine.policy.messages import Exchange
from ai_spine.rest import RestClient
from ai_spine.sdk_sync.errors import ImportError
from ai_spine.sdk_sync.openapi.loading import Document
from ai_spine.utils import one_line

_TYPES = "application/json, application/yaml, */*"


def fetch_document(url: str) -> Document:
    """Return the document at a URL, read within the limits of all requests of this SDK.

    Args:
        url: The URL; no credentials are sent to it.

    Raises:
        ImportError: It cannot be read, or is neither JSON nor YAML.
    """
    shown = one_line(url, 300)
    parts = urlsplit(url)
    path = parts.path.replace("{", "%7B").replace("}", "%7D") or "/"
    headers = {"Accept": _TYPES}
    exchange = Exchange("document", "GET", path, {}, parts.query, headers)
    try:
        with RestClient(f"{parts.scheme}://{parts.netloc}", tracing=False) as client:
            response = client._api.send(exchange)
        name = parts.path.rpartition("/")[2] or "document"
        return Document(Path(name), response.body.decode("utf-8-sig"), url)
    except UnicodeDecodeError:
        words = "is not UTF-8 text"
    except ModuleNotFoundError:
        words = "is YAML, which needs PyYAML: pip install 'ai-spine-sdk[sdk-sync]'"
    except (AISpineError, ValueError) as error:
        words = f"cannot be read: {one_line(str(error), 300)}"
    raise ImportError(f"{shown} {words}", source_path=url)
