"""Whether folding keeps up: the samples of all senders, each signed as its sender does, and bodies of 2, 8 and 23 KB, with a thousand rules."""
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys

import payload
from run import HERE, Result, cpu_seconds, daemon, wait_until_folded

sys.path.insert(0, str(HERE.parent / "flood"))

N_RULES = 1000
N_EACH = 4000
BODIES = (2000, 8000, 23000)
CONFIG = """
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
watchers:
%s
actions: {}
people:
  jane: {token_file: jane.token}
approvers: {from: [jane], need: 1}
budget: none
store: {max: 16GB}
# %%(store_max)s %%(more)s %%(fixtures)s %%(log)s %%(actions)s
"""
RULE = """
rules:
  - id: ci-red
    on: ci.run
    where: {level: run, state: failing, branch: '/^(main|release\\/.+)$/'}
    key: [repo, branch, workflow]
    title: "{{workflow}} is red on {{branch}} of {{repo}}"
"""


def thousand_rules():
    """Of three kinds, as the samples are; a handful of them match what comes."""
    rules = [RULE]
    for number in range(N_RULES - 1):
        kind, where = (("ci.run", f"{{repo: acme/shop-{number}, state: failing}}"), ("alert", f"{{service: shop-{number}, state: failing}}"),
                       ("deploy", f"{{service: shop-{number}, environment: prod, state: failing}}"))[number % 3]
        rules.append(f"  - id: other-{number}\n    on: {kind}\n    where: {where}\n    key: [subject]\n    title: \"{{{{title}}}}\"\n")
    return {"ci.yaml": "".join(rules)}


def sample_of(options, running, name):
    """(path, headers, body) of an embedded sample, as `vedette send` would post it."""
    said = subprocess.run([str(options.vedette), "send", "--sample", name, "--print-curl", "-c", str(running.config_path)], capture_output=True, text=True, check=True).stdout
    words = shlex.split(said.replace("\\\n", " "))
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    body = next(words[i + 1] for i, word in enumerate(words) if word.startswith("--data"))
    return headers, body.encode()


def numbered(body, number):
    """The same JSON, of other bytes: who knows no delivery id knows a delivery by them."""
    return body.rstrip() + b"".join(b"\t" if number >> bit & 1 else b" " for bit in range(16))


def requests_of(hook, headers, body, first):
    """N_EACH deliveries that differ, each signed."""
    kept = {name: value for name, value in headers.items() if name not in hook.proof(body, "") and name != hook.id_header}
    for number in range(first, first + N_EACH):
        one = numbered(hook.prepare(body) if hook.prepare else body, number)
        delivery = f"folding-{number}"
        said = {**kept, **({hook.id_header: delivery} if hook.id_header else {}), **hook.proof(one, delivery)}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        yield f"POST {hook.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(one)}\r\n{head}\r\n".encode() + one


def write_requests(options, running, hooks, path, run):
    listed = subprocess.run([str(options.vedette), "send", "--samples", "--json"], capture_output=True, text=True, check=True).stdout
    samples = [(one["sender"], *sample_of(options, running, one["name"])) for one in map(json.loads, listed.splitlines())]
    headers = next(headers for sender, headers, _ in samples if sender == "github")
    samples += [("github", headers, payload.body_of(n_bytes).replace(b"@NUMBER@", b"1234567890")) for n_bytes in BODIES]
    made = [request for i, (sender, headers, body) in enumerate(samples)
            for request in requests_of(hooks[sender], headers, body, (run * len(samples) + i) * N_EACH)]
    random.Random(run).shuffle(made)
    with open(path, "wb") as file:
        for request in made:
            file.write(b"%08d" % len(request) + request)
    return len(made), len({sender for sender, _, _ in samples})


def post(running, path, seconds):
    command = ["wrk", "-t2", "-c64", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s", str(HERE / "once.lua"), f"http://{running.addresses['public']}/"]
    before = cpu_seconds(running.pid)
    said = subprocess.run(command, env=dict(os.environ, BENCH_FILE=str(path)), capture_output=True, text=True, check=True).stdout
    return Result(said, cpu_seconds(running.pid) - before)


def measure_folding(options):
    """What a second takes in, and what a second folds of what is left then."""
    import doors
    # Of Travis CI and SNS there are no samples: signing with RSA takes Python too long.
    hooks = {hook.sender: hook for hook in doors.hooks(None) if hook.config and hook.sender not in ("cloudwatch", "travis")}
    rows = "\n".join(f"  - {{webhook: {hook.sender}, {hook.config}}}" for hook in hooks.values())
    path, held = pathlib.Path(options.directory) / "folding.requests", True
    files = {"flood.secret": doors.TEXT_SECRET, "flood.basic": doors.PASSWORD, "flood.key64": doors.KEY}
    with daemon(options.directory, config=CONFIG % rows, rules=thousand_rules(), files=files) as running:
        for run in range(options.runs):
            n_made, n_senders = write_requests(options, running, hooks, path, run)
            result = post(running, path, options.seconds)
            n_left = running.metric("vedette_fold_lag") or 0
            took = wait_until_folded(running)
            folded = n_left / took if n_left else result.rate
            print(f"webhooks: folding deliveries of {n_senders} senders with {N_RULES} rules: {result.rate:.0f}/s accepted, "
                  f"{result.n_requests - n_left:.0f} folded meanwhile, {n_left:.0f} in {took:.1f} s after it: {folded:.0f}/s  not 2xx={result.n_refused}", flush=True)
            if result.n_requests > n_made:
                raise RuntimeError(f"only {n_made} deliveries were there for {result.n_requests} requests")
            held &= folded >= result.rate and not result.n_refused
    return held
