"""What whoever asks is told: refusals that say what to do, heads without bodies, who is believed."""
import unittest

from harness import CONFIG, VedetteTest

JSON = {"Content-Type": "application/json"}
PROXY = "the proxy's own secret"


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
