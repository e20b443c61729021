"""The whole rule language at work: what a feed publishes, what rings for it, and which words the alert shows.

Each table has rows of (rule, headline, lead, the words that the evidence marks); None where the rule must not ring.
Every row is an item of its own and a rule of its own, so one day of one house tells the whole table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import pytest

from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

Row = tuple[str | Mapping[str, object], str, str, set[str] | None]


def toml(value: object) -> str:
    """Return the value as an inline value of TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def config(wire: HttpServer, receiver: HttpServer, rules: Iterable[str], *, feeds: str = "", more: str = "") -> str:
    receiver.reply("/hook", Reply(status=204))
    written = "\n".join(rules)
    return f"""
        timezone = "UTC"
        {feeds or f'feeds.wire = "{wire.url("/rss")}"'}
        {written}
        channels.desk = {{ webhook = "{receiver.url("/hook")}", default = true, burst = false }}
        polling.full_text = "never"
        network.allow = ["127.0.0.0/8"]
        {more}
    """


def rung(receiver: HttpServer, path: str = "/hook") -> list[dict[str, object]]:
    return payloads(request.body for request in receiver.asked(path))


def marked(alert: Mapping[str, object]) -> set[str]:
    """Return the words that the alert's evidence marks in its sentences."""
    evidence = alert["evidence"]
    assert isinstance(evidence, list)
    return {each["sentence"][start:end] for each in evidence for start, end, _ in each["spans"]}


async def judged(
    house: House, wire: HttpServer, receiver: HttpServer, rows: Sequence[Row], more: str = ""
) -> list[set[str] | None]:
    """Publish an item for each row, and return what its rule marked in it; None where that did not ring."""
    entries = [
        {"link": f"https://wire.example/{number}", "title": headline, "description": lead}
        for number, (_, headline, lead, _) in enumerate(rows)
    ]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(entries)))
    rules = [f"rules.row{number} = {toml(rule)}" for number, (rule, *_) in enumerate(rows)]
    house.configure(config(wire, receiver, rules, more=more))
    await house.work()
    await house.after(minutes=5)
    told = {(alert["rule"], alert["link"]): marked(alert) for alert in rung(receiver)}
    return [told.get((f"row{number}", f"https://wire.example/{number}")) for number in range(len(rows))]


NAMES_AND_PHRASES: list[Row] = [
    ("Bosch", "Bosch opens a plant", "", {"Bosch"}),
    ("Bosch", "A plant opens", "The owner is Bosch, the town says.", {"Bosch"}),
    ("Bosch", "Boschung sells snow ploughs", "", None),
    ('"Hagia Sophia"', "Visitors queue at Hagia Sophia again", "", {"Hagia Sophia"}),
    ('"Hagia Sophia"', "Sophia visits the Hagia", "", None),
    ('"hagia sophia"', "Works begin", "They restore the Hagia. Sophia is the architect.", None),
    ('"trade union"', "Trade unions meet in Leeds", "", {"Trade unions"}),
    ("“trade union”", "The trade union's chief resigns", "", {"trade union"}),
    ('"Smith-Jones"', "Smith Jones wins the seat", "", {"Smith Jones"}),
    ("CVE-2026-1234", "Patch for CVE-2026-1234 is out", "", {"CVE-2026-1234"}),
    ("CVE-2026-1234", "Patch for CVE-2026-12345 is out", "", None),
    ("C++", "New draft of C++ voted in", "", {"C++"}),
    ("C++", "Vitamin C is scarce", "", None),
]

EXACT_AND_BEGINNINGS: list[Row] = [
    ("=Rising", "Rising wins the cup", "", {"Rising"}),
    ("=Rising", "Prices are rising", "", None),
    ("=Rising", "Sun rises over Risings", "", None),
    ('="Article 7"', "Ministers invoke Article 7", "", {"Article 7"}),
    ('="Article 7"', "Ministers read article 7", "", None),
    ("=résumé", "His résumé was false", "", {"résumé"}),
    ("=résumé", "Talks resume", "", None),
    ("electri*", "Electrification of the line is done", "", {"Electrification"}),
    ("electri*", "Line gets electricians", "", {"electricians"}),
    ("electri*", "Elections are called", "", None),
    ('"power electri*"', "Power electronics maker founded", "", None),
    ('"power electr*"', "Power electronics maker founded", "", {"Power electronics"}),
    ("Elbbrück*", "Neue Elbbrücken werden gebaut", "", {"Elbbrücken"}),
]

AND_OR_NOT: list[Row] = [
    ("dam AND breach", "Dam built in 1950", "Engineers fear a breach.", {"Dam", "breach"}),
    ("dam AND breach", "Dam built in 1950", "Engineers fear nothing.", None),
    ("dam OR levee", "Levee holds", "", {"Levee"}),
    ("dam OR levee", "Dike holds", "", None),
    ("dam NOT beaver", "Dam holds", "", {"Dam"}),
    ("dam NOT beaver", "Dam holds", "A beaver built it.", None),
    ("dam -beaver", "Beavers at the dam", "", None),
    ("dam OR levee AND breach", "Dam holds", "", {"Dam"}),
    ("(dam OR levee) AND breach", "Dam holds", "", None),
    ("(dam OR levee) AND breach", "Levee watched", "A breach is near.", {"Levee", "breach"}),
    ("dam NOT (beaver OR toy)", "Toy dam on sale", "", None),
    ("NOT beaver AND dam", "Dam of stone", "", {"Dam"}),
    ('("dam wall" OR levee) NOT "model levee"', "Model levee breaks in class", "", None),
    ('("dam wall" OR levee) NOT "model levee"', "Dam walls crack", "", {"Dam walls"}),
]

NEIGHBOURS: list[Row] = [
    ("mayor NEAR/2 resigns", "Mayor of Turin resigns", "", {"Mayor", "resigns"}),
    ("mayor NEAR/2 resigns", "Resigns: the mayor", "", {"Resigns", "mayor"}),
    ("mayor NEAR/2 resigns", "Mayor watches as old ally resigns", "", None),
    ("mayor NEAR/5 resigns", "City hall", "He greets the mayor. Nobody resigns.", None),
    ("mayor BEFORE/2 resigns", "Mayor of Turin resigns", "", {"Mayor", "resigns"}),
    ("mayor BEFORE/2 resigns", "Resigns: the mayor", "", None),
    ("Orion NOT NEAR/1 (Energy OR Pharma)", "Orion Pharma grows", "", None),
    ("Orion NOT NEAR/1 (Energy OR Pharma)", "Orion Pharma grows", "Orion, the stars, are not meant.", {"Orion"}),
    ("Orion NOT NEAR/1 (Energy OR Pharma)", "Capsule Orion lands", "", {"Orion"}),
    ("(mayor OR governor) NEAR/3 (resigns OR quits)", "Governor of Ohio quits", "", {"Governor", "quits"}),
]

TOPICS: list[Row] = [
    ("river water shortage", "Shortage of water in the river", "", {"Shortage", "water", "river"}),
    (
        "river water shortage",
        "Rivers fall, waters recede",
        "The shortages of water hit rivers.",
        {"shortages", "water", "rivers"},
    ),
    ("river water shortage", "River falls", "Water is fine.", None),
    ("river water shortage", "Bank on the river", "Its staff drink water. Later, of nurses, a shortage arose.", None),
    ('(river OR "the Rhine") "low water"', "The Rhine at low water again", "", {"The Rhine", "low water"}),
    ("the shortage of water", "Water shortage feared", "", {"Water", "shortage"}),
]

LANGUAGES: list[Row] = [
    ("засуха", "Последствия засухи на юге", "", {"засухи"}),
    ('"железная дорога"', "Министр рассказал о железной дороге", "", {"железной дороге"}),
    ("договор газ", "Подписаны договоры", "Речь о поставках газа.", {"договоры", "газа"}),
    ("елка", "Ёлка стоит на площади", "", {"Ёлка"}),
    ("Королёв", "Город Королев празднует", "", {"Королев"}),
    ("Brand", "Die Brandung ist hoch", "", None),
    (
        "Vertrag",
        "Neue Verträge unterschrieben",
        "Die Verträge sind lang und wurden in der Nacht geprüft.",
        {"Verträge"},
    ),
    ('"neuer Haushalt"', "Streit um neuen Haushalt", "Der Streit ist alt.", {"neuen Haushalt"}),
    ("Strasse", "Die Straße ist gesperrt", "", {"Straße"}),
    ("Zürich", "Zurich airport closes", "", {"Zurich"}),
    ("посівна кампанія", "Посівної кампанії цього року не буде", "Її скасували.", {"Посівної", "кампанії"}),
    ("п'ятниця", "Зустріч у п’ятницю", "Її перенесли, кажуть у місті.", {"п’ятницю"}),
]

DISGUISES: list[Row] = [
    ("Opel", "Ореl recalls cars", "", {"Ореl"}),  # the first three letters are Cyrillic
    ("ОБСЕ", "OБCE sends observers", "", {"OБCE"}),  # O, C and E are Latin
    ("OSCE", "O.S.C.E. sends observers", "", {"O.S.C.E."}),
    ("O.S.C.E.", "OSCE sends observers", "", {"OSCE"}),
    ("referendum", "A refer\u00adendum is called", "", {"referendum"}),
    ("referendum", "A refer\u200bendum is called", "", {"referendum"}),
    ("Opel", "\uff2f\uff50\uff45\uff4c recalls cars", "", {"\uff2f\uff50\uff45\uff4c"}),
    ("Nestle", "Nestlé's chief leaves", "", {"Nestlé"}),
    ("O'Brien", "O’Brien is elected", "", {"O’Brien"}),
    ("café", "Cafe\u0301 closes", "", {"Cafe\u0301"}),
    ("US", "They told us nothing", "", None),
    ("US", "Envoys of the US arrive", "", {"US"}),
    ("ISIS", "A crisis looms", "", None),
]

FIELDS: list[Row] = [
    ("headline:strike", "Strike at the port", "Cranes stand still.", {"Strike"}),
    ("headline:strike", "Port stands still", "A strike began.", None),
    ("title:strike", "Strike at the port", "", {"Strike"}),
    ("lead:strike", "Port stands still", "A strike began.", {"strike"}),
    ("lead:strike", "Strike at the port", "Cranes stand still.", None),
    ("headline:port AND lead:strike", "Port stands still", "A strike began.", {"Port", "strike"}),
    ('headline:(port OR "air field")', "Air field closed", "", {"Air field"}),
    ("strike NOT headline:opinion", "Opinion: a good strike", "", None),
    ("strike NOT headline:opinion", "A good strike", "In one opinion.", {"strike"}),
    ("text:strike", "Strike at the port", "A strike began.", None),
]

MORE_KEYS: list[Row] = [
    ({"match": "Orion", "except": "horoscope, star sign"}, "Orion in your horoscope", "", None),
    ({"match": "Orion", "except": "horoscope, star sign"}, "Orion lands", "Its star signs are many.", None),
    ({"match": "Orion", "except": "horoscope, star sign"}, "Orion lands under a star", "", {"Orion"}),
    ({"match": "Orion", "except": "@sky"}, "Orion on the horizon", "", None),
    ({"match": "strike", "where": "headline"}, "Port stands still", "A strike began.", None),
    ({"match": "strike", "where": "headline"}, "Strike at the port", "", {"Strike"}),
    ({"match": "strike", "where": "lead"}, "Port stands still", "A strike began.", {"strike"}),
    ({"match": ["strike", "walkout"]}, "Walkout at the port", "", {"Walkout"}),
    ("@unions", "Talks with Verdi fail", "", {"Verdi"}),
    ("@unions", "Talks with IG Metall fail", "", {"IG Metall"}),
    ("@unions", "Opera by verdi", "", None),
    ("@unions strike", "Strike: Verdi calls", "", {"Strike", "Verdi"}),
]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(NAMES_AND_PHRASES, id="names and phrases"),
        pytest.param(EXACT_AND_BEGINNINGS, id="exact words and beginnings"),
        pytest.param(AND_OR_NOT, id="AND, OR, NOT"),
        pytest.param(NEIGHBOURS, id="NEAR, BEFORE, NOT NEAR"),
        pytest.param(TOPICS, id="topics"),
        pytest.param(LANGUAGES, id="Russian, German, Ukrainian"),
        pytest.param(DISGUISES, id="disguised letters"),
        pytest.param(FIELDS, id="fields of the text"),
        pytest.param(MORE_KEYS, id="lists, except, where"),
    ],
)
async def test_a_rule_rings_for_what_it_says_and_shows_the_words(
    house: House, wire: HttpServer, receiver: HttpServer, rows: list[Row]
) -> None:
    terms = 'terms.unions = ["=Verdi", "IG Metall"]\nterms.sky = ["horizon", "zenith"]'
    found = await judged(house, wire, receiver, rows, terms)
    wrong = [f"{row}: {seen}" for row, seen in zip(rows, found, strict=True) if seen != row[3]]
    assert "\n".join(wrong) == ""


async def one(  # noqa: PLR0913
    house: House,
    wire: HttpServer,
    receiver: HttpServer,
    entry: dict[str, str],
    rules: Mapping[str, object],
    *,
    feed: str = "",
) -> set[object]:
    """Publish one entry and return the names of the rules that ring."""
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([entry])))
    feeds = f'feeds.wire = {{ url = "{wire.url("/rss")}"{feed} }}'
    house.configure(
        config(wire, receiver, [f"rules.{name} = {toml(rule)}" for name, rule in rules.items()], feeds=feeds)
    )
    await house.work()
    await house.after(minutes=5)
    return {alert["rule"] for alert in rung(receiver)}


async def test_author_category_and_feed_are_asked_for_by_field_only(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = {"guid": "1", "title": "Markets calm", "author": "Ada Nowak", "category": "Weather and climate"}
    rules = {
        "by_author": 'author:"Ada Nowak"',
        "by_half_author": "author:Nowak AND calm",
        "by_other_author": "author:Kowalski",
        "by_category": "category:weather",
        "by_feed": "feed:wire",
        "by_other_feed": "feed:desk",
        "author_in_text": "Nowak",
        "category_in_text": "climate",
        "not_by_author": "markets NOT author:Nowak",
    }
    told = await one(house, wire, receiver, entry, rules)
    assert told == {"by_author", "by_half_author", "by_category", "by_feed"}


async def test_a_rule_asks_for_the_language_of_the_item(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    entry = {
        "guid": "1",
        "title": "Der Rat der Stadt tagt",
        "description": "Er will mit den Bürgern über das Geld reden.",
    }
    rules = {"german": "lang:de AND Rat", "english": "lang:en AND Rat", "not_english": "Rat NOT lang:en"}
    assert await one(house, wire, receiver, entry, rules, feed=', language = "de"') == {"german", "not_english"}


PASSING = {
    "guid": "1",
    "title": "Council talks about the year ahead",
    "description": "The town wants a new bridge. Before that, the mayor said on Monday, its harbour will be dredged at "
    "the cost of the state, which is why a second bridge could wait. Others spoke of schools, of the theatre and of "
    "the roads in the north. A museum asks for money. "
    "In the evening the library heard a word on the price of electricity. Guests from abroad listened. A school band "
    "played. Nobody spoke for long. "
    "The council meets again in March. Nobody asked about a lack of housing. Snow fell. A tender for bridges is open.",
}


async def test_precision_says_how_much_an_item_must_be_about_the_topic(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    rules = {
        f"{topic.split()[0]}_{level}": {"match": topic, "precision": level}
        for topic in ("council year", "bridge harbour", "library electricity")
        for level in ("broad", "normal", "precise")
    }
    assert await one(house, wire, receiver, PASSING, rules) == {
        "council_broad", "council_normal", "council_precise", "bridge_broad", "bridge_normal", "library_broad",
    }  # fmt: skip


async def test_a_rule_watches_the_feeds_that_its_names_globs_and_tags_mean(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    tags = {"north_sea": '["sea"]', "north_land": "[]", "south_sea": '["sea", "warm"]'}
    for name in tags:
        entry = {"guid": name, "title": f"Storm seen by {name}"}
        wire.reply(f"/{name}", Reply(body=rss([])), Reply(body=rss([entry])))
    feeds = "\n".join(f'feeds.{n} = {{ url = "{wire.url(f"/{n}")}", tags = {t} }}' for n, t in tags.items())
    watched: dict[str, object] = {
        "all": "storm",
        "name": {"match": "storm", "feeds": "north_land"},
        "glob": {"match": "storm", "feeds": "north_*"},
        "tag": {"match": "storm", "feeds": "tag:sea"},
        "several": {"match": "storm", "feeds": ["tag:warm", "*_land"]},
    }
    house.configure(
        config(wire, receiver, [f"rules.{name} = {toml(rule)}" for name, rule in watched.items()], feeds=feeds)
    )
    await house.work()
    await house.after(minutes=5)
    told = {name: {str(a["feed"]) for a in rung(receiver) if a["rule"] == name} for name in watched}
    assert told == {
        "all": {"north_sea", "north_land", "south_sea"},
        "name": {"north_land"},
        "glob": {"north_sea", "north_land"},
        "tag": {"north_sea", "south_sea"},
        "several": {"north_land", "south_sea"},
    }


async def test_rules_ring_the_channels_they_list_and_carry_their_priority(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = {"guid": "1", "title": "Storm ahead"}
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([entry])))
    for name in ("night", "boss"):
        receiver.reply(f"/{name}", Reply(status=204))
    rules = [
        'rules.plain = "storm"',
        'rules.loud = { match = "storm", notify = ["boss", "night", "boss"], priority = "urgent" }',
        'rules.soft = { match = "storm", notify = "night", priority = "low" }',
    ]
    channels = "".join(f'channels.{n} = {{ webhook = "{receiver.url(f"/{n}")}" }}\n' for n in ("night", "boss"))
    house.configure(config(wire, receiver, rules, more=channels))
    await house.work()
    await house.after(minutes=5)
    told = {
        path: sorted((str(a["rule"]), a["priority"]) for a in rung(receiver, path))
        for path in ("/hook", "/night", "/boss")
    }
    assert told == {
        "/hook": [("plain", "normal")],
        "/night": [("loud", "urgent"), ("soft", "low")],
        "/boss": [("loud", "urgent")],
    }


async def test_an_item_rings_once_for_each_of_its_rules_however_often_it_is_met(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = {"guid": "1", "title": "Storm, storm and storms", "description": "A storm. And another storm."}
    rules = {"either": {"match": ["storm", "storms OR wind"]}, "other": "storm"}
    await one(house, wire, receiver, entry, rules)
    assert sorted(str(alert["rule"]) for alert in rung(receiver)) == ["either", "other"]


async def test_evidence_is_the_sentence_as_published_with_its_field_and_the_terms_of_the_rule(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entry = {
        "guid": "1",
        "title": "Weather",
        "description": "It rains. Gales hit the „Neue Brücke“ & the quay. Calm follows.",
    }
    await one(house, wire, receiver, entry, {"gale": 'gale NEAR/4 "neue Brücke"'})
    (alert,) = rung(receiver)
    evidence = alert["evidence"]
    assert isinstance(evidence, list)
    assert evidence == [
        {
            "field": "lead",
            "sentence": "Gales hit the „Neue Brücke“ & the quay.",
            "spans": [[0, 5, "gale"], [15, 26, '"neue Brücke"']],
        }
    ]
