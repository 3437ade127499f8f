"""The shipped rule packs over real payloads and logs, where they lie beside the checkout: what is labelled as failing opens what it should, what is fine or
merely told opens nothing, and the rules for logs find the lines that they are for and no others.

usage: packs.py VEDETTE CORPUS     reports by pack and service; ends with `N passed, N failed`

Lines are judged one by one: by what `explain` says that a rule matches, not by what a rule asks once there are enough of them.
"""
import argparse
import collections
import csv
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RULES = ROOT / "rules.d"
LINE_RULES = [RULES / "auth.yaml", RULES / "logs.yaml"]
ENV = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": "/"}
# Packs by the kind of their events: what fails there must be seen by one of their rules.
PACKS = {"ci.run": r"ci-", "alert": r"alert-|failure-after-deploy", "deploy": r"deploy-", "advisory": r"advisory-|secret-"}
# What auth.yaml names at its head, by fail2ban's filters.
NAMED = ["sshd", "dropbear", "pam-generic", "apache-auth", "nginx-http-auth", "lighttpd-auth", "haproxy-http-auth", "dovecot", "postfix", "exim",
         "courier-smtp", "vsftpd", "proftpd", "mysqld-auth", "asterisk", "freeswitch", "webmin-auth", "gitlab", "grafana"]
# Matches who is let in: with whom it was that was refused before.
LOGIN_RULE = "login-after-refusals"
FOUND_SHARE = 0.95
# Templates of sshd's log (loghub) that tell of a refusal, by reading them; the others must match nothing. Named refusals that say no address, and those that
# PAM says once more, are left out.
REFUSED_TEMPLATES = {"E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E13", "E14", "E24", "E25"}
LET_IN_TEMPLATES = {"E1"}
# Rules of logs.yaml and words one of which stands in every line that they are for. Of lines without them they may match none.
WORDS = {
    "oom-killed": r"out of memory|killed", "heap-exhausted": r"memory", "disk-full": r"space|quota|disk", "crashed": r"segfault|fault|signal|dumped|traps|code=",
    "certificate-expires": r"certificate|cert_|renewals", "panicked": r"panic|oops|bug:|terminate called|fatal error|detected",
    "stack-traces": r"traceback|exception|uncaught|fatal error|goroutine|caused by",
}


def vedette(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, env=ENV)
    if done.returncode:
        raise AssertionError(done.stderr.strip()[:300])
    return [json.loads(line) for line in done.stdout.splitlines()]


def text_lines(path):
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    lines = data.decode("utf-8", "replace").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def matches(program, rules, lines):
    """For each line the rules that match it: {id: the value of its key}. Each stands alone: what would be one event of many lines is many here."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "lines.log"
        path.write_text("".join(line + "\n" for line in lines if line))
        with subprocess.Popen([program, "explain", "--json", "--rules", *map(str, rules), "--log", f"app={path}"], stdout=subprocess.PIPE, text=True, env=ENV) as told:
            found = [{rule["rule"]: next((gate.get("saw") for gate in rule["gates"] if gate["name"] == "key"), None) for rule in event["rules"] if rule["matched"]}
                     for event in map(json.loads, told.stdout) if "rules" in event]  # the last line has the signals
    if told.returncode or len(found) != sum(map(bool, lines)):
        raise AssertionError(f"explain told of {len(found)} lines of {len(lines)}")
    found = iter(found)
    return [next(found) if line else {} for line in lines]


# --- payloads ---

def senders_of(program):
    return {one["sender"] for one in vedette(program, "hooks", "--senders", "--json")}


def transitions_of(program, known, corpus, label):
    sender = label["file"].split("/")[1]
    command = ["replay", "--rules", RULES]
    if sender not in known:
        command += ["-c", ROOT / "packaging" / "mappings" / f"{sender}.yaml"]
    command += ["--hook", f"{sender}={corpus / label['file']}"]
    for name, value in label["headers"].items():
        if not value.startswith("<"):
            command += ["-H", f"{name}: {value}"]
    return vedette(program, *command)


def judge_payload(label, transitions):
    """What is wrong with what was opened."""
    fired = [one["rule"] for one in transitions if one["transition"] == "firing"]
    states = [alert["denotes"] for alert in label.get("alerts") or [label]]
    n_failing = states.count("failing")
    if not fired and n_failing and label.get("denotes_accept"):
        return None  # it contradicts itself
    pack = PACKS.get(label["kind"])
    if n_failing and pack:
        seen = [rule for rule in fired if re.match(pack, rule)]
        return None if len(seen) == n_failing == len(fired) else f"{n_failing} fail, and {fired or 'nothing'} fires"
    return f"{label['denotes']}, and {fired} fires" if fired and not n_failing else None


def check_payloads(program, corpus):
    known, counts, wrong = senders_of(program), collections.Counter(), []
    for label in json.loads((corpus / "labels" / "webhooks.json").read_text()):
        if label["file"].split("/")[1] == "slack":
            continue  # Slack's doors are not webhooks
        fault = judge_payload(label, transitions_of(program, known, corpus, label))
        counts[label["kind"], label["denotes"], bool(fault)] += 1
        if fault:
            wrong.append(f"{label['file']}: {fault}")
    for (kind, denotes, is_wrong), count in sorted(counts.items()):
        if not is_wrong:
            print(f"payloads: {kind} {denotes}: {count} as they should")
    return sum(count for (_, _, is_wrong), count in counts.items() if not is_wrong), wrong


# --- refusals, as fail2ban's filters know them ---

def refusals(program, rules, corpus, label):
    """Of one file: found, to be found, [false ones], [missed ones], addresses that agree."""
    lines = text_lines(corpus / label["file"])
    told = matches(program, rules, lines)
    # One text may stand there twice, with one label in one mode of the filter, and with the other in another: some filter matches it.
    is_failure = {lines[one["line"] - 1] for one in label["labels"] if one["match"]}
    found, missed, false, n_addresses = 0, [], [], 0
    labelled = {one["line"]: one for one in label["labels"]}
    for number, (line, rules_of_line) in enumerate(zip(lines, told), 1):
        refused = {rule: key for rule, key in rules_of_line.items() if rule.startswith("auth-")}
        others = set(rules_of_line) - set(refused) - {LOGIN_RULE}
        if others or (refused and line not in is_failure):
            false.append((number, line, rules_of_line))
        if labelled.get(number, {}).get("match"):
            found += bool(refused)
            host = labelled[number].get("host")
            n_addresses += any(key and host in (key, key.removeprefix("::ffff:")) for key in refused.values())
            if not refused:
                missed.append((number, line))
    return found, sum(bool(one["match"]) for one in label["labels"]), false, missed, n_addresses


def check_refusals(program, corpus):
    passed, wrong = 0, []
    for label in json.loads((corpus / "labels" / "logs_fail2ban.json").read_text()):
        name = label["filter"]
        found, wanted, false, missed, n_addresses = refusals(program, LINE_RULES, corpus, label)
        is_named = name in NAMED
        print(f"refusals: {name}{'' if is_named else ' (not named)'}: {found} of {wanted}, {100 * found / wanted:.1f} %, {len(false)} false; {n_addresses} with the address of the label")
        wrong += [f"{name}:{number}: matched by {', '.join(rules)}: {line[:160]}" for number, line, rules in false]
        if is_named and found < FOUND_SHARE * wanted:
            wrong.append(f"{name}: {found} of {wanted} lines found")
        passed += not false and (not is_named or found >= FOUND_SHARE * wanted)
        print("".join(f"  missed {number}: {line[:160]}\n" for number, line in missed if is_named), end="")
    return passed, wrong


# --- whole logs ---

def check_sshd(program, corpus):
    """A day of sshd, whose templates somebody labelled."""
    folder = corpus / "logs" / "loghub-2k" / "OpenSSH"
    with open(folder / "OpenSSH_2k.log_structured.csv", newline="") as file:
        templates = [row["EventId"] for row in csv.DictReader(file)]
    told = matches(program, LINE_RULES, text_lines(folder / "OpenSSH_2k.log"))
    counts = collections.Counter()
    for template, rules in zip(templates, told):
        refused = any(rule.startswith("auth-") for rule in rules)
        counts["found" if refused else "missed" if template in REFUSED_TEMPLATES else "rest"] += 1
        counts["false"] += (refused and template not in REFUSED_TEMPLATES) or (LOGIN_RULE in rules and template not in LET_IN_TEMPLATES)
    print(f"sshd of loghub: {counts['found']} of {counts['found'] + counts['missed']} refusals, {counts['false']} false")
    return not counts["missed"] and not counts["false"], [] if not counts["missed"] and not counts["false"] else ["loghub: sshd"]


def check_loghub(program, corpus):
    """Of all other systems no rule matches a line, but for BGL's panics, which are alerts."""
    passed, wrong = 0, []
    for label in json.loads((corpus / "labels" / "logs_loghub.json").read_text()):
        if label["system"] == "OpenSSH":
            continue
        lines = text_lines(corpus / label["file"])
        alerts = set(label["alert_lines"] or [])
        found = [(number, rules) for number, rules in enumerate(matches(program, LINE_RULES, lines), 1) if rules]
        false = [f"{label['system']}:{number}: matched by {', '.join(rules)}: {lines[number - 1][:160]}" for number, rules in found
                 if number not in alerts or not all(re.search(WORDS.get(rule, "^$"), lines[number - 1], re.I) for rule in rules)]
        print(f"loghub: {label['system']}: {len(found)} of {len(lines)} lines, {len(false)} false")
        wrong += false
        passed += not false
    return passed, wrong


def check_ci_logs(program, corpus):
    """What a build tells of itself is no trouble of the machine that reads it: no rule fires."""
    passed, wrong = 0, []
    for label in json.loads((corpus / "labels" / "logs_ci.json").read_text()):
        told = vedette(program, "replay", "--rules", RULES, "--log", f"app={corpus / label['file']}", "--summary")
        fired = [f"{label['file']}: {one['rule']} fires" for one in told[:-1] if one["transition"] == "firing"]
        print(f"CI logs: {pathlib.Path(label['file']).name}: {told[-1]['events']} lines, {told[-1]['matches']} matches, {len(fired)} fire")
        wrong += fired
        passed += not fired
    return passed, wrong


def advisory_event(number, lock, package, state):
    return {"specversion": "1.0", "id": str(number), "source": "corpus", "type": "generic.event", "kind": "advisory", "state": state, "severity": "high", "repo": lock,
            "subject": f"{lock} {package['advisory']} {package['package']}", "title": f"{package['package']} {package['version']}", "time": "2026-03-02T10:00:00Z", "received": "2026-03-02T10:00:00Z"}


def check_advisories(program, corpus):
    """Lock files are read by nobody here: whoever matches them tells of what is affected, and that alone opens something, each once."""
    passed, wrong = 0, []
    for lock in json.loads((corpus / "labels" / "advisories.json").read_text())["locks"]:
        affected, named = lock["affected"], lock["listed_but_not_affected"]
        events = [advisory_event(i, lock["lock"], one, "failing") for i, one in enumerate(affected)] + \
                 [advisory_event(1000 + i, lock["lock"], {"version": "", "package": "", **one}, "info") for i, one in enumerate(named)]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("".join(json.dumps(event) + "\n" for event in events))
            file.flush()
            fired = {tuple(one["key"]) for one in vedette(program, "replay", "--rules", RULES, "--events", file.name) if one["transition"] == "firing"}
        wanted = {(event["subject"],) for event in events if event["state"] == "failing"}
        print(f"advisories: {lock['lock']}: {len(fired)} signals of {len(wanted)} affected, {len(named)} named only")
        if fired == wanted:
            passed += 1
        else:
            wrong.append(f"{lock['lock']}: {fired ^ wanted}")
    return passed, wrong


CHECKS = (check_payloads, check_advisories, check_refusals, check_sshd, check_loghub, check_ci_logs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vedette")
    parser.add_argument("corpus", type=pathlib.Path)
    asked = parser.parse_args()
    passed, wrong = 0, []
    for check in CHECKS:
        n_passed, faults = check(asked.vedette, asked.corpus)
        passed += n_passed
        wrong += faults
    for line in wrong:
        print(line)
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
