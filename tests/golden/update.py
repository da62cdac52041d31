"""Writes the expected files of all golden cases, or of those whose folders are given, as the program makes them now.

`make golden` calls it; `git diff` is then the review.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import golden


def main(folders):
    cases = [pathlib.Path(folder).resolve() for folder in folders] or golden.all_cases()
    changed = 0
    for case in cases:
        for file, content in golden.made(golden.program_of(case), case).items():
            path = case / file
            if content == (path.read_bytes() if path.exists() else None):
                continue
            changed += 1
            print(path.relative_to(golden.FOLDER))
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
    print(f"{len(cases)} golden cases, {changed} files changed")


if __name__ == "__main__":
    main(sys.argv[1:])
