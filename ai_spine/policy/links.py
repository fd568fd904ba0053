"""Links to the next page: in the header `Link`, or as a URL in the page. Pure."""

import re
from typing import Dict, List, Optional, Union
from urllib.parse import parse_qsl, urljoin, urlsplit

from ai_spine.utils import one_line, origin

_RELATION = r';\s*rel\s*=\s*"?([^";,]*)'


def next_link(header: Optional[str]) -> Optional[str]:
    """Return the URL that the header `Link` names as the next one; `None` if it names none.

    Example:
        >>> next_link('</users?page=1>; rel="prev", </users?page=3>; rel="next"')
        '/users?page=3'
    """
    for link in (header or "").split("<")[1:]:
        url, _, parameters = link.partition(">")
        relation = re.search(_RELATION, parameters, re.IGNORECASE)
        if relation is not None and "next" in relation[1].lower().split():
            return url.strip()
    return None


def query_of(url: str, base_url: str) -> Dict[str, Union[str, List[str]]]:
    """Return the query of a URL that a server sent; a name that is there twice has a list.

    Args:
        url: The URL, which may be relative to the base.
        base_url: Where the API is. Nothing else of the URL is used, but it must be there too.

    Raises:
        ValueError: It is at another server or below another path, or has no query; the message is
            one sentence.

    Example:
        >>> query_of("/v1/users?page=3&tag=a&tag=b", "https://api.example.com/v1")
        {'page': '3', 'tag': ['a', 'b']}
    """
    shown = one_line(url.partition("?")[0], 200)
    if not _is_below(url, base_url):
        raise ValueError(f"the next page is at {shown}, which is not below {base_url}")
    query = urlsplit(urljoin(base_url, url)).query
    if not query:  # it would lead to the first page again
        raise ValueError(f"the next page is at {shown}, which has no query")
    found: Dict[str, List[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {
        name: values if len(values) > 1 else values[0] for name, values in found.items()
    }


def _is_below(url: str, base_url: str) -> bool:
    try:
        target = urljoin(base_url, url)
        same = origin(target) == origin(base_url)
    except ValueError:
        return False
    base = urlsplit(base_url).path.rstrip("/")
    path = urlsplit(target).path
    return same and (path.rstrip("/") == base or path.startswith(base + "/"))
