"""What whoever asks is told: refusals that say what to do, heads without bodies, who is believed."""
import unittest

from harness import CONFIG, VedetteTest

JSON = {"Content-Type": "application/json"}
PROXY = "the proxy's own secret"


class Refusals(VedetteTest):
    def told(self, answer, status):
        self.assertEqual((answer.status, answer.headers["content-type"]), (status, "application/problem+json"), answer)
        self.assertEqual(answer.json()["status"], status)
        self.assertTrue(answer.json()["title"])
        return answer.json()["detail"]

    def test_every_refusal_says_in_its_detail_what_to_do(self):
        vedette = self.vedette()
        self.assertIn("Authorization: Bearer", self.told(vedette.api("/api/v1/proposals", token=None), 401))
        self.assertIn("GET, HEAD", self.told(vedette.api("/healthz", "DELETE"), 405))
        self.assertIn("/hooks/NAME", self.told(vedette.request("public", "POST", "/hooks/nobody", b"{}", JSON), 404))
        self.assertIn("POST", self.told(vedette.request("public", "GET", "/hooks/github"), 405))
        self.assertIn("text/plain", self.told(vedette.request("public", "POST", "/hooks/github", b"{}", {"Content-Type": "text/plain"}), 415))
        self.assertIn("max_body", self.told(vedette.request("public", "POST", "/hooks/deploys", b"", {**JSON, "Content-Length": "99999999"}), 413))
        self.assertIn("/slack/interactions", self.told(vedette.request("public", "POST", "/slack/nothing", b"{}", JSON), 404))

    def test_the_401_of_a_hook_is_the_same_whatever_is_wrong(self):
        vedette = self.vedette()
        answers = {vedette.send_github("workflow_run", {}, secret="wrong").body,
                   vedette.request("public", "POST", "/hooks/github", b"{}", JSON).body,
                   vedette.request("public", "POST", "/hooks/deploys", b"{}", {**JSON, "Authorization": "Bearer no"}).body,
                   vedette.request("public", "POST", "/hooks/deploys", b"{}", JSON).body}
        self.assertEqual(len(answers), 1)
        self.assertIn(b'"detail":"the signature or token', answers.pop())

    def test_who_is_too_slow_is_told_so(self):
        vedette = self.vedette()
        answer = vedette.raw("public", b"POST /hooks/github HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
        head, body = answer.split(b"\r\n\r\n")
        self.assertIn(b"408", head)
        self.assertIn(b'"detail":"', body)
        self.assertIn(b"Content-Length: %d\r\n" % len(body), head)


class Heads(VedetteTest):
    def test_a_head_is_what_get_says_without_its_body(self):
        vedette = self.vedette()
        for path in ("/healthz", "/readyz", "/", "/page.js", "/api/v1/proposals", "/api/v1/rules/ci-red", "/api/v1/rules/nobody", "/api/v1/openapi.json"):
            with self.subTest(path):
                get, head = vedette.api(path), vedette.api(path, "HEAD")
                self.assertEqual((head.status, head.body), (get.status, b""))
                for name in ("content-type", "content-length"):
                    self.assertEqual(head.headers.get(name), get.headers.get(name))
        self.assertEqual(vedette.api("/metrics", "HEAD").status, 200)  # its length differs from one to the next
        self.assertEqual(vedette.api("/api/v1/proposals", "HEAD", token=None).status, 401)
        self.assertEqual(vedette.api("/api/v1/pause", "HEAD").status, 405)

    def test_the_head_of_what_never_ends_ends(self):
        vedette = self.vedette()
        answer = vedette.api("/api/v1/stream", "HEAD")
        self.assertEqual((answer.status, answer.headers["content-type"], answer.body), (200, "text/event-stream", b""))

    def test_who_speaks_http_1_0_needs_no_host(self):
        vedette = self.vedette()
        self.assertIn(b" 200 ", vedette.raw("control", b"GET /healthz HTTP/1.0\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 404 ", vedette.raw("public", b"GET /hooks/nobody HTTP/1.0\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 401 ", vedette.raw("control", b"GET /api/v1/proposals HTTP/1.0\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 421 ", vedette.raw("control", b"GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 421 ", vedette.raw("control", b"GET /healthz HTTP/1.0\r\nHost:\r\n\r\n").split(b"\r\n")[0])
        self.assertIn(b" 400 ", vedette.raw("control", b"GET /healthz HTTP/1.1\r\n\r\n").split(b"\r\n")[0])


class Proxies(VedetteTest):
    def who(self, vedette, *users, secret=PROXY):
        host = vedette.addresses["control"]
        lines = ["GET /api/v1/me HTTP/1.0", f"Host: {host}", f"X-Proxy-Secret: {secret}", *(f"X-Forwarded-User: {user}" for user in users)]
        head, body = vedette.raw("control", ("\r\n".join(lines) + "\r\n\r\n").encode()).split(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    def test_two_names_from_a_proxy_are_nobodys(self):
        vedette = self.vedette(start=False, config=CONFIG + "trusted_proxy: {secret_file: proxy.secret}\n")
        vedette.write("proxy.secret", PROXY + "\n")
        vedette.start()
        self.assertEqual(self.who(vedette, "jane"), (200, '{"person":"jane"}'))
        for users in (("jane", "john"), ("jane", "jane"), ("jane", ""), ("", "jane")):
            with self.subTest(users):
                status, body = self.who(vedette, *users)
                self.assertEqual(status, 401)
                self.assertIn("X-Forwarded-User stands there more than once", body)
        status, body = self.who(vedette, "jane", "john", secret="guessed")
        self.assertEqual(status, 401)
        self.assertNotIn("X-Forwarded-User", body)


if __name__ == "__main__":
    unittest.main()
