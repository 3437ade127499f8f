#!/usr/bin/env python3
"""The terminal story of the README: a broken rule and its messages, its test, what it would have asked in a week that has passed.

usage: story.py --vedette BINARY [--write README]

Without --write it prints the story. What stands in the README between the two marks is what this prints: a test compares them.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- story: ./dev story writes what follows -->\n", "<!-- end of the story -->\n"

# What stands before each command; the command; the fixture that its file was replaced by before.
STEPS = [
    ("Today `ci-red` asks at each failure on main. It shall ask at the second one within the hour, and look at release branches too:", "cat ci.yaml", "broken.yaml"),
    (None, "vedette check ci.yaml", None),
    ("Mended, and with a test:", "cat ci.yaml", "late.yaml"),
    (None, "vedette test ci.yaml", None),
    ("The test is right: what fails every hour should ask. `within: 2h` it is:", "vedette test --coverage ci.yaml", "mended.yaml"),
    ("And what would it have asked last week? (`week.jsonl` is what `vedette events --json` printed; without `--events` the running daemon's journal is asked.)",
     "vedette backtest --rules ci.yaml --against loaded.yaml --events week.jsonl", None),
]


def run(command, directory, binary):
    environment = dict(os.environ, PATH=f"{directory}/bin:/usr/bin:/bin", HOME=str(directory), TZ="UTC", NO_COLOR="1", LC_ALL="C.UTF-8")
    done = subprocess.run(["/bin/sh", "-c", command], cwd=directory / "rules", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.stdout


def story(binary):
    with tempfile.TemporaryDirectory(prefix="story-") as name:
        directory = pathlib.Path(name)
        (directory / "bin").mkdir()
        (directory / "bin/vedette").symlink_to(pathlib.Path(binary).resolve())
        shutil.copytree(HERE / "fixtures/story", directory / "rules")
        text, is_open = "", False
        for said, command, fixture in STEPS:
            if fixture:
                shutil.copy(directory / "rules" / fixture, directory / "rules/ci.yaml")
            if said:
                text += ("```\n\n" if is_open else "") + f"{said}\n\n```console\n"
                is_open = True
            text += f"$ {command}\n" + run(command, directory, binary)
        return text + "```\n"


def told_by(readme):
    """What the README says between the marks; None where they are not."""
    found = re.search(re.escape(BEGIN) + "(.*?)" + re.escape(END), readme, re.S)
    return found and found[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", required=True)
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    text = story(arguments.vedette)
    if not arguments.write:
        print(text, end="")
        return
    readme = arguments.write.read_text()
    if told_by(readme) is None:
        raise SystemExit(f"{arguments.write}: the marks of the story are not there")
    before, rest = readme.split(BEGIN)
    arguments.write.write_text(before + BEGIN + text + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
