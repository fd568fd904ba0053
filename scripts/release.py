"""Checks a release: `python scripts/release.py [--tag vX.Y.Z]`, after `make build`.

The tag, the version and the changelog agree, and the tag is newer than the last one; the wheel
holds what it should, and is small; installed in a clean environment, it runs the demo. What it
brings along is written to `build/sbom.cdx.json`.
"""

import argparse
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Iterator, List, Optional

from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
# A little more than there is, a quarter of it SDK-Sync: what is packed by mistake is noticed.
MOST_WHEEL_BYTES = 1_100_000
MOST_INSTALLED_BYTES = 3_000_000
EXPECTED = re.compile(
    r"ai_spine/([a-z_]+/)*[a-z0-9_]+\.py|ai_spine/py\.typed|ai_spine/local/samples/[a-z_-]+\.yaml"
    r"|ai_spine/cli/templates/([a-z]+/)+[A-Za-z_.]+-tpl"
    r"|ai_spine/sdk_sync/generators/python/templates/[A-Za-z_.-]+-tpl"
    r"|ai_spine/local/pages/(static|templates)/[a-z_.]+"
    r"|ai_spine_sdk-[^/]+\.dist-info/([A-Z]+|[a-z_]+\.txt|licenses/LICENSE)"
)
DEMO = [
    "--local",
    "execute",
    "sentiment-analysis",
    "-i",
    "text=This product is amazing!",
]


def main() -> int:
    """Return 0 if the release is good; otherwise print its problems, and return 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag of the release; without it, a dry run")
    tag: Optional[str] = parser.parse_args().tag or None
    wheels = sorted((ROOT / "dist").glob("*.whl"))
    if len(wheels) != 1:
        print(f"dist/ holds {len(wheels)} wheels and not one: run make build")
        return 1
    problems = [*version_problems(tag), *wheel_problems(wheels[0])]
    problems += install_problems(wheels[0])
    for problem in problems:
        print(f"release-check: {problem}")
    if not problems:
        print(
            f"release-check: {wheels[0].name} may be released"
            if tag
            else "release-check: passed"
        )
    return 1 if problems else 0


def version_problems(tag: Optional[str]) -> Iterator[str]:
    """Compare version, changelog, tag and the tags there are."""
    text = (ROOT / "ai_spine" / "__version__.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (.+)$", changelog, re.MULTILINE)
    heading = newest.group(1) if newest else "nothing"
    if tag is None:
        if not heading.startswith(("Unreleased", f"{version} - ")):
            yield f"CHANGELOG.md begins with {heading!r}: neither Unreleased nor {version}"
        return
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        yield f"the tag {tag!r} is not of the form vX.Y.Z"
        return
    if tag != f"v{version}":
        yield f"the tag is {tag}, and __version__ is {version}"
    if not re.fullmatch(rf"{re.escape(tag[1:])} - \d{{4}}-\d\d-\d\d", heading):
        yield f"CHANGELOG.md begins with {heading!r}, not with '{tag[1:]} - YYYY-MM-DD'"
    for other in tags():
        if other != tag and Version(other) >= Version(tag):
            yield f"{tag} is not newer than the tag {other}"


def tags() -> List[str]:
    """Return the tags of releases."""
    listed = subprocess.run(
        ["git", "tag", "--list", "v*"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    return [tag for tag in listed.split() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]


def wheel_problems(wheel: Path) -> Iterator[str]:
    """Check the contents and the size of the wheel."""
    with zipfile.ZipFile(wheel) as packed:
        entries = packed.infolist()
    names = {entry.filename for entry in entries}
    for name in sorted(names):
        if not EXPECTED.fullmatch(name):
            yield f"the wheel holds {name}, which is none of its business"
    if "ai_spine/py.typed" not in names:
        yield "the wheel lacks ai_spine/py.typed"
    installed = sum(entry.file_size for entry in entries)
    print(
        f"wheel {wheel.stat().st_size / 1000:.0f} kB, installed {installed / 1000:.0f} kB"
    )
    if wheel.stat().st_size > MOST_WHEEL_BYTES:
        yield f"the wheel is larger than {MOST_WHEEL_BYTES} bytes"
    if installed > MOST_INSTALLED_BYTES:
        yield f"what it installs is larger than {MOST_INSTALLED_BYTES} bytes"


def install_problems(wheel: Path) -> List[str]:
    """Install the wheel in a clean environment, run the demo there, and check the dependencies."""
    folder = ROOT / "build" / "release"
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    inside = folder / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [str(inside / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", f"{wheel}[local]"], check=True)
    # From another folder, so that it is the wheel that runs, and not the checkout.
    ran = subprocess.run(
        [str(inside / "ai-spine"), *DEMO, "--output", "json"],
        cwd=folder,
        stdout=subprocess.PIPE,
    )
    printed = ran.stdout.decode("utf-8", "replace")
    problems = []
    if ran.returncode != 0 or '"positive"' not in printed:
        problems.append(f"the demo ended with {ran.returncode} and printed {printed!r}")
    made = [sys.executable, "-m", "cyclonedx_py", "environment", str(inside / "python")]
    out = str(ROOT / "build" / "sbom.cdx.json")
    if subprocess.run([*made, "--output-file", out, "--of", "JSON"]).returncode != 0:
        problems.append("the SBOM could not be made")
    return problems


if __name__ == "__main__":
    sys.exit(main())
