"""What GitHub could not deliver is asked for again: once, in order, at its own pace, and seen by people when it goes wrong."""
import signal
import time

from github_api import GitHub, PATH, TOKEN
from harness import CONFIG, GITHUB_SECRET, VedetteTest, wait_until, workflow_run

CATCH_UP = "secret_file: github.secret\n    catch_up: {token_file: gh.token, hook: 12345678, %s, base_url: '%s', every: 24h}"


class CatchUp(VedetteTest):
    def setUp(self):
        super().setUp()
        self.github = GitHub()
        self.addCleanup(self.github.stop)
        self.badly_signed = None

    def daemon(self, start=True, owner="repo: acme/shop", base_url=None, token=TOKEN):
        config = CONFIG.replace("secret_file: github.secret", CATCH_UP % (owner, base_url or self.github.url), 1)
        vedette = self.vedette(start=False, config=config)
        vedette.write("gh.token", token + "\n")
        self.github.deliver = lambda event, payload, guid: self.deliver(vedette, event, payload, guid)
        return vedette.start() if start else vedette

    def deliver(self, vedette, event, payload, guid):
        wait_until(lambda: "public" in vedette.addresses, "the daemon said where it listens")
        return vedette.send_github(event, payload, guid, secret="another" if guid == self.badly_signed else GITHUB_SECRET)

    def caught(self, vedette):
        """What the status says of the last round; None: there was none."""
        watchers = vedette.api("/api/v1/status").json()["watchers"]
        told = next(one for one in watchers if one["name"] == "github")["catch_up"]
        return told if "ran" in told else None

    def wait_for_round(self, vedette, what="a round is over", **facts):
        return wait_until(lambda: (told := self.caught(vedette)) and all(told.get(name) == value for name, value in facts.items()) and told, what)

    def reload(self, vedette):
        """Another round; returns what the status says after it."""
        n_before = vedette.metric("vedette_catch_up_runs_total") or 0
        self.assertEqual(vedette.api("/api/v1/reload", "POST").status, 200)
        wait_until(lambda: (vedette.metric("vedette_catch_up_runs_total") or 0) > n_before, "another round is over")
        return self.caught(vedette)

    # --- what was missed comes ---

    def test_h21_deliveries_missed_while_the_daemon_was_down_arrive_once_after_its_start(self):
        vedette = self.daemon()
        self.wait_for_round(vedette)
        here = self.github.attempt(workflow_run(run=1), status=202)
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(run=1), here).status, 202)
        self.assertEqual(vedette.stop(), 0)
        missed = [self.github.attempt(workflow_run(run=run), ago=300 - run) for run in (2, 3)]
        vedette.start()
        wait_until(lambda: len(vedette.items("events", watcher="github")) == 3, "all three are here")
        told = self.wait_for_round(vedette, n_asked=2)
        self.assertEqual((told["n_missed"], told["n_refused"]), (2, 0))
        self.assertNotIn("error", told)
        self.assertEqual(self.github.numbers_asked(), [7_000_000_001, 7_000_000_002])
        self.assertEqual({event["delivery_id"] for event in vedette.items("events", watcher="github")}, {*missed, here})
        # They are judged as any other, and folded into one proposal.
        vedette.wait_for_proposal(state="open")
        self.assertEqual(len(vedette.items("proposals")), 1)
        self.assertEqual(vedette.metric("vedette_catch_up_deliveries_total", watcher="github", result="asked"), 2)
        vedette.wait_for_log(r"info deliveries were missed: GitHub is asked for them watcher=github missed=2 asked=2")
        self.assertEqual(self.github.complaints, [])

    def test_h21_nothing_is_asked_for_twice_after_a_reload_and_a_restart(self):
        vedette = self.daemon(start=False)
        self.github.attempt(workflow_run(run=1))
        self.badly_signed = self.github.attempt(workflow_run(run=2), ago=100)
        vedette.start()
        self.wait_for_round(vedette, n_asked=2)
        wait_until(lambda: len(self.github.attempts) == 4, "both were sent again")
        for attempt in self.github.attempts:
            attempt.at -= 60  # nothing can be under way any more
        again = self.reload(vedette)
        self.assertEqual((again["n_missed"], again["n_asked"]), (1, 0))
        vedette.restart()
        again = self.wait_for_round(vedette)
        self.assertEqual((again["n_missed"], again["n_asked"]), (1, 0))
        self.assertEqual(self.github.numbers_asked(), [7_000_000_000, 7_000_000_001])

    def test_h21_a_delivery_that_is_here_is_not_asked_for_though_github_saw_it_fail(self):
        vedette = self.daemon(start=False)
        guid = self.github.attempt(workflow_run(run=1), status=504)
        self.github.answer = (503, [])  # not yet
        vedette.start()
        self.wait_for_round(vedette)
        self.assertEqual(vedette.send_github("workflow_run", workflow_run(run=1), guid).status, 202)
        self.github.answer = None
        told = self.reload(vedette)
        self.assertEqual((told["n_missed"], told["n_asked"]), (0, 0))
        self.assertNotIn("error", told)
        self.assertEqual(self.github.asked, [])

    def test_h21_deliveries_of_an_organisations_webhook_are_asked_for(self):
        self.github.path = "/orgs/acme/hooks/12345678/deliveries"
        self.github.attempt(workflow_run())
        vedette = self.daemon(owner="org: acme")
        wait_until(lambda: vedette.items("events", watcher="github"), "it is here")
        self.wait_for_round(vedette, n_asked=1)

    # --- bounds ---

    def test_h21_all_pages_are_read_and_no_link_is_followed_elsewhere(self):
        self.github.page_size = 2
        self.github.attempt(workflow_run(run=1), ago=600)
        for run in range(2, 7):
            self.github.attempt(workflow_run(run=run), status=202, ago=600 - run)
        vedette = self.daemon()
        self.wait_for_round(vedette, n_asked=1)
        self.assertEqual([query.get("cursor") for query in self.github.lists], [None, "v1_2", "v1_4"])
        self.assertEqual(self.github.numbers_asked(), [7_000_000_000])

    def test_pages_end_where_three_days_do(self):
        self.github.page_size = 2
        self.github.attempt(workflow_run(run=1), ago=4 * 86400)
        self.github.attempt(workflow_run(run=2), ago=3 * 86400 + 60)
        self.github.attempt(workflow_run(run=3), ago=60, status=202)
        vedette = self.daemon()
        told = self.wait_for_round(vedette)
        self.assertEqual((told["n_missed"], len(self.github.lists)), (0, 1))

    def test_a_list_without_end_is_left_after_ten_pages_and_that_is_shown(self):
        self.github.endless = True
        self.github.attempt(workflow_run(run=1), status=202)
        vedette = self.daemon()
        told = self.wait_for_round(vedette)
        self.assertEqual(len(self.github.lists), 10)
        self.assertTrue(told["partial"])
        self.assertIn("GitHub lists more attempts than were looked at", vedette.cli("status", check=0).stdout)

    def test_one_is_asked_for_a_second_at_most(self):
        for run in range(3):
            self.github.attempt(workflow_run(run=run), ago=100 - run)
        vedette = self.daemon()
        self.wait_for_round(vedette, n_asked=3)
        times = [at for at, _ in self.github.asked]
        self.assertGreaterEqual(times[1] - times[0], 0.99)
        self.assertGreaterEqual(times[2] - times[1], 0.99)

    # --- what goes wrong ---

    def test_a_token_that_github_does_not_take_is_told_with_the_remedy_and_another_one_helps(self):
        self.github.attempt(workflow_run())
        vedette = self.daemon(token="ghs_of_last_year")
        told = self.wait_for_round(vedette)
        self.assertIn("401: it does not take the token; put a new one into `token_file` and reload", told["error"])
        self.assertEqual(self.github.asked, [])
        for command in ("status", "hooks"):
            self.assertIn("it does not take the token", vedette.cli(command, check=0).stdout)
        vedette.wait_for_log(r"warn not all that was missed is asked for: GitHub answers 401.* watcher=github")
        self.assertEqual(vedette.metric("vedette_catch_up_runs_total", watcher="github", result="failed"), 1)
        self.assertNotIn("ghs_of_last_year", vedette.log() + vedette.cli("status", "--json", check=0).stdout)
        vedette.write("gh.token", TOKEN)
        told = self.reload(vedette)
        self.assertNotIn("error", told)
        self.assertEqual(told["n_asked"], 1)
        self.assertRegex(vedette.cli("status", check=0).stdout, r"catch-up: 1 missed, 1 asked for again, ")
        self.assertRegex(vedette.cli("hooks", check=0).stdout, r"catch-up +1 missed, 1 asked for again, ")

    def test_a_webhook_that_is_not_there_is_told(self):
        self.github.path = PATH.replace("12345678", "1")
        told = self.wait_for_round(self.daemon())
        self.assertIn("404: there is no such webhook", told["error"])

    def test_a_rate_limit_ends_the_round_and_is_waited_for_whatever_is_reloaded(self):
        self.github.attempt(workflow_run())
        self.github.answer = (429, [("Retry-After", "600")])
        vedette = self.daemon()
        told = self.wait_for_round(vedette)
        self.assertIn("429: more was asked of it than it allows", told["error"])
        waits = time_of(told["next"]) - time_of(told["ran"])
        self.assertTrue(590 <= waits <= 610, waits)
        self.github.answer = None
        self.assertEqual(vedette.api("/api/v1/reload", "POST").status, 200)
        # Nothing is to happen: what answers meanwhile shows that time passed.
        for _ in range(20):
            self.assertEqual(vedette.api("/api/v1/status").status, 200)
        self.assertEqual(len(self.github.lists), 1)
        self.assertEqual(vedette.metric("vedette_catch_up_runs_total", watcher="github", result="limited"), 1)

    def test_a_limit_in_the_middle_leaves_the_rest_for_the_next_round(self):
        for run in range(2):
            self.github.attempt(workflow_run(run=run), ago=100 - run)
        self.github.answer_to_post = (403, [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(int(time.time()) + 1800))])
        vedette = self.daemon()
        told = self.wait_for_round(vedette)
        self.assertEqual((told["n_missed"], told["n_asked"]), (2, 0))
        waits = time_of(told["next"]) - time_of(told["ran"])
        self.assertTrue(1780 <= waits <= 1810, waits)

    def test_one_that_github_does_not_send_again_is_counted_and_the_others_come(self):
        self.github.attempt(workflow_run(run=1))
        self.github.answer_to_post = (422, [])
        vedette = self.daemon()
        told = self.wait_for_round(vedette)
        self.assertEqual((told["n_missed"], told["n_asked"], told["n_refused"]), (1, 0, 1))
        self.assertIn("422", told["error"])
        self.assertEqual(vedette.metric("vedette_catch_up_deliveries_total", watcher="github", result="refused"), 1)

    def test_a_github_that_is_not_there_is_tried_again_after_a_minute_and_hooks_go_on(self):
        vedette = self.daemon(base_url="http://127.0.0.1:9")
        told = self.wait_for_round(vedette)
        self.assertIn("GitHub cannot be asked: could not connect", told["error"])
        waits = time_of(told["next"]) - time_of(told["ran"])
        self.assertTrue(59 <= waits <= 61, waits)
        self.assertEqual(vedette.send_github("workflow_run", workflow_run()).status, 202)

    def test_what_answers_something_else_is_told(self):
        self.github.answer = (200, [])
        told = self.wait_for_round(self.daemon())
        self.assertIn("is not GitHub's list of deliveries; is `base_url` right?", told["error"])

    # --- life ---

    def test_a_stop_does_not_wait_for_github(self):
        self.github.holding.set()
        vedette = self.daemon()
        wait_until(lambda: self.github.lists, "GitHub is asked")
        began = time.monotonic()
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)

    def test_a_stop_ends_a_round_between_two_deliveries(self):
        for run in range(60):
            self.github.attempt(workflow_run(run=run), ago=1000 - run)
        vedette = self.daemon()
        wait_until(lambda: len(self.github.asked) >= 2, "it is asking")
        self.assertEqual(vedette.stop(), 0)
        self.assertLess(len(self.github.asked), 20)

    def test_a_reload_brings_it_and_takes_it_away(self):
        vedette = self.daemon(start=False)
        with_it = vedette.config_path.read_text()
        without = "\n".join(line for line in with_it.splitlines() if "catch_up" not in line)
        vedette.write("vedette.yaml", without)
        self.github.attempt(workflow_run())
        vedette.start()
        self.assertNotIn("catch_up", vedette.api("/api/v1/status").json()["watchers"][0])
        vedette.write("vedette.yaml", with_it)
        vedette.signal(signal.SIGHUP)
        wait_until(lambda: vedette.items("events", watcher="github"), "it is here")
        vedette.write("vedette.yaml", without)
        vedette.signal(signal.SIGHUP)
        wait_until(lambda: "catch_up" not in vedette.api("/api/v1/status").json()["watchers"][0], "it is gone")
        self.assertEqual(len(self.github.asked), 1)

    def test_the_page_of_members_shows_no_token(self):
        vedette = self.daemon(start=False)
        text = vedette.config_path.read_text().replace("token_file: gh.token", "token: ghs_in_the_file")
        vedette.write("vedette.yaml", text)
        shown = vedette.cli("check", "--print", socket_only=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertNotIn("ghs_in_the_file", shown.stdout + shown.stderr)
        self.assertIn("12345678", shown.stdout)


def time_of(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
