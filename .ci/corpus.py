"""Real logs through the program, where they lie beside the checkout: every file replays, always to the same bytes, and says how much it read; and what some
hundred rules of its own words and shapes match in it is what PCRE2 alone finds (grep -P).

usage: corpus.py VEDETTE DIRECTORY     ends with `N passed, N failed`; VEDETTE_SEED picks other rules
"""
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

RULES = r"""
rules:
  - {id: errors, on: log, match: '/\b(error|fail(ed|ure)?|fatal|panic)\b/i', key: [watcher], when: {count: 3, within: 10m}, mode: observe}
  - {id: addresses, on: log, match: '/\bfrom (?<address>\d+\.\d+\.\d+\.\d+)\b/', key: [address], when: {count: 5, within: 10m}, mode: observe}
  - {id: severe, on: log, where: {severity: {ge: high}}, key: [watcher], mode: observe}
"""
N_RULES = 240
N_LINES = 2000  # of the log, in a row
# Each match is a signal of its own: most rules match few lines.
FEW, N_BROAD = 40, 4
SEED = int(os.environ.get("VEDETTE_SEED", random.randrange(2**32)))
# Each line is a signal of its own. The clause holds no word to be searched for.
KEYED = r", where: {text: '/^(?<whole>.+)$/s'}, key: [whole], clear: never, mode: observe}"
KEY_BYTES = 1000  # longer keys are cut
LINE_BYTES = 65536  # and longer lines are


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


# --- rules out of the words and shapes of a log ---

def quoted(text):
    """Bytes (as Latin-1) that stand for themselves, in a pattern that is UTF-8 and has no control characters."""
    return "".join(char if char.isascii() and (char.isalnum() or char in " _-:,=") else f"\\x{ord(char):02x}" for char in text)


def shaped(text, rng):
    """Numbers as digits, hexadecimal as a class, some characters as a class of their kind."""
    parts = []
    for part in re.findall(r"\d+|[A-Za-z]+|.", text, re.S):
        if part.isascii() and part.isdigit():
            parts.append(rng.choice([r"\d+", rf"\d{{{len(part)}}}", rf"[0-9]{{{len(part)}}}", r"\d*", quoted(part)]))
        elif part.isascii() and part.isalpha():
            parts.append(rng.choice([quoted(part)] * 4 + [rf"[A-Za-z]{{{len(part)}}}", r"\w+", rf"({quoted(part)})", rf"(?:{quoted(part)}|none)", rf"(?i:{quoted(part)})", rf"{quoted(part)}?"]))
        else:
            parts.append(rng.choice([quoted(part)] * 4 + [".", r"\W", r"[^a-z]"]))
    return "".join(parts)


def piece_of(line, rng):
    begin = rng.randrange(len(line))
    return line[begin:begin + rng.choice([2, 3, 4, 5, 8, 12, 20, 40])]


def pattern_of(lines, rng):
    line, other = rng.choice(lines), rng.choice(lines)
    piece = piece_of(line, rng)
    return rng.choice([
        lambda: quoted(piece),
        lambda: quoted(piece),
        lambda: shaped(piece, rng),
        lambda: shaped(piece, rng),
        lambda: "^" + shaped(line[:20], rng),
        lambda: quoted(line[-6:]) + "$",
        lambda: f"{quoted(piece)}|{quoted(piece_of(other, rng))}",
        lambda: f"{quoted(piece)}.*{quoted(line[-5:])}",
        lambda: f"(?<={quoted(piece[:3])}){shaped(piece[3:], rng)}",
        lambda: f"{quoted(piece)}(?!{quoted(line[-3:])})",
        lambda: quoted(piece.swapcase()),
        lambda: rng.choice([r"\d{4}$", r"^.{60}$", r"[A-F0-9]{4}[^0-9a-f]", r"\d\d[ :.]\d\d\d", r"[[:upper:]]{5}", r"\b\w{17}\b"]),
    ])()


def write_rules(patterns, path):
    rules = [f"  - {{id: r{i}, on: log, match: '/{pattern}/{flags}'{KEYED}" for i, (pattern, flags) in enumerate(patterns)]
    path.write_text("rules:\n" + "\n".join(rules) + "\n")


# --- what PCRE2 alone finds ---

def lines_of(path):
    """As Latin-1: a character is a byte."""
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")
    if not lines[-1]:
        lines.pop()
    # All of them: the lines are written to a file of their own, and there the last one would be part of the end of a line again.
    return [line.rstrip("\r")[:LINE_BYTES] for line in lines]


def found_by_grep(pattern, flags, plain):
    done = subprocess.run(["grep", "-naP" + flags, "-e", pattern, str(plain)], capture_output=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=False)
    if done.returncode > 1:
        raise AssertionError(f"grep does not take {pattern}: {done.stderr}")
    return {int(number) for number in re.findall(rb"^(\d+):", done.stdout, re.M)}


def patterns_with_truth(lines, plain, rng):
    """[(pattern, flags)], and {(pattern's index, line's number)} of those that PCRE2 finds."""
    patterns, truth, n_broad = [], set(), 0
    full = [line for line in lines if line]
    while len(patterns) < N_RULES:
        pattern, flags = pattern_of(full, rng), rng.choice(["", "", "i"])
        found = {number for number in found_by_grep(pattern, flags, plain) if lines[number - 1]}
        n_broad += len(found) > FEW
        if len(found) <= FEW or n_broad <= N_BROAD:
            truth |= {(len(patterns), number) for number in found}
            patterns.append((pattern, flags))
    return patterns, truth


def is_told_as_it_is(line):
    """A key is cut where it is long, and a byte that is not UTF-8 stands in it as \\x85."""
    return line.isascii() and len(line) < KEY_BYTES and "\\x" not in line


def check_against_pcre2(vedette, directory, path):
    """What is wrong is told by its rule and line; and how many pairs there are."""
    rng = random.Random(f"{SEED}{path.name}")
    lines = lines_of(path)
    begin = rng.randrange(max(1, len(lines) - N_LINES))
    lines = lines[begin:begin + N_LINES]
    plain, rules = directory / "plain", directory / "own.yaml"
    plain.write_bytes("".join(line + "\n" for line in lines).encode("latin-1"))
    patterns, expected = patterns_with_truth(lines, plain, rng)
    write_rules(patterns, rules)
    transitions, summary = replay(vedette, rules, plain)
    told = {(int(one["rule"][1:]), one["key"][0]) for one in map(json.loads, transitions) if one["transition"] == "firing"}
    told = {(i, key) for i, key in told if is_told_as_it_is(key)}
    wanted = {(i, lines[number - 1]) for i, number in expected if is_told_as_it_is(lines[number - 1])}
    for what, pairs in (("missed", wanted - told), ("not in it", told - wanted)):
        for i, line in sorted(pairs)[:1]:
            raise AssertionError(f"{what}: {len(pairs)}, the first /{patterns[i][0]}/{patterns[i][1]} in `{line}`")
    if summary["matches"] != len(expected):
        raise AssertionError(f"{summary['matches']} matches, {len(expected)} by PCRE2")
    return len(expected)


def main(vedette, root):
    passed = failed = 0
    print(f"VEDETTE_SEED={SEED}")
    files = [path for path in sorted(pathlib.Path(root).rglob("*")) if path.name.endswith((".log", ".log.gz"))]
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        rules = directory / "rules.yaml"
        rules.write_text(RULES)
        for path in files:
            try:
                n_transitions, summary = check(vedette, rules, path)
                n_pairs = check_against_pcre2(vedette, directory, path)
                print(f"{path.name}: {summary['events']} lines, {summary['bytes']} bytes, {summary['seconds']:.3f} s, {summary['matches']} matches, {n_transitions} transitions; {n_pairs} pairs as PCRE2 finds them")
                passed += 1
            except (AssertionError, ValueError, LookupError) as error:
                print(f"failed: {path}: {error}")
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
