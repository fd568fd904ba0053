"""Refuse words that nobody searches for in docstrings, comments, messages and docs.

Each word comes with a plainer one. Run it without arguments from the root of the repository.
"""

import io
import re
import sys
import tokenize
from pathlib import Path
from typing import Iterator, List, Tuple

# A pattern, and what to write instead.
WORDS = {
    r"Gives": "Return, Yield",
    r"[Tt]ells": "says, reports, Return",
    r"(is|are|was|were|be|been) told": "is reported, is shown, knows",
    r"[Bb]ears": "has, carries",
    r"what stands (in|at|there)": "the content, the value",
    r"(stands|stand|stood) (behind|before|beside|in the place)": "follows, precedes, replaces",
    r"(is|are|be) well\b(?! )": "is healthy",
    r"(goes|gone|go) on with": "continues, resumes",
    r"becomes? of": "happens to, the result of",
    r"[Ee]lsewhere": "name the other place",
    r"amid": "during, among",
    r"lest": "so that … not",
    r"heed(s|ed)?": "obey, respect",
    r"nobody knows": "it is unknown",
    r"called off": "cancelled",
    r"an? answer": "a response",
    r"the answer": "the response",
    r"no answer": "no response",
    r"answers? (came|comes)": "response",
}
PLACES = ("ai_spine", "benchmarks", "docs", "examples", "scripts")
FILES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_PATTERN = re.compile("|".join(rf"\b(?:{word})\b" for word in WORDS))


def lines_of(path: Path) -> Iterator[Tuple[int, str]]:
    """Yield the lines of a file that people read, with their numbers."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), start=1)
        return
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds:
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line


def problems_of(path: Path) -> List[str]:
    """Return a sentence for each line of a file with such a word."""
    found = []
    for number, line in lines_of(path):
        word = _PATTERN.search(line)
        if word is not None:
            better = next(
                plain
                for pattern, plain in WORDS.items()
                if re.fullmatch(pattern, word.group())
            )
            found.append(f"{path}:{number}: {word.group()!r}: write {better}")
    return found


def main(root: Path) -> int:
    """Print the problems of the repository, and return the exit code."""
    paths = [root / name for name in FILES]
    for place in PLACES:
        for suffix in ("py", "md", "rst", "py-tpl", "md-tpl"):
            paths += sorted((root / place).rglob(f"*.{suffix}"))
    problems = [
        each for path in paths if path.name != "voice.py" for each in problems_of(path)
    ]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent.parent))
