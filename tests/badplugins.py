"""Plugins that do everything wrong, each an installed distribution of one module: what it is, and what must be said."""

from __future__ import annotations

import textwrap
from typing import NamedTuple


class Bad(NamedTuple):
    """One bad plugin. Its distribution is called `bad-NAME`, its reward `bad_NAME`."""

    code: str
    check: str
    """Code of the finding that `ccgym check` gives."""
    says: str
    """What the finding's sentence holds."""
    run: str = "ok"
    """What a run makes of its reward: a status of scoring; `broken` where it cannot be used at all."""


def reward(body: str, *, mark: str = "", head: str = "", method: str = "def score_episode(self, episode):") -> str:
    """A module of one reward."""
    return (
        f"import ccgym\n{head}\n\n@ccgym.reward({mark})\nclass Bad:\n    name = NAME\n\n    {method}\n"
        + textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
        + "\n\n@ccgym.hookimpl\ndef register_rewards(register):\n    register(Bad)\n"
    ).replace("NAME", '"bad_{name}"')


FINE = "return ccgym.RewardResult(1.0)"
FAST = "seconds=0.2"
BAD: dict[str, Bad] = {
    # import error
    "import": Bad("import no_such_package_anywhere\n", "plugin-broken", "no_such_package_anywhere", "broken"),
    "syntax": Bad("this is no python\n", "plugin-broken", "SyntaxError", "broken"),
    "exit": Bad("import sys; sys.exit(3)\n", "plugin-broken", "SystemExit", "broken"),
    # misspelt hook
    "hook": Bad("import ccgym\n\n@ccgym.hookimpl\ndef register_reward(register): ...\n", "plugin-broken",
                "Did you mean 'register_rewards'?", "broken"),
    "unmarked": Bad("def register_rewards(register): ...\n", "plugin-broken", "@ccgym.hookimpl", "broken"),
    # wrong signature
    "hook_argument": Bad("import ccgym\n\n@ccgym.hookimpl\ndef register_rewards(registr): ...\n", "plugin-broken",
                         "Did you mean 'register'?", "broken"),
    "hook_async": Bad("import ccgym\n\n@ccgym.hookimpl\nasync def register_rewards(register): ...\n", "plugin-broken",
                      "nobody awaits it", "broken"),
    "no_episode": Bad(reward(FINE, method="def score_episode(self):"), "plugin-broken", "score_episode(self, episode)",
                      "broken"),
    "one_more": Bad(reward(FINE, method="def score_episode(self, episode, domain):"), "plugin-broken",
                    "score_episode(self, episode)", "broken"),
    "async": Bad(reward(FINE, method="async def score_episode(self, episode):"), "plugin-broken", "nobody awaits it",
                 "broken"),
    "returns_float": Bad(reward("return 0.5"), "reward-result", "RewardResult(0.5)", "failed"),
    "returns_tuple": Bad(reward("return 0.5, 'good'"), "reward-result", "returned tuple", "failed"),
    "returns_text": Bad(reward("return 'good'"), "reward-result", "returned str", "failed"),
    # raising
    "raises": Bad(reward("raise KeyError('tone')"), "reward-raises", "KeyError", "failed"),
    "raises_exit": Bad(reward("raise SystemExit(4)"), "reward-raises", "SystemExit", "failed"),
    "recursion": Bad(reward("return self.score_episode(episode)"), "reward-raises", "RecursionError", "failed"),
    "raises_at_times": Bad(reward("return ccgym.RewardResult(1.0 / len(episode.replies))"), "reward-raises",
                           "ZeroDivisionError"),
    # hanging
    "loop": Bad(reward("while True:\n    pass", mark=FAST), "reward-slow", "was interrupted", "failed"),
    "sleep": Bad(reward("while True:\n    try:\n        time.sleep(9)\n    except Exception:\n        pass",
                        mark=FAST, head="import time"), "reward-slow", "was interrupted", "failed"),
    "regex": Bad(reward("re.match('(a+)+$', 'a' * 60 + 'b')\n" + FINE, mark=FAST, head="import re"), "reward-slow",
                 "was interrupted", "failed"),
    # out of range, NaN
    "nan": Bad(reward("return ccgym.RewardResult(float('nan'))"), "reward-not-finite", "nan", "failed"),
    "infinite": Bad(reward("return ccgym.RewardResult(1e308 * 10)"), "reward-not-finite", "inf", "failed"),
    "range": Bad(reward("return ccgym.RewardResult(1.5)"), "reward-range", "1.5", "failed"),
    # mutating the episode
    "clears": Bad(reward("episode.events.clear()\n" + FINE), "reward-changes-episode", "list of events"),
    "appends": Bad(reward("episode.events.append(episode.events[0])\n" + FINE), "reward-changes-episode",
                   "list of events"),
    "edits": Bad(reward("episode.events[0].task['id'] = 'x'\n" + FINE), "reward-changes-episode", "event 0"),
    "edits_call": Bad(reward("for call in episode.calls:\n    call.arguments['seen'] = True\n" + FINE),
                      "reward-changes-episode", "changed event"),
    "patches": Bad(reward("ccgym.Episode.replies = property(lambda self: [])\n" + FINE), "plugin-patches",
                   "ccgym.types.Episode.replies", "not run"),
    # non-deterministic
    "random": Bad(reward("return ccgym.RewardResult(random.random())", head="import random"),
                  "reward-not-deterministic", "asked again"),
    "time": Bad(reward("return ccgym.RewardResult(time.time() % 1000 / 1000)", head="import time"),
                "reward-not-deterministic", "asked again"),
    "counter": Bad(reward("return ccgym.RewardResult(1 / next(COUNT))",
                          head="import itertools\nCOUNT = itertools.count(1)"),
                   "reward-not-deterministic", "asked again"),
    "identity": Bad(reward("return ccgym.RewardResult(id(Bad) // 64 % 4093 / 4093)"), "reward-not-deterministic",
                    "in another"),
    "hashes": Bad(reward("return ccgym.RewardResult(1.0, ' '.join(set('one two three four five six seven'.split())))"),
                  "reward-not-deterministic", "in another"),
    "today": Bad(reward("return ccgym.RewardResult(float(datetime.date.today().year > 2000))", head="import datetime"),
                 "reads-the-clock-or-chance", "datetime.today"),
    # paying for padding
    "pays_length": Bad(reward("n = sum(len(text) for _, text in episode.replies)\n"
                              "return ccgym.RewardResult(n / (n + 500))"),
                       "reward-pays-padding", "pays"),
    "pays_calls": Bad(reward("return ccgym.RewardResult(len(episode.calls) / 100)"), "reward-pays-padding", "call"),
    "pays_steps": Bad(reward("return ccgym.RewardResult(0.1)", method="def score_step(self, episode, step):"),
                      "reward-pays-padding", "a turn more"),
    # evidence, groups
    "evidence": Bad(reward("return ccgym.RewardResult(1.0, '', (4711,))"), "reward-evidence", "4711"),
    "few": Bad(reward("return [ccgym.RewardResult(1.0)]", method="def score_group(self, episodes):"), "reward-result",
               "1 results for 8 members", "failed group"),
    "first": Bad(reward("return [ccgym.RewardResult(float(not n)) for n, _ in enumerate(episodes)]",
                        method="def score_group(self, episodes):"), "reward-group-order", "member"),
}  # fmt: skip
_SECOND = """
self.asked = getattr(self, "asked", 0) + 1
if self.asked == 1:
    return ccgym.RewardResult(1.0)
"""
HANGS: dict[str, Bad] = {
    "swallows": Bad(reward(_SECOND + "while True:\n    try:\n        time.sleep(1)\n"
                           "    except BaseException:\n        pass", mark=FAST, head="import time"),
                    "plugin-hangs", "hung while scoring"),
    "in_c": Bad(reward(_SECOND + "return ccgym.RewardResult(float(sum(range(10 ** 13)) > 0))", mark=FAST),
                "plugin-hangs", "hung while scoring"),
}  # fmt: skip
"""Those that no timer can interrupt, from the second episode on."""


def tool(
    body: str,
    *,
    mark: str = "",
    head: str = "",
    sign: str = "def note(state, text):",
    effect: str = "write",
    returns: str = "{}",
) -> str:
    """A module of one tool, `note`, that says it touches the table `notes` only."""
    return (
        f"import ccgym\nfrom ccgym.plugins import Toolset\n{head}\n\n{sign}\n"
        + textwrap.indent(textwrap.dedent(body).strip(), " " * 4)
        + f"""

SCHEMA = {{
    "name": "note", "description": "Write a note.",
    "parameters": {{"type": "object", "properties": {{"text": {{"type": "string"}}}}, "required": ["text"]}},
    "x-ccgym": {{"effect": "{effect}", "touches": ["notes"]{mark}}},
    "returns": {returns},
}}

@ccgym.hookimpl
def register_tools(register):
    register(Toolset("bad_{{name}}", {{"note": note}}, schemas=[SCHEMA]))
"""
    )


TOOLS: dict[str, Bad] = {
    # writing to undeclared state
    "undeclared": Bad(tool("state['notes'][text] = {}\nstate.setdefault('log', {})[text] = {}"), "tool-touches",
                      "'log'"),
    "reads_and_writes": Bad(tool("state['notes'][text] = {}", effect="read"), "tool-writes", "declared to read"),
    "global": Bad(tool("SEEN.append(text)\nreturn len(SEEN)", head="SEEN = []"), "tool-not-deterministic", "gave"),
    "global_at_end": Bad(tool("SEEN.add(text)\nreturn len(SEEN) > 9", head="SEEN = set()"), "tool-leaks",
                         "outside the state"),
    # the rest
    "tool_clock": Bad(tool("return time.time()", head="import time"), "tool-not-deterministic", "same seed"),
    "tool_uuid": Bad(tool("return str(uuid.uuid4())", head="import uuid"), "tool-not-deterministic", "same seed"),
    "tool_today": Bad(tool("return datetime.date.today().year > 2000", head="import datetime"),
                      "reads-the-clock-or-chance", "datetime.today"),
    "tool_set": Bad(tool("return {text}"), "tool-result", "not JSON"),
    "tool_state": Bad(tool("state['notes'][text] = {'at': object()}"), "tool-state", "note"),
    "tool_async": Bad(tool("return text", sign="async def note(state, text):"), "tool-signature", "async"),
    "tool_short": Bad(tool("return 1", sign="def note(state):"), "tool-signature", "text"),
    "tool_long": Bad(tool("return 1", sign="def note(state, text, title):"), "tool-signature", "title"),
    "tool_twice": Bad(tool("row = state['notes'].setdefault(text, {'n': 0})\nrow['n'] += 1",
                           mark=', "idempotent": True'), "tool-not-idempotent", "called twice"),
    "tool_returns": Bad(tool("return [text]", returns='{"type": "object"}'), "tool-returns", "object"),
    "tool_hangs": Bad(tool("import time\ntry:\n    time.sleep(99)\nfinally:\n    pass", mark=', "seconds": 0.5'),
                      "plugin-hangs", "calling it"),
}  # fmt: skip
"""Toolsets that are bad; what is found stands in `check` alone."""
