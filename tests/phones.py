"""A domain with dual control: the agent sees the line, the customer holds the phone, and `sync` keeps both in step."""

from __future__ import annotations

import json

import ccgym
from ccgym.errors import ToolError
from ccgym.plugins import Toolset

NO_ARGUMENTS = {"type": "object", "properties": {}}
LINE = {
    "type": "object",
    "properties": {"line": {"type": "string", "description": "Its number."}},
    "required": ["line"],
}


def look_at_line(state, line):
    """The line as the network sees it."""
    return state["lines"][line]


def allow_roaming(state, line):
    """Let a line roam."""
    state["lines"][line]["roaming"] = True
    return {"line": line, "roaming": True}


def read_signal(user):
    """What the phone shows."""
    return {"signal": user["phone"]["signal"]}


def leave_airplane_mode(user):
    """Turn the airplane mode off."""
    if user["phone"].get("locked"):
        raise ToolError("The phone is locked.", "locked")
    user["phone"]["airplane"] = False
    return {"airplane": "off"}


def sync(document):
    """A phone has signal where its line may roam and its airplane mode is off; the network sees such phones."""
    phone, line = document["user"]["phone"], document["tables"]["lines"]["0901"]
    connected = line["roaming"] and not phone["airplane"]
    phone["signal"] = "good" if connected else "none"
    line["connected"] = connected


def schema(function, parameters, effect, requestor="assistant"):
    about = {"effect": effect, "requestor": requestor}
    return {
        "name": function.__name__, "description": function.__doc__, "parameters": parameters, "x-ccgym": about,
    }  # fmt: skip


SCHEMAS = [
    schema(look_at_line, LINE, "read"),
    {**schema(allow_roaming, LINE, "write"), "x-ccgym": {"effect": "write", "touches": ["lines"]}},
    schema(read_signal, NO_ARGUMENTS, "read", "user"),
    schema(leave_airplane_mode, NO_ARGUMENTS, "write", "user"),
]
FUNCTIONS = [look_at_line, allow_roaming, read_signal, leave_airplane_mode]
STATE = {
    "tables": {"lines": {"0901": {"roaming": False, "connected": False}}},
    "user": {"phone": {"airplane": True, "signal": "none"}},
}
ACTS = {
    "read_signal": {"asked": ["what signal", "see any signal"], "tell": "It says {/result/signal}."},
    "leave_airplane_mode": {
        "asked": ["turn airplane mode off", "tắt chế độ máy bay"],
        "tell": "It is {/result/airplane} now.", "failed": "I can't: {/error/message}",
    },
}  # fmt: skip
TASK = {
    "id": "abroad",
    "user": {"first_message": "My phone, 0901, does not work abroad.", "sim": {"acts": ACTS}},
    "expect": {
        "actions": [
            {"name": "allow_roaming", "args": {"line": "0901"}},
            {"say": "Please turn airplane mode off, then tell me what signal you see."},
            {"name": "leave_airplane_mode", "requestor": "user"},
            {"name": "read_signal", "requestor": "user"},
            {"say": "Your phone works now."},
        ],
        "asserts": [{"path": "/user/phone/signal", "value": "good"}],
    },
}
PROBES = {
    "roams": lambda state, line: state["lines"][line]["roaming"],
    "shown_signal": lambda user: user["phone"]["signal"],
    "alarm": lambda user: user["phone"].get("alarm"),
}
SPEC = {"name": "Phones", "limits": {"max_steps": 12}}


class Plugin:
    @ccgym.hookimpl
    def register_tools(self, register):
        register(Toolset("Phones", FUNCTIONS, PROBES, SCHEMAS, sync))


def write_phones(folder, *tasks, sop="Help with phones.\n", state=STATE, spec=SPEC):
    """A folder of the domain with these tasks."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "domain.yaml").write_text(json.dumps(spec))
    (folder / "sop.md").write_text(sop)
    (folder / "tools.json").write_text(json.dumps(SCHEMAS))
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks or [TASK]))
    return folder
