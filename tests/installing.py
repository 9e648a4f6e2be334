"""Installing the distributions of tests/plugins into a folder, as pip would, without pip and without a network."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tomllib
from pathlib import Path

PLUGINS = Path(__file__).parent / "plugins"


def install(distribution: str, site: Path) -> Path:
    """Copy a distribution's package into `site`, with the metadata that an installer writes. Returns the package."""
    source = PLUGINS / distribution
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    package = distribution.replace("-", "_")
    if (source / package).is_dir():
        shutil.copytree(source / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
        files = sorted(path for path in (site / package).rglob("*") if path.is_file())
    else:
        files = [Path(shutil.copy(source / f"{package}.py", site))]
    write_metadata(site, project["name"], project["version"], project["entry-points"], files)
    return site / package


def write_plugin(site: Path, distribution: str, code: str, entry: str | None = None) -> None:
    """A distribution of one module, whose code is given."""
    module = distribution.replace("-", "_")
    (site / f"{module}.py").write_text(code)
    entries = {"ccgym": {entry or module: module}}
    write_metadata(site, distribution, "1.0", entries, [site / f"{module}.py"])


def write_metadata(
    site: Path, name: str, version: str, entry_points: dict[str, dict[str, str]], files: list[Path]
) -> None:
    """The `.dist-info` of an installed distribution."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, entries in entry_points.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    record = []
    for path in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        record.append(f"{path.relative_to(site).as_posix()},sha256={digest},{path.stat().st_size}")
    (info / "RECORD").write_text("\n".join([*record, f"{info.name}/RECORD,,", ""]))
