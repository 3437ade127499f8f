"""Rules that take too long: put aside, told of, and let in again by a reload, while everything else goes on."""
import json
import re
import unittest

from harness import CONFIG, VedetteTest, wait_until

RULES = r"""
rules:
  - id: slow
    on: log
    match: '/(a+)+$/'
    key: [watcher]
    mode: observe
    clear: never
  - id: seen
    on: log
    match: '/a/'
    key: [watcher]
    mode: observe
    clear: never
"""

# Each start in it stays just below PCRE2's limit, so that the limit never ends it; all of them together take the better part of a second.
HOSTILE = ("a" * 15 + "!") * 4000


class Quarantine(VedetteTest):
    def begin(self):
        self.log_path = self.directory.resolve() / "app.log"
        watcher = f"  - log: [{self.log_path}]\n    name: app\n    start: beginning\n"
        return self.vedette(rules={"rules.yaml": RULES}, config=CONFIG.replace("watchers:\n", "watchers:\n" + watcher, 1))

    def write(self, *lines):
        with open(self.log_path, "a") as file:
            file.write("".join(line + "\n" for line in lines))

    def counts(self, vedette):
        return {found["rule"]: found["count"] for found in vedette.items("signals")}

    def faults(self, vedette):
        return vedette.metric("vedette_match_faults_total", rule="slow", fault="quarantined")

    def test_r02_a_rule_that_takes_too_long_on_a_line_is_put_aside_and_told_of_until_the_rules_are_loaded_anew(self):
        vedette = self.begin()
        self.write("aa")
        wait_until(lambda: self.counts(vedette) == {"slow": 1, "seen": 1}, "both rules judge")
        self.write(HOSTILE, "ab", "aaa", "b")
        wait_until(lambda: self.counts(vedette).get("seen") == 4, "the other rule sees all lines")

        # It is not asked any more, and each line that it missed is counted.
        self.assertEqual(self.counts(vedette), {"slow": 1, "seen": 4})
        wait_until(lambda: self.faults(vedette) == 4, "every line that it missed is counted")
        self.assertEqual(vedette.metric("vedette_rules_quarantined"), 1)
        said = [line for line in vedette.log().splitlines() if "rule is in quarantine" in line]
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], r'error rule is in quarantine: its patterns took too long on one event rule=slow file=\S*rules\.yaml line=3 took_ms=\d+ limit_ms=50 pattern="/\(a\+\)\+\$/"')

        rules = {rule["id"]: rule for rule in vedette.items("rules")}
        self.assertEqual((rules["slow"]["degraded"], rules["slow"]["faults"]), (True, {"quarantined": 4}))
        self.assertGreater(rules["slow"]["quarantine"].pop("took_ms"), 50)
        self.assertRegex(rules["slow"]["quarantine"].pop("at"), r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(rules["slow"]["quarantine"], {"limit_ms": 50, "pattern": "/(a+)+$/", "remedy": "mend the pattern, then `vedette reload`"})
        self.assertEqual((rules["seen"]["degraded"], "quarantine" in rules["seen"]), (False, False))

        degraded = vedette.api("/api/v1/status").json()["rules"]["degraded"]
        self.assertEqual([(row["rule"], row["fault"], row["events"], row["pattern"], row["line"]) for row in degraded], [("slow", "quarantined", 4, "/(a+)+$/", 3)])
        self.assertRegex(vedette.cli("status", check=0).stdout,
                         r"    slow is degraded: put aside (now|.* ago) \(.*\), its patterns took \d+ ms on one event \(50 ms are allowed\); it judges nothing, and missed 4 events\n"
                         r"    ! \S*rules\.yaml:3: /\(a\+\)\+\$/ took most of it: mend the pattern, then `vedette reload`\n")

        vedette.cli("reload", check=0)
        self.assertFalse(vedette.api("/api/v1/rules/slow").json()["degraded"])
        self.assertEqual((self.faults(vedette), vedette.metric("vedette_rules_quarantined")), (0, 0))
        self.write("aaaa")
        wait_until(lambda: self.counts(vedette) == {"slow": 2, "seen": 5}, "the rule judges again")

    def test_r02_a_delivery_that_takes_too_long_is_folded_by_the_other_rules(self):
        rules = re.sub(r"on: log\n    match: (.*)", r"on: deploy\n    where: {data.message: \1}", RULES)
        vedette = self.vedette(rules={"rules.yaml": rules})
        deploys = [{"app": {"name": "shop"}, "status": "failed", "env": "production", "message": message, "delivery": str(i)}
                   for i, message in enumerate([HOSTILE, "aa"])]
        for deploy in deploys:
            self.assertEqual(vedette.send_deploy(deploy).status, 202)
        vedette.wait_until_folded()
        self.assertEqual(self.counts(vedette), {"seen": 2})
        self.assertEqual(self.faults(vedette), 2)

        explained = vedette.cli("explain", vedette.items("events", kind="deploy")[0]["id"], check=0).stdout
        self.assertRegex(explained, r"slow(.|\n)*quarantine(.|\n)*/\(a\+\)\+\$/")

    def test_r02_a_replay_puts_it_aside_likewise_and_its_profile_names_it(self):
        vedette = self.vedette(rules={"rules.yaml": RULES}, start=False)
        vedette.write("app.log", "\n".join(["aa", HOSTILE, "ab"]) + "\n")
        done = vedette.cli("replay", "--rules", "rules.d", "--log", "app=app.log", "--quiet", "--profile", "--json", check=0)
        summary, *profile = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(summary["matches"], 3)  # of the other rule
        self.assertIn("rule is in quarantine", done.stderr)
        costliest = profile[0]["profile"]
        self.assertEqual((costliest["rule"], costliest["line"], costliest["matched"], costliest["pattern"]), ("slow", 3, 0, "/(a+)+$/"))
        self.assertGreater(costliest["max_seconds"], 0.05)


if __name__ == "__main__":
    unittest.main()
