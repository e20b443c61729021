"""A publisher edits what was told: those who know the old words hear of it when it matters, and only then."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.alert import Alert, Change, Kind
from monitor.correction import Reason
from monitor.store import alerts
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

OLD = {"guid": "1", "title": "Canal lock repaired", "description": "Barges pass again."}
DENIES = {"guid": "2", "title": "Minister denies closing canal", "description": "The canal is to stay open, she says."}
CONFIRMS = {**DENIES, "title": "Minister confirms closing canal"}


def config(wire: HttpServer, receiver: HttpServer, *, desk: str = "", more: str = "") -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "1m" }}
        rules.canal = "canal"
        channels.desk = {{ webhook = "{receiver.url("/hook")}", default = true{desk} }}
        {more}
        polling.full_text = "never"
        network.allow = ["127.0.0.0/8"]
    """


def serve(wire: HttpServer, *versions: dict[str, str]) -> None:
    """Have the feed list an old entry first, and then one entry as it stands poll by poll."""
    wire.reply("/rss", Reply(body=rss([OLD])), *(Reply(body=rss([version, OLD])) for version in versions))


def told(receiver: HttpServer, path: str = "/hook") -> list[tuple[str, str]]:
    return [(str(each["kind"]), str(each["headline"])) for each in payloads(r.body for r in receiver.asked(path))]


def kept(house: House) -> list[tuple[Kind, Alert]]:
    """Return the alerts that were made, oldest first."""
    listed = house.database.read_now(lambda tx: alerts.listing(tx, limit=100, notices=False))
    return [(each.what.kind, each.what) for each in reversed(listed) if isinstance(each.what, Alert)]


def changes(house: House) -> list[tuple[Change, ...]]:
    return [alert.changes for _, alert in kept(house)]


def rules(house: House) -> set[str]:
    """Return what the deliveries of alerts say of their rule."""
    listed = house.database.read_now(lambda tx: alerts.listing(tx, limit=100, notices=False))
    return {delivery.rule for each in listed for delivery in each.deliveries}


def harmless() -> Iterator[dict[str, str]]:
    """Yield 35 versions of the entry that say the same."""
    for number in range(1, 8):
        yield {**DENIES, "title": f"UPDATE {number}-Minister denies closing canal"}
        yield {**DENIES, "title": f"Minister denies closing canal (updated 1{number}:05)"}
        yield {**DENIES, "title": "Minister denies closing the canal", "description": f"She spoke for {number} hours."}
        yield {**DENIES, "title": f"Minister, {50 + number}, denies closing canal to barges"}
        yield {**DENIES, "title": "Closing of canal denied by minister", "description": f"Comments: {number}"}


async def test_of_36_edits_the_one_that_corrects_is_told_with_the_words_that_changed(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    edits = [DENIES, *harmless(), CONFIRMS, {**CONFIRMS, "title": "UPDATE 9-Minister confirms closing canal"}]
    serve(wire, *edits)
    house.configure(config(wire, receiver))
    await house.work()
    for _ in edits:
        await house.after(minutes=1)
    assert told(receiver) == [("new", DENIES["title"]), ("correction", CONFIRMS["title"])]
    assert changes(house)[-1] == (Change(before="denies", after="confirms"),)


async def test_a_correction_says_why_and_what_the_rule_finds_now(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, DENIES, {**DENIES, "title": "Minister denies closing lake", "description": "The lake is to stay open."})
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=1)
    await house.after(minutes=1)
    correction = payloads(request.body for request in receiver.asked("/hook"))[-1]
    assert (correction["place"], correction["evidence"]) == (str(Reason.MATCHED), [])


async def test_what_is_withdrawn_is_told_at_once_even_after_a_correction(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    withdrawn = {**DENIES, "title": "WITHDRAWN: Minister confirms closing canal"}
    serve(wire, DENIES, CONFIRMS, withdrawn)
    house.configure(config(wire, receiver))
    await house.work()
    for _ in range(3):
        await house.after(minutes=1)
    assert [kind for kind, _ in told(receiver)] == ["new", "correction", "retraction"]


async def test_an_item_is_corrected_once_an_hour_and_then_by_what_it_says_by_then(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, DENIES, CONFIRMS, DENIES, CONFIRMS, {**DENIES, "title": "Minister does not confirm closing canal"})
    house.configure(config(wire, receiver))
    await house.work()
    for _ in range(30):
        await house.after(minutes=2)
    assert told(receiver) == [("new", DENIES["title"]), ("correction", CONFIRMS["title"])]
    await house.after(minutes=5)
    assert told(receiver)[2:] == [("correction", "Minister does not confirm closing canal")]
    await house.after(hours=3)
    assert len(told(receiver)) == 3


async def test_it_goes_to_exactly_those_who_got_the_first_message(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    first, second = (receiver.reply(path, Reply(status=status)) for path, status in (("/gone", 410), ("/late", 204)))
    serve(wire, DENIES, DENIES, CONFIRMS)
    refusing = f'channels.gone = {{ webhook = "{first}", default = true, fallback = "desk" }}'
    house.configure(config(wire, receiver, more=refusing))
    await house.work()
    await house.after(minutes=1)
    later = f'{refusing}\nchannels.late = {{ webhook = "{second}", default = true }}'
    house.configure(config(wire, receiver, more=later))
    await house.after(minutes=1)
    await house.after(minutes=1)
    assert [kind for kind, _ in told(receiver)] == ["new", "correction"]
    assert (told(receiver, "/late"), [kind for kind, _ in told(receiver, "/gone")]) == ([], ["new"])
    assert rules(house) == {"canal"}  # so that limits of the rule count corrections too


async def test_who_gets_the_first_message_later_gets_the_correction_right_behind_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, DENIES, CONFIRMS)
    house.configure(config(wire, receiver, desk=', quiet = "07:00-09:00"'))
    await house.work()
    await house.after(minutes=1)
    await house.after(minutes=1)
    assert told(receiver) == []
    await house.after(hours=1)
    assert told(receiver) == [("new", DENIES["title"]), ("correction", CONFIRMS["title"])]
    assert rules(house) == {"canal"}


async def test_whom_the_first_message_never_reached_is_told_nothing_of_its_correction(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, DENIES, CONFIRMS)
    house.configure(config(wire, receiver).replace('"canal"', '{ match = "canal", trial = true }'))
    await house.work()
    await house.after(minutes=1)
    await house.after(minutes=1)
    assert (told(receiver), [kind for kind, _ in kept(house)]) == ([], [Kind.NEW])


async def test_a_correction_still_goes_out_when_its_rule_was_removed_meanwhile(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, DENIES, CONFIRMS)
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=1)
    house.configure(config(wire, receiver).replace("rules.canal", "rules.lock").replace('"canal"', '"lock"'))
    await house.after(minutes=1)
    assert [kind for kind, _ in told(receiver)] == ["new", "correction"]


async def test_the_words_before_are_kept_where_nobody_is_told(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    serve(wire, DENIES, {**DENIES, "title": "UPDATE 1-Minister denies closing canal"})
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=1)
    await house.after(minutes=1)
    rows = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT version, headline FROM revision").all())
    assert [tuple(row) for row in rows] == [(1, DENIES["title"])]
