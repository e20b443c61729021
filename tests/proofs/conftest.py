"""What the proofs share with the scenarios: a house to live in, and servers on loopback."""

from __future__ import annotations

from tests.scenarios.conftest import clock, day, house, receiver, sandbox, wire

__all__ = ["clock", "day", "house", "receiver", "sandbox", "wire"]
