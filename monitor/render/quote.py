"""Sentences of evidence as a message quotes them: cut to a width, with what matched marked."""

from __future__ import annotations

from monitor.render.inert import piece
from monitor.rule import Evidence
from monitor.sheet import Line, Part, Run


def quote(evidence: Evidence, width: int) -> Line:
    """Return the sentence with what matched marked, cut to about the width around the first of it."""
    spans = _runs(evidence)
    first, last = _window(evidence.sentence, spans, width)
    runs, at = [Run(text="…" if first else "")], first
    for start, end in spans:
        if start < at or end > last:  # overlapping, or outside of what is shown
            continue
        runs += [
            Run(text=piece(evidence.sentence[at:start])),
            Run(text=piece(evidence.sentence[start:end]), marked=True),
        ]
        at = end
    runs += [Run(text=piece(evidence.sentence[at:last])), Run(text="…" if last < len(evidence.sentence) else "")]
    return Line(part=Part.QUOTE, runs=tuple(run for run in runs if run.text))


def _runs(evidence: Evidence) -> list[tuple[int, int]]:
    """Return the places of the words that matched, neighbours as one: a reader sees a phrase, not its words."""
    runs: list[tuple[int, int]] = []
    for start, end, *_ in sorted(evidence.spans):
        if runs and runs[-1][1] < start and evidence.sentence[runs[-1][1] : start].isspace():
            start = runs.pop()[0]  # noqa: PLW2901 - it begins where its neighbour does
        runs.append((start, end))
    return runs


def _window(sentence: str, spans: list[tuple[int, int]], width: int) -> tuple[int, int]:
    if len(sentence) <= width:
        return 0, len(sentence)
    centre = spans[0][0] if spans else 0
    start = max(0, min(centre - width // 4, len(sentence) - width))
    end = max(start + width, spans[0][1] if spans else 0)
    begin = sentence.find(" ", start, centre) + 1 or start if start else 0  # not in the middle of a word
    stop = sentence.rfind(" ", centre + 1, end) if end < len(sentence) else -1
    return begin, stop if stop > (spans[0][1] if spans else 0) else end
