"""Rules of an SOP as data: read from its `rules` blocks and from `task.rules`, checked against the domain."""

from __future__ import annotations

from ccgym.domain.rules.book import read_rule, read_rules, read_task_rules
from ccgym.domain.rules.clauses import Clause, headings, split_rules
from ccgym.domain.rules.conditions import Condition, ConditionError, parse_condition
from ccgym.domain.rules.model import (
    ANY,
    All,
    AnyOf,
    Called,
    Confirmed,
    Holds,
    Kind,
    Not,
    Rule,
    Said,
    Sequence,
    Told,
    Tree,
    callable_tools,
    conditions,
    walk,
)  # fmt: skip
from ccgym.domain.rules.names import Names

__all__ = [
    "ANY", "All", "AnyOf", "Called", "Clause", "Condition", "ConditionError", "Confirmed", "Holds", "Kind", "Names",
    "Not", "Rule", "Said", "Sequence", "Told", "Tree", "callable_tools", "conditions", "headings", "parse_condition",
    "read_rule", "read_rules", "read_task_rules", "split_rules", "walk",
]  # fmt: skip
