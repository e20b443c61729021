"""How much a proof proves: whole by ``./dev prove``, in a form that fits CI otherwise; and the figures it finds."""

from __future__ import annotations

import os
from collections.abc import Sequence

#: Whether proofs run whole.
WHOLE = os.environ.get("WIREBELL_PROVE") == "whole"
#: What the proof under way has found; printed at the end of the run.
FOUND: list[str] = []


def sized(whole: int, otherwise: int) -> int:
    """Return how many of something a proof takes: all, or so many that CI can wait for it."""
    return whole if WHOLE else otherwise


def figures(proof: str, **found: object) -> None:
    """Note what a proof found; names are written as words."""
    FOUND.append(f"{proof}: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found.items()))


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that so large a part of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
