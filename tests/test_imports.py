"""Imports point down only, the core stays light, and nothing takes a name that belongs to others."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "ccgym"

LAYERS = [
    {"chatserver", "errors", "jsontext", "turns", "types", "recent", "seeds", "terminal", "compare", "renaming"},
    {"damage", "log", "models"},
    {"plugins"},
    {"domain"},
    {"backend", "sop", "users"},
    {"scoring"},
    {"env"},
    {"rollouts"},
    {"train", "evaluate", "audit", "replay", "rescore", "changes", "columns", "view", "authoring", "checking"},
    {"kit"},
    {"", "cli"},
]
"""Modules from the ground up; "" is `ccgym` itself. A module imports its own layer and those below."""

RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}
HEAVY = {"torch", "transformers", "trl", "sklearn", "peft", "accelerate", "datasets", "matplotlib", "tensorboard"}


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def module_of(path: Path) -> str:
    """The part of `ccgym` that a file belongs to."""
    part = path.relative_to(CORE).parts[0].removesuffix(".py")
    return "" if part == "__init__" else part


def imports(path: Path) -> set[tuple[int, str]]:
    """(line, full module name) of every import of a file, also inside functions, but not for type checkers only."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
                base = ".".join([*package, *filter(None, [node.module])])
            found |= {(node.lineno, f"{base}.{alias.name}") for alias in node.names}
    return found


def used_of_ccgym(path: Path) -> set[str]:
    """What a file that says `import ccgym` reads of it."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {
        n.attr
        for n in nodes
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "ccgym"
    }


def test_every_module_of_the_core_has_a_layer():
    unknown = {module_of(path) for path in modules(CORE)} - RANK.keys()
    assert not unknown, f"give {sorted(unknown)} a layer"


def test_imports_point_down_only():
    wrong = []
    for path in modules(CORE):
        mine = module_of(path)
        for line, name in sorted(imports(path)):
            top, _, rest = name.partition(".")
            if top != "ccgym" or (not rest and used_of_ccgym(path) <= {"__version__"}):
                continue
            theirs = rest.partition(".")[0]
            theirs = theirs if theirs in RANK else ""
            if RANK[theirs] > RANK[mine] and mine != "":
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_core_names_no_first_party_package():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(CORE)
        for line, name in imports(path)
        if name.startswith(("ccgym_envs", "ccgym_tools", "ccgym_rewards"))
    ]
    assert not wrong, "\n".join(wrong)


def test_first_party_rewards_use_only_what_ccgym_makes_public():
    private = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(ROOT / "rewards")
        for line, name in imports(path)
        if name.startswith("ccgym.") and any(part.startswith("_") for part in name.split("."))
    ]
    assert not private, "\n".join(private)


def test_no_package_is_called_tools_envs_rewards_or_plugins():
    import tomllib

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    names = {Path(package).name for package in wheel["packages"]}
    assert not names & {"tools", "envs", "rewards", "plugins"}
    for name in ("tools", "envs", "rewards", "plugins"):
        assert not (ROOT / name / "__init__.py").exists(), f"{name}/ must not be an import package"


BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {heavy!r}:
            raise ImportError(f"{{name}} must not be imported here")
sys.meta_path.insert(0, Block())
"""


def run_without_heavy_packages(code: str) -> subprocess.CompletedProcess[str]:
    script = BLOCK.format(heavy=HEAVY) + code
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "code",
    [
        "import ccgym",
        "import ccgym; ccgym.make; ccgym.enact; ccgym.read_episodes; ccgym.register; ccgym.rollout; ccgym.score",
        "import ccgym, gymnasium; gymnasium.make('ccgym/OrderDesk-v0').reset(seed=1)",
        "from ccgym.plugins import registry; assert all(p.state == 'ok' for p in registry().plugins)",
    ],
)
def test_the_core_works_without_the_training_packages(code):
    done = run_without_heavy_packages(code)
    assert done.returncode == 0, done.stderr


def test_import_ccgym_brings_no_heavy_package_and_no_pydantic():
    code = f"import sys, ccgym; print(*sorted(({HEAVY!r} | {{'pydantic', 'rich', 'click'}}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == [], done.stdout + done.stderr
