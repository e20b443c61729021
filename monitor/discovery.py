"""Finds the addresses of feeds that a web page names; runs in the sandbox, as all that reads pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from monitor import charset

#: Types that a page's head may announce a feed with; some say plain XML or JSON.
_TYPES = re.compile(
    r"application/(rss|atom|rdf)\+xml|application/feed\+json|(application|text)/(xml|json)", re.IGNORECASE
)
#: What addresses of feeds look like, in links that do not say what they lead to.
_LOOKS = re.compile(r"(?:^|[/._-])(rss|atom|feeds?|rdf)(?:[/._?-]|\d|$)|\.(?:rss|atom|rdf)$|feed\.json$", re.IGNORECASE)
#: Where feeds lie that no page names, the likeliest first; below the page's own folder, and at the top of its host.
USUAL = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds/all.atom.xml", "?feed=rss2")
#: More than this many are no hint any more.
MOST = 20


def named(body: bytes, *, content_type: str, url: str) -> tuple[str, ...]:
    """Return the addresses that a page names as feeds: those of its head, then links that look like one."""
    page = _Page(url)
    page.feed(charset.decode(body, content_type=content_type))
    page.close()
    return _some((*page.announced, *page.linked))


def usual(url: str) -> tuple[str, ...]:
    """Return the addresses at which a site's feeds usually lie."""
    folder = urljoin(url, ".")
    return _some([*(urljoin(folder, path) for path in USUAL), *(urljoin(url, f"/{path}") for path in USUAL)])


def _some(addresses: Sequence[str]) -> tuple[str, ...]:
    whole = (each.partition("#")[0] for each in addresses if urlsplit(each).scheme in {"http", "https"})
    return tuple(dict.fromkeys(whole))[:MOST]


class _Page(HTMLParser):
    """Gathers the addresses, whole ones by the page's own or by its ``base``."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._base = url
        self.announced: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of an element that names one."""
        said = {name: value or "" for name, value in attrs}
        address = self._whole(said.get("href", ""))
        if not address:
            return
        if tag == "base":
            self._base = address
        elif (
            tag == "link" and "alternate" in said.get("rel", "").lower().split() and _TYPES.match(said.get("type", ""))
        ):
            self.announced.append(address)
        elif tag == "a" and (_LOOKS.search(urlsplit(address).path) or _TYPES.match(said.get("type", ""))):
            self.linked.append(address)

    def _whole(self, address: str) -> str:
        try:
            return urljoin(self._base, address.strip()) if address else ""
        except ValueError:  # a bracket that is not closed
            return ""
