"""What folding costs: a match of count, distinct and absent, at a thousand keys and at a million, beside one LMDB put of a row as large in a batch as large.

Who is watched for silence is heard once a round, at about the same time in it: that order of keys is `beats`; `absent` draws them as the others do.
"""
import subprocess
import tempfile

FEW, MANY = 1_000, 1_000_000
N_MATCHES = 100_000
CONDITIONS = ("count", "distinct", "beats", "absent")
GROWTH_GOAL = 2.0
PAGE_BYTES = 4096
NAMES = ("used_bytes", "row_bytes", "fold_ns", "fold_cpu_ns", "fold_bytes", "put_ns", "put_cpu_ns", "put_bytes", "due_per_second")


def build_bench(options):
    """The program, built where the binary was; None where that is no build directory."""
    build = options.vedette.resolve().parent.parent
    if not (build / "build.ninja").exists():
        print(f"keys: not measured, as {build} is no build directory", flush=True)
        return None
    subprocess.run(["ninja", "-C", str(build), "tests/bench/fold_bench"], check=True, stdout=subprocess.DEVNULL)
    return build / "tests/bench/fold_bench"


def fold(options, bench, condition, n_keys):
    with tempfile.TemporaryDirectory(prefix="fold-", dir=options.directory) as directory:
        out = subprocess.run([str(bench), f"{directory}/store", condition, str(n_keys), str(N_MATCHES)], check=True, capture_output=True, text=True)
    return dict(zip(NAMES, map(float, out.stdout.split()[2:])))


def told(cost, what):
    return f"{cost[what + '_ns'] / 1000:.1f} µs ({cost[what + '_cpu_ns'] / 1000:.1f} of CPU, {cost[what + '_bytes'] / PAGE_BYTES:.2f} pages)"


def measure_condition(options, bench, condition, journal):
    before, many, after = (fold(options, bench, condition, n_keys) for n_keys in (FEW, MANY, FEW))
    few = {name: (before[name] + after[name]) / 2 for name in NAMES}
    growth, of_put = many["fold_cpu_ns"] / few["fold_cpu_ns"], many["fold_ns"] / many["put_ns"]
    each = (many["used_bytes"] - journal["used_bytes"]) / MANY
    print(f"keys: {condition}: a match {told(few, 'fold')} with {FEW} keys, {told(many, 'fold')} with {MANY}: {many['fold_ns'] / few['fold_ns']:.1f}x, "
          f"CPU {growth:.1f}x; a put {told(few, 'put')} and {told(many, 'put')}: {many['put_ns'] / few['put_ns']:.1f}x; "
          f"a match is {of_put:.2f} puts at {MANY}; {each:.0f} bytes a key, its row {many['row_bytes']:.0f}"
          + (f"; {few['due_per_second']:.0f} and {many['due_per_second']:.0f} timers/s" if many["due_per_second"] else ""), flush=True)
    return growth <= GROWTH_GOAL


def measure_keys(options):
    bench = build_bench(options)
    if not bench:
        return True
    journal = fold(options, bench, "none", MANY)
    print(f"keys: an event that no rule wants {told(journal, 'fold')}", flush=True)
    held = [measure_condition(options, bench, condition, journal) for condition in CONDITIONS]
    return all(held)
