"""Every hook of ccgym once. `CALLED` notes which were called, `SEEN` what the observers saw."""

import copy

import ccgym
from ccgym import jsontext
from ccgym.plugins import Toolset
from ccgym.types import CustomerTurn

CALLED = set()
SEEN = []
SCHEMA = {
    "name": "ring",
    "description": "Ring the bell.",
    "parameters": {"type": "object", "properties": {"times": {"type": "integer"}}, "required": ["times"]},
    "x-ccgym": {"effect": "write", "touches": ["bells"]},
}


def ring(state, times):
    state["bells"]["B1"]["rung"] += times
    return {"rung": state["bells"]["B1"]["rung"]}


def ring_often(rng):
    times = rng.randint(1, 10_000)
    user = {"first_message": f"Ring {times} times."}
    return {"user": user, "expect": {"actions": [{"name": "ring", "args": {"times": times}}, {"say": "Done."}]}}


@ccgym.reward(range=(0.0, 1.0))
class Quiet:
    def score_episode(self, episode):
        return ccgym.RewardResult(0.0 if episode.calls else 1.0)


class Silent:
    name = "silent"

    def __init__(self, argument):
        self.line = argument

    def act(self, requests):
        return [ccgym.Turn(self.line) for _ in requests]

    def close(self, key):
        pass


class Patron:
    def __init__(self, user, sim, rng):
        self.line = user["first_message"]

    def first(self):
        return CustomerTurn(self.line)

    def answer(self, reply):
        return CustomerTurn(f"You said: {reply}", done=True)


class Bell:
    """A backend that counts double."""

    def __init__(self, document):
        self.document = document

    def call(self, name, arguments, requestor="assistant"):
        row = self.document["tables"]["bells"]["B1"]
        row["rung"] += 2 * arguments["times"]
        return {"rung": row["rung"]}

    def probe(self, name, arguments, requestor="assistant"):
        raise ccgym.ToolError("There are no probes.")

    def state(self):
        return self.document

    def digest(self):
        return jsontext.digest(self.document)

    def snapshot(self):
        return copy.deepcopy(self.document)

    def restore(self, snapshot):
        self.document = copy.deepcopy(snapshot)


@ccgym.hookimpl
def register_tools(register):
    CALLED.add("register_tools")
    register(Toolset("bells", [ring], schemas=[SCHEMA]))


@ccgym.hookimpl
def register_rewards(register):
    CALLED.add("register_rewards")
    register(Quiet)


@ccgym.hookimpl
def register_templates(register):
    CALLED.add("register_templates")
    register("Belfry", "often", ring_often)


@ccgym.hookimpl
def register_policies(register):
    CALLED.add("register_policies")
    register("silent", lambda argument, **options: Silent(argument))


@ccgym.hookimpl
def register_users(register):
    CALLED.add("register_users")
    register("patron", Patron)


@ccgym.hookimpl
def make_backend(domain, state, task):
    CALLED.add("make_backend")
    return Bell(state) if "double" in task.tags else None


@ccgym.hookimpl
def judge_episode(episode, questions):
    CALLED.add("judge_episode")
    return ccgym.RewardResult(float(len(questions) == 1), "one question at a time")


@ccgym.hookimpl
def load_source(uri):
    CALLED.add("load_source")
    return [SCHEMA] if uri.startswith("bells:") else None


@ccgym.hookimpl
def episode_end(episode):
    CALLED.add("episode_end")
    SEEN.append(("episode_end", episode.task["id"], episode.end.reason))


@ccgym.hookimpl
def train_step(step, metrics):
    CALLED.add("train_step")
    SEEN.append(("train_step", step, metrics))
