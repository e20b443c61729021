"""The shipped lists of news verbs, on headlines of our own in the languages they speak."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from monitor import lists, text
from monitor.rule import RuleSet, compile_rule

SENTENCES = Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8")


def headlines() -> list[tuple[str, str, str, str]]:
    """Return the verb, the language, + or -, and the words of each headline."""
    found, verb = [], ""
    for line in SENTENCES.splitlines():
        if line.startswith("  "):
            language, sign, words = line.split(maxsplit=2)
            found.append((verb, language, sign, words))
        elif not line.startswith("#"):
            verb = line
    return found


@cache
def ring(verb: str) -> RuleSet:
    """Return a rule that is nothing but a list."""
    return RuleSet([compile_rule("verb", (f"@w/{verb}",))])


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "unknown"])
@pytest.mark.parametrize("verb", lists.verbs())
def test_a_list_finds_what_happened_and_nothing_that_only_looks_so(verb: str, *, declared: bool) -> None:
    wrong = []
    for name, language, sign, words in headlines():
        if name == verb:
            found = ring(verb).match(text.read(headline=words, language=language if declared else None))
            wrong += [words] if bool(found) != (sign == "+") else []
    assert wrong == []


def test_there_are_forty() -> None:
    assert len(lists.verbs()) == 40


@pytest.mark.parametrize("verb", lists.verbs())
def test_a_list_speaks_eight_languages(verb: str) -> None:
    assert tuple(lists.verbs()[verb]) == lists.LANGUAGES


@pytest.mark.parametrize("verb", lists.verbs())
def test_a_list_is_tried_in_all_its_languages_and_where_it_must_be_silent_in_three(verb: str) -> None:
    tried = {(language, sign) for name, language, sign, _ in headlines() if name == verb}
    assert tried == {(language, "+") for language in lists.LANGUAGES} | {
        (language, "-") for language in ("en", "de", "ru")
    }


@pytest.mark.parametrize("verb", lists.verbs())
def test_a_list_says_nothing_twice_in_one_language(verb: str) -> None:
    for words in lists.verbs()[verb].values():
        assert len(set(words)) == len(words)
