"""Article pages as they come: walls, stubs, files and moves; what can be read is judged, and the rest is said."""

from __future__ import annotations

import gzip
from datetime import timedelta
from html import escape

import pytest

from monitor import reading
from tests.http_server import DROP, HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

HTML = {"Content-Type": "text/html; charset=utf-8"}
ENTRY = {"guid": "1", "title": "Reservoir inspected", "description": "Divers went down on Tuesday."}
#: Only the article says it.
TOPIC = 'rules.dam = "cracks NEAR/4 spillway"'
PARAGRAPHS = (
    "Two divers spent the morning below the surface and looked at every gate of the old reservoir in the hills.",
    "They found cracks in the spillway, the engineer said, and one of them is as long as a bus.",
    "The town had asked for the inspection after a wet spring in which the water stood higher than ever before.",
)
NEWS = "<nav><a href='/'>Home</a> <a href='/dams'>Cracks in spillways</a></nav>"


def page(*paragraphs: str, around: str = "", head: str = "") -> bytes:
    body = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    return f"""<!doctype html><html><head>{head}<title>Reservoir inspected</title></head><body>{around}
        <article><h1>Reservoir inspected</h1>{body}</article><footer>Imprint</footer></body></html>""".encode()


def config(wire: HttpServer, receiver: HttpServer, rules: str = TOPIC) -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        {rules}
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
    """


async def read(
    house: House, wire: HttpServer, receiver: HttpServer, *replies: Reply, rules: str = TOPIC
) -> list[dict[str, object]]:
    """Publish an item whose article is answered so, and return the alerts that have come ten minutes later."""
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([{**ENTRY, "link": wire.url("/dam")}])))
    wire.reply("/dam", *replies)
    house.configure(config(wire, receiver, rules))
    await house.work()
    await house.after(minutes=5)
    await house.after(minutes=5)
    return payloads(request.body for request in receiver.asked("/hook"))


def reason(house: House) -> str:
    """Return why there is no text of the only item."""
    (found,) = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT reading_reason FROM item").scalars().all())
    return str(found)


def sentences(alert: dict[str, object]) -> list[str]:
    evidence = alert["evidence"]
    assert isinstance(evidence, list)
    return [each["sentence"] for each in evidence]


CYRILLIC = ("Водолазы нашли трещины в водосбросе старого водохранилища, сообщил инженер.", "Работы начнутся весной.")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(body=page(*PARAGRAPHS), headers=HTML), id="plain"),
        pytest.param(Reply(body=page(*PARAGRAPHS)), id="served as nothing"),
        pytest.param(Reply(body=page(*PARAGRAPHS), headers={"Content-Type": "application/xhtml+xml"}), id="XHTML"),
        pytest.param(
            Reply(body=gzip.compress(page(*PARAGRAPHS)), headers={**HTML, "Content-Encoding": "gzip"}), id="compressed"
        ),
        pytest.param(Reply(body=page(*PARAGRAPHS).replace(b"</p>", b""), headers=HTML), id="paragraphs never closed"),
        pytest.param(
            Reply(body=page(*PARAGRAPHS, around=NEWS + "<script>var a = '</p>';</script>"), headers=HTML), id="menus"
        ),
        pytest.param(
            Reply(body=page(*(each.replace("cracks", "cr\u00adacks") for each in PARAGRAPHS)), headers=HTML),
            id="hyphens",
        ),
    ],
)
async def test_what_only_the_article_says_rings_with_its_sentence(
    house: House, wire: HttpServer, receiver: HttpServer, reply: Reply
) -> None:
    (alert,) = await read(house, wire, receiver, reply)
    assert alert["read"] == "article"
    assert sentences(alert) == [PARAGRAPHS[1]]


@pytest.mark.parametrize(
    ("encoding", "head", "served_as"),
    [
        ("windows-1251", "<meta charset='windows-1251'>", "text/html"),
        ("koi8-r", "<meta http-equiv='Content-Type' content='text/html; charset=koi8-r'>", "text/html"),
        ("windows-1251", "", "text/html; charset=windows-1251"),
        ("utf-8", "<meta charset='utf-8'>", "text/html"),
        ("utf-8", "", "text/html"),
    ],
)
async def test_an_article_is_read_in_its_own_encoding(  # noqa: PLR0913, PLR0917
    house: House, wire: HttpServer, receiver: HttpServer, encoding: str, head: str, served_as: str
) -> None:
    body = page(*CYRILLIC, head=head).decode().encode(encoding)
    (alert,) = await read(
        house,
        wire,
        receiver,
        Reply(body=body, headers={"Content-Type": served_as}),
        rules='rules.dam = "трещина водосброс"',
    )
    assert sentences(alert) == [CYRILLIC[0]]


@pytest.mark.parametrize("status", [301, 302, 308])
async def test_an_article_that_has_moved_is_read_where_it_is(
    house: House, wire: HttpServer, receiver: HttpServer, status: int
) -> None:
    wire.reply("/2026/dam", Reply(body=page(*PARAGRAPHS), headers=HTML))
    (alert,) = await read(house, wire, receiver, Reply(status=status, headers={"Location": "/2026/dam"}))
    assert sentences(alert) == [PARAGRAPHS[1]]
    assert alert["link"] == wire.url("/dam")


# --- what is no article --------------------------------------------------------------------------------------------

BOTH = f'{TOPIC}\nrules.lead = "divers NOT cracks"'
CONSENT = b"""<!doctype html><html><head><title>Before you continue</title></head><body><div id="consent">
<form action="/consent"><h2>We value your privacy</h2><button>Accept all</button><button>Reject all</button></form>
<ul><li><a href="/privacy">Privacy</a></li><li><a href="/terms">Terms</a></li></ul></div></body></html>"""
MENUS = f"""<!doctype html><html><head><title>Reservoir inspected</title></head><body>{NEWS}
<ul><li><a href="/1">Cracks in the spillway: what we know</a></li><li><a href="/2">Tides</a></li></ul>
<aside><a href="/3">Cracks in the spillway, the film</a></aside></body></html>""".encode()


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param(Reply(body=CONSENT, headers=HTML), "a page that asks for consent", id="consent"),
        pytest.param(Reply(body=MENUS, headers=HTML), "no article text on the page", id="menus alone"),
        pytest.param(Reply(body=b"", headers=HTML), "no article text on the page", id="empty"),
        pytest.param(
            Reply(body=b"%PDF-1.7 cracks in the spillway", headers={"Content-Type": "application/pdf"}),
            "not a page of HTML, but application/pdf",
            id="PDF",
        ),
        pytest.param(
            Reply(body=b"cracks in the spillway", headers={"Content-Type": "video/mp4"}),
            "not a page of HTML, but video/mp4",
            id="film",
        ),
        pytest.param(Reply(status=401, body=page(*PARAGRAPHS), headers=HTML), "server answered 401", id="401"),
        pytest.param(Reply(status=402, body=page(*PARAGRAPHS), headers=HTML), "server answered 402", id="402"),
        pytest.param(Reply(status=404, body=page(*PARAGRAPHS), headers=HTML), "server answered 404", id="404"),
        pytest.param(Reply(status=500, body=page(*PARAGRAPHS), headers=HTML), "server answered 500", id="500, twice"),
    ],
)
async def test_what_is_no_article_is_not_judged_and_the_rest_rings_on_headline_and_lead(
    house: House, wire: HttpServer, receiver: HttpServer, reply: Reply, why: str
) -> None:
    (alert,) = await read(house, wire, receiver, reply, rules=BOTH)
    assert (alert["rule"], alert["read"]) == ("lead", "lead")
    assert reason(house) == why


async def test_an_article_that_goes_round_in_circles_is_given_up(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    circle = Reply(status=302, headers={"Location": "/dam"})
    (alert,) = await read(house, wire, receiver, circle, rules=BOTH)
    assert (alert["rule"], alert["read"]) == ("lead", "lead")
    assert "redirect" in reason(house)


HALF = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html><body><p>Cracks"


@pytest.mark.parametrize("bad", [DROP, Reply(raw=HALF)], ids=["no answer", "half an answer"])
async def test_a_connection_that_breaks_is_tried_once_more(
    house: House, wire: HttpServer, receiver: HttpServer, bad: Reply
) -> None:
    (alert,) = await read(house, wire, receiver, bad, Reply(body=page(*PARAGRAPHS), headers=HTML))
    assert alert["read"] == "article"


async def test_a_link_to_a_machine_inside_is_not_followed(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    """A page may send its reader anywhere; the guard looks at each address on the way."""
    away = Reply(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    (alert,) = await read(house, wire, receiver, away, rules=BOTH)
    assert alert["rule"] == "lead"
    assert "address is not public" in reason(house)


async def test_a_stub_before_a_paywall_is_not_taken_for_the_article(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    stub = page(PARAGRAPHS[0], "Subscribe to continue reading. Already a subscriber? Log in.")
    (alert,) = await read(house, wire, receiver, Reply(body=stub, headers=HTML), rules=BOTH)
    assert (alert["rule"], alert["read"]) == ("lead", "lead")
    assert reason(house) == "only a beginning before a paywall"


async def test_a_topic_that_only_the_menus_name_does_not_ring(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    around = f"{NEWS}<header><a href='/d'>Cracks in the spillway</a></header>"
    below = page(PARAGRAPHS[0], PARAGRAPHS[2], around=around).replace(
        b"<footer>", b"<aside><ul><li><a href='/x'>Cracks in the spillway: more</a></li></ul></aside><footer>"
    )
    assert await read(house, wire, receiver, Reply(body=below, headers=HTML)) == []
    assert reason(house) == ""


async def test_a_lead_that_the_article_repeats_is_no_second_witness(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    """An article that says no more than its lead makes a topic no stronger than the lead alone did."""
    lead = "The old mill by the weir burned down in the night. Nobody was hurt, said the brigade."
    entries = [
        {"guid": n, "title": "Night", "description": lead, "link": wire.url(f"/{n}")} for n in ("bare", "copied")
    ]
    wire.reply("/bare", Reply(status=404))
    wire.reply("/copied", Reply(body=page(*lead.split("\n"), PARAGRAPHS[2]), headers=HTML))
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(entries)))
    house.configure(config(wire, receiver, 'rules.fire = { match = "mill weir NOT flood", precision = "broad" }'))
    await house.work()
    await house.after(minutes=5)
    alerts = {str(a["link"])[-4:]: a for a in payloads(request.body for request in receiver.asked("/hook"))}
    bare, copied = alerts["bare"], alerts["pied"]
    assert (bare["read"], copied["read"]) == ("lead", "article")
    assert float(str(copied["strength"])) <= float(str(bare["strength"]))
    assert sentences(copied) == sentences(bare) == ["The old mill by the weir burned down in the night."]


# --- manners -------------------------------------------------------------------------------------------------------


async def test_a_host_is_asked_for_one_article_at_a_time_with_a_pause_between(
    house: House, wire: HttpServer, receiver: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = 0.3
    monkeypatch.setattr(reading, "HOST_PAUSE", timedelta(seconds=pause))
    paths = ("/1", "/2", "/3")
    for path in paths:
        wire.reply(path, Reply(body=page(*PARAGRAPHS), headers=HTML, delay=0.1))
    entries = [{"guid": path, "title": f"Dam {path}", "link": wire.url(path)} for path in paths]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(entries)))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    first, second, third = sorted(wire.asked(path)[0].at for path in paths)
    assert second - first >= pause + 0.1
    assert third - second >= pause + 0.1
    assert len(receiver.asked("/hook")) == 3


async def test_an_article_is_asked_for_once_however_many_rules_want_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    rules = f'{TOPIC}\nrules.bus = "bus"\nrules.spring = "wet spring"'
    alerts = await read(house, wire, receiver, Reply(body=page(*PARAGRAPHS), headers=HTML), rules=rules)
    assert sorted(str(alert["rule"]) for alert in alerts) == ["bus", "dam", "spring"]
    assert len(wire.asked("/dam")) == 1


async def test_an_article_is_not_read_where_the_feed_says_enough(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = {**ENTRY, "description": " ".join(PARAGRAPHS * 3), "link": wire.url("/dam")}
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([entry])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    assert wire.asked("/dam") == ()
    assert len(receiver.asked("/hook")) == 1
