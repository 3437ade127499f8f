"""Real webhook payloads through the program, where they lie beside the checkout: what it makes of each is what somebody who read the payload wrote down about it.

usage: labels.py VEDETTE CORPUS [SENDER…]     reports the share that agrees by sender; ends with `N passed, N failed`

A label of another sender than the program knows is read by the generic sender, with the mapping of packaging/mappings/SENDER.yaml.
"""
import argparse
import collections
import itertools
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATES = {"failing": "failing", "ok": "ok", "informational": "info"}
# Label -> field of the event.
FIELDS = {
    "repository": "repo", "service": "service", "environment": "environment", "branch": "branch", "commit": "commit", "actor": "actor",
    "title": "title", "text": "text", "url": "url",
}
# Kinds for which there is no word in the labels.
OTHER_KINDS = {None, "release"}
SEVERITIES = {"critical": "critical", "high": "high", "error": "high", "medium": "medium", "moderate": "medium", "warning": "medium", "low": "low", "note": "low",
              "info": "low", "none": "low"}


def folded(text):
    return " ".join(str(text).split()) if text is not None else None


def senders_of(vedette):
    done = subprocess.run([vedette, "hooks", "--senders", "--json"], capture_output=True, text=True, check=True)
    return {json.loads(line)["sender"] for line in done.stdout.splitlines()}


def events_of(vedette, known, corpus, label):
    sender = label["file"].split("/")[1]
    command = [vedette, "fields", "--json"]
    if sender in known:
        command += ["--hook", f"{sender}={corpus / label['file']}"]
    else:
        command += ["-c", str(ROOT / "packaging" / "mappings" / f"{sender}.yaml"), "--hook", f"{sender}={corpus / label['file']}"]
    for name, value in label["headers"].items():
        if not value.startswith("<"):
            command += ["-H", f"{name}: {value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": "/"})
    if done.returncode:
        raise AssertionError(done.stderr.strip())
    return [json.loads(line) for line in done.stdout.splitlines()]


def accepted(label, name):
    yield label.get(name)
    also = label.get(f"{name}_accept")
    yield from also if isinstance(also, list) else [also] if also is not None else []


def differing(label, event):
    """[(what, got, wanted)]"""
    wrong = []
    if event.get("state", "info") not in {STATES[word] for word in accepted(label, "denotes")}:
        wrong.append(("state", event.get("state"), label["denotes"]))
    kinds = set(accepted(label, "kind"))
    if "kind" in label and event.get("kind") not in kinds and not ("other" in kinds and event.get("kind") in OTHER_KINDS):
        wrong.append(("kind", event.get("kind"), label["kind"]))
    if label.get("severity") and not label.get("severity_loose"):
        wanted = {SEVERITIES.get(word, word) for word in accepted(label, "severity") if word}
        if event.get("severity") not in wanted:
            wrong.append(("severity", event.get("severity"), sorted(wanted)))
    for name, field in FIELDS.items():
        if name not in label or label.get(f"{name}_loose") or (label[name] is None and not label.get(f"{name}_accept")):
            continue
        got = folded(event.get(field))
        wanted = [folded(word) for word in accepted(label, name)]
        # Ours are cut, and a title is its first line.
        if got in wanted or any(word and (word[:1000] == (got or "")[:1000] or (name == "title" and got and word.startswith(got))) for word in wanted):
            continue
        wrong.append((name, got, wanted))
    return wrong


def check(label, events):
    """[(what, got, wanted)] of one payload."""
    alerts = label.get("alerts")
    if not alerts:
        return differing(label, events[0]) if len(events) == 1 else [("events", len(events), 1)]
    if len(alerts) != len(events):
        return [("events", len(events), len(alerts))]
    wrong = []
    for alert, event in zip(alerts, events):
        wrong += differing({**{name: value for name, value in label.items() if name in ("kind",)}, **alert}, event)
    return wrong


def identity(label):
    return json.dumps({name: value for name, value in (label.get("same_signal") or {}).items() if name != "commit"}, sort_keys=True)


def unequal_subjects(read):
    """Of payloads of one sender: those that are one condition in the labels and not in the events, or the other way round."""
    for (one, one_events), (two, two_events) in itertools.combinations(read, 2):
        if one.get("alerts") or two.get("alerts") or len(one_events) != 1 or len(two_events) != 1:
            continue
        same, told = identity(one) == identity(two), one_events[0].get("subject") == two_events[0].get("subject")
        if same != told:
            yield one["file"], two["file"], one_events[0].get("subject"), two_events[0].get("subject"), same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vedette")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("senders", nargs="*")
    asked = parser.parse_args()
    known, read, counts, reports = senders_of(asked.vedette), collections.defaultdict(list), collections.defaultdict(lambda: [0, 0]), []
    for label in json.loads((asked.corpus / "labels" / "webhooks.json").read_text()):
        sender = label["file"].split("/")[1]
        if sender == "slack" or (asked.senders and sender not in asked.senders):
            continue  # Slack's doors are not webhooks
        try:
            events = events_of(asked.vedette, known, asked.corpus, label)
            wrong = check(label, events)
            wrong += [("drift", event["drift"], None) for event in events if "drift" in event]
            read[sender].append((label, events))
        except AssertionError as refusal:
            wrong = [("refused", str(refusal)[:200], None)]
        counts[sender][bool(wrong)] += 1
        reports += [f"{label['file']}: {what} is {got!r}, not {wanted!r}" for what, got, wanted in wrong]
    n_subjects = 0
    for sender, of_sender in read.items():
        for one, two, subject, other, same in unequal_subjects(of_sender):
            n_subjects += 1
            reports.append(f"{sender}: {one} and {two} are {'one' if same else 'two'}: `{subject}`, `{other}`")
    for sender, (right, wrong) in sorted(counts.items()):
        print(f"{sender}: {right} of {right + wrong}, {100 * right // (right + wrong)} %")
    for line in reports:
        print(line)
    n_wrong = sum(wrong for _, wrong in counts.values()) + n_subjects
    print(f"{sum(right for right, _ in counts.values())} passed, {n_wrong} failed")
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
