"""Whether a text can meet a query, told at a glance: by where its words stand, and without a list of what was found.

Most rules that could match a text by its words do not, and those are refused here at a tenth of the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from monitor.rule.evaluate import Sight
from monitor.rule.query import And, Near, Not, OneOf, Or, Phrase, Query, Topic, Word

#: Tells it of a query's own words, for a sight that begins with the text. What it refuses does not hold.
Glance = Callable[[Sequence[Word], Sight], bool]
#: From so many places on, it pays to look one up in a set.
_MANY = 16


def glance(query: Query, order: Mapping[str, int]) -> Glance:  # noqa: PLR0911 - one line for each kind of query
    """Return the glance at a query; ``order`` tells the place of each of its words among the words that it is given."""
    match query:
        case Word():
            return _word(order[query.key])
        case Phrase():
            return _phrase([order[word.key] for word in query.words])
        case Near(left=Word(key=left), right=Word(key=right), apart=False):
            return _near(order[left], order[right], query)
        case Near(apart=False):
            return _all([glance(query.left, order), glance(query.right, order)])
        case Near():
            return glance(query.left, order)
        case And(parts=parts) | Topic(parts=parts):
            return _all([glance(part, order) for part in parts])
        case Or(parts=parts) | OneOf(options=parts):
            return _any([glance(part, order) for part in parts])
        case Not() if is_sure(query.query):
            return _not(glance(query.query, order))
        case _:
            return lambda words, sight: True  # noqa: ARG005 - a glance has both


def is_sure(query: Query) -> bool:
    """Return whether what a glance does not refuse holds."""
    match query:
        case Word() | Phrase() | Near(left=Word(), right=Word(), apart=False):
            return True
        case And(parts=parts) | Or(parts=parts) | OneOf(options=parts):
            return all(map(is_sure, parts))
        case Not():
            return is_sure(query.query)
        case _:
            return False


def _word(place: int) -> Glance:
    def is_there(words: Sequence[Word], sight: Sight) -> bool:
        found = sight.places.get(words[place].key)
        return found is not None and found[0] < sight.end

    return is_there


def _phrase(order: Sequence[int]) -> Glance:
    first, *others = order

    def is_there(words: Sequence[Word], sight: Sight) -> bool:
        places, last = sight.places, sight.end - len(others)
        begins = places.get(words[first].key, ())
        for ahead, place in enumerate(others, 1):
            found = places.get(words[place].key, ())
            known = found if len(found) < _MANY else frozenset(found)
            begins = [begin for begin in begins if begin + ahead in known]
        if not begins or begins[0] >= last:  # told without the text's layout, which takes long to work out
            return False
        follows = sight.text.layout.follows
        return any(begin < last and all(follows[begin + 1 : begin + len(order)]) for begin in begins)

    return is_there


def _near(left: int, right: int, near: Near) -> Glance:
    farthest, ordered = near.within + 1, near.ordered

    def is_there(words: Sequence[Word], sight: Sight) -> bool:
        places, text, end = sight.places, sight.text, sight.end
        ones, others = places.get(words[left].key, ()), places.get(words[right].key, ())
        at, count = 0, len(others)
        for one in ones:
            while at < count and others[at] < one - farthest:
                at += 1
            for i in range(at, count):
                other = others[i]
                if other - one > farthest or other >= end:
                    break
                # Both stand in one sentence, and so on one side of the end, where a field ends.
                fits = other > one or (other < one and not ordered)
                if fits and text.layout.sentence[one] == text.layout.sentence[other]:
                    return True
        return False

    return is_there


def _all(parts: Sequence[Glance]) -> Glance:
    def are_there(words: Sequence[Word], sight: Sight) -> bool:
        for part in parts:  # noqa: SIM110 - a generator takes as long again
            if not part(words, sight):
                return False
        return True

    return are_there


def _any(parts: Sequence[Glance]) -> Glance:
    def is_there(words: Sequence[Word], sight: Sight) -> bool:
        for part in parts:  # noqa: SIM110 - a generator takes as long again
            if part(words, sight):
                return True
        return False

    return is_there


def _not(part: Glance) -> Glance:
    return lambda words, sight: not part(words, sight)
