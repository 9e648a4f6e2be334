"""Findings about the files themselves: whether they are there, can be read, and have the right form."""

from __future__ import annotations

from ccgym.domain.codes.entry import Code, code

_HUGE = 70 * 1024 * 1024

CODES: dict[str, Code] = {
    "no-folder": code(
        "error", "There is no such folder.", "Name a folder with a domain.yaml in it.",
        what="`ccgym check nowhere`",
    ),
    "missing-file": code(
        "error", "A file that the domain needs is not there.", "Write it, or name another in domain.yaml.",
        {"sop.md": None},
    ),
    "unreadable-file": code(
        "error", "A file is there, but the system does not let it be read.", "Look at its permissions.",
        what="`sop.md` is a link that leads to itself",
    ),
    "file-too-large": code(
        "error", "A file is larger than 64 MB.", "Keep in the seed state only the rows that tasks need.",
        what="a `state.json` of 70 MB",
    ),
    "not-utf8": code(
        "error", "A file is not encoded in UTF-8.", "Save it as UTF-8.", {"sop.md": b"Caf\xe9\n"},
        what="`sop.md` saved as Latin-1",
    ),
    "path-escape": code(
        "error", "A name or a link leads out of the domain folder. Nothing outside it is read.",
        "Copy the file into the folder.", {"domain.yaml": "name: BikeDesk\nsop: ../sop.md\n"},
    ),
    "bad-json": code(
        "error", "A file is no JSON. Keys that occur twice, NaN and integers past 64 bits are refused too.",
        "Correct the place that is named.", {"state.json": '{"tables": {}, "tables": {}}\n'},
    ),
    "bad-yaml": code(
        "error", "The file domain.yaml is no YAML. Tags, anchors and keys that occur twice are refused too.",
        "Correct the line that is named.", {"domain.yaml": "name: BikeDesk\nname: Bikes\n"},
    ),
    "unknown-field": code(
        "error, warning", "A field that does not exist: mostly a misspelt one, which would be ignored in silence.",
        "Take the name that is proposed, or remove the field.", {"domain.yaml": "name: BikeDesk\nlanguge: en\n"},
    ),
    "missing-field": code(
        "error", "A field that must be there is missing.", "Add it.", {"domain.yaml": "version: 1.0.0\n"},
    ),
    "bad-value": code(
        "error", "A field's value is of the wrong type, or not one of those allowed.", "Write what is asked for.",
        {"domain.yaml": "name: BikeDesk\nlimits: {max_steps: many}\n"},
    ),
    "unknown-reward": code(
        "warning", "A weight or gate in domain.yaml names a reward that no installed package has.",
        "Correct the name, or install the package.",
        {"domain.yaml": "name: BikeDesk\nrewards: {weights: {correctness: 1.0, stile: 0.1}}\n"},
    ),
    "unpaid-correctness": code(
        "notice", "The weights leave `correctness` out, so doing the task is not paid.",
        "Give `correctness` a weight.", {"domain.yaml": "name: BikeDesk\nrewards: {weights: {format: 1.0}}\n"},
    ),
}  # fmt: skip
