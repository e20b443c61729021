"""Whatever a text holds, what a rule shows of it stands in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor import text
from monitor.rule import RuleSet, compile_rule
from monitor.text import fold
from tests.properties.laws import law, texts

SOURCES = (
    "harbour strike",
    "=Norvik",
    '"harbour strike"',
    "harb*",
    "harbour NEAR/4 strike",
    "Norvik OR harbour",
    "headline:(Norvik)",
    "забастовка",
    "Norvik NOT harbour",
)
PIECES = st.sampled_from(
    ["Norvik", "harbour", "Harbours", "strike", "struck", "забастовки", "6.5", "7", ".", "!", "\n", "“", "ﬁve"]
)
WRITTEN = st.lists(PIECES | texts, max_size=25).map(" ".join)
RULES = RuleSet([compile_rule(f"rule-{number}", (source,)) for number, source in enumerate(SOURCES)])


@law
@given(headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_evidence_stands_where_it_says_it_does(headline: str, lead: str, body: str) -> None:
    read = text.read(headline=headline, lead=lead, text=body)
    for match in RULES.match(read):
        assert 0 <= match.strength <= 1
        assert match.place
        for shown in match.evidence:
            assert shown.sentence.strip("…") in read.fields[shown.field]
            assert shown.spans
            ends = [place for start, end, _ in shown.spans for place in (start, end)]
            assert ends == sorted(ends)
            assert all(0 <= start < end <= len(shown.sentence) for start, end, _ in shown.spans)
            assert all(shown.sentence[start:end].strip() for start, end, _ in shown.spans)


@law
@given(headline=WRITTEN, lead=WRITTEN, body=WRITTEN)
def test_an_exact_word_is_found_exactly_where_it_is_written(headline: str, lead: str, body: str) -> None:
    read = text.read(headline=headline, lead=lead, text=body)
    rule = compile_rule("exact", ("=Norvik",))
    for match in RuleSet([rule]).match(read):
        assert "Norvik" in f"{headline} {lead} {body}"
        for shown in match.evidence:
            assert {fold(shown.sentence[start:end]) for start, end, _ in shown.spans} == {"norvik"}


@law
@given(before=texts, behind=texts)
def test_a_name_that_stands_alone_on_its_line_always_rings(before: str, behind: str) -> None:
    read = text.read(headline="News", text=f"{before}\nNorvik\n{behind}")
    assert [match.rule for match in RuleSet([compile_rule("norvik", ("Norvik",))]).match(read)] == ["norvik"]
