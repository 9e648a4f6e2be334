"""Answers that recorded conversations gave: a JSONL file of the domain folder, for mocks of the kind `recorded`.

A line is `{"name": tool, "arguments": {…}, "result": …}`, or with `"error": {"code", "message"}` instead of `result`.
The file is read with the domain: the answers become part of the tool's mock, so they count in the domain's digest, and
an episode reads no file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ccgym import jsontext
from ccgym.compare import call_key, equal
from ccgym.domain.fields import nfc_json
from ccgym.domain.files import Folder
from ccgym.domain.findings import Findings, did_you_mean, show
from ccgym.domain.toolbox import Toolbox

DEFAULT_FILE = "recorded.jsonl"
_FIELDS = ("name", "arguments", "result", "error")


def take_recordings(box: Toolbox, folder: Folder, findings: Findings) -> None:
    """Give each tool whose mock is `recorded` its answers, as `mock["answers"]`, and note what is wrong with them."""
    wanted: dict[str, list[str]] = {}
    for name, tool in box.tools.items():
        if tool.mock.get("kind") == "recorded":
            wanted.setdefault(tool.mock.get("file", DEFAULT_FILE), []).append(name)
    for file, names in wanted.items():
        if not isinstance(file, str):
            continue  # the mock's shape is wrong, which has been said
        text = folder.text(file, required="Write a line for each recorded call: name, arguments, result or error")
        if text is None:
            continue
        answers = _read(text, file, names, box, findings)
        for name in names:
            if not answers[name]:
                findings.add("not-recorded", box.places[name], f"{file} has no call of '{name}'",
                             "Record some, or give it another mock", severity="warning")  # fmt: skip
            tool = box.tools[name]
            box.tools[name] = replace(tool, mock={**tool.mock, "answers": answers[name]})


def _read(text: str, file: str, names: list[str], box: Toolbox, findings: Findings) -> dict[str, list[dict[str, Any]]]:
    """The answers of each tool: one a call, the first that was recorded."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    seen: dict[tuple[str, bytes], tuple[int, dict[str, Any]]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{file}:{number}"
        answer = _parse(line, place, findings)
        if answer is None:
            continue
        name = answer.pop("name")
        if name not in box.tools:
            if name not in (box.broken or ()):
                findings.add("unknown-tool", f"{place} /name", f"no tool '{name[:60]}'", did_you_mean(name, box.tools),
                             severity="warning")  # fmt: skip
            continue
        if name not in answers:
            continue  # a log of whole conversations also holds calls of tools that have another mock
        if problem := box.validators[name](answer["arguments"]):
            findings.add("bad-arguments", f"{place} /arguments", f"no call can ask for it: off the schema of '{name}': "
                         f"{problem}", "Correct the line, or remove it", severity="warning")  # fmt: skip
        key = (name, call_key(answer["arguments"]))
        first, earlier = seen.setdefault(key, (number, answer))
        if earlier is answer:
            answers[name].append(answer)
        elif not equal(earlier, answer):
            findings.add("recorded-twice", place, f"another answer to the same call of '{name}' than line {first}",
                         "The first one is given: remove the one that you do not want", severity="warning")  # fmt: skip
    return answers


def _parse(line: str, place: str, findings: Findings) -> dict[str, Any] | None:
    """One line as `{name, arguments, result | error}`; None (with a finding) where it is no recorded call."""
    try:
        data = nfc_json(jsontext.parse(line, max_bytes=4 * 1024 * 1024))
    except ValueError as broken:
        findings.add("bad-json", place, f"bad JSON: {broken}")
        return None
    fix = 'Such as {"name": "get_order", "arguments": {"order_id": "W1"}, "result": {"status": "open"}}'
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        findings.add("bad-recording", place, f"found {show(data)}, must be an object with the name of a tool", fix)
        return None
    data.setdefault("arguments", {})
    error = data.get("error")
    if ("result" in data) == ("error" in data):
        findings.add("bad-recording", place, "found both or neither of `result` and `error`", fix)
    elif not isinstance(data["arguments"], dict):
        findings.add("bad-recording", f"{place} /arguments", f"found {show(data['arguments'])}, must be an object", fix)
    elif "error" in data and not (
        isinstance(error, dict) and all(isinstance(error.get(key), str) and error[key] for key in ("code", "message"))
    ):
        findings.add("bad-recording", f"{place} /error", f"found {show(error)}, must hold a code and a message",
                     'Such as {"code": "not_found", "message": "There is no such order."}')  # fmt: skip
    else:
        return {key: data[key] for key in _FIELDS if key in data}  # what else a log says of a call is not read
    return None


__all__ = ["DEFAULT_FILE", "take_recordings"]
