"""Strategies for Hypothesis: turns, JSON arguments and episodes. `pip install 'ccgym[kit]'` brings Hypothesis."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from ccgym.domain import Domain
from ccgym.env import find_domain, make
from ccgym.errors import MissingExtra
from ccgym.kit.episodes import TEXTS, Script, play
from ccgym.kit.subject import HOME
from ccgym.rollouts.schema_values import draw
from ccgym.turns import render_call
from ccgym.types import Episode, Tool

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise MissingExtra("ccgym.kit.strategies", "kit") from error


def json_values(max_leaves: int = 10) -> st.SearchStrategy[Any]:
    """Any JSON value that an argument or a result may be."""
    leaves = (
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"]))
    )  # fmt: skip
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=max_leaves
    )


def arguments(tool: Tool | dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that a tool's schema accepts. `tool`: a Tool, or the JSON Schema of its arguments."""
    schema = tool.parameters if isinstance(tool, Tool) else tool
    return st.integers(0, 2**32 - 1).map(lambda seed: draw(schema, random.Random(seed)))


def turns(domain: Domain | None = None) -> st.SearchStrategy[str]:
    """Turns of an agent: replies in many scripts, right and wrong calls of the domain's tools, and broken ones."""
    domain = domain or find_domain(HOME)
    replies = st.text(max_size=200) | st.sampled_from([text[:500] for text in TEXTS.values()])
    tools = [tool for tool in domain.tools.values() if tool.requestor == "assistant"]
    right = st.sampled_from(tools).flatmap(_calls) if tools else replies
    wrong = st.builds(render_call, st.text(max_size=20), st.dictionaries(st.text(max_size=8), json_values()))
    broken = st.sampled_from(["", "<think>", "<tool_call>{</tool_call>", "<tool_call>", "so <tool_call>{}</tool_call>"])
    thoughts = st.text(st.characters(exclude_characters="<>", exclude_categories=["Cs"]), max_size=50)
    whole = st.one_of(replies, right, right, wrong, broken)
    return whole | st.builds(lambda thought, turn: f"<think>{thought}</think>{turn}", thoughts, whole)


def _calls(tool: Tool) -> st.SearchStrategy[str]:
    calls = st.lists(arguments(tool).map(lambda given: render_call(tool.name, given)), min_size=1, max_size=3)
    return calls.map("".join)


def episodes(domain: Domain | None = None) -> st.SearchStrategy[Episode]:
    """Finished, scored Episodes: whatever comes of such turns, in a task of the domain (default: OrderDesk)."""
    domain = domain or find_domain(HOME)
    tasks = st.sampled_from(list(domain.tasks.values()) or list(domain.stream_tasks("train", 20)))
    return st.builds(
        lambda task, said, seed: play(_env(domain), task, Script(said), seed=seed),
        tasks, st.lists(turns(domain), max_size=6), st.integers(0, 2**31 - 1),
    )  # fmt: skip


@cache
def _env(domain: Domain) -> Any:
    return make(domain, policy="kit")
