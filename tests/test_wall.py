"""What stands before an article is not taken for it, and an article that speaks of such things is."""

from __future__ import annotations

import pytest

from monitor import article, wall
from monitor.item import ArticleText, NoText, Unreadable
from monitor.wall import FEW

URL = "https://news.example/world/allies"
LEAD = "Foreign ministers of the alliance met in Brussels on Tuesday and spoke of guarantees for their neighbour."
LONG = " ".join([LEAD] * 20)

PAYWALLS = (
    "Subscribe to continue reading",
    "This article is for subscribers",
    "This content is only available to members.",
    "Already a subscriber? Log in",
    "You have reached your monthly free article limit",
    "Register for free to continue reading.",
    "Weiterlesen mit Zeitung Plus",
    "Jetzt abonnieren",
    "Dieser Artikel ist exklusiv für Abonnentinnen.",
    "Cet article est réservé aux abonnés",
    "Il vous reste 78 % de cet article à lire.",
    "Contenido exclusivo para suscriptores",
    "Articolo riservato agli abbonati",
    "Conteúdo exclusivo para assinantes",
    "Материал доступен только для подписчиков",
)
CONSENTS = (
    "Before you continue to News",
    "We value your privacy",
    "We and our 843 partners store information",
    "Mit Werbung weiterlesen",
    "Wir benötigen Ihre Zustimmung",
    "Continuer sans accepter",
    "Nosotros y nuestros 180 socios",
)
HUMANS = (
    "Just a moment...",
    "Verify you are human",
    "Please enable JS and disable any ad blocker",
    "Our systems have detected unusual traffic from your network",
    "Подтвердите, что запросы отправляли вы, а не робот",
)
WALLS = [
    *((words, Unreadable.PAYWALL) for words in PAYWALLS),
    *((words, Unreadable.CONSENT) for words in CONSENTS),
    *((words, Unreadable.HUMAN) for words in HUMANS),
]


@pytest.mark.parametrize(("words", "reason"), WALLS)
def test_a_page_of_few_words_is_the_wall_that_it_says_it_is(words: str, reason: Unreadable) -> None:
    assert wall.found("", f"{LEAD}\n{words.replace(' ', chr(10), 1)}", URL) is reason
    assert wall.found(f"<html><title>News</title><div>{words}</div></html>", "", URL) is reason


@pytest.mark.parametrize("words", [words for words, _ in WALLS])
def test_an_article_of_many_words_may_say_all_that(words: str) -> None:
    assert len(LONG) > FEW
    assert wall.found("", f"{LONG}\n{words}", URL) is None


@pytest.mark.parametrize(
    "words",
    [
        LEAD,
        "Readers who subscribe to our newsletter get this by mail.",
        "Nous et nos partenaires européens voulons avancer, a dit le ministre.",
        "Abonnenten des Netzbetreibers waren ohne Strom.",
        "The robot asked the judge to continue.",
    ],
)
def test_a_flash_is_no_wall(words: str) -> None:
    assert wall.found(f"<html><p>{words}</p></html>", words, URL) is None


@pytest.mark.parametrize(
    "said",
    [
        '"isAccessibleForFree": false',
        '"isAccessibleForFree":"False"',
        "'isAccessibleForFree': 'http://schema.org/False'",
    ],
)
def test_a_publisher_who_says_that_a_page_is_not_free_is_believed_where_it_is_short(said: str) -> None:
    page = f'<script type="application/ld+json">{{{said}}}</script><p>{LEAD}</p>'
    assert wall.found(page, LEAD, URL) is Unreadable.PAYWALL
    assert wall.found(page, LONG, URL) is None
    assert wall.found(page.replace("alse", "ree").replace("false", "true"), LEAD, URL) is None


@pytest.mark.parametrize(
    "url", ["https://consent.news.example/x", "https://news.example/consent?to=/a", "https://news.example/privacygate/"]
)
def test_a_page_at_the_place_of_a_consent_is_one(url: str) -> None:
    assert wall.found("", LEAD, url) is Unreadable.CONSENT


def test_what_a_script_would_say_later_is_not_said() -> None:
    page = '<style>a{}</STYLE><script>let a = "Just a moment..."</script><p>News</p><script>"We value your privacy"'
    assert wall.found(page, "", URL) is None


@pytest.mark.parametrize(
    "page",
    ["<script>" * 250_000, "<" * 2_000_000, "<a " * 600_000, "isAccessibleForFree" * 100_000, "weiterlesen " * 150_000],
)
def test_no_page_holds_up_who_looks_for_a_wall(page: str) -> None:
    assert wall.found(page, "", URL) is None


# --- in a page ---------------------------------------------------------------------------------------------------


def read(body: str, url: str = URL) -> ArticleText | NoText:
    page = f"<!doctype html><title>News</title><body><main><article>{body}</article></main></body>"
    return article.text(page.encode(), content_type="text/html; charset=utf-8", url=url)


def test_a_stub_is_not_taken_for_the_article() -> None:
    stub = f"<p>{LEAD}</p><div class='offer'><p>Dieser Artikel ist exklusiv für Abonnenten. Jetzt abonnieren!</p></div>"
    assert read(stub) == NoText(reason=Unreadable.PAYWALL)


def test_an_article_whose_page_offers_a_subscription_is_read() -> None:
    found = read("".join(f"<p>{LEAD} {n}</p>" for n in range(20)) + "<p>Already a subscriber? Log in</p>")
    assert isinstance(found, ArticleText)
    assert LEAD in found.text


def test_a_page_without_words_says_what_it_is_instead() -> None:
    assert read("<form><button>We value your privacy</button></form>") == NoText(reason=Unreadable.CONSENT)
