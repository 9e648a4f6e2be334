"""Worlds that break: what each fault does, that no effect is doubled, and that it all happens again on replay."""

from __future__ import annotations

import json

import gymnasium
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import ccgym
from ccgym.backend import FaultyBackend, read_faults
from ccgym.backend.guest import GuestBackend
from ccgym.errors import ConfigError, ToolError
from ccgym.jsontext import canonical, digest
from ccgym.replay import verify
from ccgym.turns import render_call
from ccgym.types import LOST, StateEvent, Tool, Turn

ALL = {"timeout": 0.15, "error": 0.1, "duplicate": 0.1, "stale": 0.1, "slow": 0.1}
ENVS = sorted(spec for spec in gymnasium.registry if spec.startswith("ccgym/"))


def call(name, **arguments):
    return render_call(name, arguments)


# --- a world whose effects can be counted ---------------------------------------------------------------------------

OBJECT = {"type": "object"}
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("get", "", OBJECT),
        Tool("pay", "", OBJECT, effect="write", idempotent=True),
        Tool("spend", "", OBJECT, effect="write"),
        Tool("put", "", OBJECT, effect="write", idempotent=True),
        Tool("fill", "", OBJECT, effect="write", idempotent=True),
        Tool("end", "", OBJECT, effect="write", terminal=True),
    )
}


class Ledger:
    """A backend of one's own. `pay` is declared idempotent, and its function adds each time that it runs."""

    def __init__(self):
        self.data = {"balance": 0, "runs": [], "x": 0}

    def call(self, name, arguments, requestor="assistant"):
        if name == "get":
            return dict(self.data)
        if name == "put":
            self.data["x"] = arguments["x"]
            return {"x": arguments["x"]}
        if name == "fill":
            self.data["x"] = min(self.data["x"] + 7, 14)
            return {"x": self.data["x"]}
        if arguments["amount"] < 0:
            raise ToolError("no such amount", "bad_amount")
        self.data["balance"] += arguments["amount"]
        self.data["runs"] = [*self.data["runs"], [name, arguments]]
        return {"balance": self.data["balance"]}

    def probe(self, name, arguments, requestor="assistant"):
        return self.data[name]

    def state(self):
        return {"tables": {"ledger": {"all": self.data}}, "user": {}}

    def digest(self):
        return digest(self.data)

    def snapshot(self):
        return dict(self.data)

    def restore(self, snapshot):
        self.data = dict(snapshot)


class World:
    """Calls tools of a Ledger under faults, numbered as an environment numbers them."""

    def __init__(self, seed=0, **faults):
        self.ledger, self.number = Ledger(), 0
        self.backend = FaultyBackend(
            GuestBackend(self.ledger), read_faults(faults), seed, TOOLS, lambda: (self.number, self.number)
        )

    def __call__(self, name, **arguments):
        """Answer and fault of a call; the code of an error is its answer."""
        self.number += 1
        try:
            answer = self.backend.call(name, arguments)
        except ToolError as error:
            answer = error.code
        return answer, self.backend.take()[0]


def find(kind, name, **faults):
    """A world whose first call of this tool meets a fault, as it is recorded, and the answer to that call."""
    for seed in range(200):
        world = World(seed, **faults)
        answer, fault = world(name, **({"x": 1} if name == "put" else {"amount": 5}))
        if fault == kind:
            world.backend._faults = {}
            return world, answer
    raise AssertionError(f"{kind} never came")


def test_an_error_and_a_timeout_may_come_before_the_effect():
    for kind, code in (("error", "unavailable"), ("timeout", "timeout")):
        world, answer = find(kind, "pay", **{kind: 1.0})
        assert answer == code
        assert world.ledger.data["runs"] == []
        assert world("pay", amount=5) == ({"balance": 5}, "")


def test_a_late_idempotent_write_is_done_and_its_retry_is_told_what_it_did():
    world, answer = find("late", "pay", timeout=1.0)
    assert answer == "timeout"
    assert world.ledger.data["balance"] == 5
    assert world("pay", amount=5) == ({"balance": 5}, "retry")
    assert world.ledger.data["balance"] == 5


def test_a_late_write_that_is_not_idempotent_is_made_twice_by_who_does_not_look_first():
    world, _ = find("late", "spend", timeout=1.0)
    assert world("get")[0]["balance"] == 5
    assert world("spend", amount=5) == ({"balance": 10}, "")


def test_an_equal_call_later_is_answered_from_the_record_unless_the_function_is_idempotent_itself():
    world = World()
    world("pay", amount=5)
    world("pay", amount=7)
    assert world("pay", amount=5) == ({"balance": 5}, "repeat")
    assert world.ledger.data["balance"] == 12
    for x in (1, 2, 1):
        assert world("put", x=x) == ({"x": x}, "")
    assert world.ledger.data["x"] == 1


def test_a_write_that_runs_up_to_a_limit_is_not_taken_for_one_that_does_the_same_twice():
    world, _ = find("late", "fill", timeout=1.0)
    assert world("fill", amount=5) == ({"x": 7}, "retry")
    assert world.ledger.data["x"] == 7
    world("put", x=0)
    assert world("fill", amount=5)[0] == {"x": 7}


def test_an_idempotency_key_names_a_write_whatever_else_it_says():
    world = World()
    world("spend", amount=5, idempotency_key="a")
    assert world("spend", amount=6, idempotency_key="a")[1] == "repeat"
    assert world("spend", amount=5, idempotency_key="b")[1] == ""
    assert world.ledger.data["balance"] == 10


def test_a_stale_read_tells_the_state_before_the_last_write():
    world = World(stale=1.0)
    assert world("get") == ({"balance": 0, "runs": [], "x": 0}, "")
    world("pay", amount=5)
    world("pay", amount=7)
    assert world("get")[0]["balance"] == 5
    assert world.ledger.data["balance"] == 12


def test_a_failed_write_stays_a_failure_when_its_answer_is_late():
    for seed in range(20):
        world = World(seed, timeout=1.0)
        assert world("pay", amount=-1) == ("timeout", "timeout")


def test_a_terminal_tool_never_loses_its_answer_after_the_effect():
    for seed in range(40):
        assert World(seed, timeout=1.0)("end", amount=1)[1] == "timeout"


CALLS = st.lists(
    st.tuples(st.sampled_from(["pay", "pay", "put", "get", "spend"]), st.integers(-1, 3)), min_size=1, max_size=40
)


@given(CALLS, st.integers(0, 2**31))
@settings(max_examples=200, deadline=None)
def test_an_idempotent_write_is_applied_at_most_once_whatever_is_called_and_breaks(calls, seed):
    world, answered = World(seed, **ALL), set()
    for name, number in calls:
        answer, _ = world(name, **({"x": number} if name == "put" else {"amount": number}))
        if name == "pay" and isinstance(answer, dict):
            answered.add(number)
        elif name == "put" and isinstance(answer, dict):
            assert world.ledger.data["x"] == number
    paid = [arguments["amount"] for name, arguments in world.ledger.data["runs"] if name == "pay"]
    assert len(paid) == len(set(paid))
    assert answered <= set(paid)


# --- in an environment ----------------------------------------------------------------------------------------------


def play(env, task, turns, seed):
    env.reset(options={"task": task, "seed": seed})
    for turn in turns:
        _, _, terminated, truncated, info = env.step(turn)
        if terminated or truncated:
            return info
    return info


def test_what_breaks_is_no_fault_of_the_agents(desk):
    """Errors of faults count for no limit, and what is done again for no detour."""
    env = ccgym.make(desk, faults={"error": 0.5}, weights={"correctness": 1.0, "efficiency": 1.0, "format": 1.0})
    for seed in range(10):
        env.reset(options={"task": "cancel", "seed": seed})
        over, steps = (
            False,
            iter(["Which order?", call("get_order", order_id="W1"), call("cancel_order", order_id="W1")]),
        )
        turn = next(steps)
        while not over:
            _, _, terminated, truncated, info = env.step(turn)
            over = terminated or truncated
            if not (env.episode.calls and env.episode.calls[-1].step == env.episode.steps
                    and env.episode.calls[-1].fault in LOST):  # fmt: skip
                turn = next(steps, "W1 is cancelled.")
        assert info["rewards"]["correctness"] == info["rewards"]["format"] == 1.0
        assert {event.parts["turns"] for event in env.episode.events if getattr(event, "name", "") == "efficiency"} == {
            1
        }


def test_a_tool_that_makes_new_rows_makes_one_where_it_is_declared_idempotent(desk_plugin, tmp_path):
    """Its function asks for a new id each time that it runs, over the domain's own state."""
    tools = [{**tool, "x-ccgym": {**tool["x-ccgym"], "idempotent": tool["function"]["name"] == "add_note"}}
             for tool in desk_plugin.TOOLS]  # fmt: skip
    env = ccgym.make(desk_plugin.write_desk(tmp_path / "desk", tools=tools), faults={"timeout": 0.5})
    met = set()
    for seed in range(10):
        turns = [call("add_note", order_id=f"W{1 + n % 2}", text="x") for n in range(12)]
        play(env, "cancel", turns, seed)
        met |= {event.fault for event in env.episode.calls}
        notes = env.backend.state()["tables"]["notes"]
        assert sorted(note["order"] for note in notes.values()) == ["W1", "W2"]
        answers = {event.result["id"] for event in env.episode.calls if event.error is None}
        assert answers == set(notes)
        assert doubled(env.episode, env.domain) == []
    assert met == {"", "timeout", "late", "retry", "repeat"}


def test_a_world_that_never_answers_ends_by_the_limit_on_turns(desk):
    info = play(ccgym.make(desk, faults={"error": 1.0}), "cancel", [call("get_order", order_id="W1")] * 40, 0)
    assert info["termination"] == "max_steps"


def test_a_blocking_tool_that_is_slow_runs_into_its_limit(desk):
    env = ccgym.make(desk, faults={"slow": 1.0})
    env.reset(options={"task": "cancel"})
    observation, *_ = env.step(call("slow", seconds=0.0) + call("get_order", order_id="W1"))
    slow, quick = env.episode.calls
    assert '"code":"timeout"' in observation
    assert (slow.fault, slow.delay, quick.fault) == ("timeout", 0.2, "slow")
    assert 1 <= quick.delay <= 30
    assert env.episode.of(StateEvent) == []


def test_a_blocking_tool_that_is_late_has_done_its_work(desk):
    for seed in range(20):
        env = ccgym.make(desk, faults={"timeout": 1.0})
        play(env, "cancel", [call("slow", seconds=0.0)], seed)
        (event,) = env.episode.calls
        assert event.error["code"] == "timeout"
        assert bool(env.episode.of(StateEvent)) == (event.fault == "late")


def test_the_target_is_that_of_a_world_that_works(desk):
    plain, broken = ccgym.make(desk), ccgym.make(desk, faults={"error": 1.0})
    for env in (broken, plain):
        env.reset(options={"task": "note", "seed": 5})
    assert broken.episode.begin.target == plain.episode.begin.target


def test_a_transcript_tells_what_broke(desk):
    from ccgym.cli.transcript import transcript

    env = ccgym.make(desk, faults={"slow": 1.0})
    play(env, "cancel", [call("get_order", order_id="W1")], 0)
    (told,) = [line.text for line in transcript(env.episode) if line.label == "fault"]
    assert told == f"slow ({env.episode.calls[0].delay:g} s)"


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ({"tiemout": 0.1}, "unknown fault 'tiemout'. Faults: timeout, error, duplicate, stale, slow"),
        ({"error": 1.5}, "the fault 'error' has the probability 1.5. Give a number from 0 to 1"),
        ({"error": "x"}, "the fault 'error' has the probability 'x'"),
        ({"error": True}, "the fault 'error' has the probability True"),
        ({"error": float("nan")}, "the fault 'error' has the probability nan"),
        ({"error": 0.6, "slow": 0.6}, "the probabilities of faults sum to 1.2"),
        ([], "faults are []"),
    ],
)
def test_what_is_no_fault_is_refused(desk, faults, says):
    with pytest.raises(ConfigError) as caught:
        ccgym.make(desk, faults=faults)
    assert says in str(caught.value)


class PursePlugin:
    @ccgym.hookimpl
    def make_backend(self, domain, state, task):
        return Ledger() if domain.name == "Purse" else None


@pytest.fixture(scope="module")
def purse(tmp_path_factory):
    """A domain over a backend of one's own."""
    ccgym.register(PursePlugin())
    folder = tmp_path_factory.mktemp("purse")
    amount = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}
    marks = {"get": {"effect": "read"}, "pay": {"effect": "write", "idempotent": True}, "spend": {"effect": "write"}}
    tools = [
        {"name": name, "description": name, "parameters": amount if name != "get" else {"type": "object"},
         "x-ccgym": {**mark, "mock": {"kind": "respond", "return": {}}}} for name, mark in marks.items()
    ]  # fmt: skip
    (folder / "domain.yaml").write_text("name: Purse\nlimits: {max_steps: 60}\n")
    (folder / "sop.md").write_text("Pay.\n")
    (folder / "tools.json").write_text(json.dumps(tools))
    actions = [{"name": "pay", "args": {"amount": n}} for n in (5, 7)]
    task = {"id": "pay", "expect": {"actions": [*actions, {"name": "get", "args": {}}], "say": ["paid"]},
            "reward_basis": ["state", "say", "actions"]}  # fmt: skip
    (folder / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    return folder


def test_a_backend_of_ones_own_meets_the_same_faults_and_replays(purse, tmp_path):
    env = ccgym.make(purse, faults={"timeout": 0.3, "duplicate": 0.2, "stale": 0.2}, perturb={"rename": True})
    met, envs = set(), {}
    for seed in range(30):
        (episode,) = ccgym.rollout(env, "oracle", ["pay"], seed=seed, out=tmp_path / str(seed))
        met |= {event.fault for event in episode.calls}
        assert episode.rewards["correctness"] == 1.0, episode.messages()
        for path in (tmp_path / str(seed)).glob("episodes/*/*.jsonl"):
            assert verify(path, envs=envs).divergence is None
    assert met == {"", "timeout", "late", "retry", "duplicate", "stale"}


# --- over all first-party domains -----------------------------------------------------------------------------------


class Stubborn:
    """Plays references, repeats what was lost, and now and then what was not. Some of its calls are at random."""

    name = "stubborn"

    def __init__(self):
        self.plans = {}

    def act(self, requests):
        return [Turn(self.line(request)) for request in requests]

    def line(self, request):
        from ccgym.rollouts import make_policy
        from ccgym.seeds import stream

        rng, episode = stream("stubborn", request.seed), request.env.episode
        expect = episode.task.get("expect", {})
        plan = self.plans.setdefault(
            request.key, [a for a in expect.get("actions", ()) if a.get("requestor") != "user"]
        )
        last = episode.calls[-1] if episode.calls else None
        if last is not None and last.step == episode.steps and (last.fault in LOST or rng.random() < 0.25):
            return render_call(last.name, last.arguments) if "error" not in last.arguments else "…"
        if rng.random() < 0.15:
            return make_policy("random").act([request])[0].text
        if not plan:
            return make_policy("oracle").act([request])[0].text
        action, *self.plans[request.key] = plan
        return action["say"] if "say" in action else render_call(action["name"], action.get("args", {}))

    def close(self, key):
        self.plans.pop(key, None)


def doubled(episode, domain):
    """Equal idempotent writes that changed the same place twice, with nothing else having changed it between."""
    found, seen = [], {}
    calls = {event.id: event for event in episode.calls}
    for number, change in enumerate(episode.of(StateEvent)):
        event = calls.get(change.cause)
        paths = {op["path"] for op in change.patch or ()}
        if event is not None and domain.tools[event.name].idempotent:
            key = (event.name, canonical(event.arguments))
            if key in seen:
                between = {op["path"] for other in episode.of(StateEvent)[seen[key] + 1 : number] for op in other.patch}
                if not any(a.startswith(b) or b.startswith(a) for a in paths for b in between):
                    found.append(event)
            seen[key] = number
    return found


def break_all(env_id, episodes, folder):
    """Play so many episodes with all faults on; check each, and verify what was logged."""
    env = ccgym.make(env_id, faults=ALL)
    written, group = list(env.domain.tasks), 8
    count = -(-episodes // group)
    tasks = [written[i % len(written)] for i in range(count // 2)]
    tasks += list(env.domain.stream_tasks("test", count - len(tasks))) if env.domain.templates else written * count
    half = tasks[:count]
    met = set()
    for number, policy in enumerate(("oracle", Stubborn())):
        some = half[number::2]
        done = ccgym.rollout(env, policy, some, group, seed=number, out=folder / str(number))
        for episode in done:
            assert episode.end.reason not in ("env_error", "policy_error"), episode
            assert doubled(episode, env.domain) == []
            met |= {event.fault for event in episode.calls}
            if policy == "oracle" and episode.end.reason != "max_steps":
                assert episode.rewards["correctness"] == 1.0, (episode.task["id"], episode.begin.seed)
    verified, envs = 0, {}
    for number in (0, 1):
        for path in sorted((folder / str(number)).glob("episodes/*/*.jsonl")):
            checked = verify(path, envs=envs)
            assert checked.divergence is None, checked.divergence
            verified += checked.episodes
    assert verified >= episodes
    return met


@pytest.mark.parametrize("env_id", ENVS)
def test_every_domain_plays_on_while_it_breaks_and_replays(env_id, tmp_path):
    met = break_all(env_id, 64, tmp_path)
    assert {"timeout", "error", "duplicate", "slow"} <= met


@pytest.mark.slow
def test_ten_thousand_broken_episodes_double_no_effect_and_verify(tmp_path):
    met = set()
    for env_id in ENVS:
        met |= break_all(env_id, -(-10_000 // len(ENVS)), tmp_path / env_id.replace("/", "-"))
    assert met >= {"", "timeout", "late", "error", "duplicate", "stale", "slow", "retry"}


# --- from the command line ------------------------------------------------------------------------------------------


def test_the_command_line_breaks_a_world_and_verifies_it(tmp_path):
    from ccgym.cli.app import ccgym as app

    folder = tmp_path / "run"
    asked = ["rollout", "ccgym/OrderDesk-v0", "--policy", "oracle", "--tasks", "4", "--fault", "error=0.3",
             "--perturb", "rename", "--perturb", "distract=2", "--out", str(folder)]  # fmt: skip
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    (episode, *_) = ccgym.read_episodes(folder)
    assert episode.begin.options["faults"] == {"error": 0.3}
    assert episode.begin.options["perturb"]["asked"] == {"rename": True, "distract": 2}
    assert CliRunner().invoke(app, ["replay", str(folder), "--verify"]).exit_code == 0
    for option, says in (("--fault=eror=1", "Did you mean 'error'"), ("--fault=error", "write error=0.05"),
                         ("--perturb=hide=7", "Give a share from 0 to 1")):  # fmt: skip
        wrong = CliRunner().invoke(app, [*asked[:4], option])
        assert wrong.exit_code != 0
        assert says in wrong.output + str(wrong.exception), wrong.output
