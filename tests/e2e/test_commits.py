"""Between which commits CI broke: known from GitHub's runs, and read wherever people decide."""
import unittest

from harness import CI_RULE, VedetteTest, wait_until, workflow_run

GOOD, BAD, WORSE = "a1b2c3d4" * 5, "e4f5a6b7" * 5, "0badc0de" * 5


class Commits(VedetteTest):
    def run_of(self, vedette, conclusion, commit, run, branch="main"):
        payload = workflow_run(conclusion=conclusion, run=run, branch=branch)
        payload["workflow_run"]["head_sha"] = commit
        self.assertEqual(vedette.send_github("workflow_run", payload).status, 202)
        vedette.wait_until_folded()

    def test_a_proposal_says_between_which_commits_it_broke_wherever_it_is_read(self):
        vedette = self.vedette(rules={"ci.yaml": CI_RULE})
        self.run_of(vedette, "success", GOOD, 1)
        self.assertEqual(vedette.items("signals"), [], "what is only remembered is shown to nobody")
        self.run_of(vedette, "success", WORSE, 2, branch="feature/x")
        self.run_of(vedette, "failure", BAD, 3)
        self.run_of(vedette, "failure", WORSE, 4)

        proposal = vedette.wait_for_proposal(rule="ci-red")
        signal = vedette.items("signals")[0]
        self.assertEqual((proposal["last_good"], proposal["first_bad"]), (GOOD, BAD))
        self.assertEqual((signal["last_good"], signal["first_bad"]), (GOOD, BAD))
        self.assertRegex(vedette.cli("show", proposal["short"], check=0).stdout, r"commits +broke between a1b2c3d and e4f5a6b\n")
        shown = vedette.cli("show", signal["id"], check=0).stdout
        self.assertRegex(shown, rf"last good +{GOOD}\n")
        self.assertRegex(shown, rf"first bad +{BAD}\n")

    def test_the_range_of_a_proposal_is_frozen_and_outlives_a_restart(self):
        vedette = self.vedette(rules={"ci.yaml": CI_RULE})
        self.run_of(vedette, "success", GOOD, 1)
        vedette.restart()
        self.run_of(vedette, "failure", BAD, 2)
        proposal = vedette.wait_for_proposal(rule="ci-red")
        self.run_of(vedette, "success", WORSE, 3)
        wait_until(lambda: vedette.items("signals")[0]["state"] == "resolved", "the green run clears")
        proposal = vedette.api(f"/api/v1/proposals/{proposal['id']}").json()
        self.assertEqual((proposal["state"], proposal["last_good"], proposal["first_bad"]), ("withdrawn", GOOD, BAD))
        self.assertEqual(proposal["revision"], 1)
        self.assertEqual(vedette.items("signals")[0]["last_good"], WORSE)


if __name__ == "__main__":
    unittest.main()
