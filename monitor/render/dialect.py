"""Dialects of Markdown: how each service wants an address, a quotation and words that must not act.

Apprise translates bold type and addresses from CommonMark where a service writes them otherwise (Slack, Google Chat,
WhatsApp …). What it cannot know is which words are a publisher's: those are made harmless here, before it sees them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: An invisible space, where an escape is not enough or not known.
_BREAK = "\u200b"
_MARKUP = re.compile(r"[\\`*_\[\]<>~|]|&(?=#?\w+;)")
#: Mentions, tags of Slack, links in chats that drop the escapes, and functions in the cards of Teams.
_CALLS = re.compile(r"@(?!\s)|(?<=<)!|\](?=\\?[(\[:])|\{(?=\{)")
_BLOCK = re.compile(r"^(\s*)([#+=>-]|\d+(?=[.)]))")
#: Signs that act beside a word, and those that look like them.
_ALIKE = str.maketrans({"*": "∗", "`": "ˋ", "~": "∼"})
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_OPENINGS = re.compile(r"[<\\]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a service reads Markdown."""

    #: Whether a backslash keeps a sign from acting; elsewhere one that looks like it stands in its place.
    escapes: bool = True
    #: How an address stands: what is shown of it, and where it leads.
    address: str = "<{link}>"
    quotation: str = "> {}"
    #: What ends a line.
    end: str = "\n"

    def escaped(self, text: str) -> str:
        """Return the words so that the service shows them as they are, and takes no part of them for a mention."""
        if self.escapes:
            return _CALLS.sub(rf"\g<0>{_BREAK}", _MARKUP.sub(r"\\\g<0>", text))
        alike = _UNDERSCORE.sub("ˍ", text.translate(_ALIKE))
        return _CALLS.sub(rf"\g<0>{_BREAK}", _OPENINGS.sub(rf"\g<0>{_BREAK}", alike))

    def started(self, line: str) -> str:
        """Keep a line from beginning a heading, a list or a quotation."""
        return _BLOCK.sub(lambda found: f"{found[1]}{self._started(found[2])}", line)

    def _started(self, sign: str) -> str:
        if not self.escapes:
            return f"{_BREAK}{sign}"
        return f"{sign}\\" if sign.isdigit() else f"\\{sign}"

    def shown(self, link: str) -> str:
        """Return an address as one can follow it."""
        target = link.replace("(", "%28").replace(")", "%29")
        return self.address.format(link=link, words=self.escaped(link), target=target)


COMMONMARK = Dialect()
_SLACK = Dialect(escapes=False)
_GOOGLE = Dialect(escapes=False, quotation="“{}”")
_WHATSAPP = Dialect(escapes=False, address="{link}")
_CLIQ = Dialect(escapes=False, address="{link}", quotation="“{}”")
_ROCKET = Dialect(escapes=False, address="{link}")
#: The cards of Teams know bold type, lists and links alone, and end a line where a paragraph ends.
_TEAMS = Dialect(address="[{words}]({target})", quotation="“{}”", end="\n\n")
_DIALECTS = {
    "cliq": _CLIQ,
    "evolution": _WHATSAPP,
    "evolutions": _WHATSAPP,
    "gchat": _GOOGLE,
    "rocket": _ROCKET,
    "rockets": _ROCKET,
    "slack": _SLACK,
    "whapi": _WHATSAPP,
    "workflow": _TEAMS,
    "workflows": _TEAMS,
}


def dialect(scheme: str) -> Dialect:
    """Return how the services of a scheme read Markdown."""
    return _DIALECTS.get(scheme, COMMONMARK)
