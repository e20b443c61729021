"""What 10 to 100,000 rules cost per item: this engine beside the ways of others, all in one run.

    python benchmarks/matching.py [--documents DOCS.jsonl.gz] [--sizes 10,1000,10000,100000] [--turns 3] [--items 300]

The others are a loop of one regular expression per word and rule, as feed readers do it; PostgreSQL's tsquery in a
table that is scanned; and Lucene's MemoryIndex with queries picked by their rarest word, which stands in for Lucene
Monitor. The last two are left out, with a word, where they are not installed.

All get the same rules, drawn from the documents' own words: 40 % AND of two to four, 25 % a phrase, 25 % two words
within ten (half of each AND a third), 10 % one of two AND another NOT a third. Words are drawn evenly over the
logarithm of how frequent they are. This engine is measured where it tells which rules an item meets, as the peers do;
with the evidence of each match; and with the reading of the item too, which Lucene is spared: it gets stems. All take
turns, so that a noisy neighbour slows each of them, and medians are compared. What rules weigh, and how long they
take to make, is measured in processes of their own.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from monitor import text
from monitor.language import ANY_FUNCTION_WORD, stems
from monitor.rule import Rule, RuleSet, compile_rule
from monitor.text import Text

SHARED = Path(__file__).parents[2] / "shared"
#: A document that is shorter tells little.
SHORTEST = 300
#: Ranks of words by their frequency: those before are in every text, those behind are names and slips.
FIRST, LAST = 40, 17_000
#: Words between the two of a pair at most: "within ten" as the peers count it.
BETWEEN = 9
_PLAIN = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A rule as drawn, in stems."""

    all: tuple[str, ...] = ()
    phrase: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def source(self, written: dict[str, str], conjunction: str = " AND ") -> str:
        """Return the rule as wirebell reads it, with the words as written."""
        parts = [f'"{" ".join(written[stem] for stem in self.phrase)}"'] if self.phrase else []
        parts += [f" NEAR/{BETWEEN} ".join(written[stem] for stem in self.near)] if self.near else []
        parts += [f"({' OR '.join(written[stem] for stem in self.either)})"] if self.either else []
        conjunction = " AND " if parts else conjunction
        parts += [written[stem] for stem in self.all]
        return conjunction.join(parts) + "".join(f" NOT {written[stem]}" for stem in self.none)

    def tsquery(self) -> str:
        """Return the rule as PostgreSQL reads it."""
        sides = [self.near, self.near[::-1]] if self.near else []
        pairs = [f"{one} <{n}> {other}" for one, other in sides for n in range(1, BETWEEN + 2)]
        parts = [" <-> ".join(self.phrase)] if self.phrase else []
        parts += [f"({' | '.join(either)})" for either in (pairs, self.either) if either]
        return " & ".join([*parts, *self.all, *(f"!{stem}" for stem in self.none)])

    def lucene(self, times: Counter[str]) -> str:
        """Return the rule as a line for the stand-in, its rarest word first."""
        rarest = min((*self.all, *self.phrase, *self.near), key=lambda stem: times[stem])
        several = ("|".join(stems) for stems in (self.phrase, self.near, self.either))
        return "\t".join([rarest, " ".join(self.all), *several, " ".join(self.none)])


class Corpus:
    """Documents, and the words that rules are drawn from."""

    def __init__(self, documents: Sequence[tuple[str, str]], language: str) -> None:
        self.documents, self.language = documents, language
        self.times, spelled, pairs = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for document in documents:
            words = [*self.words(document)]
            self.times.update({stem for stem, _ in words})
            spelled.update(words)
            pairs.update((one, other) for (one, _), (other, _) in pairwise(words))
        ordered = sorted(spelled.items(), key=lambda counted: (counted[1], counted[0]))
        #: Of each stem the word that it is written as most often.
        self.written = {
            stem: word
            for (stem, word), _ in ordered
            if _PLAIN.fullmatch(word) and text.fold(word) not in ANY_FUNCTION_WORD
        }
        known = [stem for stem, count in self.times.items() if count > 1 and stem in self.written]
        self.ranked = sorted(known, key=lambda stem: (-self.times[stem], stem))[:LAST]
        rare = set(self.ranked[FIRST:])
        self.pairs = sorted(pair for pair, count in pairs.items() if count > 3 and rare.issuperset(pair))

    def words(self, document: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the stems of a document's words, and the words in small letters."""
        for word in self.read(document).words:
            yield next(iter(stems(word.lower(), self.language)), word.lower()), word.lower()

    def read(self, document: tuple[str, str]) -> Text:
        """Return a document as rules read it."""
        return text.read(headline=document[0], text=document[1], language=self.language)

    def rules(self, count: int) -> list[Drawn]:
        """Return so many rules, the same in each run."""
        draw = random.Random(11)  # noqa: S311
        return [self._rule(draw) for _ in range(count)]

    def _rule(self, draw: random.Random) -> Drawn:
        kind = draw.random()
        beside = self._drawn(draw, draw.randrange(2))
        if kind < 0.40:
            return Drawn(all=self._drawn(draw, draw.choice((2, 3, 4))))
        if kind < 0.65:
            return Drawn(phrase=draw.choice(self.pairs), all=beside)
        if kind < 0.90:
            return Drawn(near=self._drawn(draw, 2), all=beside)
        one, other, also, never = self._drawn(draw, 4)
        return Drawn(either=(one, other), all=(also,), none=(never,))

    def _drawn(self, draw: random.Random, count: int) -> tuple[str, ...]:
        drawn: dict[str, None] = {}
        while len(drawn) < count:
            rank = int(exp(draw.uniform(log(FIRST), log(len(self.ranked)))))
            drawn[self.ranked[rank - 1]] = None
        return tuple(drawn)


def documents(path: Path) -> list[tuple[str, str]]:
    """Return headlines and texts of some length, in a fixed order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    written = [(row["title"], row.get("text") or row.get("summary") or "") for row in rows]
    long = [(title, body) for title, body in written if len(body) >= SHORTEST]
    random.Random(7).shuffle(long)  # noqa: S311
    return long


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- peers ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn of an engine came to."""

    items: int
    seconds: float
    matches: int


class Ours:
    """This engine: which rules an item meets; with ``evidence`` and with ``read``, as a daemon works from its text."""

    def __init__(
        self, corpus: Corpus, items: int, *, conjunction: str = " AND ", evidence: bool = False, read: bool = False
    ) -> None:
        how = (", topics for AND" * (conjunction == " "), ", with evidence" * evidence, " and reading" * read)
        self.name = f"wirebell{''.join(how)}"
        self._corpus, self._conjunction, self._evidence, self._read = corpus, conjunction, evidence, read
        self._items = corpus.documents[:items]
        self._texts = [corpus.read(document) for document in self._items]

    def take(self, drawn: Sequence[Drawn]) -> None:
        """Make the rules ready, and meet each word once, as a daemon has."""
        sources = (rule.source(self._corpus.written, self._conjunction) for rule in drawn)
        self._rules = RuleSet(compile_rule(str(n), (source,)) for n, source in enumerate(sources))
        self.turn()

    def turn(self) -> Turn:
        """Match all items."""
        began = time.perf_counter()
        texts = (self._corpus.read(item) for item in self._items) if self._read else self._texts
        decide: Callable[[Text], Sequence[object]] = self._rules.match if self._evidence else self._rules.hits
        matches = sum(len(decide(each)) for each in texts)
        return Turn(items=len(self._items), seconds=time.perf_counter() - began, matches=matches)


class Loop:
    """One regular expression for each word, or for each phrase or pair of words."""

    name = "loop of re"

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def take(self, drawn: Sequence[Drawn]) -> None:
        """Compile the expressions; it is slow, and takes turns on the fewer items the more there are."""
        self._rules = [[*map(re.compile, self._expressions(rule))] for rule in drawn]
        self._items = self._corpus.documents[: max(1, min(100, 20_000 // len(drawn)))]

    def _expressions(self, rule: Drawn) -> Iterator[str]:
        written = {stem: self._corpus.written[stem] for part in (rule.all, rule.phrase, rule.near) for stem in part}
        yield from (rf"(?i)\b{written[stem]}\b" for stem in rule.all)
        if rule.either:
            yield rf"(?i)\b(?:{'|'.join(self._corpus.written[stem] for stem in rule.either)})\b"
        if rule.phrase:
            yield rf"(?i)\b{' '.join(written[stem] for stem in rule.phrase)}\b"
        if rule.near:
            one, other = (written[stem] for stem in rule.near)
            between = rf"\b(?:\W+\w+){{0,{BETWEEN}}}\W+\b"
            yield rf"(?i)\b(?:{one}{between}{other}|{other}{between}{one})\b"

    def turn(self) -> Turn:
        """Search the items for what all rules ask for; what they refuse is not looked for."""
        began = time.perf_counter()
        matches = 0
        for title, body in self._items:
            whole = f"{title}\n{body}"
            matches += sum(all(each.search(whole) for each in rule) for rule in self._rules)
        return Turn(items=len(self._items), seconds=time.perf_counter() - began, matches=matches)


class Postgres:
    """A table of tsqueries that is scanned, by the server itself, in one process."""

    name = "PostgreSQL"
    _SETUP = """
        SET max_parallel_workers_per_gather = 0; SET jit = off;
        CREATE TABLE item(id int, body text); CREATE TABLE rule(q tsquery);
        CREATE FUNCTION turn(items int) RETURNS text LANGUAGE plpgsql AS $$
        DECLARE began timestamptz := clock_timestamp(); each text; read tsvector; found bigint; hits bigint := 0;
        BEGIN
            FOR each IN SELECT body FROM item ORDER BY id LIMIT items LOOP
                read := to_tsvector('english', each);
                SELECT count(*) INTO found FROM rule WHERE read @@ q;
                hits := hits + found;
            END LOOP;
            RETURN extract(epoch FROM clock_timestamp() - began) || ' ' || hits;
        END $$;
    """

    def __init__(self, session: subprocess.Popen[str], corpus: Corpus, items: int) -> None:
        self._session, self._most = session, items
        rows = (f"{title} {body}" for title, body in corpus.documents[:items])
        escaped = (row.translate({ord("\\"): "\\\\", ord("\n"): " ", ord("\t"): " ", ord("\r"): " "}) for row in rows)
        self._tell(self._SETUP, "COPY item FROM STDIN;", *(f"{n}\t{row}" for n, row in enumerate(escaped)), "\\.")

    def _tell(self, *lines: str) -> None:
        assert self._session.stdin
        self._session.stdin.write("\n".join(lines) + "\n")
        self._session.stdin.flush()

    def take(self, drawn: Sequence[Drawn]) -> None:
        """Fill the table of rules."""
        self._tell(
            "TRUNCATE rule;", "COPY rule FROM STDIN;", *(rule.tsquery() for rule in drawn), "\\.", "ANALYZE rule;"
        )
        self._items = min(self._most, max(20, 4_000_000 // len(drawn)))
        self.turn()

    def turn(self) -> Turn:
        """Scan the table for each item."""
        assert self._session.stdout
        self._tell(f"SELECT turn({self._items});")
        spent, hits = self._session.stdout.readline().split()
        return Turn(items=self._items, seconds=float(spent), matches=int(hits))


@contextmanager
def postgres() -> Iterator[subprocess.Popen[str] | None]:
    """Yield a session with a server of our own, which listens on a socket alone; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        yield None
        return
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        subprocess.run(
            [found[-1] / "initdb", "-D", data, "-N", "-A", "trust", "-U", "bench"], check=True, **quiet, **user
        )
        command: Sequence[str | Path] = [found[-1] / "postgres", "-D", data, "-k", folder, "-h", "", "-F"]
        with subprocess.Popen(command, **quiet, **user) as server:
            ready: Sequence[str | Path] = [found[-1] / "pg_isready", "-h", folder]
            while server.poll() is None and subprocess.run(ready, check=False, **quiet).returncode:
                time.sleep(0.1)
            try:
                yield from _session(found[-1] / "psql", folder, user)
            finally:
                server.terminate()


def _session(psql: Path, folder: str, user: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
    command: Sequence[str | Path] = [
        psql,
        "-qAtX",
        "-h",
        folder,
        "-U",
        "bench",
        "-d",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, cwd=folder, stdin=pipe, stdout=pipe, **user) as session:
        try:
            yield session
        finally:
            session.terminate()


class Lucene:
    """The stand-in, run anew for each turn; of its five passes over the items the median counts."""

    name = "Lucene"
    _SAID = re.compile(r"docs (\d+): ([\d.]+) items/s .* matches/item ([\d.]+)")

    def __init__(self, command: Sequence[str], folder: Path, corpus: Corpus, items: int) -> None:
        self._command, self._folder, self._corpus, self._items = command, folder, corpus, items
        lines = (" ".join(stem for stem, _ in corpus.words(each)) for each in corpus.documents[:items])
        (folder / "docs.txt").write_text("\n".join(lines), encoding="utf-8")

    def take(self, drawn: Sequence[Drawn]) -> None:
        """Write the rules down."""
        lines = (rule.lucene(self._corpus.times) for rule in drawn)
        (self._folder / "rules.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def turn(self) -> Turn:
        """Run it once."""
        command = [*self._command, "docs.txt", "rules.tsv", "pre", str(self._items), "5"]
        ran = subprocess.run(command, cwd=self._folder, check=True, capture_output=True, text=True)
        said = self._SAID.search(ran.stdout)
        assert said, ran.stdout
        items = int(said[1])
        return Turn(items=items, seconds=items / float(said[2]), matches=round(items * float(said[3])))


def lucene(folder: Path) -> list[str]:
    """Return the command of the stand-in, compiled into the folder; empty where it cannot be had."""
    jars = [found for name in ("core", "memory", "analyzers-common") for found in _jars(name)]
    source = SHARED / "bench" / "LuceneStandIn.java"
    if not (len(jars) == 3 and source.exists() and shutil.which("javac")):
        return []
    path = ":".join([str(folder), *map(str, jars)])
    subprocess.run([shutil.which("javac") or "", "-cp", path, "-d", folder, source], check=True)
    return [shutil.which("java") or "", "-XX:+UseSerialGC", "-Xmx3g", "-cp", path, "LuceneStandIn"]


def _jars(name: str) -> list[Path]:
    return sorted(Path("/usr/share/java").glob(f"lucene-{name}-8*.jar"))[-1:]


# --- figures ----------------------------------------------------------------------------------------------------------


Engine = Ours | Loop | Postgres | Lucene


def compare(engines: Sequence[Engine], corpus: Corpus, sizes: Sequence[int], turns: int) -> None:
    """Print what each engine makes of each number of rules, and how many times its cost is that of the first."""
    ours: dict[int, float] = {}
    for size in sizes:
        drawn = corpus.rules(size)
        for engine in engines:
            engine.take(drawn)
        taken = [[engine.turn() for engine in engines] for _ in range(turns)]
        print(f"{size:,} rules")
        for engine, turned in zip(engines, zip(*taken, strict=True), strict=True):
            cost = median(turn.seconds / turn.items for turn in turned)
            ratio = cost / ours.setdefault(size, cost)
            matches = turned[0].matches / turned[0].items
            print(f"  {engine.name:32}{1 / cost:12,.1f} items/s   x {ratio:<8.3g}{matches:9.2f} matches an item")
    first, *_, last = sorted(ours)[-3:]
    print(f"from {first:,} rules to {last:,} an item costs {ours[last] / ours[first]:.1f} times as much")


def weigh(path: Path) -> None:
    """Print what the rules in a file weigh in this process, and how long they took."""
    rules_of(["grain AND rice"])  # what the first rule brings along is no rule's weight
    gc.collect()
    before, began = resident(), time.perf_counter()
    with path.open(encoding="utf-8") as lines:
        rules = RuleSet(rules_of(line.rstrip("\n") for line in lines))
    spent = time.perf_counter() - began
    rules.match(text.read(headline="Grain prices", text="The price of grain rose.", language="en"))
    gc.collect()
    print(json.dumps({"seconds": spent, "bytes": resident() - before}))


def rules_of(sources: Iterable[str], before: Mapping[str, Rule] = MappingProxyType({})) -> list[Rule]:
    """Return rules made ready, those before where they are the same."""
    return [compile_rule(f"r{n}", (source,), before=before.get(f"r{n}")) for n, source in enumerate(sources)]


def resident() -> int:
    """Return the bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def print_weights(corpus: Corpus, sizes: Sequence[int], turns: int) -> None:
    """Print what sets of rules weigh, and how long they take to make, each in fresh processes."""
    for size in sizes:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.write("\n".join(rule.source(corpus.written) for rule in corpus.rules(size)))
            file.flush()
            command = [sys.executable, __file__, "--weigh", file.name]
            ran = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(turns)]
        weights = [json.loads(each) for each in ran]
        spent, held = (median(each[key] for each in weights) for key in ("seconds", "bytes"))
        print(f"{size:,} rules are made in {spent:.2f} s and weigh {held / 1e6:.1f} MB")


def print_reload(corpus: Corpus, count: int, turns: int) -> None:
    """Print what it takes to change one rule among many."""
    sources = [rule.source(corpus.written) for rule in corpus.rules(count)]
    rules = rules_of(sources)
    known, running = {rule.name: rule for rule in rules}, RuleSet(rules)
    spent = []
    for turn in range(turns):
        edited = [*sources[: turn + 1], "harbour AND strike", *sources[turn + 2 :]]
        began = time.perf_counter()
        fresh = rules_of(edited, known)
        made = time.perf_counter()
        RuleSet(fresh, running)
        spent.append((made - began, time.perf_counter() - made))
    made_ms, indexed_ms = (median(times) * 1000 for times in zip(*spent, strict=True))
    whole = seconds(lambda: RuleSet(rules_of(sources))) * 1000
    print(f"one of {count:,} rules changed: {made_ms:.0f} ms for the rules, {indexed_ms:.0f} ms for the index", end="")
    print(f" (all anew, their words known: {whole:.0f} ms)")


def compare_languages(folder: Path, count: int, turns: int) -> None:
    """Print what a word costs in English and in Russian, by as many rules drawn from each.

    Russian teasers are shorter, and of their fewer words more are in rules; so items would not be alike.
    """
    engines, words = {}, {}
    for language in ("en", "ru"):
        corpus = Corpus(documents(folder / f"stream_{language}.jsonl.gz")[:6000], language)
        words[language] = sum(len(corpus.read(document).words) for document in corpus.documents[:500])
        for read in (False, True):
            engines[language, read] = Ours(corpus, 500, read=read)
            engines[language, read].take(corpus.rules(count))
    taken = [{key: engine.turn() for key, engine in engines.items()} for _ in range(turns)]
    cost = {key: median(each[key].seconds / words[key[0]] * 1e6 for each in taken) for key in engines}
    print(f"{count:,} rules on teasers, a word to match / to read too:", end="")
    print(
        *(f" {language} {cost[language, False]:.2f} / {cost[language, True]:.2f} µs" for language in ("en", "ru")),
        end="",
    )
    ratios = [cost["ru", read] / cost["en", read] for read in (False, True)]
    print(f"   x {ratios[0]:.2f} / x {ratios[1]:.2f}")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=Path, default=SHARED / "eval" / "docs.jsonl.gz")
    parser.add_argument("--sizes", default="10,1000,10000,100000", help="numbers of rules")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--items", type=int, default=300, help="items that each engine gets; the slow ones get fewer")
    parser.add_argument("--weigh", type=Path, help="only weigh the rules in this file, one a line")
    given = parser.parse_args()
    if given.weigh:
        weigh(given.weigh)
        return
    if not given.documents.exists():
        sys.exit(f"{given.documents} is not here: name a file of documents with title and text")
    sizes = [int(size) for size in given.sizes.split(",")]
    corpus = Corpus(documents(given.documents), "en")
    drawn_from = f"{len(corpus.ranked):,} words and {len(corpus.pairs):,} pairs"
    print(f"{len(corpus.documents):,} documents, rules are drawn from {drawn_from}")
    print_weights(corpus, sizes[-1:], given.turns)
    print_reload(corpus, 10_000, given.turns)
    if (given.documents.parent / "stream_ru.jsonl.gz").exists():
        compare_languages(given.documents.parent, 1_000, given.turns)
    with ExitStack() as stack:
        ways: list[Engine] = [Ours(corpus, given.items), Ours(corpus, given.items, evidence=True)]
        ways += [Ours(corpus, given.items, evidence=True, read=True), Ours(corpus, given.items, conjunction=" ")]
        ways.append(Loop(corpus))
        if session := stack.enter_context(postgres()):
            ways.append(Postgres(session, corpus, given.items))
        else:
            print("PostgreSQL is left out: it is not installed")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if command := lucene(folder):
            ways.append(Lucene(command, folder, corpus, given.items))
        else:
            print("Lucene is left out: it needs liblucene8-java, a JDK, and the stand-in beside this project")
        compare(ways, corpus, sizes, given.turns)


if __name__ == "__main__":
    main()
