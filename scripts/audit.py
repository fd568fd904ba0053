"""Look up known vulnerabilities of the installed packages, if the data is available."""

import json
import re
import subprocess
import sys

_UNREACHABLE = re.compile(
    r"\b\w*(Connect|Proxy|Timeout|MaxRetry)\w*\b.*:|[Cc]ould not connect"
)
COMMAND = [sys.executable, "-m", "pip_audit", "--skip-editable", "--format", "json"]


def main() -> int:
    """Return 0 if there are none or the data is not available, and 1 otherwise."""
    run = subprocess.run(
        [*COMMAND, "--progress-spinner", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (run.stderr.strip().splitlines() or [""])[-1]
        if not _UNREACHABLE.search(last):
            print(f"pip-audit failed: {run.stderr.strip()}")
            return 1
        packages = []
    checked = [package for package in packages if "vulns" in package]
    if not checked:
        print("pip-audit: skipped, its data cannot be reached from here")
        return 0
    holes = [(package, hole) for package in checked for hole in package["vulns"]]
    for package, hole in holes:
        fixed = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, fixed in {fixed}")
    unknown = len(packages) - len(checked)
    print(
        f"pip-audit: {len(checked)} packages, {len(holes)} known vulnerabilities, "
        f"{unknown} unknown packages"
    )
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
