"""Which edits of a headline or lead correct what was told, and which say the same in other words."""

from __future__ import annotations

import pytest

from monitor.alert import Change, Kind
from monitor.correction import Correction, Reason, Words, find
from monitor.rule import Evidence

#: Edits after which all that was told still stands.
HARMLESS = [
    ("Kremlin rejects gaurantees for Kyiv", "Kremlin rejects guarantees for Kyiv"),
    ("Canal freezes", "Canal freezes over"),
    ("Allies weigh guarantees", "UPDATE 2-Allies weigh guarantees"),
    ("UPDATE 1-Allies weigh guarantees", "WRAPUP 4-Allies weigh guarantees"),
    ("Allies weigh guarantees", "BREAKING: Allies weigh guarantees"),
    ("EILMELDUNG: Kanzler tritt zurück", "Kanzler tritt zurück"),
    ("Срочно: Кремль отверг гарантии", "Кремль отверг гарантии"),
    ("Allies weigh guarantees", "RPT-Allies weigh guarantees"),
    ("Allies weigh guarantees", "REFILE-Allies weigh guarantees"),
    ("Allies weigh guarantees", "Allies weigh guarantees - Reuters"),
    ("Allies weigh guarantees | Example News", "Allies weigh guarantees"),
    ("Floods close the port (12 photos)", "Floods close the port (35 photos)"),
    ("Storm nears coast (updated 14:05)", "Storm nears coast (updated 15:20)"),
    ("Election night: 21:30 GMT", "Election night: 22:45 GMT"),
    ("What we know on day 1,002 of the invasion", "What we know on day 1,003 of the invasion"),
    ("Quake: what was felt 5 minutes ago", "Quake: what was felt 12 minutes ago"),
    ("Live: Merz meets Macron in Paris", "Live: Starmer meets Macron in London"),
    ("War in Ukraine live: 3 killed in Odesa", "War in Ukraine live: 5 killed in Kharkiv"),
    ("Allies Weigh Guarantees For Kyiv", "Allies weigh guarantees for Kyiv"),
    ("ALLIES WEIGH GUARANTEES", "Allies weigh guarantees"),
    ('Minister: "We are ready"', "Minister: “We are ready”"),
    ("Ministers discuss guarantees", "Guarantees discussed by ministers"),
    ("Fire destroys market in Lyon", "Market in Lyon destroyed by fire"),
    ("2,700 jobs to go at Siemens", "Siemens to cut 2700 jobs"),
    ("Two men arrested after raid", "2 men arrested after raid"),
    ("Merz resigns", "German chancellor Friedrich Merz resigns"),
    ("Quake hits Chile", "Quake of magnitude 7.1 hits Chile"),
    ("Trump says deal is close", "US says deal is close"),
    ("Kiev hit by drones overnight", "Kyiv hit by drones overnight"),
    ("Talks with Zelensky begin", "Talks with Zelenskiy begin"),
    ("Moscow rejects the plan", "Moscow does not accept the plan"),
    ("Сколько продержится экономика? Первая серия", "Сколько продержится экономика?"),
    ("Бесполетная война", "Бесполетная война: билеты не подешевеют"),
    ("Опережает ли Россия НАТО", "Обгоняет ли Россия НАТО"),
    ("Correction deepens on Wall Street", "Correction on Wall Street deepens"),
    ("Rebels withdraw from city", "Rebels withdrawing from the city"),
    ("Ölpreis steigt nach Angriff", "Nach Angriff: Ölpreis steigt"),
    ("Le gouvernement recule sur les retraites", "Retraites : le gouvernement recule"),
    ("Two killed in school shooting in Georgia", "Boy, 17, is held after shots at a school"),
    ("Why shares rose today", "Markets: what moved the dollar this week"),
]

#: Edits that take back something of what was told.
CORRECTING = [
    ("Kremlin denies strike", "Kremlin confirms strike", Reason.OPPOSITE),
    ("Court to hear the case", "Court not to hear the case", Reason.OPPOSITE),
    ("Minister did not resign", "Minister did resign", Reason.OPPOSITE),
    ("Minister won't resign over leak", "Minister will resign over leak", Reason.OPPOSITE),
    ("Parliament approves budget", "Parliament rejects budget", Reason.OPPOSITE),
    ("Siemens shares rise after results", "Siemens shares fall after results", Reason.OPPOSITE),
    ("Jury finds banker guilty", "Jury finds banker innocent", Reason.OPPOSITE),
    ("Kanzler bestätigt Bericht", "Kanzler dementiert Bericht", Reason.OPPOSITE),
    ("Zentralbank erhöht Zinsen", "Zentralbank erhöht Zinsen nicht", Reason.OPPOSITE),
    ("Macron accepte la démission", "Macron refuse la démission", Reason.OPPOSITE),
    ("Le Sénat vote la loi", "Le Sénat ne vote pas la loi", Reason.OPPOSITE),
    ("El ministro confirma el pacto", "El ministro desmiente el pacto", Reason.OPPOSITE),
    ("Кремль подтвердил переговоры", "Кремль опроверг переговоры", Reason.OPPOSITE),
    ("Суд принял жалобу", "Суд отклонил жалобу", Reason.OPPOSITE),
    ("Уряд підтвердив угоду", "Уряд спростував угоду", Reason.OPPOSITE),
    ("Blast kills 12 in Ankara", "Blast kills 10 in Ankara", Reason.NUMBER),
    ("Siemens to cut 2,700 jobs", "Siemens to cut 7,200 jobs", Reason.NUMBER),
    ("Fine of $5 million for bank", "Fine of $5 billion for bank", Reason.NUMBER),
    ("Siemens to cut 2,700 jobs in Bavaria", "7,200 jobs to go at Siemens in Bavaria", Reason.NUMBER),
    ("Three killed in avalanche", "Four killed in avalanche", Reason.NUMBER),
    ("Взрыв унес жизни 12 человек", "Взрыв унес жизни 10 человек", Reason.NUMBER),
    ("Inflation steigt auf 2,4 Prozent", "Inflation steigt auf 4,2 Prozent", Reason.NUMBER),
    ("Merz meets Macron in Paris", "Merz meets Starmer in Paris", Reason.NAME),
    ("Iran recalls its ambassador", "Iraq recalls its ambassador", Reason.NAME),
    ("Quake shakes northern Austria", "Quake shakes northern Australia", Reason.NAME),
    ("Aktien von Siemens in Österreich ausgesetzt", "Aktien von Siemens in Ungarn ausgesetzt", Reason.NAME),
    ("Путин принял Лаврова в Кремле", "Путин принял Мишустина в Кремле", Reason.NAME),
]

#: What publishers put before "Allies weigh guarantees", and what that makes of it.
CORRECTION, RETRACTION = Kind.CORRECTION, Kind.RETRACTION
MARKED = [
    ("CORRECTED-UPDATE 2-Allies weigh guarantees", CORRECTION),
    ("CORRECTION: Allies weigh guarantees", CORRECTION),
    ("UPDATE 1-CORRECTED-Allies weigh guarantees", CORRECTION),
    ("(Corrects name in paragraph 2) Allies weigh guarantees", CORRECTION),
    ("Korrektur: Allies weigh guarantees", CORRECTION),
    ("BERICHTIGUNG/Allies weigh guarantees", CORRECTION),
    ("RECTIFICATIF - Allies weigh guarantees", CORRECTION),
    ("CORRECCIÓN: Allies weigh guarantees", CORRECTION),
    ("Rettifica: Allies weigh guarantees", CORRECTION),
    ("CORREÇÃO: Allies weigh guarantees", CORRECTION),
    ("ИСПРАВЛЕНИЕ: Allies weigh guarantees", CORRECTION),
    ("(Уточнение) Allies weigh guarantees", CORRECTION),
    ("ВИПРАВЛЕННЯ: Allies weigh guarantees", CORRECTION),
    ("SPROSTOWANIE: Allies weigh guarantees", CORRECTION),
    ("WITHDRAWN: Allies weigh guarantees", RETRACTION),
    ("KILL: Allies weigh guarantees", RETRACTION),
    ("RETRACTED-Allies weigh guarantees", RETRACTION),
    ("ZURÜCKGEZOGEN: Allies weigh guarantees", RETRACTION),
    ("ANNULÉE - Allies weigh guarantees", RETRACTION),
    ("АННУЛИРУЕТСЯ: Allies weigh guarantees", RETRACTION),
    ("[Відкликано] Allies weigh guarantees", RETRACTION),
]

PLAIN = Words(headline="Allies weigh guarantees", lead="Ministers met on Tuesday.")


def edited(before: str, after: str) -> Correction | None:
    """Return what it makes of an edit of the headline alone."""
    return find(Words(headline=before), Words(headline=after))


def found(sentence: str, *terms: str, field: str = "headline") -> Evidence:
    """Return the evidence that a rule's terms stand in the sentence, each as it is written there."""
    spans = [(sentence.index(term), sentence.index(term) + len(term), term.lower()) for term in terms]
    return Evidence(field=field, sentence=sentence, spans=tuple(spans))


@pytest.mark.parametrize(("before", "after"), HARMLESS)
def test_an_edit_that_takes_nothing_back_is_no_correction(before: str, after: str) -> None:
    assert edited(before, after) is None


@pytest.mark.parametrize(("before", "after"), [(after, before) for before, after in HARMLESS])
def test_nor_is_the_way_back(before: str, after: str) -> None:
    assert edited(before, after) is None


@pytest.mark.parametrize(("before", "after", "reason"), CORRECTING)
def test_an_edit_that_takes_something_back_is_a_correction_and_says_what(
    before: str, after: str, reason: Reason
) -> None:
    correction = edited(before, after)
    assert correction is not None
    assert (correction.kind, correction.reason) == (CORRECTION, reason)


@pytest.mark.parametrize(("before", "after", "reason"), CORRECTING)
def test_and_so_is_the_way_back(before: str, after: str, reason: Reason) -> None:
    correction = edited(after, before)
    assert correction is not None
    assert correction.reason is reason


@pytest.mark.parametrize(("headline", "kind"), MARKED)
def test_what_its_publisher_marks_is_what_it_is_marked_as(headline: str, kind: Kind) -> None:
    correction = find(PLAIN, Words(headline=headline, lead=PLAIN.lead))
    assert correction is not None
    assert correction.kind is kind


@pytest.mark.parametrize("lead", ["(Corrects day of talks) Ministers met.", "Correction: Ministers met."])
def test_the_mark_may_stand_at_the_head_of_the_lead(lead: str) -> None:
    correction = find(PLAIN, Words(headline=PLAIN.headline, lead=lead))
    assert correction is not None
    assert correction.reason is Reason.CORRECTED


def test_a_mark_that_was_there_before_says_nothing_new() -> None:
    marked = Words(headline="CORRECTED-Allies weigh guarantees")
    assert find(marked, Words(headline="CORRECTED-Allies weigh the guarantees")) is None


@pytest.mark.parametrize(
    "headline",
    ["Correction deepens on Wall Street", "Kill Bill star dies", "Withdrawn troops return home", "KILL SWITCH FOUND"],
)
def test_a_headline_that_begins_with_such_a_word_is_not_marked(headline: str) -> None:
    assert find(Words(headline=f"Today {headline}"), Words(headline=headline)) is None


def test_the_words_that_changed_are_shown() -> None:
    correction = edited("Kremlin denies strike on Dnipro", "Kremlin confirms strike on Odesa")
    assert correction is not None
    assert correction.changes == (Change(before="denies", after="confirms"), Change(before="Dnipro", after="Odesa"))


def test_where_the_headline_stays_the_words_of_the_lead_are_shown() -> None:
    correction = find(PLAIN, Words(headline=PLAIN.headline, lead="(Corrects day) Ministers met on Monday."))
    assert correction is not None
    assert correction.changes == (Change(before="", after="(Corrects day)"), Change(before="Tuesday.", after="Monday."))


def test_long_changes_are_cut() -> None:
    correction = find(PLAIN, Words(headline="WITHDRAWN: " + "long words " * 40))
    assert correction is not None
    assert 150 < len(correction.changes[0].after) <= 160


def test_a_matched_word_that_is_gone_is_a_correction() -> None:
    before = "Siemens weighs sale of its trains"
    correction = find(
        Words(headline=before), Words(headline="Siemens weighs its options"), [found(before, "Siemens", "sale")]
    )
    assert correction is not None
    assert correction.reason is Reason.MATCHED


@pytest.mark.parametrize(
    ("after", "lead", "now"),
    [
        pytest.param("Siemens weighs sales of trains", "", (), id="another form of it"),
        pytest.param("Siemens weighs its options", "A sale is likely.", (), id="in the lead"),
        pytest.param(
            "Siemens may part with trains",
            "",
            (Evidence(field="headline", sentence="Siemens may part with trains", spans=((12, 21, "sale"),)),),
            id="other words for the term",
        ),
    ],
)
def test_a_matched_word_that_is_still_said_is_none(after: str, lead: str, now: tuple[Evidence, ...]) -> None:
    before = "Siemens weighs sale of its trains"
    evidence = [found(before, "sale"), found("No sale yet.", "sale", field="lead")]
    assert find(Words(headline=before), Words(headline=after, lead=lead), evidence, now=now) is None


def test_a_name_is_known_by_its_capital_in_the_lead_where_the_headline_has_capitals_only() -> None:
    before = Words(headline="Merz Meets Macron For Talks", lead="Chancellor Merz met Macron on Tuesday.")
    after = Words(headline="Merz Meets Starmer For Talks", lead="Chancellor Merz met Starmer on Tuesday.")
    correction = find(before, after)
    assert correction is not None
    assert correction.reason is Reason.NAME


def test_a_headline_that_calls_another_name_of_the_story_is_no_correction() -> None:
    lead = "In Paris, Merz and Macron agreed on the budget."
    assert (
        find(Words(headline="Deal with Merz is near", lead=lead), Words(headline="Deal with Macron is near", lead=lead))
        is None
    )


@pytest.mark.parametrize("piece", ["word ", "(", "- ", " ", "UPDATE 1-", "\u0301", "Aa1"])
def test_a_headline_and_a_lead_without_end_are_compared_as_far_as_they_can_be_one(piece: str) -> None:
    before = Words(headline=f"Kremlin denies strike {piece * 100_000}", lead=piece * 100_000)
    after = Words(headline=f"Kremlin confirms strike {piece * 100_000}", lead=f"other {piece * 100_000}")
    correction = find(before, after)
    assert correction is not None
    assert correction.reason is Reason.OPPOSITE
