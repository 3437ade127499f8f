"""Node and what Slack and senders of webhooks publish for it, installed once beside the build; tests of it are skipped where they cannot be had."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import BINARY, ROOT

SOURCES = ROOT / "tests/npm"
INSTALL_SECONDS = 180
NODE_MIN = 20


def directory():
    """Where node_modules is. Raises SkipTest with the reason when there is none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise unittest.SkipTest("no node and npm here")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    if int(re.match(r"v(\d+)", version).group(1)) < NODE_MIN:
        raise unittest.SkipTest(f"node {version.strip()} is older than {NODE_MIN}")
    where = BINARY.parent.parent / "npm"
    where.mkdir(parents=True, exist_ok=True)
    with open(where / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(npm, where)
    return where


def install(npm, where):
    wanted = (SOURCES / "package.json").read_text()
    installed = where / "installed.json"
    if installed.exists() and installed.read_text() == wanted:
        return
    (where / "package.json").write_text(wanted)
    try:
        done = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"], cwd=where, capture_output=True, text=True,
                              timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise unittest.SkipTest(f"npm did not install within {INSTALL_SECONDS} s") from late
    if done.returncode:
        raise unittest.SkipTest(f"npm could not install: {done.stderr.strip()[-300:]}")
    installed.write_text(wanted)


def run_node(where, script, *arguments, lines=()):
    done = subprocess.run(["node", str(SOURCES / script), *map(str, arguments)], cwd=where, capture_output=True, text=True, timeout=120,
                          input="".join(json.dumps(line) + "\n" for line in lines))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def type_errors(where, scratch, typed):
    """What tsc says of `typed`, a list of (type, value, what it is): empty when every value has its type."""
    scratch = pathlib.Path(scratch)
    if not (scratch / "node_modules").exists():
        os.symlink(where / "node_modules", scratch / "node_modules")
    lines = ['import type * as web from "@slack/web-api";', 'import type * as bolt from "@slack/bolt";']
    for number, (name, value, what) in enumerate(typed):
        lines.append(f"// {json.dumps(what)}")
        lines.append(f"export const value{number}: {name} = {json.dumps(value, indent=1)};")
    (scratch / "typed.ts").write_text("\n".join(lines) + "\n")
    done = subprocess.run(["node", str(where / "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module",
                           "nodenext", "--moduleResolution", "nodenext", "--types", "node", "typed.ts"], cwd=scratch, capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr if done.returncode else ""
