"""The measures of matching: beside Vectorscan, RE2::Set and ripgrep, on two cores, with more and more rules, beside SEC and others. Called by run.py.

PEERS.md says how each peer is run, and what it cannot do.
"""
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import statistics
import subprocess
import tempfile
import time

import match_data
import match_peers
import match_truth

HERE = pathlib.Path(__file__).resolve().parent
GOALS = {"vectorscan": 2.0, "replay": 0.6, "cores": 1.7, "growth": {1000: 2.0, 10_000: 4.0}, "load_s": 1.0, "rss_mb": {100: 12.0, 1000: 20.0, 10_000: 60.0}}
SLOW_SECONDS = 8  # whatever takes longer is run once
PEER_LINES = {10: 100_000, 100: 20_000, 1000: 5_000}
RG_LINES = {10_000: 2_000}  # it would take half an hour

CONFIG = """
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
watchers:
  - log: ["%(path)s"]
    name: app
    start: beginning
people:
  jane: {token_file: jane.token}
approvers: {from: [jane], need: 1}
budget: none
store: {max: 1GB}
"""


# --- what is worked on ---


class Data:
    """Logs and rules, generated or of --match-data, in whatever form somebody needs."""

    def __init__(self, options):
        self.work = options.directory / "match"
        self.work.mkdir(exist_ok=True)
        self.directory = options.match_data
        label = match_data.label(options.match_lines)
        if not self.directory:
            self.directory = self.work / "data"
            if not self.directory.exists():
                self.directory.mkdir()
                match_data.write_rules(self.directory)
            match_data.write_log(self.directory, options.match_lines)
        self.n_lines = options.match_lines
        self.log = self.directory / f"log-{label}.log"
        self.truth_file = self.directory / f"truth-{label}.tsv"

    def first(self, n_lines):
        """The beginning of the log as a file."""
        if n_lines >= self.n_lines:
            return self.log
        path = self.work / f"first-{n_lines}.log"
        if not path.exists():
            with open(self.log, "rb") as log, open(path, "wb") as out:
                out.writelines(line for line, _ in zip(log, range(n_lines)))
        return path

    def rules(self, name):
        return match_data.read_rules(self.directory / f"{name}.tsv")

    def yaml(self, name):
        path = self.work / name
        return path if path.exists() else match_data.write_yaml(self.rules(name), path)

    def n_true(self, name, n_lines=None):
        truth = match_data.read_truth(self.truth_file, {number for number, _, _ in self.rules(name)})
        return sum(int(line) <= (n_lines or self.n_lines) for line, _ in truth)


def cores():
    return sorted(os.sched_getaffinity(0), reverse=True)


class Done:
    """A command that was run to its end: CPU seconds, the most memory it had, what it said."""

    def __init__(self, command, cpus=None, looks=True):
        self.looks = looks
        pinned = ["taskset", "-c", ",".join(str(cpu) for cpu in cpus or cores()[:1]), *command]
        self.rss_mb = 0
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(pinned, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT) as process:
                try:
                    usage = self.wait(process)
                except BaseException:
                    process.kill()
                    raise
            said.seek(0)
            self.said = said.read().decode(errors="replace")
        self.code = process.returncode
        self.cpu = usage.ru_utime + usage.ru_stime

    def wait(self, process):
        """Whoever has all cores is not looked at meanwhile: looking takes one."""
        if not self.looks:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        ended = 0
        while not ended:
            self.look_at_memory(process.pid)
            time.sleep(0.01)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage

    def look_at_memory(self, pid):
        """ru_maxrss would not do: it begins with that of whoever started the process."""
        with contextlib.suppress(OSError):
            peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
            self.rss_mb = int(peak[1]) / 1024 if peak else self.rss_mb


# --- contestants: each is asked for a run in turns ---


class Contestant:
    """`rates` are lines/s of its runs; the rest is of the last one."""

    def __init__(self, name):
        self.name, self.rates, self.took, self.n_hits, self.rss_mb, self.load_s = name, [], 0, None, 0, None

    def run(self):
        begun = time.monotonic()
        self.rates.append(self.rate())
        self.took = time.monotonic() - begun

    @property
    def median(self):
        return statistics.median(self.rates)

    def close(self):
        pass


class Program(Contestant):
    """One of matcher_bench.h: loaded once, it waits for its turn."""

    def __init__(self, name, binary, rules, log):
        super().__init__(name)
        self.process = subprocess.Popen(["taskset", "-c", str(cores()[0]), str(binary), str(rules), str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        load = self.next()
        self.load_s, self.rss_mb = load["seconds"], load["rss_mb"]

    def next(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended")
        return {name: float(value) for name, value in re.findall(r"(\w+)=(\S+)", line)}

    def rate(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        said = self.next()
        self.n_hits = int(said["hits"])
        return said["lines"] / said["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


class Replay(Contestant):
    """By the `seconds` it says, which are wall time and begin when the rules are loaded; net CPU beside it."""

    def __init__(self, options, data, name, cpus=None, looks=True):
        super().__init__("replay")
        self.looks = looks
        self.start = [str(options.vedette), "replay", "--rules", str(data.yaml(name)), "--quiet", "--summary", "--log"]
        self.log, self.one, self.cpus, self.cpu_rates = data.log, data.first(1), cpus, []

    def command(self, log):
        return [*self.start, f"app={log}"]

    def net_cpu(self, cpu):
        if self.load_s is None:
            self.load_s = Done(self.command(self.one), self.cpus).cpu
        return max(cpu - self.load_s, 0.001)

    def rate(self):
        done = Done(self.command(self.log), self.cpus, self.looks)
        if done.code:
            raise RuntimeError(done.said)
        said = json.loads(done.said.splitlines()[-1])
        self.n_hits, self.rss_mb = said["matches"], done.rss_mb
        self.cpu_rates.append(said["events"] / self.net_cpu(done.cpu))
        return said["events"] / said["seconds"]


class Ripgrep(Contestant):
    """CPU of the process less that on a log of one line."""

    def __init__(self, data, name, n_rules):
        super().__init__("rg")
        self.n_lines = min(RG_LINES.get(n_rules, data.n_lines), data.n_lines)
        self.rules = data.work / f"rg-{name}"
        self.rules.write_text("".join(f"{'(?i)' if flag == 'i' else ''}{pattern}\n" for _, flag, pattern in data.rules(name)))
        self.logs = data.first(1), data.first(self.n_lines)

    def search(self, log):
        return Done(["rg", "-j1", "--regex-size-limit", "4G", "--dfa-size-limit", "4G", "-c", "-f", str(self.rules), str(log)])

    def rate(self):
        one, all_of_it = self.search(self.logs[0]), self.search(self.logs[1])
        self.n_hits, self.rss_mb, self.load_s = int(all_of_it.said or 0), all_of_it.rss_mb, one.cpu
        return self.n_lines / max(all_of_it.cpu - one.cpu, 0.001)


def in_turns(contestants, n_runs):
    for _ in range(n_runs):
        for contestant in contestants:
            if contestant.took < SLOW_SECONDS:
                contestant.run()
    for contestant in contestants:
        contestant.close()


# --- programs, where what they need is there ---


def flags_of(library):
    found = subprocess.run(["pkg-config", "--cflags", "--libs", *library], capture_output=True, text=True, check=False)
    return shlex.split(found.stdout) if found.returncode == 0 else None


def compile_peer(directory, name, source, library):
    """The program, or None where its library is not installed."""
    flags, program = flags_of(library), directory / source.split(".")[0]
    if program.exists():
        return program
    if flags is None:
        print(f"match: not beside {name}, whose headers are not installed", flush=True)
        return None
    common = ["-O2", "-D_GNU_SOURCE"]
    compiler = os.environ.get("CC", "cc") if source.endswith(".c") else os.environ.get("CXX", "c++")
    part = directory / "matcher_bench.o"
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), *common, "-c", "-o", str(part), str(HERE / "matcher_bench.c")], check=True)
    subprocess.run([*shlex.split(compiler), *common, "-o", str(program), str(HERE / source), str(part), *flags], check=True)
    return program


def build_alone(options):
    """Our own matching, built where the binary was; None where that is no build directory."""
    build = options.vedette.resolve().parent.parent
    if not (build / "build.ninja").exists():
        print(f"match: our matching is not measured alone, as {build} is no build directory", flush=True)
        return None
    subprocess.run(["ninja", "-C", str(build), "tests/bench/match_alone"], check=True, stdout=subprocess.DEVNULL)
    return build / "tests/bench/match_alone"


def peers_of(data, name, n_rules):
    made = []
    for title, source, library in (("Vectorscan", "vectorscan_bench.c", ["libhs", "libpcre2-8"]), ("RE2::Set", "re2_set_bench.cc", ["re2"])):
        program = compile_peer(data.work, title, source, library)
        if program:
            made.append(Program(title, program, data.directory / f"{name}.tsv", data.log))
    if shutil.which("rg"):
        made.append(Ripgrep(data, name, n_rules))
    else:
        print("match: not beside ripgrep, which is not installed", flush=True)
    return made


# --- match ---


def show(rate):
    return f"{rate / 1e6:.2f} M" if rate >= 1e5 else f"{rate / 1e3:.1f} k"


def judge(name, alone, replay, peers, n_true):
    """What is missed, in words."""
    missed = [f"behind {peer.name}" for peer in peers if alone.median < peer.median]
    vectorscan = next((peer for peer in peers if peer.name == "Vectorscan"), None)
    if vectorscan and name.startswith("lit") and alone.median < GOALS["vectorscan"] * vectorscan.median:
        missed.append(f"below {GOALS['vectorscan']:.0f}x Vectorscan")
    if replay.median < GOALS["replay"] * alone.median:
        missed.append(f"the replay below {GOALS['replay']}x of matching alone")
    missed += [f"{one.n_hits} hits of {one.name}, not {n_true}" for one in (alone, replay) if one.n_hits != n_true]
    return missed


def measure_set(options, data, alone_program, kind, n_rules):
    name = f"{kind}-{n_rules}"
    alone, replay = Program("alone", alone_program, data.yaml(name), data.log), Replay(options, data, name)
    peers = peers_of(data, name, n_rules)
    in_turns([alone, replay, *peers], options.runs)
    n_true = data.n_true(name)
    missed = judge(name, alone, replay, peers, n_true)
    beside = ", ".join(f"{peer.name} {show(peer.median)} ({alone.median / peer.median:.2f}x)" for peer in peers)
    print(f"match: {name:11} alone {show(alone.median)} lines/s, replay {show(replay.median)} ({replay.median / alone.median:.2f}x of alone; {show(statistics.median(replay.cpu_rates))} by net CPU); {beside}; {alone.n_hits} hits of {n_true}; "
          f"{'missed: ' + ', '.join(missed) if missed else 'held'}", flush=True)
    for peer in peers:  # whoever finds something else does something else
        expected = data.n_true(name, getattr(peer, "n_lines", None))
        if peer.n_hits != expected:
            print(f"match: {name:11} {peer.name} finds {peer.n_hits}, not {expected}", flush=True)
    memory = ", ".join(f"{one.name} {'' if one.load_s is None else f'{one.load_s:.3f} s '}{one.rss_mb:.0f} MB" for one in (alone, replay, *peers))
    print(f"match: {name:11} loaded in, RSS: {memory}", flush=True)
    return not missed


def measure_match(options):
    data, alone = Data(options), build_alone(options)
    if not alone:
        return False
    return all([measure_set(options, data, alone, kind, n_rules) for kind in ("lit", "rules") for n_rules in match_data.SIZES])


# --- cores, growth ---


def measure_cores(options):
    if len(cores()) < 2:
        print("cores: not measured on one core", flush=True)
        return True
    data, held = Data(options), True
    for name in ("rules-100", "rules-1000"):
        one, two = (Replay(options, data, name, cores()[:n], looks=False) for n in (1, 2))
        in_turns([one, two], options.runs)
        ratio = two.median / one.median
        held &= ratio >= GOALS["cores"]
        print(f"cores: {name:10} replay on one core {show(one.median)} lines/s, on two {show(two.median)}: {ratio:.2f}x (goal {GOALS['cores']}x)", flush=True)
    return held


def measure_growth(options):
    data, program, held = Data(options), build_alone(options), True
    sizes = (10, *GOALS["growth"])
    names = {n_rules: f"rules-{n_rules}" for n_rules in sizes}
    replays = {n_rules: Replay(options, data, name) for n_rules, name in names.items()}
    alone = {n_rules: Program("alone", program, data.yaml(name), data.log) for n_rules, name in names.items()} if program else {}
    in_turns([*replays.values(), *alone.values()], options.runs)
    for n_rules, most in GOALS["growth"].items():
        grown = [(what, of[10].median / of[n_rules].median) for what, of in (("matching alone", alone), ("the replay", replays)) if of]
        held &= grown[0][1] <= most
        print(f"growth: {n_rules} mixed rules cost " + ", ".join(f"{ratio:.2f}x of 10 ({what})" for what, ratio in grown) + f" (goal {most}x)", flush=True)
    return held


# --- rules: how long they take to load, how much memory they have ---


def idle_mb(options, data, n_rules):
    """RssAnon of a daemon that has read a line with them."""
    import harness
    from logs import wait_until, watcher
    from run import private_mb
    rules = {path.name: path.read_text() for path in sorted(data.yaml(f"rules-{n_rules}").iterdir())}
    with tempfile.TemporaryDirectory(prefix="vedette-", dir=options.directory) as directory:
        log = pathlib.Path(directory) / "app.log"
        log.write_text("a line that no rule wants\n")
        running = harness.Vedette(directory, config=CONFIG % {"path": log}, rules=rules)
        try:
            running.start()
            wait_until(lambda: watcher(running)["n_lines"] == 1, "its line is read")
            time.sleep(2)
            return private_mb(running.pid)
        finally:
            running.stop()


def measure_rules(options):
    data, held = Data(options), True
    config = data.work / "vedette.yaml"
    config.write_text("rules: []\n")
    for n_rules, most in GOALS["rss_mb"].items():
        files = sorted(str(path) for path in data.yaml(f"rules-{n_rules}").iterdir())
        runs = [Done([str(options.vedette), "check", *files]) for _ in range(options.runs)]
        seconds, memory = statistics.median(run.cpu for run in runs), idle_mb(options, data, n_rules)
        held &= seconds <= GOALS["load_s"] and memory <= most and not any(run.code for run in runs)
        print(f"rules: {n_rules} mixed rules: `check` takes {seconds:.3f} s of CPU (goal {GOALS['load_s']:.0f} s); RssAnon of an idle daemon {memory:.1f} MB (goal {most:.0f} MB)", flush=True)
    return held


# --- peers ---


def net_cpu(run, log, one):
    """CPU seconds on the log less those on its first line, and how the former ended."""
    before, done = Done(run(one)), Done(run(log))
    return max(done.cpu - before.cpu, 0.001), done


def measure_peer(data, peer, n_rules, ours):
    n_lines = min(PEER_LINES[n_rules], data.n_lines)
    name = f"rules-{n_rules}"
    peer.write(data.rules(name))
    seconds, done = net_cpu(peer.command, data.first(n_lines), data.first(1))
    rate, n_hits, n_true = n_lines / seconds, peer.n_hits(done.said), data.n_true(name, n_lines)
    if done.code and not n_hits:
        print(f"peers: {n_rules:5} rules  {peer.name:15} does not run them: {done.said.strip()[:200]}", flush=True)
        return True
    wrong = "" if n_hits == n_true else f", finds {n_hits} of {n_true}"
    print(f"peers: {n_rules:5} rules  {peer.name:15} {show(rate)} lines/s of {n_lines}, {done.rss_mb:.0f} MB{wrong}: {ours / rate:.0f}x", flush=True)
    return ours > rate


def measure_peers(options):
    data, held = Data(options), True
    for n_rules in PEER_LINES:
        replay = Replay(options, data, f"rules-{n_rules}")
        in_turns([replay], options.runs)
        ours = statistics.median(replay.cpu_rates)
        print(f"peers: {n_rules:5} rules  {'vedette replay':15} {show(ours)} lines/s of {data.n_lines}, {replay.rss_mb:.0f} MB", flush=True)
        for kind in match_peers.PEERS:
            if not shutil.which(kind.program):
                print(f"peers: not beside {kind.name}, which is not installed", flush=True)
            else:
                held &= measure_peer(data, kind(data.work), n_rules, ours)
    return held


# --- truth ---


def measure_truth(options):
    data, held = Data(options), True
    for name in match_truth.rule_sets():
        wrong, n_true = match_truth.faults(options.vedette, data.directory, name, data.log, data.truth_file, data.work)
        held &= not wrong
        print(f"truth: {name:11} {data.n_lines} lines, {n_true} pairs of line and rule: {wrong or 'all found, and no other'}", flush=True)
    return held
