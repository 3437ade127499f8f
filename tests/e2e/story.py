"""Runs one module of stories, or those of it whose names match a pattern, and prints a JSON object for each test: {"test", "state", "output"}."""
import contextlib
import importlib.util
import io
import json
import pathlib
import re
import sys
import unittest


class Teller(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self.out = out
        self.output = io.StringIO()

    def startTest(self, test):
        super().startTest(test)
        self.output.seek(0)
        self.output.truncate()
        self.state, self.why = "passed", ""

    def _note(self, state, why):
        self.state, self.why = state, self.why + why + "\n"

    def addError(self, test, error):
        super().addError(test, error)
        self._note("failed", self.errors[-1][1])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._note("failed", self.failures[-1][1])

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            self._note("failed", f"{subtest}: {self._exc_info_to_string(error, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note("skipped", reason)

    def stopTest(self, test):
        super().stopTest(test)
        name = test.id().rsplit(".", 1)[-1].removeprefix("test_")
        output = "" if self.state == "passed" else self.why + self.output.getvalue()[-8000:]
        print(json.dumps({"test": name, "state": self.state, "output": output}), file=self.out, flush=True)


def matching(suite, pattern):
    """The tests of a suite of suites."""
    chosen = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            chosen.addTest(matching(test, pattern))
        elif re.search(pattern, test.id().rsplit(".", 1)[-1]):
            chosen.addTest(test)
    return chosen


def main(path, pattern=""):
    path = pathlib.Path(path)
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    teller = Teller(sys.stdout)
    with contextlib.redirect_stdout(teller.output):
        matching(unittest.defaultTestLoader.loadTestsFromModule(module), pattern).run(teller)
    return 0 if teller.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
