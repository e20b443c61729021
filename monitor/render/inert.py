"""Words and addresses that a publisher wrote, so that they can steer no terminal, turn no line and ring nobody."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import urlsplit, urlunsplit

#: What separates words at best: controls and line separators.
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: What nobody sees but what turns or splits words: bidi controls, zero widths, lone surrogates, tag characters.
_INVISIBLE = re.compile(
    r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]+"
)


def clean(text: str) -> str:
    """Return the text on one line, without controls, bidi controls and what else no line may hold."""
    return piece(text).strip()


def piece(text: str) -> str:
    """Clean a part of a line, which keeps a space at either end."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def short(text: str, width: int) -> str:
    """Return the text within so many characters, with a mark where it was cut."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def link(address: str) -> str:
    """Return the address so that it stays one word in every form: http(s) only, its host in ASCII; else nothing.

    A host in another script is shown by its ASCII name, so that none can pass for another.
    """
    try:
        parts = urlsplit(_INVISIBLE.sub("", address).strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:  # "http://[::1" is no address, "http://example.com:port" neither
        return ""
    name = f"[{host}]" if ":" in host else ".".join(map(_ascii_label, host.split(".")))
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(name):
        return ""
    place = name if port is None else f"{name}:{port}"  # without user and password: "https://bank.example@evil.example"
    return urlunsplit((parts.scheme, place, *(_LOOSE.sub(_percent, part) for part in parts[2:])))


_HOST = re.compile(r"[a-z0-9._:%\[\]-]+")
#: Characters of an address that could end it, or begin markup or a call to everybody, in some form.
_LOOSE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"'<>\[\]\\^`{|}*]|@(?=(?i:everyone|here|channel|all)\b)")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    return f"xn--{normalize('NFKC', label).encode('punycode').decode()}"


#: Where a chat that reads markup unasked might see a mention, a tag, a link or code begin.
_TRIGGER = re.compile(r"@(?!\s)|<(?!\s)|\](?=[(\[:])|!(?=\[)|`(?=`)|~(?=~)")


def inert(text: str) -> str:
    """Return plain text with an invisible space wherever a chat might take it for a mention, a link or a tag.

    Mattermost, Discord and others read Markdown and mentions in what was declared as text.
    """
    return _TRIGGER.sub("\\g<0>\u200b", text)
