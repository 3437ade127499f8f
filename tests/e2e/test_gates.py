"""What holds signals back, from outside: named in status, explained, and the same after a kill."""
import datetime

from harness import VedetteTest, alerts, wait_until, workflow_run

RULES = """
rules:
  - {id: ci-red, on: ci.run, where: {state: failing, level: run}, key: [repo], unless: [disk], propose: {plan: [{do: rerun, with: {run: "{{run}}"}}], cooldown: 0s}}
  - {id: disk, on: alert, where: {state: failing}, key: [subject], mode: observe}
"""
PLAIN = RULES.replace(" unless: [disk],", "")


def window(opens, ends):
    """Hours from now, as members of a window; a whole number of them, so that a test needs no luck."""
    now = datetime.datetime.now(datetime.timezone.utc)
    at = lambda hours: (now + datetime.timedelta(hours=hours)).strftime("%H:%M")
    return f'from: "{at(opens)}", to: "{at(ends)}"'


def this_moment():
    """To the microsecond: what fires again within a second is no second delivery of the same body."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Gates(VedetteTest):
    def start(self, rules, more=""):
        return self.vedette(rules={"gates.yaml": rules}, more=more)

    def fail(self, vedette, run=1001, conclusion="failure"):
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(conclusion, run=run)).status, 202)
        vedette.wait_until_folded()

    def held(self, vedette):
        return [(one["why"], one["rule"]) for one in vedette.api("/api/v1/status").json()["held_back"]]

    def kill_and_start(self, vedette):
        vedette.kill()
        vedette.process.stdout.close()
        vedette.start()

    def assert_held(self, vedette, why, detail):
        """As status, the signal, its explanation and the metric tell it; then again after a kill."""
        for again in (False, True):
            if again:
                self.kill_and_start(vedette)
            self.assertEqual(self.held(vedette), [(why, "ci-red")])
            signal, = vedette.items("signals", rule="ci-red")
            self.assertEqual(signal["held"]["reason"], why)
            self.assertIn(detail, signal["held"]["detail"])
            self.assertRegex(vedette.cli("explain", signal["id"], check=0).stdout, rf"failed  {why}: .*{detail}")
            self.assertRegex(vedette.cli("status", check=0).stdout, rf"held back +1 {why}")
            self.assertIn("held back", vedette.cli("show", signal["id"], check=0).stdout)
            self.assertEqual(vedette.metric("vedette_signals_held", reason=why), 1)
            self.assertEqual([one for one in vedette.items("proposals") if one["state"] == "open"], [])

    def test_what_another_signal_inhibits_is_told_and_asks_when_that_ends_whatever_is_killed(self):
        vedette = self.start(RULES)
        self.assertEqual(vedette.send_alert(alerts("firing")).status, 202)
        vedette.wait_until_folded()
        self.fail(vedette)
        self.assert_held(vedette, "inhibited", "disk fires")
        self.assertEqual(vedette.send_alert(alerts("resolved")).status, 202)
        vedette.wait_for_proposal(state="open")
        self.assertEqual(self.held(vedette), [])
        self.kill_and_start(vedette)
        self.assertEqual(vedette.send_alert(alerts("firing", starts=this_moment())).status, 202)
        self.assertIn("inhibited: disk fires", vedette.wait_for_proposal(state="withdrawn")["outcome"])

    def test_outside_of_its_rule_s_hours_it_waits_for_them_whatever_is_killed(self):
        vedette = self.start(PLAIN.replace("key: [repo],", f"key: [repo], active: {{{window(3, 5)}}},", 1))
        self.fail(vedette)
        self.assert_held(vedette, "inactive", "its rule is active")
        vedette.write("rules.d/gates.yaml", PLAIN)
        vedette.cli("reload", check=0)
        vedette.wait_for_proposal(state="open")

    def test_maintenance_is_told_and_holds_until_it_is_taken_away_whatever_is_killed(self):
        more = f'maintenance: [{{where: {{rule: ci-red}}, {window(-2, 2)}, reason: backup}}]\n'
        vedette = self.start(PLAIN, more=more)
        self.fail(vedette)
        self.assert_held(vedette, "maintenance", "backup")
        now, = vedette.api("/api/v1/status").json()["maintenance"]
        self.assertEqual((now["where"], now["reason"]), ({"rule": "ci-red"}, "backup"))
        self.assertIn("Maintenance", vedette.cli("status", check=0).stdout)
        path = vedette.directory / "vedette.yaml"
        path.write_text(path.read_text().replace(more, ""))
        vedette.cli("reload", check=0)
        vedette.wait_for_proposal(state="open")
        self.assertEqual(vedette.api("/api/v1/status").json()["maintenance"], [])

    def test_r14_a_signal_that_flaps_is_told_once_whatever_is_killed(self):
        vedette = self.start(PLAIN)
        for run in range(3):
            self.fail(vedette, run=1001 + run)
            if run < 2:
                self.fail(vedette, run=1001 + run, conclusion="success")
        self.assert_held(vedette, "flapping", "fired 3 times")
        self.fail(vedette, run=1009, conclusion="success")
        self.fail(vedette, run=1010)
        self.assert_held(vedette, "flapping", "fired 3 times")
        told = [event for event in vedette.read_stream(last_id=0, until_quiet=True) if event["event"] == "flapping"]
        self.assertEqual(len(told), 1)
        self.assertEqual(len(vedette.items("proposals")), 2)
