"""How urgent a wire calls a report: the word at the head of its headline, or in brackets."""

from __future__ import annotations

import re
from enum import StrEnum

from monitor.letters import fold


class Urgency(StrEnum):
    """What a wire calls a report, the most urgent first; the values are the words that rules and scripts see."""

    FLASH = "flash"
    URGENT = "urgent"

    @property
    def words(self) -> str:
        """Return all that a rule may call it: a flash is urgent too."""
        return " ".join(list(Urgency)[list(Urgency).index(self) :])


#: What wires write; a flash is a line about what changes the day, and rare.
_WORDS = {
    Urgency.FLASH: "flash, newsflash, news flash, blitz, молния, блискавка, flaş, blixt",
    Urgency.URGENT: "urgent, breaking, breaking news, bulletin, alert, snap, eil, eilmeldung, alerte, alerte info, "
    "urgente, última hora, ultima hora, ultim'ora, ultimora, срочно, важно, терміново, pilne, son dakika, acil, spoed, "
    "快讯, 突发, 速報, 속보, عاجل, דחוף",
}
_MEANS = {fold(word.strip()): urgency for urgency, words in _WORDS.items() for word in words.split(",")}
_ANY = "|".join(sorted(map(re.escape, _MEANS), key=len, reverse=True))
#: At the head, with a sign behind it, or between signs; or at the end, in brackets. "Urgent talks" is no such word.
_MARKS = re.compile(rf"[^\w]*({_ANY})\s*(?:\d+\s*)?[:!*—–|/)\]】-]|.*[(\[*【]({_ANY})[)\]*】]\W*$")


def urgency(headline: str) -> Urgency | None:
    """Return how urgent a wire's headline says that it is; None where it says nothing."""
    found = _MARKS.match(fold(headline))
    return _MEANS[found[1] or found[2]] if found else None
