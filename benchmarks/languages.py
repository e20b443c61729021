"""What the languages cost: resident memory with six of them in use, time for each word, time to start.

    python benchmarks/languages.py

Each figure of memory is the median of fresh processes. Words are those of the headlines of our tests, of streams of
news in English and Russian where these are at hand, and of their folded forms; ratios are to Snowball alone.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import Stemmer

from monitor import language

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "eval"
LANGUAGES = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "ru": "russian", "uk": None}
RUNS = 5
#: Reads our headlines in the languages that are named, looks for the forms of each word, and prints what memory grew.
GROWTH = """
import sys
from pathlib import Path

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024

import re, gzip, json, functools, unicodedata, importlib.resources
before = resident()
from monitor import language, text
for line in Path("tests/language/headlines.txt").read_text(encoding="utf-8").splitlines():
    spoken, _, headline = line.partition(": ")
    if spoken in sys.argv[1:]:
        for word in text.read(headline=headline, language=spoken).words:
            language.stems(word.lower(), spoken)
            language.inner_stems(word, spoken)
print(resident() - before)
"""


def megabytes(*languages: str) -> float:
    """Return what the languages add to the resident memory of a fresh process."""
    command = [sys.executable, "-c", GROWTH, *languages]
    return median(float(subprocess.check_output(command, cwd=ROOT)) for _ in range(RUNS))


def seconds_to_start() -> float:
    """Return how long ``wirebell check`` takes, on the sample config."""
    command = [sys.executable, "-m", "monitor", "check", "--config", "config.toml"]
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        times.append(time.perf_counter() - began)
    return median(times)


def words(spoken: str) -> list[str]:
    """Return the different words of our headlines, and of a stream of news where there is one."""
    lines = (ROOT / "tests" / "language" / "headlines.txt").read_text(encoding="utf-8").splitlines()
    written = " ".join(line[4:] for line in lines if line.startswith(f"{spoken}: "))
    stream = SHARED / f"stream_{spoken}.jsonl.gz"
    if stream.exists():
        with gzip.open(stream, "rt", encoding="utf-8") as rows:
            written += " ".join(json.loads(row)["title"] for row, _ in zip(rows, range(3000), strict=False))
    return sorted({word.strip(".,:;!?«»“”\"'()") for word in written.split()})


def microseconds(work: Callable[[str], object], of: list[str]) -> float:
    """Return how long one word takes."""
    began = time.process_time()
    for word in of:
        work(word)
    return (time.process_time() - began) * 1e6 / len(of)


def row(spoken: str, name: str | None) -> str:
    """Return a line of the table of times."""
    found = words(spoken)
    language.stems("warm", spoken)
    language.inner_stems("Wärmepumpen", spoken)
    new = microseconds(lambda word: (language.stems(word.lower(), spoken), language.inner_stems(word, spoken)), found)
    met = microseconds(lambda word: language.stems(word.lower(), spoken), found[-10_000:])
    plain = microseconds(Stemmer.Stemmer(name, 0).stemWord, found) if name else 0.0
    ratio = f"{plain:8.1f} us x {new / plain:4.0f}" if plain else "       none    "
    return f"  {spoken}            {new:8.1f} us {met:10.2f} us {ratio} {len(found):14}"


def main() -> None:
    """Print memory, time for each word, and time to start."""
    print(f"resident memory, {RUNS} fresh processes each:")
    print(f"  none of them    {megabytes():6.1f} MB (our modules, function words, detection of all languages)")
    for spoken in LANGUAGES:
        print(f"  {spoken} alone        {megabytes(spoken):6.1f} MB")
    print(f"  all six         {megabytes(*LANGUAGES):6.1f} MB")
    print("time for a word:      new      met before   Snowball alone   different words")
    for spoken, name in LANGUAGES.items():
        print(row(spoken, name))
    print(f"wirebell check starts and ends in {seconds_to_start():.2f} s")


if __name__ == "__main__":
    main()
