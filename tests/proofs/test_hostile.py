"""Feeds that were made to do harm, beside good ones: each is readable or fails with a reason, and harms no other."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import pipeline
from monitor.feed import State
from monitor.store import feeds
from tests.conftest import SHARED, needs_shared
from tests.http_server import DROP, HANG, HttpServer, Mode, Reply
from tests.scenarios.house import House, payloads, rss

HOSTILE = SHARED / "corpus" / "hostile"
#: Documents that ended or misled a reader when they were measured, and of which something can be read all the same.
READABLE = (
    "char_ansi_raw.xml",
    "char_nul.xml",
    "char_surrogate_ref.xml",
    "date_weird.xml",
    "enc_unicode_escape.xml",
    "enc_utf7.xml",
    "guid_1MB.xml",
    "inj_log.xml",
    "truncated_mid_item.xml",
    "xml_attrs_8k.xml",
    "xml_billion_laughs.xml",
    "xml_entdefs_10k.xml",
    "xml_quadratic.xml",
    "xml_xxe_file.xml",
)
#: Feeds whose entries say nothing.
WORDLESS = ("xml_nest_10k.xml", "xml_unclosed_items_15k.xml")
UNREADABLE = ("body_is_path.xml", "empty.xml", "json_bigint.json", "json_deep.json")
#: Answers that are whole as they stand, status line and all.
RAW = ("http_header_nul.raw", "http_redirect_file.raw", "http_cl_negative.raw", "http_enc_lie.raw")
#: Bodies of 100 MB, packed, and how.
BOMBS = {"bomb_gzip_100MB.bin": "gzip", "bomb_brotli_100MB.bin": "br"}
ITEM = b"<item><title>Endless</title></item>"
MISBEHAVIOURS = {
    "hang": HANG,
    "drop": DROP,
    "stall": Reply(body=rss([{"title": "Never whole"}]), mode=Mode.STALL),
    "drip": Reply(body=rss([{"title": "One byte at a time"}]), mode=Mode.DRIP),
    "endless": Reply(body=b"<rss version='2.0'><channel>" + ITEM * 500, mode=Mode.ENDLESS),
    "hints": Reply(mode=Mode.HINTS),
}
GOOD = [{"guid": "2", "title": "Glacier road closed"}, {"guid": "3", "title": "Glacier road open again"}]


def configure(
    house: House, wire: HttpServer, receiver: HttpServer, bad: dict[str, str], *, timeout: str = "10s"
) -> None:
    for name in ("first", "last"):
        wire.reply(f"/{name}", Reply(body=rss([])), Reply(body=rss(GOOD)))
    urls = {"first": wire.url("/first"), **bad, "last": wire.url("/last")}
    listed = "\n".join(f'feeds.{name} = {{ url = "{url}", interval = "5m" }}' for name, url in urls.items())
    house.configure(
        f"""{listed}
        rules.road = {{ match = "glacier road", feeds = ["first", "last"] }}
        channels.desk = {{ webhook = "{receiver.reply("/hook", Reply(status=204))}" }}
        network.allow = ["127.0.0.0/8"]
        polling = {{ per_host = 50, timeout = "{timeout}", full_text = "never" }}"""
    )


async def poll_all(house: House) -> None:
    await house.work()
    await house.after(minutes=5)


def readable(house: House) -> dict[str, bool | None]:
    """Return of each bad feed whether something was read of it, None where it failed with a reason."""
    found = [each for each in house.database.read_now(feeds.facts) if each.state.name not in ("first", "last")]
    assert [each.state.name for each in found if each.state.state is not State.OK and not each.state.reason] == []
    return {each.state.name: each.items > 0 if each.state.state is State.OK else None for each in found}


def check_harmless(receiver: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    """Check that the good feeds rang, whole, and that nothing went wrong but what belongs to the bad ones."""
    rung = payloads(request.body for request in receiver.received)
    assert sorted(str(alert["headline"]) for alert in rung) == sorted(entry["title"] for entry in GOOD * 2)
    assert [record.message for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR] == []
    assert [record.message for record in caplog.records if not record.getMessage().isprintable()] == []


@needs_shared
async def test_hostile_documents_harm_no_other_feed(
    house: House,
    wire: HttpServer,
    receiver: HttpServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        pipeline, "FEED_DEADLINE", timedelta(seconds=30)
    )  # some take a second, or two on a busy machine
    replies = {name: Reply(body=(HOSTILE / name).read_bytes()) for name in (*READABLE, *WORDLESS, *UNREADABLE)}
    replies |= {name: Reply(raw=(HOSTILE / name).read_bytes()) for name in RAW}
    for name, coding in BOMBS.items():
        replies[name] = Reply(body=(HOSTILE / name).read_bytes(), headers={"Content-Encoding": coding})
    configure(house, wire, receiver, {Path(name).stem: wire.reply(f"/{name}", each) for name, each in replies.items()})
    await poll_all(house)
    expected: dict[str, bool | None] = {
        **dict.fromkeys(READABLE, True),
        **dict.fromkeys(WORDLESS, False),
        **dict.fromkeys((*UNREADABLE, *RAW, *BOMBS)),
    }
    assert readable(house) == {Path(name).stem: each for name, each in expected.items()}
    check_harmless(receiver, caplog)
    headlines = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT headline FROM item").scalars().all())
    assert [headline for headline in headlines if not headline.isprintable() or "root:" in headline] == []


async def test_servers_that_misbehave_harm_no_other_feed(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    bad = {name: wire.reply(f"/{name}", reply) for name, reply in MISBEHAVIOURS.items()}
    configure(house, wire, receiver, bad, timeout="2s")
    await poll_all(house)
    assert readable(house) == dict.fromkeys(MISBEHAVIOURS)
    check_harmless(receiver, caplog)
