"""Runs every fuzz target for a while, two at a time, from the seeds in corpus/ on.

usage: run.py --build DIR [SECONDS] [--payloads DIR] [TARGET…]      (default 30 s for each target)

Payloads of senders, as DIR/SENDER/*.json, are seeds of `sender` beside our own.

What a run learns stays in DIR/fuzz-corpus, so that the next one begins there. An input that breaks a claim, crashes, hangs or
takes the memory is kept in DIR/fuzz-found; its path and the end of what was said are printed. The last line is `N passed, N failed`.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKERS = 2
GRACE = 120  # beyond the seconds: for what was learnt before, and for symbols of a crash
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1", "-verbosity=1"]


def targets(build):
    return sorted(path for path in (build / "tests/fuzz").glob("fuzz_*") if path.is_file() and os.access(path, os.X_OK))


def take_payloads(payloads, build):
    """Each as an input of fuzz_sender."""
    learnt = build / "fuzz-corpus/sender"
    learnt.mkdir(parents=True, exist_ok=True)
    for file in payloads.glob("*/*.json"):
        (learnt / f"{file.parent.name}-{file.stem}").write_bytes(file.parent.name.encode() + b"\n\n" + file.read_bytes())


def fuzz(target, build, seconds):
    name = target.name.removeprefix("fuzz_")
    learnt, found = build / "fuzz-corpus" / name, build / "fuzz-found"
    for directory in (learnt, found):
        directory.mkdir(parents=True, exist_ok=True)
    words = HERE / f"{name}.dict"
    command = [str(target), f"-max_total_time={seconds}", f"-artifact_prefix={found}/{name}-", *LIMITS,
               *([f"-dict={words}"] if words.exists() else []), str(learnt), str(HERE / "corpus" / name)]
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1",
               UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
    before = set(found.glob(f"{name}-*"))
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds + GRACE)
        code, said = done.returncode, done.stderr
    except subprocess.TimeoutExpired as late:
        code, said = -1, (late.stderr or b"").decode(errors="replace") + "\nit did not end"
    return name, code, said, sorted(set(found.glob(f"{name}-*")) - before)


def runs_of(said):
    return next((line.split()[-1] for line in said.splitlines() if "number_of_executed_units" in line), "?")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("seconds", nargs="?", type=int, default=30)
    parser.add_argument("--payloads", type=pathlib.Path)
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_intermixed_args()
    build = arguments.build.resolve()
    all_targets = [target for target in targets(build) if not arguments.targets or target.name.removeprefix("fuzz_") in arguments.targets]
    if arguments.payloads:
        take_payloads(arguments.payloads, build)
    if not all_targets:
        sys.exit(f"no fuzz targets in {build}: meson setup -Dfuzzers=true, with clang")
    n_failed = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for job in [pool.submit(fuzz, target, build, arguments.seconds) for target in all_targets]:
            name, code, said, found = job.result()
            if code == 0:
                print(f"passed: {name} inputs={runs_of(said)}", flush=True)
                continue
            n_failed += 1
            print(f"failed: {name} exit={code} input={', '.join(map(str, found)) or 'none kept'}\n{said[-4000:]}", flush=True)
    print(f"{len(all_targets) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
