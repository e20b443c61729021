"""Rules as written in a config, made ready to match; and many of them against one text."""
# ruff: noqa: SLF001 - a set that grows out of another reads it

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from monitor.errors import RuleError, RuleFault
from monitor.rule.checks import doubts, futile
from monitor.rule.evaluate import Held, Missed, Refusal, Sight, evaluate, find
from monitor.rule.evidence import Evidence, evidence
from monitor.rule.evidence import place as place_of
from monitor.rule.index import Index, Lexicon, Need, needs
from monitor.rule.parser import Exceptions, Parsed, parse, parse_exceptions
from monitor.rule.query import And, In, Mention, Not, OneOf, Or, Query, Word, words, write
from monitor.rule.shape import Shape, shaped
from monitor.rule.topic import Precision
from monitor.text import Text


class Where(StrEnum):
    """How far into an item a rule reads."""

    HEADLINE = "headline"
    LEAD = "lead"
    ANYWHERE = "anywhere"

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that are read."""
        return {"headline": ("headline",), "lead": ("headline", "lead")}.get(self, ("headline", "lead", "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a rule reads: all of it but what it looks for, so that rules which read alike share it."""

    #: What drops an item whose headline or lead says it; None for nothing.
    except_: Mention | None
    precision: Precision
    where: Where
    #: What else it was made of: the exceptions as written, the languages, and the lists of terms it may name.
    excepted: str = ""
    languages: tuple[str, ...] = ()
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule made ready: it matches where any of its queries holds and none of its exceptions does."""

    name: str
    #: Each query as written.
    sources: tuple[str, ...]
    how: How
    #: What its writer should know of it, in words for people.
    remarks: tuple[str, ...] = ()
    #: The shape of a rule that has one, and its words; most have, and need no tree to be decided.
    shape: Shape | None = None
    words: tuple[Word, ...] = ()
    #: The queries of a rule that has no shape.
    trees: tuple[Query, ...] = ()

    @property
    def queries(self) -> tuple[Query, ...]:
        """Return each query as a tree; that of a shape is made anew."""
        return (self.shape.filled(self.words),) if self.shape else self.trees

    @property
    def needs(self) -> Iterator[tuple[Need, ...]]:
        """Yield what each query needs in a text."""
        if self.shape:
            yield tuple([tuple([self.words[place].key for place in need]) for need in self.shape.needs])
        yield from map(needs, self.trees)

    @property
    def needs_article_to_refute(self) -> bool:
        """Return whether a negation reaches the text, so that an article yet to be read could refute a match."""
        return self.how.where is Where.ANYWHERE and any(map(_refutable, self.queries))

    def demands(self, name: str) -> bool:
        """Return whether it matches only what stands in a field."""
        return all(_demands(query, name) for query in self.queries)

    def asking(self, queries: tuple[Query, ...], name: str) -> Rule:
        """Return the rule by another name with other queries."""
        return replace(self, name=name, shape=None, words=(), trees=queries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that a text meets."""

    rule: str
    #: From 0 to 1.
    strength: float
    #: In words for people: "all words in one sentence, paragraph 3".
    place: str
    #: At most three sentences, the best first; none where only author, category, feed or language were asked for.
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """A rule that a text may meet or not: a regular expression of it ran out of time."""

    rule: str
    #: As the rule writes it.
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What many rules say of one text."""

    #: One match for each rule that the text meets, by the strongest of its queries, in the rules' order.
    matches: tuple[Match, ...] = ()
    #: Those that ran out of time.
    unjudged: tuple[Unjudged, ...] = ()


_NO_EXCEPTIONS = Exceptions(mention=None, faults=())
_NO_TERMS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def compile_rule(  # noqa: PLR0913 - the keys of a rule in the config
    name: str,
    match: tuple[str, ...],
    *,
    except_: str = "",
    precision: Precision = Precision.NORMAL,
    where: Where = Where.ANYWHERE,
    terms: Mapping[str, tuple[str, ...]] = _NO_TERMS,
    languages: tuple[str, ...] = (),
    before: Rule | None = None,
) -> Rule:
    """Return the rule made ready.

    Args:
        name: its name in the config.
        match: its queries, any of which is enough.
        except_: words and phrases with commas between; an item is dropped if its headline or lead says one.
        precision: how much a text must be about a topic.
        where: how far into an item it reads.
        terms: the lists that queries name as ``@name``.
        languages: those of the feeds, for words whose text does not tell its language.
        before: the rule of this name as it was last; it is returned itself where nothing of it has changed.

    Raises:
        RuleError: holding every fault of every query, where there is any.
    """
    lists = _lists((*match, except_), terms)
    how, faults = _how(except_, precision, where, languages, lists)
    if faults:  # told with a look at all lists, of which one may have been meant
        faults = parse_exceptions(except_, terms=terms, languages=languages).faults
    if before and (name, match, how) == (before.name, before.sources, before.how):
        return before
    if len(match) == 1 and not faults:
        found = shaped(match[0], languages=languages, fields=where.fields)
        if found:
            return Rule(name=name, sources=match, how=how, shape=found[0], words=found[1])
    read = [_read(source, terms, languages, where) for source in match]
    faults = (*(fault for found in read for fault in found.faults), *faults)
    if not match:
        faults += (RuleFault(source="", start=0, end=0, message="there is nothing to match", cure="write a word"),)
    if faults:
        raise RuleError(faults)
    return Rule(
        name=name,
        sources=match,
        how=how,
        remarks=tuple(dict.fromkeys([remark for found in read for remark in found.remarks])),
        trees=tuple([found.query for found in read if found.query]),
    )


@lru_cache(maxsize=1 << 10)
def _how(
    excepted: str,
    precision: Precision,
    where: Where,
    languages: tuple[str, ...],
    lists: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[How, tuple[RuleFault, ...]]:
    """Return how a rule reads, the same for all that read alike, and the faults of its exceptions."""
    found = parse_exceptions(excepted, terms=dict(lists), languages=languages) if excepted else _NO_EXCEPTIONS
    how = How(
        except_=found.mention,
        precision=precision,
        where=where,
        excepted=excepted,
        languages=languages,
        lists=lists,
    )
    return how, found.faults


def _lists(sources: Sequence[str], terms: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the lists of terms that a rule may name."""
    naming = "\n".join(source for source in sources if "@" in source)
    return tuple((name, values) for name, values in terms.items() if f"@{name}" in naming) if naming else ()


def _read(source: str, terms: Mapping[str, tuple[str, ...]], languages: tuple[str, ...], where: Where) -> Parsed:
    """Return a query, with what keeps it from ever firing among its faults."""
    found = parse(source, terms=terms, languages=languages)
    remarks = [*found.remarks]
    if found.query:
        remarks += doubts(found.query)
        remarks += (_capitals_remark(word) for word in words(found.query) if word.capitals)
    return replace(found, faults=_faults(source, found, where), remarks=tuple(remarks))


def _faults(source: str, found: Parsed, where: Where) -> tuple[RuleFault, ...]:
    """Return the faults of a query, or, where it can be read, what keeps it from ever firing."""
    if found.faults or not found.query:
        return found.faults
    faults = []
    for reason in futile(found.query, where.fields):
        at = source.find(reason.about)
        start, end = (at, at + len(reason.about)) if at >= 0 else (0, len(source))
        cure = f"write: {reason.instead}" if reason.instead else reason.cure
        faults.append(
            RuleFault(source=source, start=start, end=end, message=reason.message, cure=cure, instead=reason.instead)
        )
    return tuple(faults)


def _capitals_remark(word: Word) -> str:
    how = "in capitals" if word.capitals > 1 else "with a capital"
    return f"{word.label} is an ordinary word too: it is matched only where the text writes it {how}"


def _strength(found: tuple[Held, Sight]) -> float:
    return found[0].strength


def _refutable(query: Query) -> bool:
    match query:
        case Not():
            return not isinstance(query.query, In) or query.query.field == "text"
        case In():
            return query.field == "text" and _refutable(query.query)
        case And() | Or():
            return any(map(_refutable, query.parts))
        case _:
            return False


def warnings(rule: Rule) -> tuple[str, ...]:
    """Return what the writer of a rule should know of it: words that are read otherwise than they may be meant."""
    return rule.remarks


def _demands(query: Query, name: str) -> bool:
    match query:
        case In():
            return query.field == name
        case And():
            return any(_demands(part, name) for part in query.parts)
        case Or():
            return all(_demands(part, name) for part in query.parts)
        case _:
            return False


class RuleSet:
    """Rules behind one index; what it returns is what each rule alone would."""

    def __init__(self, rules: Iterable[Rule], before: RuleSet | None = None) -> None:
        """Take the rules; what the set before knows of those that are in both is not made anew."""
        self.rules = tuple(rules)
        places = {id(rule): place for place, rule in enumerate(self.rules)} if before else {}
        old = before if before and before._is_worth_keeping(places) else None
        kept = {id(rule) for rule in old.rules} if old else set[int]()
        new = [rule for rule in self.rules if id(rule) not in kept]
        #: The rule of each query that has a number; None for one that is gone.
        self._owners: list[Rule | None] = old._owners[:] if old else []
        #: The tree of each that has no shape.
        self._trees: dict[int, Query] = dict(old._trees) if old else {}
        gone = [number for number, owner in enumerate(self._owners) if id(owner) not in places]
        for number in gone:
            self._owners[number] = None
            self._trees.pop(number, None)
        self._lexicon: Lexicon = Lexicon(_words(new), old._lexicon if old else None)
        self._index: Index = Index(
            lambda: (needed for rule in new for needed in rule.needs), old._index if old else None, gone
        )
        for rule in new:
            self._trees.update(enumerate(rule.trees, len(self._owners)))
            self._owners += [rule] * (len(rule.trees) or 1)
        #: The place of each query's rule among the rules.
        self._places = array(
            "I", (places.get(id(owner), 0) for owner in self._owners) if old else _numbered(self.rules)
        )

    def _is_worth_keeping(self, places: Collection[int]) -> bool:
        """Return whether half of what is indexed or more is of these rules: what is gone leaves its words behind."""
        return sum(id(owner) in places for owner in self._owners) * 2 >= len(self._owners)

    def match(self, text: Text) -> tuple[Match, ...]:
        """Return one match for each rule that the text meets, by the strongest of its queries, in the rules' order."""
        return self.judge(text).matches

    def judge(self, text: Text, heard: Callable[[str], bool] = lambda _: True) -> Judged:
        """Return what the rules say of a text, with those that ran out of time.

        Only of rules whose names are ``heard`` is evidence gathered.
        """
        strongest, late = self._decide(text)
        if not strongest and not late:
            return Judged()
        names = {place: self.rules[place].name for place in sorted({*strongest, *late})}
        told = {place: name for place, name in names.items() if heard(name)}
        return Judged(
            matches=tuple([_match(name, *strongest[place]) for place, name in told.items() if place in strongest]),
            unjudged=tuple(
                [
                    Unjudged(rule=name, pattern=write(late[place]))
                    for place, name in told.items()
                    if place not in strongest
                ]
            ),
        )

    def hits(self, text: Text) -> tuple[str, ...]:
        """Return the names of the rules that the text meets, in the rules' order, without any evidence."""
        met = {
            place
            for place, rule, tree, sight in self._likely(text)
            if (rule.shape and rule.shape.is_sure) or isinstance(evaluate(tree or rule.queries[0], sight), Held)
            if not exception(rule, sight)
        }
        return tuple([self.rules[place].name for place in sorted(met)])

    def _decide(self, text: Text) -> tuple[dict[int, tuple[Held, Sight]], dict[int, Query]]:
        """Return what holds of the rules, by their places, and what ran out of time."""
        strongest: dict[int, tuple[Held, Sight]] = {}
        late: dict[int, Query] = {}
        for place, rule, tree, sight in self._likely(text):
            held = evaluate(tree or rule.queries[0], sight)
            if isinstance(held, Missed):
                if held.reason is Refusal.UNJUDGED:
                    late[place] = held.about
            elif not exception(rule, sight) and (
                place not in strongest or held.strength > strongest[place][0].strength
            ):
                strongest[place] = held, sight
        return strongest, late

    def _likely(self, text: Text) -> Iterator[tuple[int, Rule, Query | None, Sight]]:
        """Yield the rules that may hold, with their places, their trees if they have any, and what they read."""
        places = self._lexicon.places(text)
        sights: dict[int, Sight] = {}
        for number in self._index.candidates(places):
            rule = self._owners[number]
            if rule is None:  # it is gone, and so no candidate
                continue
            sight = sights.get(id(rule.how)) or sights.setdefault(id(rule.how), look(rule, text, places))
            if rule.shape is None or rule.shape.glance(rule.words, sight):
                yield self._places[number], rule, self._trees.get(number), sight

    def places(self, text: Text) -> dict[str, list[int]]:
        """Return where the rules' words stand in a text."""
        return self._lexicon.places(text)


def _numbered(rules: Iterable[Rule]) -> Iterator[int]:
    """Yield the place of each query's rule among the rules."""
    return (place for place, rule in enumerate(rules) for _ in rule.trees or (None,))


def _words(rules: Iterable[Rule]) -> Iterator[Word]:
    for rule in rules:
        yield from rule.words
        for query in rule.trees:
            yield from words(query)
        if rule.how.except_:
            yield from words(rule.how.except_)


def look(rule: Rule, text: Text, places: Mapping[str, list[int]]) -> Sight:
    """Return the part of a text that a rule reads."""
    end = text.ranges[rule.how.where.fields[-1]][1]
    return Sight(text=text, places=places, precision=rule.how.precision, first=0, end=end)


def exception(rule: Rule, sight: Sight) -> str:
    """Return what in the headline or lead drops the item from the rule; empty where nothing does."""
    excepted = rule.how.except_
    if excepted is None:
        return ""
    options = excepted.options if isinstance(excepted, OneOf) else (excepted,)
    opening = replace(sight, first=0, end=sight.text.ranges["lead"][1])
    return next((option.label for option in options if find(option, opening)), "")


def _match(name: str, held: Held, sight: Sight) -> Match:
    return Match(
        rule=name,
        strength=round(held.strength, 4),
        place=place_of(held.groups, sight.text),
        evidence=evidence(held.groups, sight),
    )
