"""Pages that stand before an article: paywalls, requests for consent, proofs of a human; told by what they say.

Only a page of few words is looked at: an article that speaks of paywalls is longer than they are.
"""

from __future__ import annotations

import re

from monitor.item import Unreadable

#: Characters of text below which a page may be such a wall.
FEW = 1_500
#: Characters of a page's markup that are looked at where there is no text at all.
_LOOKED_AT = 200_000
_SCRIPT = re.compile(r"<(?:script|style)\b", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</(?:script|style)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
#: schema.org's own word for it, which search engines ask publishers for.
_NOT_FREE = re.compile(
    r"""isAccessibleForFree["']?\s{0,9}[:=]\s{0,9}["']?(?:https?://schema\.org/)?false\b""", re.IGNORECASE
)
_CONSENT_PLACE = re.compile(
    r"^https?://(?:consent|cmp|gdpr)[.-]|/(?:consent|privacygate|cookie-?wall)(?:[/?.]|$)", re.IGNORECASE
)


def _any(phrases: str) -> re.Pattern[str]:
    """Return a pattern of phrases, one a line, between whose words any white space may stand."""
    return re.compile("|".join(r"\s+".join(line.split()) for line in phrases.strip().splitlines()), re.IGNORECASE)


_PAYWALL = _any(r"""
    subscribe (?:now\s+)?to (?:continue|keep|read|unlock)
    (?:continue|keep) reading with a
    (?:article|content|story) is (?:only\s+)?(?:for|available\s+to|reserved\s+for) (?:subscribers|members)
    exclusive (?:to|for) subscribers
    already (?:a\s+subscriber|subscribed)\?
    unlock this article
    you have reached your (?:\w+\s+){0,3}limit
    register (?:for\s+free\s+)?to (?:continue|keep) reading
    weiterlesen mit
    lesen sie weiter mit
    jetzt (?:weiterlesen|abonnieren)
    (?:exklusiv|nur) für abonnent
    artikel ist für abonnent
    réservée?s? (?:à\s+nos|aux) abonné
    il vous reste \d+ ?% de cet article
    (?:contenido|artículo) (?:exclusivo|solo|sólo) para suscriptores
    suscríbete para (?:seguir|continuar)
    riservat[oi] agli abbonati
    abbonati per (?:continuare|leggere)
    exclusivo para assinantes
    только (?:для\s+подписчиков|подписчикам)
    оформите подписку,? чтобы
""")
_CONSENT = _any(r"""
    before you continue to
    we (?:value|care\s+about) your privacy
    we and our (?:\d+\s+(?:\w+\s+)?partners|partners\s+(?:store|use|process))
    accept (?:all\s+)?cookies to (?:continue|read|view)
    manage (?:your\s+)?(?:cookie|privacy|consent) (?:settings|preferences)
    bevor sie fortfahren
    mit werbung weiterlesen
    wir und unsere \d+ partner
    wir (?:benötigen|brauchen) ihre (?:zustimmung|einwilligung)
    zustimmen und weiter
    continuer sans accepter
    nous et nos \d+ partenaires
    nosotros y nuestros \d+ socios
    noi e i nostri \d+ partner
""")
_HUMAN = _any(r"""
    just a moment\.\.\.
    checking your browser
    verify(?:ing)? (?:that\s+)?you are (?:a\s+)?human
    are you a robot\?
    enable javascript and cookies to continue
    unusual (?:traffic|activity) from your
    complete the captcha
    please enable js and disable any ad
    access to this page has been denied
    проверка,? что вы не робот
    подтвердите,? что (?:запросы|вы)
""")


def found(page: str, words: str, url: str) -> Unreadable | None:
    """Return which wall a page is; None where it is none, or says too much to be one.

    ``words`` are the text that was found in it, ``url`` is where it came from in the end.
    """
    if len(words) >= FEW:
        return None
    said = words or _visible(page[:_LOOKED_AT])
    if _CONSENT_PLACE.search(url) or _CONSENT.search(said):
        return Unreadable.CONSENT
    if _HUMAN.search(said):
        return Unreadable.HUMAN
    if _PAYWALL.search(said) or _NOT_FREE.search(page):
        return Unreadable.PAYWALL
    return None


def _visible(page: str) -> str:
    """Return what stands between the tags, scripts and styles aside."""
    first, *others = _SCRIPT.split(page)
    behind = (_SCRIPT_END.split(part, maxsplit=1)[1:] for part in others)
    return _TAG.sub(" ", " ".join((first, *(text for texts in behind for text in texts))))
