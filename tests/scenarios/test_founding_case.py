"""The case wirebell began with: only the article names the topic, and never as one phrase."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest

from tests.conftest import ROOT, SHARED, needs_shared
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import payloads
from tests.smtp_server import SmtpServer

pytestmark = [needs_shared, pytest.mark.slow]

HTML = {"Content-Type": "text/html; charset=utf-8"}
#: One for each feed of the shipped config that is not the wire.
HOSTS = [f"127.0.0.{number}" for number in range(2, 8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The wire, the receivers, and a folder with the shipped config pointed at them."""

    folder: Path
    http: HttpServer
    mail: SmtpServer

    def publish(self, headline: str, lead: str) -> None:
        entry = (
            f"<item><title>{escape(headline)}</title><link>{self.http.url('/politics/1')}</link>"
            f"<guid isPermaLink='false'>tass-1</guid><description>{escape(lead)}</description></item>"
        )
        self.http.reply("/rss", Reply(body=_channel(entry)))

    def run_once(self) -> None:
        with Daemon(self.folder, "--once") as daemon:
            assert daemon.end() == 0, daemon.said

    def chat(self) -> list[str]:
        posts = [json.loads(request.body) for request in self.http.received if request.path.startswith("/hooks/")]
        return [post["text"] for post in posts if "rang" in post["text"] or "contacts" in post["text"]]

    def letters(self) -> list[str]:
        return [
            str(letter.message["Subject"])
            for letter in self.mail.letters
            if "watching" not in str(letter.message["Subject"])
        ]

    def hooked(self) -> list[dict[str, object]]:
        return payloads(request.body for request in self.http.asked("/webhook"))


def _channel(entries: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>TASS</title>'
        f"<link>https://tass.example</link><description>news</description>{entries}</channel></rss>"
    ).encode()


@pytest.fixture
def article() -> dict[str, str]:
    loaded: dict[str, str] = json.loads((SHARED / "eval" / "seed.jsonl").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def desk(tmp_path: Path, article: dict[str, str]) -> Iterator[Desk]:
    with HttpServer(more_hosts=HOSTS) as http, SmtpServer() as mail:
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in article["text"].split("\n") if part.strip())
        page = f"<html><body><article><h1>{escape(article['title'])}</h1>{paragraphs}</article></body></html>"
        http.reply("/politics/1", Reply(body=page.encode(), headers=HTML))
        http.reply("/rss", Reply(body=_channel("")))
        http.reply("/quiet", Reply(body=_channel("")))
        http.reply("/webhook", Reply(status=204))
        http.reply("/hooks/token", Reply(status=200, body=b"ok"))
        shipped = (ROOT / "config.toml").read_text(encoding="utf-8")
        assert "https://tass.com/rss/v2.xml" in shipped
        pointed = re.sub(r'"https://(?!tass\.com)[^"]+"', f'"{http.url("/quiet")}"', shipped)
        pointed = pointed.replace("https://tass.com/rss/v2.xml", http.url("/rss"))
        channels = (
            f'\n[channels.letters]\nto = ["anna@bank.example"]\nsmtp = "127.0.0.1"\nport = {mail.port}\n'
            'security = "none"\nfrom = "bot@bank.example"\ndefault = true\n'
            f'[channels.chat]\nurl = "mmost://127.0.0.1:{http.port}/token"\ndefault = true\n'
            f'[channels.hook]\nwebhook = "{http.url("/webhook")}"\ndefault = true\n'
            '[network]\nallow = ["127.0.0.0/8"]\n'
        )
        (tmp_path / "config.toml").write_text(_one_feed_each(pointed, http) + channels, encoding="utf-8")
        yield Desk(folder=tmp_path, http=http, mail=mail)


def _one_feed_each(toml: str, http: HttpServer) -> str:
    """Give every other feed a host of its own: two feeds of one address are a fault, and of one host they wait."""
    first, *parts = toml.split(http.url("/quiet"))
    return first + "".join(http.url("/quiet", host=host) + part for host, part in zip(HOSTS, parts, strict=True))


def test_it_rings_by_mail_chat_and_webhook_with_the_sentence_and_the_words(desk: Desk, article: dict[str, str]) -> None:
    desk.run_once()
    desk.publish(article["title"], article["summary"])
    desk.run_once()

    (alert,) = desk.hooked()
    evidence = alert["evidence"][0]  # type: ignore[index]
    marked = [evidence["sentence"][start:end].lower() for start, end, _ in evidence["spans"]]
    assert {"nato", "security", "guarantees"} <= {word for span in marked for word in span.split()}
    assert alert["read"] == "article"
    (letter,) = [each.message for each in desk.mail.letters if "nato" in str(each.message["Subject"])]
    plain = letter.get_body(("plain",))
    rich = letter.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert "[security guarantees]" in plain.get_content() or "[security] [guarantees]" in plain.get_content()
    assert "<mark" in rich.get_content()
    (message,) = [text for text in desk.chat() if "contacts" in text]
    assert "**NATO**" in message

    desk.run_once()
    assert len(desk.hooked()) == 1

    desk.publish("UPDATE: " + article["title"], article["summary"])
    desk.run_once()
    assert [document["kind"] for document in desk.hooked()] == ["new"]


def test_without_full_text_it_does_not_ring(desk: Desk, article: dict[str, str]) -> None:
    path = desk.folder / "config.toml"
    toml = path.read_text(encoding="utf-8")
    never = toml.replace('full_text = "always"', 'full_text = "never"')
    assert never != toml
    path.write_text(never, encoding="utf-8")
    desk.run_once()
    desk.publish(article["title"], article["summary"])
    desk.run_once()
    assert desk.hooked() == []
    assert desk.letters() == []
    assert desk.http.asked("/politics/1") == ()
