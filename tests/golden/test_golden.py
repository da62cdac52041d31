"""Every golden case comes out byte for byte as it was reviewed.

A case is a folder (support/golden.py says what is in it). The one to read is expected.diff: it shows what the policy does to
the input. After a change of behaviour `make golden` writes the expected files anew, and `git diff` is the review.
"""
import difflib

import pytest

from support import golden


@pytest.mark.parametrize("case", golden.all_cases(), ids=golden.name)
def test_golden(case):
    for file, content in golden.made(golden.program_of(case), case).items():
        path = case / file
        expected = path.read_bytes() if path.exists() else None
        assert content == expected, difference(file, expected, content)


def difference(file, expected, content):
    before, after = ((text or b"").decode(errors="replace").splitlines() for text in (expected, content))
    return "\n".join(difflib.unified_diff(before, after, f"reviewed {file}", f"made {file}", lineterm=""))
