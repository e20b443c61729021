"""What holds for every shipped list, and how rules name them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from monitor import lists
from monitor.errors import RuleError
from monitor.language import ANY_FUNCTION_WORD
from monitor.letters import fold
from monitor.rule import compile_rule
from monitor.rule.parser import parse
from monitor.rule.query import Topic

NAMES = lists.names()
VALUES = {name: lists.shipped(name) or () for name in NAMES}
BEGINNINGS = {word[:end] for word in ANY_FUNCTION_WORD for end in range(1, len(word) + 1)}


def words() -> Iterator[tuple[str, str]]:
    """Yield each value of one word, with its list."""
    return ((name, value) for name, values in VALUES.items() for value in values if not re.search("[ -]", value))


def test_every_list_is_a_rule_without_a_fault_and_without_a_remark() -> None:
    remarks = {name: compile_rule("shipped", (f"@{name}",)).remarks for name in NAMES}
    assert {name: said for name, said in remarks.items() if said} == {}


def test_no_value_is_empty_or_there_twice() -> None:
    for name, values in VALUES.items():
        assert values, name
        assert all(value.strip("=*") and value == value.strip() for value in values), name
        assert len(set(values)) == len(values), name


def test_a_word_alone_is_exact_or_a_beginning_since_its_stem_is_another_word_elsewhere() -> None:
    assert [(name, word) for name, word in words() if word[0] != "=" and word[-1] != "*"] == []


def test_no_small_word_is_a_function_word_of_any_language() -> None:
    small = [(name, word) for name, word in words() if word[-1] != "*" and not word[1:2].isupper()]
    assert [(name, word) for name, word in small if fold(word.strip("=")) in ANY_FUNCTION_WORD] == []


def test_no_beginning_is_that_of_a_function_word_of_any_language() -> None:
    begun = [(name, fold(word.strip("*"))) for name, word in words() if word[-1] == "*"]
    assert [(name, start) for name, start in begun if start in BEGINNINGS] == []


def test_no_phrase_ends_in_a_word_that_is_enough_by_itself() -> None:
    for name, values in VALUES.items():
        enough = {value.strip("=") for value in values if not re.search("[ *-]", value)}
        assert [
            value for value in values if re.search("[ -]", value) and re.split("[ -]", value)[-1] in enough
        ] == [], name


def test_a_list_that_is_none_is_none() -> None:
    assert lists.shipped("c/atlantis") is None
    assert lists.shipped("w/flies") is None
    assert lists.shipped("iran") is None


def test_a_list_of_the_user_goes_before_a_shipped_one() -> None:
    found = parse("@c/iran", terms={"c/iran": ("Persia",)}, languages=())
    assert found.query
    assert compile_rule("own", ("@c/iran",), terms={"c/iran": ("Persia",)}).queries == (found.query,)
    assert "Persia" in repr(found.query)
    assert "Tehran" not in repr(found.query)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("@c/irn", "@c/iran"),
        ("@iran", "@c/iran"),
        ("@C/Iran", "@c/iran"),
        ("@c/iranian", "@c/iran"),
        ("@c/deutschland", "@c/germany"),
        ("@c/россия", "@c/russia"),
        ("@w/resign", "@w/resigns"),
        ("@sanctions", "@w/sanctions"),
    ],
)
def test_a_list_that_is_none_points_to_the_one_that_is_meant(written: str, meant: str) -> None:
    with pytest.raises(RuleError) as refused:
        compile_rule("wrong", (written,))
    (fault,) = refused.value.faults
    assert fault.message == f"there is no list {written}"
    assert meant in fault.cure


def test_a_name_that_is_like_no_shipped_list_is_pointed_to_none() -> None:
    assert lists.likely("nowhere") is None
    assert lists.likely("c/qqqq") is None


def test_nothing_is_read_before_a_list_is_named() -> None:
    watch = "event == 'open' and str(args[0]).endswith(('.tsv', 'verbs.txt')) and print(args[0])"
    code = f"""
import sys
sys.addaudithook(lambda event, args: {watch})
from monitor.rule import compile_rule
compile_rule("plain", ("=port",))
print("ready")
compile_rule("list", ("@c/iran",))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.splitlines()[0] == "ready"
    assert told.splitlines()[1].endswith("countries.tsv")


def test_rules_that_name_a_shipped_list_share_it() -> None:
    alone = compile_rule("alone", ("@c/iran",)).queries[0]
    beside = compile_rule("beside", ("@c/iran oil",)).queries[0]
    assert isinstance(beside, Topic)
    assert beside.parts[0] is alone
