"""docs/diagnostics.md has one row for every code in the sources, and no other."""
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
CODE = re.compile(r"CL-[A-Z]-[A-Z0-9]+(?:-[A-Z0-9]+)*")


def codes_of_the_sources():
    found = {}
    for folder in ("src", "frontend", "postrender", "krm-functions"):
        for path in sorted((TOP / folder).rglob("*.[ch]pp")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if line.lstrip().startswith("//"):
                    continue  # Comments may speak of codes in general.
                for code in CODE.findall(line):
                    found.setdefault(code, f"{path.relative_to(TOP)}:{number}")
    return found


def rows_of_the_page():
    rows = {}
    for line in (TOP / "docs/diagnostics.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| CL-"):
            rows.setdefault(cells[0].strip("` "), []).append(cells)
    return rows


def test_every_code_has_a_row():
    rows = rows_of_the_page()
    assert {code: place for code, place in codes_of_the_sources().items() if code not in rows} == {}


def test_every_row_has_a_code():
    assert set(rows_of_the_page()) - set(codes_of_the_sources()) == set()


def test_every_row_is_there_once_and_full():
    for code, rows in rows_of_the_page().items():
        assert len(rows) == 1, code
        assert len(rows[0]) == 3 and all(rows[0]), code
