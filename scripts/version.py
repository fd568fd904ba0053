"""Prints the version that the tags give: `python scripts/version.py [--write | --image-tags]`.

It is X.Y.Z on the tag vX.Y.Z, and X.Y.Z.devN+gSHA between tags: N commits after the last tag, on
the way to X.Y.Z. `--write` puts it into the package, `--image-tags` prints the tags of an image.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import List, Optional

from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
_TAG = re.compile(r"v\d+\.\d+\.\d+")
_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


class OldTag(Exception):
    """A newer version has been tagged already."""


def git(root: Path, *words: str) -> str:
    """Return what git prints."""
    done = subprocess.run(
        ["git", *words], cwd=root, check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    return done.strip()


def file_of(root: Path) -> Path:
    """Return the file that holds the version."""
    return root / "ai_spine" / "__version__.py"


def version_of(root: Path) -> str:
    """Return the version of the commit that is checked out.

    Raises:
        OldTag: It is tagged, and another tag is newer.
    """
    tags = _versions(git(root, "tag", "--list", "v*"))
    here = _versions(git(root, "tag", "--points-at", "HEAD"))
    if here:
        if tags and tags[-1] > here[-1]:
            raise OldTag(f"v{here[-1]} is older than the tag v{tags[-1]}")
        return str(here[-1])
    last: Optional[Version] = tags[-1] if tags else None
    since = f"v{last}..HEAD" if last else "HEAD"
    count = git(root, "rev-list", "--count", since)
    sha = git(root, "rev-parse", "--short=7", "HEAD")
    return f"{_next(root, last)}.dev{count}+g{sha}"


def image_tags(root: Path) -> List[str]:
    """Return the tags of an image of this commit, the most exact first."""
    version, sha = version_of(root), git(root, "rev-parse", "--short=7", "HEAD")
    if "dev" in version:
        return [sha, "dev"]
    return [sha, version, version.rpartition(".")[0], "latest"]


def write(root: Path) -> str:
    """Put the version into the package, and return it."""
    version, path = version_of(root), file_of(root)
    text = path.read_text(encoding="utf-8")
    path.write_text(_VERSION.sub(f'__version__ = "{version}"', text), encoding="utf-8")
    return version


def _versions(text: str) -> List[Version]:
    return sorted(Version(tag) for tag in text.split() if _TAG.fullmatch(tag))


def _next(root: Path, last: Optional[Version]) -> str:
    """Return the version that is being worked on: the package's own, unless that is out."""
    (own,) = _VERSION.findall(file_of(root).read_text(encoding="utf-8"))
    planned = Version(own).base_version
    if last is None or Version(planned) > last:
        return planned
    return f"{last.major}.{last.minor}.{last.micro + 1}"


def main() -> int:
    """Print the version, or the tags; return 1 if the tag is too old."""
    parser = argparse.ArgumentParser(description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true")
    choice.add_argument("--image-tags", action="store_true")
    given = parser.parse_args()
    try:
        if given.image_tags:
            print("\n".join(image_tags(ROOT)))
        else:
            print(write(ROOT) if given.write else version_of(ROOT))
    except OldTag as error:
        print(f"version: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
