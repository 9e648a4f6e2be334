"""The command line: what it lists, how it fails, what a pipe and a program read from it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from ccgym.cli import verbs
from ccgym.cli.app import ccgym as group
from ccgym.cli.app import run
from ccgym.cli.health import Requirement, requirements
from ccgym.cli.output import Output, command
from ccgym.errors import CcgymError
from ccgym.plugins import registry

EXAMPLES = Path(__file__).parents[1] / "examples"
LIBRARY = str(EXAMPLES / "own_env")


def said(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of one command line."""
    status = run(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def answered(capsys, *arguments: str) -> tuple[int, dict]:
    """Exit status and the JSON value of a command line with --json."""
    status, out, _ = said(capsys, *arguments, "--json")
    return status, json.loads(out)


# --- the group


def test_help_lists_every_verb_with_its_summary(capsys):
    status, out, _ = said(capsys, "--help")
    assert status == 0
    for name, (_, summary) in verbs.VERBS.items():
        assert f"  {name} " in out
        assert summary in out


def test_help_imports_no_verb_and_nothing_heavy():
    code = (
        "import sys; from ccgym.cli.app import run; run(['--help']); "
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'pydantic', 'rich', 'pluggy')"
        " or m in ('ccgym.cli.train', 'ccgym.cli.check', 'ccgym.domain')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout[-500:] + done.stderr


@pytest.mark.parametrize("name", list(verbs.VERBS))
def test_every_verb_has_help_json_and_debug_and_the_summary_that_the_list_shows(name):
    command = group.get_command(click.Context(group), name)
    options = {flag for parameter in command.params for flag in parameter.opts}
    assert {"--json", "--debug"} <= options
    assert command.help.partition("\n")[0].strip() == verbs.VERBS[name][1]


def test_an_unknown_verb_is_a_usage_error_with_a_hint(capsys):
    status, out, err = said(capsys, "rolout")
    assert (status, out) == (2, "")
    assert "Did you mean 'rollout'?" in err


def test_an_unknown_option_is_a_usage_error_with_a_hint(capsys):
    status, _, err = said(capsys, "replay", "x.jsonl", "--verfy")
    assert status == 2
    assert "--verify" in err


def test_no_verb_prints_the_help_and_is_a_usage_error(capsys):
    status, _, err = said(capsys)
    assert status == 2
    assert "rollout" in err


def test_version(capsys):
    status, out, _ = said(capsys, "--version")
    assert status == 0
    assert out.startswith("ccgym 0.")


# --- errors


def failing(monkeypatch, error: BaseException) -> None:
    @command("schema")
    def broken(out):
        raise error

    monkeypatch.setattr("ccgym.cli.schema.command", broken)


def test_an_error_is_one_plain_sentence_with_the_fix(capsys, monkeypatch):
    failing(monkeypatch, CcgymError("found a fish", where="pond.yaml:3", fix="Take it out"))
    status, out, err = said(capsys, "schema")
    assert (status, out) == (1, "")
    assert err == "Error: pond.yaml:3: found a fish. Take it out\n"


def test_an_unexpected_error_tells_how_to_see_the_traceback_and_debug_shows_it(capsys, monkeypatch):
    failing(monkeypatch, ZeroDivisionError("oh"))
    status, _, err = said(capsys, "schema")
    assert status == 1
    assert "--debug" in err
    assert "Traceback" not in err
    for line in (("schema", "--debug"), ("--debug", "schema")):
        status, _, err = said(capsys, *line)
        assert status == 1
        assert "Traceback" in err


def test_with_json_an_error_is_an_object_too(capsys, monkeypatch):
    failing(monkeypatch, CcgymError("found a fish"))
    status, value = answered(capsys, "schema")
    assert status == 1
    assert value == {"error": {"kind": "CcgymError", "message": "found a fish", "status": 1}}


def test_hostile_text_in_an_error_reaches_no_terminal(capsys, monkeypatch):
    failing(monkeypatch, CcgymError("a \x1b]0;title\x07 and \x1b[2J here"))
    assert said(capsys, "schema")[2] == "Error: a  and  here\n"


def test_an_interrupt_ends_with_130(capsys, monkeypatch):
    failing(monkeypatch, KeyboardInterrupt())
    assert said(capsys, "schema")[0] == 130


def test_a_reader_that_goes_away_is_no_error():
    shell = f"{sys.executable} -c 'from ccgym.cli import main; main()' schema config | head -1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


# --- verbs of plugins


def entry(name: str, value: str, owner: str):
    class Owned(EntryPoint):
        dist = type("Distribution", (), {"name": owner})()

    return Owned(name, value, "ccgym.commands")


@click.command("hello")
def hello() -> None:
    """Say hello."""
    click.echo("hello from a plugin")


def broken_command() -> None:
    raise AssertionError("a verb that is no click command is never called")


def with_verbs(monkeypatch, *entries) -> None:
    monkeypatch.setattr(verbs, "entry_points", lambda group: list(entries))


def test_a_plugins_verb_is_listed_by_name_without_an_import_and_runs(capsys, monkeypatch):
    with_verbs(monkeypatch, entry("hello", f"{__name__}:hello", "acme"), entry("ghost", "no_such_module:x", "ghosts"))
    _, out, _ = said(capsys, "--help")
    assert "hello" in out
    assert "of acme" in out
    assert "ghost" in out
    assert said(capsys, "hello")[:2] == (0, "hello from a plugin\n")


def test_a_plugins_verb_that_cannot_be_imported_names_its_plugin(capsys, monkeypatch):
    with_verbs(monkeypatch, entry("ghost", "no_such_module:x", "ghosts"))
    status, _, err = said(capsys, "ghost")
    assert status == 1
    assert "ghosts: its command 'ghost' cannot be imported" in err


def test_a_plugins_verb_must_be_a_click_command(capsys, monkeypatch):
    with_verbs(monkeypatch, entry("odd", f"{__name__}:broken_command", "acme"))
    assert "not a click command" in said(capsys, "odd")[2]


def test_two_plugins_with_one_verb_are_both_named(capsys, monkeypatch):
    with_verbs(monkeypatch, entry("hello", "a:x", "acme"), entry("hello", "b:x", "bolt"))
    status, _, err = said(capsys, "hello")
    assert status == 1
    assert "acme and bolt" in err


# --- output


def test_a_table_in_a_pipe_is_aligned_lines_and_cuts_nothing(capsys):
    Output().table(["name", "share"], [["long " * 30, 0.25], ["b", None]])
    lines = capsys.readouterr().out.splitlines()
    assert "long " * 29 in lines[1]
    assert lines[2].endswith("–")
    assert len({len(line) for line in lines}) == 1


def test_a_table_reads_no_markup_and_no_control_sequence_out_of_data(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    Output().table(["name"], [["[red]x[/red] \x1b]0;t\x07y"]])
    assert "[red]x[/red] y" in capsys.readouterr().out


def test_progress_in_a_pipe_is_plain_lines_on_stderr(capsys):
    with Output().progress("playing", 100) as advance:
        for _ in range(100):
            advance(1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1] == "playing 100/100"


# --- lists and schemas


@pytest.mark.parametrize("name", ["plugins", "envs", "tools", "rewards"])
def test_each_kind_of_thing_can_be_listed_and_shown(capsys, name):
    status, value = answered(capsys, name)
    assert status == 0
    rows = value[name]
    assert rows
    shown = next(iter(rows[0].values()))
    assert shown in said(capsys, name, "list")[1]
    status, fields = answered(capsys, name, "show", shown)
    assert status == 0
    assert shown in fields.values()
    assert shown in said(capsys, name, "show", shown)[1]


def test_an_unknown_name_gets_a_hint(capsys):
    status, _, err = said(capsys, "envs", "show", "OrderDesk")
    assert status == 2
    assert "Did you mean 'ccgym/OrderDesk-v0'?" in err


def test_show_without_a_name_and_list_with_one_are_usage_errors(capsys):
    assert said(capsys, "tools", "show")[0] == 2
    assert said(capsys, "tools", "list", "x")[0] == 2


def test_every_first_party_name_is_listed():
    assert {"format", "correctness", "efficiency", "style", "diversity"} <= set(registry().rewards)
    assert "ccgym/OrderDesk-v0" in registry().envs


@pytest.mark.parametrize("kind", ["domain", "task", "tools", "episode", "config"])
def test_every_schema_is_valid_and_refers_only_to_itself(capsys, kind):
    import jsonschema

    status, out, _ = said(capsys, "schema", kind)
    assert status == 0
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert '"$ref": "http' not in out


# --- check


def test_check_of_a_good_domain_plays_its_references(capsys):
    status, value = answered(capsys, "check", LIBRARY)
    assert status == 0
    assert value["error"] == 0
    assert value["references_played"] == 3


def broken_library(tmp_path: Path, old: str, new: str, file: str) -> str:
    import shutil

    folder = tmp_path / "broken"
    shutil.copytree(LIBRARY, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return str(folder)


def test_check_names_the_place_and_the_fix_of_a_mistake(capsys, tmp_path):
    folder = broken_library(tmp_path, '"table": "loans"', '"table": "lones"', "tools.json")
    status, value = answered(capsys, "check", folder)
    assert status == 1
    finding = next(f for f in value["findings"] if f["code"] == "unknown-table")
    assert "get_loan" in finding["place"]
    assert "loans" in finding["fix"]


def test_check_reports_a_reference_that_does_not_earn_correctness_1(capsys, tmp_path):
    folder = broken_library(tmp_path, '"args": {"loan_id": "L0003"}}], "say"', '"args": {"loan_id": "L0007"}}], "say"',
                            "tasks.jsonl")  # fmt: skip
    status, out, _ = said(capsys, "check", folder)
    assert status == 1
    assert "tasks.jsonl:1 (renew)" in out
    assert "reserved" in out


def test_check_of_an_unknown_name_gives_a_hint(capsys):
    status, _, err = said(capsys, "check", "ccgym/OrderDesk-v1")
    assert status == 1
    assert "ccgym/OrderDesk-v0" in err


# --- doctor


def test_versions_are_compared_as_numbers_and_without_local_labels():
    requirement = Requirement("torch", ((">=", "2.9"), ("<", "3")), "train")
    assert requirement.admits("2.13.0+cpu")
    assert not requirement.admits("2.8.1")
    assert not requirement.admits("3.0")
    assert Requirement("x", (("==", "1.0"),), None).admits("1.0.0")


def test_requirements_are_those_of_the_installed_distribution():
    names = {(requirement.name, requirement.extra) for requirement in requirements()}
    assert {("gymnasium", None), ("torch", "train")} <= names


def test_doctor_names_a_reward_that_nobody_registers(capsys, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("rewards: {weights: {stile: 1.0}}\n")
    _, value = answered(capsys, "doctor", str(config))
    (found,) = [finding for finding in value["findings"] if finding["what"] == "rewards"]
    assert found["state"] == "stop"
    assert "style" in found["fix"]


def test_doctor_says_what_would_stop_a_run_and_the_fix(capsys, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text(f"grpo: {{sampler: vllm-colocate}}\nmodel: {tmp_path}\nruns: /proc/none\n")
    status, value = answered(capsys, "doctor", str(config))
    assert status == 1
    stops = {finding["what"]: finding for finding in value["findings"] if finding["state"] == "stop"}
    assert {"sampler", "model", "write access"} <= stops.keys()
    assert "rewards" not in stops
    assert all(finding["fix"] for finding in stops.values())
