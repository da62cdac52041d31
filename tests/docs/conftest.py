"""How many commands of how many pages ran, and which did not, at the end of the run."""


def pytest_terminal_summary(terminalreporter):
    reports = [report for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
               if "test_every_command_of_the_page" in report.nodeid]
    said = [entry for report in reports for entry in report.user_properties]
    if not said:
        return
    numbers = {word: sum(int(value) for name, value in said if name == word) for word in ("pages", "commands")}
    not_run = [value for name, value in said if name == "not run"]
    terminalreporter.section(f"docs: {numbers['pages']} pages, {numbers['commands']} commands")
    for line in not_run:
        terminalreporter.write_line(f"not run: {line}")
