"""What folding costs: a match of count, distinct and absent, at a thousand keys and at a million, beside one LMDB put of a row as large in a batch as large."""
import subprocess
import tempfile

FEW, MANY = 1_000, 1_000_000
N_MATCHES = 20_000
GROWTH_GOAL = 2.0


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
    names = ("used_bytes", "row_bytes", "fold_ns", "put_ns", "due_per_second")
    return dict(zip(names, map(float, out.stdout.split()[2:])))


def measure_keys(options):
    bench = build_bench(options)
    held = True
    if not bench:
        return True
    journal = fold(options, bench, "none", MANY)
    print(f"keys: an event that no rule wants {journal['fold_ns'] / 1000:.1f} µs", flush=True)
    for condition in ("count", "distinct", "absent"):
        few, many = (fold(options, bench, condition, n_keys) for n_keys in (FEW, MANY))
        growth = many["fold_ns"] / few["fold_ns"]
        each = (many["used_bytes"] - journal["used_bytes"]) / MANY
        print(f"keys: {condition}: a match {few['fold_ns'] / 1000:.1f} µs with {FEW} keys, {many['fold_ns'] / 1000:.1f} µs with {MANY} ({growth:.1f}x); "
              f"a put {few['put_ns'] / 1000:.1f} and {many['put_ns'] / 1000:.1f} µs ({many['fold_ns'] / many['put_ns']:.1f}x); "
              f"{each:.0f} bytes a key, its row {many['row_bytes']:.0f}"
              + (f"; {many['due_per_second']:.0f} timers/s" if many["due_per_second"] else ""), flush=True)
        held &= growth <= GROWTH_GOAL
    return held
