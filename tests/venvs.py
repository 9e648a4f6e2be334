"""A fresh venv with the wheel of this clone and nothing else, for slow tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def must(*command: object, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


class Core:
    """A venv with the wheel and nothing else, and an empty folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder / "work", folder / "venv" / "bin"
        self.folder.mkdir()
        source, wheels = folder / "source", folder / "wheels"
        ignored = shutil.ignore_patterns(".git", ".venv", "runs", "__pycache__", ".*_cache", ".hypothesis")
        shutil.copytree(ROOT, source, ignore=ignored)
        must(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, source)
        must(sys.executable, "-m", "venv", folder / "venv")
        must(self.bin / "python", "-m", "pip", "install", "--quiet", *wheels.glob("ccgym-*.whl"))
        # No path of ours and no setting of the process that runs the tests may leak in.
        self.env = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL", "CCGYM"))
        }
        self.env["PATH"] = f"{self.bin}{os.pathsep}{self.env.get('PATH', '')}"

    def python(self, code: str) -> str:
        return must(self.bin / "python", "-c", code, cwd=self.folder, env=self.env).stdout

    def ccgym(self, *arguments: object) -> str:
        return must(self.bin / "ccgym", *arguments, cwd=self.folder, env=self.env).stdout

    def json(self, *arguments: object) -> dict:
        return json.loads(self.ccgym(*arguments, "--json"))

    def sh(self, line: str) -> str:
        """A line of a shell in which the venv is active."""
        return must("bash", "-c", line, cwd=self.folder, env=self.env).stdout
