"""Make the README's pictures from a finished run: `python docs/pictures.py runs/quickstart`. Needs chromium."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

IMAGES = Path(__file__).parent / "images"
WIDTH = 104


def terminal(title: str, commands: list[list[str]], path: Path) -> None:
    """Run commands as on a terminal, and write what they print, under their prompts, as an SVG."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    env = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "OMP_NUM_THREADS": "1"}
    for command in commands:
        console.print(Text("$ " + " ".join(command), style="bold"))
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        console.print(Text.from_ansi(done.stdout.rstrip()))
        console.print()
    console.save_svg(str(path), title=title)


def browser() -> str:
    """The chromium of this machine."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or sys.exit("No chromium found. On Debian and Ubuntu run: apt-get install chromium")


def page(html: Path, path: Path, size: str = "1180,1300") -> None:
    """Take a screenshot of a page."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                "--disable-background-networking", "--hide-scrollbars", f"--user-data-dir={profile}",
                f"--window-size={size}", f"--screenshot={path}", html.resolve().as_uri(),
            ],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


def stepping(run: Path, path: Path) -> None:
    """Take a screenshot of the terminal viewer, at the violation of the first episode that has one."""
    from ccgym.view.tui.app import viewer

    async def sitting(name: str) -> str:
        app = viewer(name)
        async with app.run_test(size=(130, 36)) as pilot:
            await pilot.press("v", "2", "down")
            await pilot.pause()
            return app.export_screenshot(title="ccgym replay --tui")

    entries = [json.loads(line) for line in (run / "index.jsonl").read_text().splitlines()]
    english = (entry for entry in entries if "vi" not in entry["tags"] and entry["policy"] == "grpo")
    shown = next(entry for entry in english if entry["violated"] and entry["steps"] > 3)
    svg = asyncio.run(sitting(f"{run / shown['file']}#{shown['episode']}"))
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "tui.html"
        drawn.write_text(f"<body style='margin: 0; background: transparent'>{svg}</body>")
        width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
        page(drawn, path, f"{width:.0f},{height:.0f}")


def view(run: Path, path: Path, size: tuple[int, int] = (1440, 900)) -> None:
    """Take a screenshot of `ccgym view`: the episodes of GRPO that did not do their job."""
    from playwright.sync_api import sync_playwright

    from ccgym.view.server import ViewServer

    with ViewServer(run) as server, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme="light")
        page.goto(server.url)
        page.locator(".row").first.wait_for()
        page.goto(f"http://127.0.0.1:{server.port}/#stage=grpo&max.reward.correctness=0.5&sort=iteration")
        page.locator("#summary strong", has_text=" of ").wait_for()
        page.locator(".chart").first.wait_for()
        page.screenshot(path=path)
        chromium.close()


def main(run: Path) -> None:
    """Write `images/train.svg`, `images/tui.png`, `images/report.png` and `images/view.png`."""
    IMAGES.mkdir(exist_ok=True)
    terminal("ccgym train", [["ccgym", "train", "--resume", str(run)]], IMAGES / "train.svg")
    stepping(run, IMAGES / "tui.png")
    page(run / "report.html", IMAGES / "report.png")
    view(run, IMAGES / "view.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
