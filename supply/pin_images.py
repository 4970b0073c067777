"""Pin the container images by digest: ``python -m supply.pin_images``, with Docker and a network.

Each image of the Dockerfile and of docker-compose.yml that is not built here gets the digest that its tag has now; run
again, the digest that it has by then. The tag stays beside it for the reader.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_PLACES = {
    "Dockerfile": re.compile(r"^(FROM )([a-z0-9./-]+:[\w.-]+)(@sha256:[0-9a-f]{64})?", re.MULTILINE),
    "docker-compose.yml": re.compile(r"^(\s+image: )([a-z0-9./-]+:[\w.-]+)(@sha256:[0-9a-f]{64})?", re.MULTILINE),
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OURS = "pump-tracker:"


def images(root: Path) -> dict[str, bool]:
    """The images that are not built here, and whether a digest pins each everywhere."""
    found: dict[str, bool] = {}
    for name, pattern in _PLACES.items():
        for _, image, digest in pattern.findall((root / name).read_text()):
            if not image.startswith(_OURS):
                found[image] = bool(digest) and found.get(image, True)
    return found


def pin(root: Path) -> dict[str, str]:
    """Write the digests into both files; each image's digest. Raises ``SystemExit`` where one can't be had."""
    digests = {image: _digest(image) for image in images(root)}
    for name, pattern in _PLACES.items():
        file = root / name
        pinned = pattern.sub(
            lambda found: f"{found[1]}{found[2]}@{digests[found[2]]}" if found[2] in digests else found[0],
            file.read_text(),
        )
        file.write_text(pinned)
    return digests


def _digest(image: str) -> str:
    """The digest of the tag's index, which holds every platform's image."""
    command = ["docker", "buildx", "imagetools", "inspect", image, "--format", "{{.Manifest.Digest}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit("pinning asks Docker for the digests: install Docker")
    digest = done.stdout.strip()
    if done.returncode or not _DIGEST.fullmatch(digest):
        sys.exit(f"the digest of {image} can't be had: {done.stderr.strip()[-300:]}")
    return digest


if __name__ == "__main__":
    for image, digest in pin(_ROOT).items():
        print(f"{image}@{digest}")
