"""Words by which wires mark a text as corrected or withdrawn, package a headline, and say yes or no."""

from __future__ import annotations

import re

from monitor import lists
from monitor.letters import fold

#: What packages a headline, and may come and go with no word of the news changing.
_PACKAGES = (
    r"update[sd]?|wrap-?up|refile|rpt|repeat|lead|breaking(?: news)?|exclusive|flash|urgent|alert|just in|analysis|"
    r"factbox|explainer|advisory|"
    r"eilmeldung|eil|aktualisiert|dringend|mise à jour|actualisé|actualización|actualizado|última hora|urgente|"
    r"aggiornamento|aggiornato|ultim'ora|atualização|atualizado|última hora|"
    r"срочно|молния|обновлено|обновляется|дополнено|терміново|оновлено|доповнено|aktualizacja|pilne"
)
_STEP = rf"(?:{_PACKAGES})\s*\d*\s*(?:[:|–—-]+|\.(?=\s))\s*"

#: Figures and marks between words in brackets.
_GAP = r"(?:[^\w()\[\]]|\d){0,30}"

_CORRECTED = (
    r"corrected|corrects|correction|corr|erratum|errata|editor['’]?s note|"
    r"korrektur|korrigiert|korrigierte fassung|berichtigung|berichtigt|richtigstellung|"
    r"correctif|corrigé|rectificatif|rectification|rectifié|annule et remplace|"
    r"corrección|corregid[oa]|rectificación|fe de erratas|fe de errores|corrige|"
    r"correzione|corretto|corretta|rettifica|errata corrige|correção|corrigid[oa]|retificação|"
    r"исправлени[ея]|исправлено|исправляет|поправка|уточнение|уточняет|уточнено|правка|"
    r"виправлення|виправлено|уточнення|уточнено|спростування|"
    r"korekta|sprostowanie|poprawka|rectificatie|correctie|gecorrigeerd|rättelse|rettelse|düzeltme|更正|訂正|تصحيح"
)
_WITHDRAWN = (
    r"withdrawn|withdraws|withdrawal notice|retracted|retraction|mandatory kill|bulletin kill|kill|story removed|"
    r"zurückgezogen|meldung zurückgezogen|annulliert|widerrufen|"
    r"annulation|annulé|annulée|dépêche annulée|retiré|retirée|retirad[oa]|anulad[oa]|anulación|retractad[oa]|"
    r"ritirat[oa]|annullat[oa]|annullamento|retratação|"
    r"аннулировано|аннулирована|аннулируется|аннулируем|отозвано|отозвана|снято с ленты|"
    r"анульовано|відкликано|знято|wycofan[oa]|anulowan[oa]|ingetrokken|geri çekildi|撤稿|撤回|سحب"
)


def _mark(words: str) -> re.Pattern[str]:
    """Return what finds one of the words where it marks a text, and not where a text begins with it by chance.

    "CORRECTED-UPDATE 2-", "(Corrects name)", "Korrektur: " mark; "Correction deepens on Wall Street" does not.
    """
    bracketed = rf"[(\[{{<*]+\s*(?:this (?:\S+ ){{0,4}}has been |an earlier \w+ )?(?:{words})\b"
    set_off = rf"(?:{words})\s*(?:[:|/–—]|\.\s|\s-\s|-(?=[A-ZÀ-ÞА-ЯІЇЄ]))"
    shouted = rf"(?-i:(?!KILL\b)(?=[A-ZÀ-ÞА-ЯІЇЄ]{{4,}}\s+\S+[a-zà-ÿа-яіїє]))(?:{words})\s"
    return re.compile(rf"\W*?(?:{_STEP})*(?:{bracketed}|{set_off}|{shouted})", re.IGNORECASE)


CORRECTED, WITHDRAWN = _mark(_CORRECTED), _mark(_WITHDRAWN)

#: Before, around and behind the news: its step, times of day, counters.
PACKAGING = re.compile(
    rf"^\W*(?:{_STEP})+|\b[0-2]?\d[:h][0-5]\d(?::[0-5]\d)?(?:\s*(?:[ap]m|gmt|utc|c?est?|msk|uhr|мск))?\b|"
    rf"[(\[]{_GAP}(?:(?:{_PACKAGES}|comments?|photos?|videos?|fotos?|kommentare?|фото|видео|відео){_GAP})*[)\]]|"
    r"\b(?:day|tag|jour|día|giorno|день)\s+\d[\d,.]*\b|"
    r"\b\d+\s+(?:min(?:ute)?s?|hours?|stunden?|heures?|horas?|ore|час\w*|минут\w*)\s+(?:ago|назад|тому)\b",
    re.IGNORECASE,
)
#: A page that is written on all day.
LIVE = re.compile(
    r"^\W*(?:(?:in|en|ao)\s+)?(?:live|direct|directo|vivo|diretta|liveblog|live-?ticker|newsblog|онлайн|наживо)\b\W*[:|–—-]|"
    r"\blive (?:updates|blog|coverage)\b|\bas it happened\b|[–—:|-]\s*(?:live|en direct|en vivo|онлайн)\W*$|"
    r"\blive(?:blog|ticker)\b|\blive:|онлайн-(?:трансляция|хроника)",
    re.IGNORECASE,
)

#: Small numbers as headlines spell them; "one" and its like are articles and pronouns as well.
_SPELLED = {
    2: "two zwei deux dos due dois duas два две дві двое",
    3: "three drei trois tres tre três три трое троє",
    4: "four vier quatre cuatro quattro quatro четыре четверо чотири",
    5: "five fünf cinq cinco cinque пять пятеро пʼять",
    6: "six sechs seis sei шесть шестеро шість",
    7: "seven sieben sept siete sette sete семь сім",
    8: "eight acht huit ocho otto oito восемь вісім",
    9: "nine neun neuf nueve nove девять девʼять",
    10: "ten zehn dix diez dieci dez десять",
    11: "eleven elf onze once undici одиннадцать одинадцять",
    12: "twelve zwölf douze doce dodici doze двенадцать дванадцять",
}
SPELLED = {fold(word): float(value) for value, words in _SPELLED.items() for word in words.split()}

#: Words that turn what is said around, by language.
NEGATIONS = {
    language: frozenset(fold(word) for word in words.split())
    for language, words in {
        "en": "not no never none nobody nothing without cannot neither",
        "de": "nicht kein keine keinen keinem keiner nie niemals niemand nichts ohne",
        "fr": "pas jamais aucun aucune rien personne sans",
        "es": "no nunca jamás ningún ninguna ninguno nadie nada sin",
        "it": "non mai nessun nessuno nessuna niente senza",
        "pt": "não nunca jamais nenhum nenhuma ninguém nada sem",
        "nl": "niet geen nooit niemand niets zonder",
        "pl": "nie nigdy żaden żadna żadne nikt nic bez",
        "ru": "не нет никогда никто ничего без нельзя",
        "uk": "не немає ніколи ніхто нічого без",
        "tr": "değil yok hiç",
        "sv": "inte ingen inga aldrig utan",
    }.items()
}


def _pole(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(fold(word)).replace(r"\*", r"\w*") for word in words))


#: Pairs of opposites: what finds a word that says yes, and what finds one that says no.
OPPOSITES = tuple((_pole(yes), _pole(no)) for yes, no in lists.opposites())
