"""What documents say is text in a README, and nothing else."""

import pytest

from ai_spine.sdk_sync.generators.python.markdown import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x> & [a](b)", r"\<img src=x\> \& \[a\]\(b\)"),
        ("`a` ${b}\n# c | d", r"\`a\` \$\{b\} \# c \| d"),
        ("a\u202eb\u2066c", "abc"),
        ("שלום", "שלום"),
    ],
)
def test_marks_are_escaped_and_nothing_turns_the_text(text, shown):
    assert plain(text) == shown
