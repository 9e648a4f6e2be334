"""Tools under other names, fewer, more, or in another order: what the agent sees changes, and nothing else does."""

from __future__ import annotations

import json
import unicodedata

import gymnasium
import pytest

import ccgym
from ccgym.errors import ConfigError
from ccgym.log import EpisodeWriter
from ccgym.renaming import Renaming, scramble
from ccgym.replay import verify
from ccgym.seeds import stream
from ccgym.turns import render_call
from ccgym.types import RewardEvent, RuleEvent, ToolEvent

ENVS = sorted(spec for spec in gymnasium.registry if spec.startswith("ccgym/"))
EVERYTHING = {"rename": True, "hide": 0.5, "distract": 4, "shuffle": True}


def call(name, **arguments):
    return render_call(name, arguments)


def outcome(episode):
    """All that an episode came to: hashes, calls, verdicts, rewards."""
    return (
        [event.hash for event in episode],
        [(e.id, e.name, e.arguments, e.result, e.error) for e in episode.of(ToolEvent)],
        [(e.kind, e.verdict, e.clause, e.detail, e.found) for e in episode.of(RuleEvent)],
        [(e.name, e.value, e.parts, e.explanation, e.evidence) for e in episode.of(RewardEvent)],
        episode.end.reason,
    )


# --- must hold ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", ENVS)
def test_consistent_renaming_leaves_the_outcome_of_every_task_the_same(env_id):
    plain = ccgym.make(env_id)
    tasks = [*plain.domain.tasks.values(), *plain.domain.stream_tasks("train", 20 if plain.domain.templates else 0)]
    renamed = ccgym.make(env_id, perturb={"rename": True, "shuffle": True})
    for policy in ("oracle", "refuse"):
        first, second = (ccgym.rollout(env, policy, tasks, seed=2) for env in (plain, renamed))
        for a, b in zip(first, second, strict=True):
            assert outcome(a) == outcome(b), a.task["id"]
    own = set(plain.domain.tools)
    for episode in second:
        names = episode.begin.options["perturb"]["names"]
        assert len(set(names.values())) == len(names)
        assert not own & set(names.values())
        assert all(name in own for name in names)


@pytest.mark.parametrize("env_id", ENVS)
def test_renamed_replays_of_recorded_references_verify(env_id, tmp_path):
    env = ccgym.make(env_id, perturb=EVERYTHING, faults={"error": 0.1, "timeout": 0.1})
    tasks = list(env.domain.tasks.values())[:10]
    episodes = ccgym.rollout(env, "oracle", tasks, 2, out=tmp_path)
    assert {episode.rewards["correctness"] for episode in episodes} == {1.0}
    envs = {}
    for path in (tmp_path / "episodes" / "rollout").glob("*.jsonl"):
        assert verify(path, envs=envs).divergence is None


@pytest.mark.parametrize("env_id", ENVS)
def test_text_in_either_normal_form_leads_to_the_same_state(env_id):
    """Raw, escaped, and in the customer's words: NFD and NFC are the same text."""
    env = ccgym.make(env_id)
    for task in env.domain.tasks.values():
        actions = task.as_json().get("expect", {}).get("actions", [])
        hashes = set()
        for form in ("NFC", "NFD"):
            for ascii_only in (False, True):
                env.reset(options={"task": task, "seed": 1})
                for action in actions:
                    if action.get("requestor") == "user":
                        env.user_call(action["name"], decomposed(action.get("args", {}), form))
                        continue
                    body = decomposed({"name": action.get("name"), "arguments": action.get("args", {})}, form)
                    turn = f"<tool_call>{json.dumps(body, ensure_ascii=ascii_only)}</tool_call>"
                    if env.step(unicodedata.normalize(form, action["say"]) if "say" in action else turn)[2]:
                        break
                hashes.add(env.backend.digest())
        assert len(hashes) == 1, task.id


def decomposed(value, form):
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(unicodedata.normalize(form, text))


def test_vietnamese_text_in_escapes_or_decomposed_is_stored_in_one_form(desk):
    env, hashes = ccgym.make(desk), set()
    for form in ("NFC", "NFD"):
        for ascii_only in (True, False):
            text = unicodedata.normalize(form, "Nguyễn Thị Ánh, 12 đường Lê Lợi")
            env.reset(options={"task": "note", "seed": 1})
            body = {"name": "add_note", "arguments": {"order_id": "W2", "text": text}}
            env.step(f"<tool_call>{json.dumps(body, ensure_ascii=ascii_only)}</tool_call>")
            (event,) = env.episode.calls
            assert event.arguments["text"] == unicodedata.normalize("NFC", text)
            hashes.add(env.backend.digest())
    assert len(hashes) == 1


# --- names ----------------------------------------------------------------------------------------------------------


def test_the_agent_speaks_in_the_names_that_it_was_shown(desk):
    env = ccgym.make(desk, perturb={"rename": True})
    _, info = env.reset(options={"task": "cancel", "seed": 1})
    names = env.episode.begin.options["perturb"]["names"]
    shown = {tool["function"]["name"] for tool in info["tools"]}
    assert shown == set(names.values()) == {tool.name for tool in env.tools}
    prompt = info["messages"][0]["content"]
    assert names["get_order"] in prompt
    assert "get_order" not in prompt
    observation, *_ = env.step(call(names["get_order"], order_id="W1"))
    assert json.loads(observation[15:-16])["name"] == names["get_order"]
    assert env.episode.calls[0].name == "get_order"
    assert env.episode.messages()[-1]["content"] == observation


def test_a_name_that_the_agent_copies_from_an_answer_means_the_tool(desk, tmp_path):
    env = ccgym.make(desk, perturb={"rename": True})
    env.reset(options={"task": "cancel", "seed": 1})
    names = env.episode.begin.options["perturb"]["names"]
    env.step(call(names["add_note"], order_id="W1", text=f"see {names['get_order']}, then get_order"))
    assert env.episode.calls[0].arguments["text"] == "see get_order, then get_order"
    with EpisodeWriter(tmp_path / "e.jsonl") as log:
        log.write(env.episode.events)
    assert verify(tmp_path / "e.jsonl").divergences == []


def test_the_domains_own_names_mean_nothing_then_and_no_error_tells_which_is_which(desk):
    env = ccgym.make(desk, perturb={"rename": True})
    env.reset(options={"task": "cancel", "seed": 1})
    names = env.episode.begin.options["perturb"]["names"]
    before = env.backend.digest()
    observation, *_ = env.step(call("get_order", order_id="W1"))
    answer = json.loads(observation[15:-16])
    assert answer["error"]["code"] == "unknown_tool"
    assert names["get_order"] not in observation
    assert env.backend.digest() == before
    assert env.episode.messages()[-1]["content"] == observation
    near = names["get_order"][:-1] + "q"
    assert names["get_order"] in env.step(call(near, order_id="W1"))[0]


def test_every_member_of_a_group_is_shown_the_same_and_another_seed_something_else(desk):
    env = ccgym.make(desk, perturb=EVERYTHING)
    shown = []
    for seed, sample in ((1, 0), (1, 5), (2, 0)):
        env.reset(options={"task": "cancel", "seed": seed, "sample": sample})
        shown.append([tool.openai() for tool in env.tools])
    assert shown[0] == shown[1] != shown[2]


def test_enact_and_blocking_tools_find_their_names(desk):
    env = ccgym.make(desk, perturb={"rename": True})
    actions = [{"name": "slow", "args": {"seconds": 0.0}}, {"name": "cancel_order", "args": {"order_id": "W1"}}]
    episode = ccgym.enact(env.domain, "cancel", actions, ["W1"], env=env)
    assert [c.result for c in episode.calls] == [{"ok": True}, {"ok": True}]


def test_prose_is_renamed_where_a_name_can_be_nothing_else():
    names = Renaming({"get_order": "bif_ulagu", "transfer": "kolanuri", "getOrder": "zifUlagu"})
    text = "A transfer with `transfer`; get_order, not get_orders; getOrder."
    assert names.text(text) == "A transfer with `kolanuri`; bif_ulagu, not get_orders; zifUlagu."
    assert names.schema({"description": "get_order", "enum": ["get_order"]}) == {
        "description": "bif_ulagu",
        "enum": ["get_order"],
    }


def test_scrambled_names_are_distinct_and_as_long_as_their_own():
    names = ["a", "b", "get_order", "get_item", "getItem", "x-1.y"]
    made = scramble(names, stream("test"))
    assert len(set(made.values()) | set(names)) == 2 * len(names)
    assert all(len(other) == len(name) for name, other in made.items())
    many = scramble([f"{a}" for a in "abcdefghijklmnopqrstuvwxyz"], stream("test"))
    assert len(set(many.values())) == 26


# --- hidden, distracting, shuffled ----------------------------------------------------------------------------------


def test_a_tool_that_the_reference_needs_is_never_hidden(desk):
    env = ccgym.make(desk, perturb={"hide": 1.0})
    env.reset(options={"task": "cancel"})
    assert [tool.name for tool in env.tools] == ["get_order", "cancel_order"]
    assert '"unknown_tool"' in env.step(call("add_note", order_id="W1", text="x"))[0]


def test_nothing_is_hidden_where_nobody_knows_what_is_needed(desk_with):
    folder = desk_with(
        lambda state, tasks: tasks[2]["expect"].update(state={"mode": "hash", "value": "0" * 64}, asserts=[])
    )
    env = ccgym.make(folder, perturb={"hide": 1.0})
    env.reset(options={"task": "refuse"})
    assert len(env.tools) == 6


def test_a_distracting_tool_finds_nothing_changes_nothing_and_breaks_no_rule(desk):
    env = ccgym.make(desk, perturb={"distract": 12})
    env.reset(options={"task": "cancel"})
    added = env.episode.begin.options["perturb"]["added"]
    assert len(added) == 12
    before, answers = env.backend.digest(), []
    for tool in env.tools:
        if tool.name not in added:
            continue
        if len(answers) % 4 == 0:
            env.reset(options={"task": "cancel"})
        properties = tool.parameters["properties"]
        value = {"string": "x", "number": 1.0}
        arguments = {k: v["enum"][0] if "enum" in v else value[v["type"]] for k, v in properties.items()}
        env.step(call(tool.name, **arguments))
        event = env.episode.calls[-1]
        answers.append("error" if event.error else event.result)
        assert event.error is None or event.error["code"] == "nothing_found"
        assert env.backend.digest() == before
    assert set(answers) == {"error", None}
    assert '"bad_arguments"' in env.step(call("get_weather"))[0]


def test_shuffling_changes_the_order_only(desk):
    env = ccgym.make(desk, perturb={"shuffle": True})
    orders = set()
    for seed in range(8):
        env.reset(options={"task": "cancel", "seed": seed})
        orders.add(tuple(tool.name for tool in env.tools))
    assert len(orders) > 1
    assert len({tuple(sorted(order)) for order in orders}) == 1


@pytest.mark.parametrize(
    ("perturb", "says"),
    [
        ({"renam": True}, "unknown perturbation 'renam'. Perturbations: rename, hide, distract, shuffle"),
        ({"rename": 1}, "the perturbation 'rename' is 1. Give true or false"),
        ({"hide": 2}, "the perturbation 'hide' is 2. Give a share from 0 to 1"),
        ({"distract": 13}, "the perturbation 'distract' is 13. Give a number from 0 to 12"),
        ({"distract": True}, "the perturbation 'distract' is True"),
        ("rename", "perturb is 'rename'"),
    ],
)
def test_what_is_no_perturbation_is_refused(desk, perturb, says):
    with pytest.raises(ConfigError) as caught:
        ccgym.make(desk, perturb=perturb)
    assert says in str(caught.value)


def test_demonstrations_are_in_the_names_that_the_agent_is_shown(tmp_path):
    from ccgym.scoring import Scorer
    from ccgym.train.config import Demonstrations
    from ccgym.train.demonstrations import demonstrate

    env = ccgym.make("ccgym/OrderDesk-v0")
    demonstrate(
        "ccgym/OrderDesk-v0", env.domain, Scorer({"correctness": 1.0}, {}, domain=env.domain),
        Demonstrations(n=30, break_share=0.3), 1, tmp_path, EVERYTHING,
    )  # fmt: skip
    for episode in ccgym.read_episodes(tmp_path):
        assert not any(event.error and event.error["code"] == "unknown_tool" for event in episode.calls)
        names = episode.begin.options["perturb"]["names"]
        for message in episode.messages():
            assert not any(name in message["content"] for name in names), message


def test_the_config_of_a_run_has_both():
    from ccgym.train.config import parse_config

    config = parse_config({"world": {"faults": {"error": 0.1}, "perturb": {"rename": True, "distract": 2}}})
    assert config.world.perturb == {"rename": True, "distract": 2}
    with pytest.raises(ConfigError, match="unknown fault 'eror'"):
        parse_config({"world": {"faults": {"eror": 0.1}}})
