"""Runs all tests and says how many passed: unit tests, house rules, end-to-end and browser stories.

usage: run.py --build DIR [--threads | --soak] [NAME...]

Writes tests/FAULTS.md: for each fault id the tests that carry it in their names, and their last result.
The last line is `N passed, N failed`.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKERS = 3  # stories wait most of their time: two cores have room for three
THREADED_WORKERS = 2
# Modules whose subject is more than one thread: what a run under TSan is for.
THREADED_UNITS = ["clock", "http", "log", "log_evidence", "metrics", "runner", "process", "quarantine", "inlet", "service", "websocket", "certificates", "hook_calls"]
# Whole modules, or the stories of one whose names match.
THREADED_STORIES = {
    "test_first_light": "",
    "test_decisions": "",
    "test_log_evidence": "",
    "test_rules": "",
    "test_catch_up": "a_stop|a_reload|while_the_daemon_was_down",
    "test_life": "",
    "test_matching_reloads": "",
    "test_posting": "what_happened_while|a_restart_while|retry_after|a_place_that_hangs|at_a_stop|a_bad_token|a_user_group",
    "test_slack_conflicts": "",
    "test_slack_faults": "connections_that_break|while_both_are_away",
    "test_slack_requests": "of_twenty_at_once|committed_before|cannot_be_recorded|response_url|what_one_may_ask|a_mention|a_modal|until_slack_has_said",
    "test_slack_socket": "",
}


class Result:
    def __init__(self, suite, name, state, output=""):
        self.suite, self.name, self.state, self.output = suite, name, state, output


def run_unit(path):
    name = path.name.removeprefix("test_")
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", ASAN_OPTIONS="abort_on_error=1:detect_leaks=1",
               UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1", TSAN_OPTIONS="halt_on_error=1")
    try:
        done = subprocess.run([str(path)], env=env, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=180)
    except subprocess.TimeoutExpired:
        return [Result(name, "(the whole program)", "failed", "did not end within 180 s")]
    results = []
    for line in done.stdout.splitlines():
        found = re.match(r"(not )?ok \d+ - (\S+)(.*)", line)
        if found:
            state = "failed" if found.group(1) else "skipped" if "SKIP" in found.group(3).upper() else "passed"
            results.append(Result(name, found.group(2), state, "" if state == "passed" else done.stdout + done.stderr))
    failed = any(result.state == "failed" for result in results)
    if done.returncode and not failed or not results:
        results.append(Result(name, "(the whole program)", "failed", f"exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"))
    return results


def run_stories(path, build, soak, pattern=""):
    """A module of Python stories, or those that match, in a process of its own; prints a JSON object for each test."""
    env = dict(os.environ, VEDETTE=str((build / "src/vedette").resolve()), PYTHONPATH=str(ROOT / "tests/e2e"),
               ASAN_OPTIONS="abort_on_error=1:detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
               TSAN_OPTIONS="halt_on_error=1", VEDETTE_SOAK="1" if soak else "")
    done = subprocess.run([sys.executable, str(ROOT / "tests/e2e/story.py"), str(path), pattern], env=env, cwd=ROOT, capture_output=True, text=True, errors="replace")
    results = []
    for line in done.stdout.splitlines():
        if line.startswith('{"test"'):
            told = json.loads(line)
            results.append(Result(path.stem.removeprefix("test_"), told["test"], told["state"], told["output"]))
    if not results:
        results.append(Result(path.stem, "(the whole module)", "failed", done.stdout[-4000:] + done.stderr[-4000:]))
    return results


def run_house_rules():
    done = subprocess.run([sys.executable, str(ROOT / "tests/lint.py")], capture_output=True, text=True)
    return [Result("house", "calls_go_down_only_and_libraries_stop_in_one_file", "failed" if done.returncode else "passed", done.stdout + done.stderr)]


def plan(arguments):
    build = pathlib.Path(arguments.build)
    units = sorted(path for path in (build / "tests/unit").glob("test_*") if path.is_file() and os.access(path, os.X_OK))
    stories = sorted([*(ROOT / "tests/e2e").glob("test_*.py"), *(ROOT / "tests/browser").glob("test_*.py")])
    jobs = []
    if arguments.threads:
        units = [path for path in units if path.name.removeprefix("test_") in THREADED_UNITS]
        stories = [path for path in stories if path.stem in THREADED_STORIES]
    if arguments.names:
        units = [path for path in units if any(name in path.name for name in arguments.names)]
        stories = [path for path in stories if any(name in path.stem for name in arguments.names)]
    # The longest first, so that the workers end together.
    patterns = THREADED_STORIES if arguments.threads else {}
    jobs += [(run_stories, (path, build, arguments.soak, patterns.get(path.stem, ""))) for path in sorted(stories, key=lambda path: -path.stat().st_size)]
    jobs += [(run_unit, (path,)) for path in units]
    if not arguments.names and not arguments.threads:
        jobs.append((run_house_rules, ()))
    return jobs


def fault_ids(name):
    return [found.upper() for found in re.findall(r"(?:^|_)([a-z]\d\d)(?=_)", name)]


def write_faults(results):
    rows = {}
    for result in results:
        for fault in fault_ids(result.name):
            rows.setdefault(fault, []).append(result)
    lines = ["# Faults and their tests", "", "Generated by `./dev test`: a fault that Vedette must survive, the tests that carry its id, and what they said last.", "",
             "| fault | test | last result |", "|---|---|---|"]
    for fault in sorted(rows):
        for result in sorted(rows[fault], key=lambda row: (row.suite, row.name)):
            lines.append(f"| {fault} | {result.suite}: {result.name} | {result.state} |")
    (ROOT / "tests/FAULTS.md").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--threads", action="store_true")
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    results = []
    with concurrent.futures.ThreadPoolExecutor(THREADED_WORKERS if arguments.threads else WORKERS) as pool:
        for future in [pool.submit(job, *parameters) for job, parameters in plan(arguments)]:
            for result in future.result():
                results.append(result)
                if result.state != "passed":
                    print(f"{result.state}: {result.suite}: {result.name}\n{result.output}", flush=True)
    if not arguments.names and not arguments.threads:
        write_faults(results)
    counts = {state: sum(result.state == state for result in results) for state in ("passed", "failed", "skipped")}
    if counts["skipped"]:
        print(f"skipped: {counts['skipped']}")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
