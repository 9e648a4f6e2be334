"""From nothing to an installed, checked, played package of one's own: `ccgym new` and the commands that it prints.

Nothing is edited in between. Each runs in a venv that has the wheel of ccgym alone.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from venvs import Core, must

pytestmark = pytest.mark.slow

DESK = Path(__file__).parent / "authoring" / "bank"
GIVEN = {
    "reward": ["reward", "x"],
    "tool": ["tool", "x"],
    "env": ["env", "x"],
    "domain": ["domain", "x"],
    "domain of two files": [
        "domain",
        "BankDesk",
        "--from",
        DESK / "tools.json",
        "--sop",
        DESK / "sop.md",
        "--out",
        "b",
    ],
    "Unicode": ["reward", "Lịch sự"],
}


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Core:
    return Core(tmp_path_factory.mktemp("author"))


@pytest.fixture(params=GIVEN)
def made(core, request):
    """What `ccgym new … --json` tells of a new package; gone after the test."""
    told = core.json("new", *GIVEN[request.param])
    yield told
    core.sh(f"pip uninstall -qy {told['distribution']}")
    shutil.rmtree(core.folder / told["folder"])


def test_the_printed_commands_work_one_after_the_other(core, made):
    for command in made["next"]:
        core.sh(command)
    core.sh(f"pytest --ccgym-plugin {made['distribution']} {made['folder']}")
    [mine] = [row for row in core.json("plugins")["plugins"] if row["distribution"] == made["distribution"]] or [None]
    assert mine is None or mine["state"] == "ok"


def test_an_editable_install_works_as_well(core, made):
    for command in made["next"]:
        core.sh(command.replace("pip install ./", "pip install -e ./"))


def test_what_is_installed_needs_the_folder_no_more(core, made, tmp_path):
    core.sh(made["next"][0])
    away = tmp_path / "away"
    shutil.move(core.folder / made["folder"], away)
    try:
        core.sh(made["next"][2])
    finally:
        shutil.move(away, core.folder / made["folder"])


def test_a_source_distribution_holds_all_that_the_wheel_needs(core, made, tmp_path):
    must(core.bin / "python", "-m", "pip", "install", "-q", "build", env=core.env)
    core.sh(f"python -m build -o {tmp_path} {made['folder']}")  # the wheel is built of the source distribution
    core.sh(f"pip install {next(tmp_path.glob('*.whl'))}")
    core.sh(made["next"][2])
