"""Real logs through the program, where they lie beside the checkout: every file replays, always to the same bytes, and says how much it read.

usage: corpus.py VEDETTE DIRECTORY     ends with `N passed, N failed`
"""
import json
import pathlib
import subprocess
import sys
import tempfile

RULES = r"""
rules:
  - {id: errors, on: log, match: '/\b(error|fail(ed|ure)?|fatal|panic)\b/i', key: [watcher], when: {count: 3, within: 10m}, mode: observe}
  - {id: addresses, on: log, match: '/\bfrom (?<address>\d+\.\d+\.\d+\.\d+)\b/', key: [address], when: {count: 5, within: 10m}, mode: observe}
  - {id: severe, on: log, where: {severity: {ge: high}}, key: [watcher], mode: observe}
"""


def replay(vedette, rules, path):
    done = subprocess.run([vedette, "replay", "--rules", rules, "--log", f"app={path}", "--summary"], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": "/"}, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    lines = done.stdout.splitlines()
    return lines[:-1], json.loads(lines[-1])


def check(vedette, rules, path):
    transitions, summary = replay(vedette, rules, path)
    again, _ = replay(vedette, rules, path)
    if transitions != again:
        raise AssertionError("two replays differ")
    if not summary["bytes"] or not summary["events"] or "seconds" not in summary:
        raise AssertionError(f"the summary says {summary}")
    return len(transitions), summary


def main(vedette, directory):
    passed = failed = 0
    files = [path for path in sorted(pathlib.Path(directory).rglob("*")) if path.name.endswith((".log", ".log.gz"))]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        rules.write(RULES)
        rules.flush()
        for path in files:
            try:
                n_transitions, summary = check(vedette, rules.name, path)
                print(f"{path.name}: {summary['events']} lines, {summary['bytes']} bytes, {summary['seconds']:.3f} s, {summary['matches']} matches, {n_transitions} transitions")
                passed += 1
            except (AssertionError, ValueError, LookupError) as error:
                print(f"failed: {path}: {error}")
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
