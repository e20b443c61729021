"""The rule language: what a person writes, made ready to match texts, with evidence for every match.

str --scan--> tokens --parser--> query --checks--> Rule        RuleSet --index--> candidates --evaluate--> Match
"""

from __future__ import annotations

from monitor.rule.evidence import Evidence
from monitor.rule.explain import Explanation, explain
from monitor.rule.rules import Match, Rule, RuleSet, Where, compile_rule, warnings
from monitor.rule.topic import Precision

__all__ = [
    "Evidence",
    "Explanation",
    "Match",
    "Precision",
    "Rule",
    "RuleSet",
    "Where",
    "compile_rule",
    "explain",
    "warnings",
]
