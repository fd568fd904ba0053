"""Completion for bash: importing this replaces what click has for it."""

from typing import Any, List, Tuple

from click.shell_completion import BashComplete, add_completion_class

_BREAKS = "=:"  # bash splits words at these


class _Bash(BashComplete):
    """Completion for bash, which splits URLs and `--option=value` at `=` and `:`."""

    _kept = ""  # the part of the current word that bash leaves alone

    def get_completion_args(self) -> Tuple[List[str], str]:
        """Return the words before the current one, and the current word."""
        args, last = super().get_completion_args()
        *before, typed = _joined([*args, last])
        value = typed.partition("=")[2] if typed.startswith("-") else typed
        self._kept = value[: max(map(value.rfind, _BREAKS)) + 1]
        return before, typed

    def format_completion(self, item: Any) -> str:
        """Return a word as the script expects it."""
        if self._kept and str(item.value).startswith(self._kept):
            item.value = item.value[len(self._kept) :]
        return super().format_completion(item)


def _joined(pieces: List[str]) -> List[str]:
    words: List[str] = []
    is_open = False
    for piece in pieces:
        breaks = bool(piece) and not piece.strip(_BREAKS)
        if words and (breaks or is_open):
            words[-1] += piece
        else:
            words.append(piece)
        is_open = breaks
    return words


add_completion_class(_Bash)
