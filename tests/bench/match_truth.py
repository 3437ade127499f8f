"""Does a replay find what the generator of match_data.py put into its log, each line by its rule? Used by the measure `truth` and by a story of tests/e2e."""
import json
import re
import subprocess

import match_data

# Every line is a signal of its own, whose key is the line: so the transitions name each pair of line and rule. The clause holds no word to be searched for.
KEYED = ", where: {text: '/^(?<whole>.*)$/s'}, key: [whole]"


def rule_sets(sizes=match_data.SIZES):
    return [f"{name}-{n_rules}" for n_rules in sizes for name in ("lit", "rules")]


def lines_of(log, numbers):
    """{number: text} of these lines."""
    with open(log, encoding="ascii") as file:
        return {number: text.rstrip("\n") for number, text in enumerate(file, 1) if number in numbers}


def texts_of(log, truth):
    """{(text, rule)} of {(line, rule)}."""
    texts = lines_of(log, {int(line) for line, _ in truth})
    return {(texts[int(line)], rule) for line, rule in truth}


def found(vedette, rules, log, env=None):
    """What a replay matches: how often in all, and {(text, rule)}. The rules were written with KEYED."""
    command = [str(vedette), "replay", "--rules", str(rules), "--log", f"app={log}", "--summary"]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout.splitlines()
    told = [json.loads(line) for line in said[:-1]]
    return json.loads(said[-1])["matches"], {(one["key"][0], one["rule"].removeprefix("r")) for one in told if one["transition"] == "firing"}


def faults(vedette, data, name, log, truth_file, directory):
    """What is wrong with the matches of rule set `name`, in words; empty: nothing. And how many there should be."""
    made = match_data.read_rules(data / f"{name}.tsv")
    truth = match_data.read_truth(truth_file, {number for number, _, _ in made})
    rules = match_data.write_yaml(made, directory / f"keyed-{name}", KEYED)
    n_matches, pairs = found(vedette, rules, log)
    expected = texts_of(log, truth)
    wrong = {"matches": n_matches - len(truth), "missed": len(expected - pairs), "not in the truth": len(pairs - expected)}
    return ", ".join(f"{count} {what}" for what, count in wrong.items() if count), len(truth)


def found_by_pcre2(made, log, at_once=20):
    """{(line, block)} of the blocks of `at_once` rules, as grep finds them, which has PCRE2 and nothing before it."""
    pairs = set()
    for block in range(0, len(made), at_once):
        either = "|".join(f"(?{'i' if flag == 'i' else ''}:{pattern})" for _, flag, pattern in made[block:block + at_once])
        said = subprocess.run(["grep", "-nP", "-e", either, str(log)], stdout=subprocess.PIPE, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=False)
        if said.returncode > 1:
            raise RuntimeError("grep does not take the patterns")
        pairs |= {(int(number), block // at_once) for number in re.findall(r"^(\d+):", said.stdout, re.M)}
    return pairs
