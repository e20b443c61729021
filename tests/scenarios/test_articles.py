"""The article is read where the feed says too little, and a rule may ring for what only the article says."""

from __future__ import annotations

import pytest

from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

SENTENCE = "The chain of bakeries will close forty shops in the north, the board decided on Tuesday."
PAGE = f"""<html><head><title>Board meets</title></head><body><nav>Home News Sport</nav><article><h1>Board meets</h1>
<p>The board of the company met in the capital to speak about the coming year and its plans for it.</p>
<p>{SENTENCE} It gave no date for the step, which had been expected by analysts for some time.</p>
<p>Workers were told in the evening by their managers, and representatives asked for talks with the owners.</p>
</article></body></html>""".encode()


def config(
    wire: HttpServer, receiver: HttpServer, *, full_text: str = "auto", rule: str = '"bakeries close shops"'
) -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "Europe/Berlin"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m", full_text = "{full_text}" }}
        rules.shops = {rule}
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
    """


TOPIC = "'bakeries close shops'"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def serve(wire: HttpServer, *pages: Reply) -> None:
    entry = {"guid": "1", "title": "Board meets", "description": "A decision is expected.", "link": wire.url("/a")}
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([entry])))
    wire.reply("/a", *pages)


def alerts(receiver: HttpServer) -> list[dict[str, object]]:
    return payloads(request.body for request in receiver.asked("/hook"))


async def test_a_rule_rings_for_what_only_the_article_says_and_shows_the_sentence(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(body=PAGE, headers=HTML))
    house.configure(config(wire, receiver, rule=TOPIC))
    await house.work()
    await house.after(minutes=5)
    (alert,) = alerts(receiver)
    assert alert["read"] == "article"
    evidence = alert["evidence"][0]  # type: ignore[index]
    assert evidence["field"] == "text"
    assert evidence["sentence"] == SENTENCE
    assert [SENTENCE[start:end] for start, end, _ in evidence["spans"]] == ["bakeries", "close", "shops"]


async def test_with_full_text_never_no_article_is_read(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    serve(wire, Reply(body=PAGE, headers=HTML))
    house.configure(config(wire, receiver, full_text="never", rule=TOPIC))
    await house.work()
    await house.after(minutes=5)
    assert wire.asked("/a") == ()
    assert alerts(receiver) == []


async def test_no_article_is_read_where_no_rule_could_be_decided_by_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(body=PAGE, headers=HTML))
    house.configure(config(wire, receiver, rule=f'{{ match = {TOPIC}, where = "headline" }}'))
    await house.work()
    await house.after(minutes=5)
    assert wire.asked("/a") == ()


@pytest.mark.parametrize("full_text", ["auto", "always"])
async def test_articles_of_the_baseline_are_not_read(
    house: House, wire: HttpServer, receiver: HttpServer, full_text: str
) -> None:
    entry = {"guid": "1", "title": "Board meets", "link": wire.url("/a")}
    wire.reply("/rss", Reply(body=rss([entry])))
    house.configure(config(wire, receiver, full_text=full_text, rule=TOPIC))
    await house.work()
    assert wire.asked("/a") == ()


async def test_an_article_that_is_refused_is_said_in_the_alert(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(status=403))
    house.configure(config(wire, receiver, rule='"board NOT takeover"'.replace('"', "'")))
    await house.work()
    await house.after(minutes=5)
    (alert,) = alerts(receiver)
    assert alert["read"] == "lead"


async def test_an_article_that_fails_in_passing_is_tried_once_more(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(status=503), Reply(body=PAGE, headers=HTML))
    house.configure(config(wire, receiver, rule=TOPIC))
    await house.work()
    await house.after(minutes=5)
    assert alerts(receiver) == []
    await house.after(minutes=1)
    assert len(alerts(receiver)) == 1


async def test_an_article_that_fails_twice_is_not_asked_for_again(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(status=503))
    house.configure(config(wire, receiver, rule=TOPIC))
    await house.work()
    for _ in range(4):
        await house.after(minutes=5)
    assert len(wire.asked("/a")) == 2


async def test_a_rule_whose_negation_reaches_the_text_waits_for_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(body=PAGE, headers=HTML))
    house.configure(config(wire, receiver, rule="'board NOT bakeries'"))
    await house.work()
    await house.after(minutes=5)
    assert alerts(receiver) == []


async def test_what_the_lead_says_already_rings_without_waiting_for_the_article(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, Reply(status=503))
    house.configure(config(wire, receiver, rule="'decision'"))
    await house.work()
    await house.after(minutes=5)
    (alert,) = alerts(receiver)
    assert alert["read"] == "lead"
