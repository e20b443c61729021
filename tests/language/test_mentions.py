"""Rules in many languages, and what they find: a word in its forms, a name in a script without blanks, a compound."""

from __future__ import annotations

import pytest

from monitor import language, text
from monitor.rule import RuleSet, compile_rule


def rings(rule: str, content: str, spoken: str | None = None) -> bool:
    return bool(RuleSet([compile_rule("rule", (rule,))]).match(text.read(headline=content, language=spoken)))


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("台湾 海峡", "解放军在台湾海峡举行演习"),
        ("台湾", "美国对台湾的军售"),
        ('"台湾海峡"', "台湾海峡局势紧张"),
        ("北约 安全", "北约讨论安全保障问题"),
        ("北朝鮮", "北朝鮮がミサイルを発射"),
        ("北朝鮮 NEAR/8 ミサイル", "北朝鮮が弾道ミサイルを発射"),
        ("ロシア", "ロシア外相が訪日"),
        ("ロシア", "ﾛｼｱ外相が訪日"),
        ("NATO", "北约(NATO)峰会"),
        ("นาโต", "ผู้นำนาโตประชุมที่กรุงเฮก"),
        ("អាមេរិក", "ប្រធានាធិបតីអាមេរិកធ្វើដំណើរ"),
        ("ລາວ", "ປະເທດລາວປະກາດ"),
        ("한국", "한국은 제재를 발표했다"),
        ("제재", "정부가 제재를 발표했다"),
        ("מילואים", "צה״ל גייס מילואים"),
        ("לבנון", "כוחות נכנסו ללבנון"),
        ("гаранции НАТО", "НАТО обсъжда гаранциите за Киев"),
        ("гарантыі бяспекі", "Размова ішла пра гарантыямі бяспекі ў Мінску"),
        ("záruky NATO", "NATO ponúkne Kyjevu bezpečnostné zárukami"),
        ("jamstva NATO", "NATO razgovara o jamstvima za Kijev"),
        ("опыт ракеты", "С опытом пуска ракет"),
        ("обмен пленными", "Стороны обменяли пленных"),
        ("Газа", "Удар по сектору Газа"),
        ("гарантії безпеки", "Союзники обговорили гарантіями безпеки"),
        ("Sicherheit Garantien", "Merz fordert Sicherheitsgarantien für die Ukraine"),
        ("NATO Garantie", "NATO: Sicherheitsgarantien für Kiew"),
        ("Gas", "Der Gaspreis steigt und die Kunden zahlen"),
        ("Sicherheit Garantie Ukraine", "Man diskutiert über Sicherheitsgarantien und mehr für das Land der Ukraine"),
        ("gas prijzen", "De gasprijzen stijgen en dat is niet goed"),
    ],
)
def test_a_rule_finds_what_it_names(rule: str, content: str) -> None:
    assert rings(rule, content)


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("台湾 海峡", "台风在湾区的海边"),
        ('"海峡台湾"', "台湾海峡局势紧张"),
        ("インド", "インドネシアで地震"),
        ("北朝鮮 NEAR/2 ミサイル", "北朝鮮は声明を出し、ミサイル"),
        ("전문", "전문가가 말했다"),
        ("обмен пленными", "Обмен валюты: зрители были пленены"),
        ("сталь", "Цены стали выше"),
        ("Sicherheitsgarantien", "Die Sicherheit ist ohne Garantien und nicht genug"),
        ("Sicherheit", "Er freut sich auf das Spiel und die Reise"),
        ("Rat", "Die Heirat ist der Höhepunkt"),
        ("Test", "Wenn du dachtest, das ist alles"),
    ],
)
def test_a_rule_is_silent_about_what_it_does_not_name(rule: str, content: str) -> None:
    assert not rings(rule, content)


#: A compound, and the words that it is about.
COMPOUNDS = """
Sicherheitsgarantien: Sicherheit Garantie
Gaspreise: Gas Preis
Ölpreis: Öl Preise
Waffenstillstand: Waffen
Friedensverhandlungen: Frieden Verhandlung
Luftverteidigungssystem: Luftverteidigung System
Haushaltsdebatte: Haushalt Debatten
Bundesregierung: Regierung
Zinserhöhung: Zins Erhöhung
Grenzkontrollen: Grenze Kontrolle
Rüstungsexporte: Rüstung Export
Atomkraftwerk: Kraftwerke
Stromausfall: Strom Ausfälle
Arbeitsmarkt: Arbeit Markt
Klimaschutzgesetz: Klima
Präsidentschaftswahl: Wahl
Parlamentswahlen: Parlament Wahl
Außenminister: Minister
Drohnenangriff: Drohne Angriffe
Raketenangriffe: Rakete Angriff
Ministerpräsident: Präsident
Steuersenkung: Steuern Senkung
Rentenreform: Rente Reform
Hafenstreik: Hafen Streiks
Lokführerstreik: Lokführer Streik
Getreideabkommen: Getreide Abkommen
Handelskrieg: Handel Krieg
Einfuhrzölle: Einfuhr Zoll
Geiselnahme: Geisel
Flüchtlingslager: Flüchtling Lager
Lebensmittelpreise: Lebensmittel Preise
Autoindustrie: Auto Industrie
Kohleausstieg: Kohle Ausstieg
Leitzins: Zinsen
Inflationsrate: Inflation Rate
Übernahmeangebot: Übernahme Angebot
Werksschließung: Werk Schließung
Tarifverhandlungen: Tarif Verhandlung
Polizeieinsatz: Polizei Einsatz
Messerangriff: Messer Angriff
Waldbrände: Wald Brand
Erdbebenopfer: Erdbeben Opfer
Flugzeugabsturz: Flugzeug Absturz
Zugunglück: Unglück
Pressefreiheit: Presse Freiheit
Wahlbetrug: Wahl Betrug
Energieversorgung: Energie Versorgung
Impfstoff: Stoff
"""

#: Words that look like compounds, and what they are not about.
NO_COMPOUNDS = """
Heirat: Rat
Verrat: Rat
Vorrat: Rat
Vertrag: Trage
Überfall: Fall
Zwischenfall: Fall
Unterricht: Richter
Unterhaltung: Haltung
Gegenstand: Stand
Widerstand: Stand
Niederlage: Lage
Wirtschaft: Wirt Schaft
Botschaft: Bot Schaft
Mannschaft: Mann
Gesellschaft: Geselle
Gewerkschaft: Gewerk Werk
Freiheit: frei
Zeitung: Zeit
Werkzeug: Zeug
Deutschland: Land
Frankfurt: Furt Frank
Hamburg: Burg
Donnerstag: Tag Donner
Samstag: Samt
Regierung: Regie Rang
Präsident: Präsenz
Garantie: Tier
Verhandlung: Handlung
Behandlung: Handlung
Ausschuss: Schuss
Eindruck: Druck
Fortschritt: Schritt
Nachricht: Richter
Arbeitslosigkeit: Los
Landschaft: Schaft
General: Rallye
Generation: Gene Ration
Interesse: Esse
Industrie: Indus
Parlament: Lament
Kandidat: Datum
Steinmeier: Stein Meier
Lauterbach: Bach
Erdogan: Erde
Washington: Wäsche
Dramatische: Tische
Spezifischen: Fisch
Herausforderung: Forderung
Auseinandersetzung: Setzung
Verantwortung: Antwort
Temperatur: Uhr
Organisation: Sation
Untersuchung: Suchung
"""


def pairs(table: str) -> list[tuple[str, str]]:
    rows = [line.split(": ") for line in table.strip().splitlines()]
    return [(compound, word) for compound, words in rows for word in words.split()]


@pytest.mark.parametrize(("compound", "word"), pairs(COMPOUNDS))
def test_a_german_compound_is_about_its_words(compound: str, word: str) -> None:
    assert set(language.stems(word.lower(), "de")) & set(language.inner_stems(compound, "de"))


@pytest.mark.parametrize(("written", "word"), pairs(NO_COMPOUNDS))
def test_a_word_that_is_no_compound_is_left_whole(written: str, word: str) -> None:
    assert not set(language.stems(word.lower(), "de")) & set(language.inner_stems(written, "de"))


def test_a_long_compound_is_about_each_run_of_its_words() -> None:
    inner = language.inner_stems("Mietpreisbremse", "de")
    assert {language.stems(word, "de")[0] for word in ("mietpreis", "bremse")} <= set(inner)


@pytest.mark.parametrize(
    ("compound", "word"),
    [
        ("gasprijzen", "prijs"),
        ("belastinggeld", "belasting"),
        ("veiligheidsgarantie", "garanties"),
        ("luchtgevecht", "lucht"),
    ],
)
def test_a_dutch_compound_is_about_its_words(compound: str, word: str) -> None:
    assert set(language.stems(word, "nl")) & set(language.inner_stems(compound, "nl"))


def test_other_languages_have_no_compounds() -> None:
    assert language.inner_stems("Sicherheitsgarantien", "en") == ()


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("Wi-Fi", "Free WiFi at the station"),
        ("WiFi", "Free Wi-Fi at the station"),
        ("WiFi", "Free WIFI at the station"),
        ("F-16", "Kyiv gets more F16s and F16 parts"),
        ("F16", "Kyiv gets F-16 jets"),
        ("COVID-19", "Covid19 returns"),
        ("co-operation", "They agreed on cooperation"),
        ("YouTube", "You Tube is down"),
        ("натовские", "НАТО заявило"),
        ("НАТО", "Натовские самолёты"),
    ],
)
def test_a_hyphen_more_or_less_does_not_hide_a_word(rule: str, content: str) -> None:
    assert rings(rule, content)


@pytest.mark.parametrize(
    ("rule", "content"),
    [("G7", "Plan G 7 fails"), ("=WiFi", "Free Wi-Fi"), ("F-16", "The F 15 and 16 others"), ('"Wi-Fi"', "Wi, Fi")],
)
def test_a_hyphen_more_or_less_makes_no_other_word(rule: str, content: str) -> None:
    assert not rings(rule, content)
