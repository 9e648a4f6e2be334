"""Findings about plugins: what `ccgym check DIST` says of rewards, tools, environments, policies and customers."""

from __future__ import annotations

from ccgym.domain.codes.entry import Code, code


def _reward(body: str, mark: str = "", head: str = "") -> str:
    """A plugin of one reward."""
    above = f"{head}\n" if head else ""
    return f"import ccgym\n{above}\n\n@ccgym.reward({mark})\nclass Shiny:\n{body}"


def _episode(*lines: str) -> str:
    return "    def score_episode(self, episode):\n" + "".join(f"        {line}\n" for line in lines)


CODES: dict[str, Code] = {
    "plugin-broken": code(
        "error", "A plugin does not load: nothing of it can be used.",
        "Repair what is named; `ccgym plugins show NAME` prints the traceback.",
        what="a module that imports what is not installed",
    ),
    "plugin-disabled": code(
        "error", "A plugin is disabled by an environment variable, so nothing of it was checked.",
        "Unset CCGYM_DISABLE_PLUGINS and CCGYM_LOAD_PLUGINS.", what="`CCGYM_DISABLE_PLUGINS=acme` set",
    ),
    "name-taken": code(
        "error", "Two plugins register the same name: neither can be used.",
        "Rename it in one of them.", what="two plugins with a reward `shiny`",
    ),
    "plugin-hangs": code(
        "error", "Something of the plugin neither returns nor lets itself be interrupted: its process was killed. In a "
        "run, it would end the run.", "Let it return, and swallow no BaseException.",
        python=_reward(_episode("return ccgym.RewardResult(float(sum(range(10**15)) > 0))"), "seconds=0.05"),
    ),
    "plugin-dies": code(
        "error", "Something of the plugin ends the process that it runs in.", "Raise an exception instead.",
        python=_reward(_episode("os._exit(3)"), head="import os"),
    ),
    "plugin-raises": code(
        "error", "Something of the plugin raises where nothing may.", "Repair the line that is named.",
        what="a toolset whose schemas cannot be read",
    ),
    "plugin-patches": code(
        "error", "The plugin replaces functions or classes that belong to others.", "Leave them as they are.",
        python=_reward(_episode("ccgym.Episode.steps = property(lambda self: 1)", "return ccgym.RewardResult(1.0)")),
    ),
    "reads-the-clock-or-chance": code(
        "warning", "Its code reads the clock, or draws numbers that nothing seeds: an episode cannot be repeated.",
        "A reward takes what the episode holds; a tool takes `ctx.now`, `ctx.rng` and `ctx.new_id()`.",
        python=_reward(
            _episode("late = datetime.date.today().year > 2000", "return ccgym.RewardResult(float(late))"),
            head="import datetime",
        ),
    ),
    "reward-unmade": code(
        "error", "A reward cannot be made, or prepared on a domain.", "Repair `__init__` or `prepare`.",
        python=_reward("    def prepare(self, domain):\n        raise KeyError(\"words\")\n\n"
                       + _episode("return ccgym.RewardResult(1.0)")),
    ),
    "reward-raises": code(
        "error", "A reward raises on an episode that there can be: such as one that ended before the agent spoke.",
        "Return None where the reward does not apply.",
        python=_reward(_episode("return ccgym.RewardResult(float(episode.turns[0].content == \"\"))")),
    ),
    "reward-slow": code(
        "error", "A reward takes longer than the `seconds` that it declares: in a run it fails.",
        "Make it faster, or declare more seconds.",
        python=_reward(_episode("time.sleep(9)"), "seconds=0.05", "import time"),
    ),
    "reward-result": code(
        "error", "A reward returns what is no result.", "Return `ccgym.RewardResult(value)` or None.",
        python=_reward(_episode("return 0.5")),
    ),
    "reward-range": code(
        "error", "A reward returns a value outside its range: in a run it fails.",
        "Clip the value, or declare the range that it has.",
        python=_reward(_episode("return ccgym.RewardResult(2.0)")),
    ),
    "reward-not-finite": code(
        "error", "A reward returns NaN or infinity: in a run it fails.", "Look for a division by nothing.",
        python=_reward(_episode("return ccgym.RewardResult(float(\"nan\"))")),
    ),
    "reward-not-deterministic": code(
        "error", "A reward says different things of the same episode, so that a run cannot be repeated.",
        "Take only what the episode holds, and go through sets in sorted order.",
        python=_reward(
            _episode("return ccgym.RewardResult(1 / next(ASKED))"),
            head="import itertools\n\nASKED = itertools.count(1)",
        ),
    ),
    "reward-changes-episode": code(
        "error", "A reward changes the episode that it scores.", "Copy what you change.",
        python=_reward(_episode("episode.events.reverse()", "return ccgym.RewardResult(1.0)")),
    ),
    "reward-evidence": code(
        "error", "The evidence that a reward gives is no event of the episode.", "Give `event.n`.",
        python=_reward(_episode("return ccgym.RewardResult(1.0, evidence=(99_999,))")),
    ),
    "reward-pays-padding": code(
        "error", "A reward pays more for the same with padding or repetition: a policy will learn to pad.",
        "Count each thing once, or divide by the length.",
        python=_reward(_episode(
            "words = sum(len(text.split()) for _, text in episode.replies)",
            "return ccgym.RewardResult(words / (words + 100))")),
    ),
    "reward-group-order": code(
        "error", "What a group reward gives a member depends on where it stands in the group.",
        "Compare each member with all others.",
        python=_reward("    def score_group(self, episodes):\n"
                       "        return [ccgym.RewardResult(n / 100) for n, _ in enumerate(episodes)]\n"),
    ),
    "tool-signature": code(
        "error", "A tool's function cannot be called with the arguments of its schema.",
        "Give the function the parameters that the schema has.", what="`def lend(state)` for a schema with `bike_id`",
    ),
    "tool-raises": code(
        "warning", "A tool raises something that is no ToolError for arguments on its schema: the agent reads a Python "
        "error.", "Raise ccgym.ToolError with a sentence that the agent can use.", what="`state[\"bikes\"][bike_id]`",
    ),
    "tool-result": code(
        "error", "A tool returns something that is not JSON: the call fails.", "Return dicts, lists, text and numbers.",
        what="a tool that returns a set",
    ),
    "tool-returns": code(
        "error", "A tool's result is off the schema that it declares for it.", "Correct one of them.",
        what="`returns: {type: object}` and a list",
    ),
    "tool-state": code(
        "error", "A tool puts something into the state that is not JSON: the call fails.",
        "Write dicts, lists, text and numbers.", what="a `datetime` in a row",
    ),
    "tool-writes": code(
        "error", "A tool that is declared to read changes the state: the call fails.", "Say `\"effect\": \"write\"`.",
        what="a read tool that counts its calls in a row",
    ),
    "tool-touches": code(
        "error", "A tool changes a table that its `touches` leaves out: the call fails.",
        "Add the table to `touches`, or leave it alone.", what="`touches: [bikes]` and a write to `log`",
    ),
    "tool-changes-arguments": code(
        "error", "A tool changes the arguments that it is given.", "Copy them first.", what="`items.append(…)`",
    ),
    "tool-not-atomic": code(
        "error", "A call that fails leaves the state changed.", "Change the state last, or let ccgym keep it.",
        what="a backend of one's own that writes and then raises",
    ),
    "tool-not-deterministic": code(
        "error", "A tool gives different answers to the same calls in episodes of one seed.",
        "Take `ctx.now`, `ctx.rng` and `ctx.new_id()`, and keep everything in the state.",
        what="a tool that returns `time.time()`",
    ),
    "tool-leaks": code(
        "error", "A tool keeps something outside the state: one episode sees what another did.",
        "Keep it in a table.", what="a list of the module's that the tool appends to",
    ),
    "tool-not-idempotent": code(
        "warning", "A tool that is declared idempotent changes more when it is called twice.",
        "Let the second call find that all is done, or take `\"idempotent\"` out.", what="`row[\"count\"] += 1`",
    ),
    "env-not-gymnasium": code(
        "error", "The environment does not pass Gymnasium's own check.", "Correct what is named.",
        what="a domain whose first task cannot begin",
    ),
    "env-raises": code(
        "error", "An episode of the environment broke: `env_error`, or an exception.", "Repair what is named.",
        what="a customer that raises",
    ),
    "env-not-deterministic": code(
        "error", "The same task, seed and actions give another episode.",
        "Take randomness from what is seeded only, and keep nothing between episodes.",
        what="a customer that draws from `random`",
    ),
    "env-not-isolated": code(
        "error", "Episodes that are played at the same time see each other, or change the seed state.",
        "Keep everything in the episode's own state.", what="a backend of one's own with a table shared by all",
    ),
    "env-forgery": code(
        "error", "A forged tool result in a turn does not end the episode.", "Leave turns to ccgym.",
        what="an environment of one's own",
    ),
    "policy-raises": code(
        "error", "A policy raises: the run ends.", "Put the failure into the Turn's `error`.",
        what="a policy that looks for the third message",
    ),
    "policy-answers": code(
        "error", "A policy does not answer each request with one Turn, in order.", "Return one `ccgym.Turn` a request.",
        what="a policy that answers the first request only",
    ),
    "policy-not-deterministic": code(
        "warning", "A policy answers the same requests differently: it takes randomness that no seed gives.",
        "Draw from `request.seed`.", what="a policy that draws from `random`",
    ),
    "customer-raises": code(
        "error", "A customer raises: the episode ends with `env_error`.", "Answer whatever the agent says.",
        what="a customer that looks for a number in each reply",
    ),
    "customer-turn": code(
        "error", "A customer answers with something that is no CustomerTurn.", "Return `CustomerTurn(text)`.",
        what="a customer that returns text",
    ),
    "customer-not-deterministic": code(
        "error", "A customer says different things in the same talk.", "Draw from the `rng` that the factory is given.",
        what="a customer that draws from `random`",
    ),
}  # fmt: skip
