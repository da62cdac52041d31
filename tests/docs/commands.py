"""The commands of a page: every fenced block in `sh`, with what the page says about running it.

A block is run as a script by `bash -euo pipefail`, in the page's own folder and in the order of the page, so that later blocks find
what earlier ones wrote. HTML comments right above the fence, which no reader sees, say what is special:

    <!-- docs: not run, needs a cluster -->     the reason why it is only listed; empty reasons are refused
    <!-- docs: in the repository -->            it is run at the top of this repository instead
    <!-- docs: exit 1 -->                       it ends with this code and not with 0
    <!-- docs: before
    ln -sf "$(command -v helm4)" bin/helm
    -->                                         what is run ahead of it, for things that a reader has already

A block of any other language whose first line is `# NAME` is the file NAME, which lies in the folder from the start; the path has no
blanks and ends in an extension. A mark that is none of these is an error, and so is a mark above no command.
"""
import dataclasses
import re

MARKED = re.compile(r"((?:^<!-- docs: (?:(?!-->).)*-->\n)*)^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- docs: (.*?)\s*-->", re.DOTALL)
FILE = re.compile(r"# ([\w./-]+\.\w+)\n")
HERE_DOCUMENT = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


@dataclasses.dataclass
class Block:
    line: int
    script: str
    reason: str = ""  # Why it is not run.
    at_top: bool = False
    code: int = 0
    before: str = ""

    @property
    def commands(self):
        """How many commands a reader types: lines, without comments, continuations and the texts of here-documents."""
        count, end, continued = 0, None, False
        for line in self.script.splitlines():
            if end is not None:
                end = None if line.strip() == end else end
                continue
            blank = not line.strip() or line.lstrip().startswith("#")
            if not blank and not continued and not line.startswith((" ", "}", ")")):
                count += 1
            here = HERE_DOCUMENT.search(line)
            end, continued = here and here[2], line.endswith(("\\", "|", "&&"))
        return count


def blocks(text):
    """The blocks of a page in its order."""
    found = []
    for match in MARKED.finditer(text):
        marks, language, script = MARK.findall(match[1]), match[2], match[3]
        line = text.count("\n", 0, match.end(1)) + 1
        if language != "sh":
            assert not marks, f"line {line}: a mark above a block that is not run"
            continue
        block = Block(line, script)
        for mark in marks:
            apply(block, mark)
        found.append(block)
    assert sum(len(MARK.findall(match[1])) for match in MARKED.finditer(text)) == text.count("<!-- docs:"), "a mark above no block"
    return found


def apply(block, mark):
    word, _, rest = mark.partition("\n")
    if mark.startswith("not run, ") and mark[9:].strip():
        block.reason = mark[9:].strip()
    elif mark == "in the repository":
        block.at_top = True
    elif re.fullmatch(r"exit \d+", mark):
        block.code = int(mark[5:])
    elif word == "before" and rest:
        block.before = rest
    else:
        raise AssertionError(f"line {block.line}: what does `{mark}` mean? See tests/docs/commands.py")


def files(text):
    """The files that a page shows, by name; of two with one name the first."""
    found = {}
    for match in MARKED.finditer(text):
        named = FILE.match(match[3])
        if match[2] != "sh" and named:
            found.setdefault(named[1], match[3])
    return found
