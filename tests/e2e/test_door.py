"""The public door itself: where it listens, what a certificate does there, who gets how many places, and that a restart loses nobody."""
import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import time

from harness import CONFIG, DEPLOY_TOKEN, PATIENCE, ROOT, VedetteTest, together, wait_until

DEPLOY = {"app": {"name": "shop"}, "status": "failed", "env": "prod"}


def deploy(number=0):
    return json.dumps({**DEPLOY, "delivery": f"d-{time.monotonic_ns()}-{number}"}).encode()


def headers(**more):
    return {"Authorization": f"Bearer {DEPLOY_TOKEN}", "Content-Type": "application/json", **more}


def make_certificate(directory, name):
    """NAME.pem and NAME.key, for localhost and 127.0.0.1."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", directory / f"{name}.key",
                    "-out", directory / f"{name}.pem", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "30"],
                   check=True, capture_output=True)


def config(listen, more=""):
    return CONFIG.replace("listen: 127.0.0.1:0", f"listen: {listen}{more}", 1)


class Secure(VedetteTest):
    def door(self, **options):
        """A daemon with a certificate called `first`, and one called `second` beside it."""
        vedette = self.vedette(start=False, config=config("127.0.0.1:0", "\ntls: {cert: shown.pem, key: shown.key}"), **options)
        for name in ("first", "second"):
            make_certificate(vedette.directory, name)
        self.show(vedette, "first")
        return vedette.start()

    def show(self, vedette, name, key=None):
        (vedette.directory / "shown.key").write_bytes((vedette.directory / f"{key or name}.key").read_bytes())
        (vedette.directory / "shown.pem").write_bytes((vedette.directory / f"{name}.pem").read_bytes())

    def trusting(self, vedette, *names):
        context = ssl.create_default_context()
        for name in names or ("first", "second"):
            context.load_verify_locations(vedette.directory / f"{name}.pem")
        return context

    def post(self, vedette, body, context=None, **more):
        connection = http.client.HTTPSConnection(vedette.addresses["public"], timeout=PATIENCE, context=context or self.trusting(vedette))
        connection.request("POST", "/hooks/deploys", body, headers(**more))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def shown(self, vedette):
        """The name in the certificate of a new connection."""
        host, port = vedette.addresses["public"].rsplit(":", 1)
        with socket.create_connection((host, int(port)), PATIENCE) as plain, self.trusting(vedette).wrap_socket(plain, server_hostname="localhost") as secure:
            return dict(part[0] for part in secure.getpeercert()["subject"])["commonName"]

    def test_deliveries_are_taken_and_refused_as_without_a_certificate(self):
        vedette = self.door()
        self.assertIn("tls=yes", vedette.wait_for_log("name=public"))
        self.assertEqual(self.post(vedette, deploy()), 202)
        self.assertEqual(self.post(vedette, deploy(), Authorization="Bearer wrong"), 401)
        # Answers that are given before the body was read.
        self.assertEqual(self.post(vedette, deploy(), **{"Content-Type": "text/csv"}), 415)
        self.assertEqual(self.post(vedette, b"x" * (6 << 20)), 413)
        self.assertEqual(together(8, lambda number: self.post(vedette, deploy(number))), [202] * 8)

    def test_who_speaks_plain_http_gets_nothing_and_harms_nobody(self):
        vedette = self.door()
        self.assertNotIn(b"202", vedette.raw("public", b"POST /hooks/deploys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"))
        self.assertEqual(self.post(vedette, deploy()), 202)

    def test_a_renewed_certificate_is_shown_after_a_reload_and_old_connections_go_on(self):
        vedette = self.door()
        kept = http.client.HTTPSConnection(vedette.addresses["public"], timeout=PATIENCE, context=self.trusting(vedette))
        kept.request("POST", "/hooks/deploys", deploy(), headers())
        kept.getresponse().read()
        self.assertEqual(self.shown(vedette), "first")
        self.show(vedette, "second")
        vedette.signal(1)
        vedette.wait_for_log("certificate renewed")
        self.assertEqual(self.shown(vedette), "second")
        kept.request("POST", "/hooks/deploys", deploy(), headers())
        self.assertEqual(kept.getresponse().status, 202)
        kept.close()

    def test_a_certificate_without_its_key_is_told_and_the_one_before_stays(self):
        vedette = self.door()
        self.show(vedette, "second", key="first")
        vedette.signal(1)
        self.assertIn("it is not the key of the certificate", vedette.wait_for_log("certificate not renewed"))
        self.assertEqual(self.shown(vedette), "first")
        (vedette.directory / "shown.pem").write_text("no certificate")
        self.assertEqual(self.post(vedette, deploy()), 202)

    def test_a_door_whose_certificate_cannot_be_read_does_not_open(self):
        vedette = self.vedette(start=False, config=config("127.0.0.1:0", "\ntls: {cert: none.pem, key: none.key}")).start(wait=False)
        self.assertNotEqual(vedette.wait(), 0)
        self.assertIn("none.pem: error: cannot be used for TLS", vedette.log())

    def test_h25_old_protocols_are_refused(self):
        vedette = self.door()
        context = self.trusting(vedette)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assertEqual(self.post(vedette, deploy(), context), 202)
        host, port = vedette.addresses["public"].rsplit(":", 1)
        # TLS 1.1's hello, by hand: no library of today would send it.
        hello = bytes.fromhex("0302") + bytes(32) + b"\0" + bytes.fromhex("0004c013c014") + bytes.fromhex("0100")
        record = b"\x16\x03\x01" + (len(hello) + 4).to_bytes(2, "big") + b"\x01" + len(hello).to_bytes(3, "big") + hello
        with socket.create_connection((host, int(port)), PATIENCE) as old:
            old.sendall(record)
            answer = old.recv(100)
        self.assertTrue(not answer or answer[0] == 0x15, answer)  # an alert, or the end

    def test_h25_a_handshake_that_stalls_is_cut_at_the_deadline(self):
        vedette = self.door()
        host, port = vedette.addresses["public"].rsplit(":", 1)
        begin = time.monotonic()
        with socket.create_connection((host, int(port)), PATIENCE) as stalled:
            stalled.sendall(b"\x16\x03\x01\x02\x00\x01\x00")  # the beginning of a record that never ends
            self.assertEqual(stalled.recv(1), b"")
        self.assertLess(time.monotonic() - begin, 8)
        self.assertEqual(self.post(vedette, deploy()), 202)


class Places(VedetteTest):
    def test_it_listens_at_every_address_of_the_list(self):
        vedette = self.vedette(config=config(f'["127.0.0.1:0", "[::1]:0", "unix:{self.directory}/door"]'))
        lines = wait_until(lambda: len(found := [line for line in vedette.lines if "listening name=public" in line]) == 3 and found, "three doors")
        for line in lines:
            vedette.addresses["public"] = line.split("address=")[1].split()[0]
            self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202, line)

    def test_a_path_that_a_proxy_left_before_ours_is_passed_over(self):
        vedette = self.vedette(config=config("127.0.0.1:0", "\npublic_url: https://example.com/base/"))
        for path, status in (("/hooks/deploys", 202), ("/base/hooks/deploys", 202), ("/basement/hooks/deploys", 404), ("/base/base/hooks/deploys", 404),
                             ("/base", 404), ("/base/", 404), ("/base//hooks/deploys", 404)):
            self.assertEqual(vedette.request("public", "POST", path, deploy(), headers()).status, status, path)
        self.assertIn("https://example.com/base/hooks/deploys", vedette.cli("hooks", check=0).stdout)

    def test_what_cannot_be_a_door_is_told_with_its_place(self):
        vedette = self.vedette(start=False)
        for listen, more, message in (
            ("{address: 127.0.0.1:0, tls: {cert: a.pem}}", "", "`key` is missing"),
            ("[127.0.0.1]", "", "an address is HOST:PORT, [IPv6]:PORT or unix:PATH"),
            ("{tls: {cert: a.pem, key: a.key}}", "", "`address` is missing"),
            ("{address: unix:/tmp/x, tls: {cert: a, key: b}}", "", "a unix socket needs no TLS"),
            ("127.0.0.1:0", "\ntls: {cert: a.pem, kye: a.key}", "did you mean `key`?"),
        ):
            vedette.write("bad.yaml", config(listen, more).replace("%(fixtures)s", "/x").replace("%(log)s", "/x").replace("%(actions)s", "").replace("%(store_max)s", "1GB")
                          .replace("%(more)s", "").replace("%%", "%"))
            told = vedette.cli("check", "-c", str(vedette.directory / "bad.yaml"), check=1)
            self.assertRegex(told.stdout + told.stderr, r"bad.yaml:\d+:\d+: error: ")
            self.assertIn(message, told.stdout + told.stderr)


class Restarts(VedetteTest):
    def activated(self):
        """A daemon whose public door belongs to somebody who outlives it."""
        door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.addCleanup(door.close)
        vedette = self.vedette(start=False, config=config(f"127.0.0.1:{door.getsockname()[1]}"))
        vedette.sockets = [door]
        return vedette.start()

    def send_while_away(self, vedette):
        """Three senders who never send twice: they connect while nobody is there. Gives what makes them wait for their answers."""
        host, port = vedette.addresses["public"].rsplit(":", 1)
        senders = []
        for number in range(3):
            body = deploy(number)
            sender = socket.create_connection((host, int(port)), PATIENCE)
            self.addCleanup(sender.close)
            sender.sendall(b"POST /hooks/deploys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           + f"Authorization: Bearer {DEPLOY_TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            senders.append(sender)
        return senders

    def assert_answered(self, senders):
        for sender in senders:
            self.assertTrue(sender.recv(4096).startswith(b"HTTP/1.1 202 "))

    def test_h21_who_sends_while_the_daemon_starts_anew_is_answered(self):
        vedette = self.activated()
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202)
        for leave in (vedette.stop, vedette.kill):
            address = dict(vedette.addresses)
            leave()
            vedette.addresses = address
            senders = self.send_while_away(vedette)
            vedette.start()
            self.assert_answered(senders)

    def test_h21_who_is_in_the_midst_of_it_when_it_stops_is_answered_first(self):
        vedette = self.activated()
        host, port = vedette.addresses["public"].rsplit(":", 1)
        body = deploy()
        with socket.create_connection((host, int(port)), PATIENCE) as sender:
            sender.sendall(f"POST /hooks/deploys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {DEPLOY_TOKEN}\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            vedette.stop()
            self.assertTrue(sender.recv(4096).startswith(b"HTTP/1.1 "))

    def test_a_socket_that_nobody_asked_for_is_told(self):
        other = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(other.close)
        vedette = self.vedette(start=False)
        vedette.sockets = [other]
        vedette.start()
        self.assertIn("no address of `listen` or `control` is its", vedette.wait_for_log("systemd handed over socket 3"))

    def test_the_unit_and_its_socket_fit_each_other(self):
        unit = (ROOT / "packaging/vedette.socket").read_text()
        self.assertIn("ListenStream=127.0.0.1:8420", unit)
        self.assertIn("vedette.socket", (ROOT / "packaging/vedette.service").read_text())


class Conversations(VedetteTest):
    def request(self, body, **more):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers(**more).items())
        return f"POST /hooks/deploys HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def test_h26_who_closes_his_half_is_answered(self):
        vedette = self.vedette()
        host, port = vedette.addresses["public"].rsplit(":", 1)
        with socket.create_connection((host, int(port)), PATIENCE) as sender:
            sender.sendall(self.request(deploy()))
            sender.shutdown(socket.SHUT_WR)
            self.assertTrue(sender.recv(4096).startswith(b"HTTP/1.1 202 "))

    def test_h26_deliveries_behind_each_other_are_each_stored_and_answered_in_order(self):
        vedette = self.vedette()
        host, port = vedette.addresses["public"].rsplit(":", 1)
        bodies = [deploy(number) for number in range(20)]
        with socket.create_connection((host, int(port)), PATIENCE) as sender:
            sender.sendall(b"".join(map(self.request, bodies)) + self.request(deploy(), Authorization="Bearer no", Connection="close"))
            answer = b""
            while piece := sender.recv(65536):
                answer += piece
        self.assertEqual(re.findall(rb"HTTP/1\.1 (\d+) ", answer), [b"202"] * 20 + [b"401"])
        vedette.wait_until_folded()
        self.assertEqual(len(vedette.items("events")), 20)


class Limits(VedetteTest):
    def test_a_hook_takes_as_many_as_its_rate_says_and_asks_the_others_to_come_again(self):
        vedette = self.vedette(config=CONFIG.replace("    name: deploys\n", "    name: deploys\n    rate: 3/h\n", 1))
        answers = [vedette.request("public", "POST", "/hooks/deploys", deploy(number), headers()) for number in range(5)]
        self.assertEqual([answer.status for answer in answers], [202, 202, 202, 503, 503])
        self.assertEqual(answers[3].headers["retry-after"], "5")
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="deploys", reason="rate"), 2)
        self.assertEqual(vedette.send_alert({"alerts": [], "version": "4"}).status, 202)  # another hook's is its own
        self.assertIn("rate", vedette.cli("hooks", check=0).stdout)

    def test_who_proves_nothing_uses_up_nobodys_rate(self):
        vedette = self.vedette(config=CONFIG.replace("    name: deploys\n", "    name: deploys\n    rate: 3/h\n", 1))
        for number in range(10):
            self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(number), headers(Authorization="Bearer no")).status, 401)
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202)

    def test_h03_more_connections_than_descriptors_cut_the_oldest_and_cost_nothing(self):
        vedette = self.vedette(wrapper=["prlimit", "--nofile=600:600"])
        self.assertIn("LimitNOFILE", vedette.wait_for_log("fewer descriptors"))
        host, port = vedette.addresses["public"].rsplit(":", 1)
        idle = [socket.create_connection((host, int(port)), PATIENCE) for _ in range(300)]
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202)
        self.assertGreater(vedette.metric("vedette_http_refused_total", server="public", reason="connections"), 100)
        before = self.cpu_seconds(vedette)
        begin = time.monotonic()
        wait_until(lambda: time.monotonic() - begin > 2, "two seconds")
        self.assertLess(self.cpu_seconds(vedette) - before, 0.2)
        for one in idle:
            one.close()
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202)

    def test_h03_when_no_descriptor_is_left_the_door_waits_and_opens_again(self):
        vedette = self.vedette()
        host, port = vedette.addresses["public"].rsplit(":", 1)
        n_open = len(list(pathlib.Path(f"/proc/{vedette.pid}/fd").iterdir()))
        _, most = resource.prlimit(vedette.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(vedette.pid, resource.RLIMIT_NOFILE, (n_open + 5, most))
        waiting = [socket.create_connection((host, int(port)), PATIENCE) for _ in range(30)]  # the kernel takes them, nobody else does
        wait_until(lambda: len(list(pathlib.Path(f"/proc/{vedette.pid}/fd").iterdir())) >= n_open + 5, "nothing is left")
        before, begin = self.cpu_seconds(vedette), time.monotonic()
        wait_until(lambda: time.monotonic() - begin > 2, "two seconds")
        self.assertLess(self.cpu_seconds(vedette) - before, 0.1, "it does not spin")
        self.assertEqual(vedette.process.poll(), None)
        resource.prlimit(vedette.pid, resource.RLIMIT_NOFILE, (most, most))
        for one in waiting:
            one.close()
        begin = time.monotonic()
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202)
        self.assertLess(time.monotonic() - begin, 5)

    def cpu_seconds(self, vedette):
        fields = pathlib.Path(f"/proc/{vedette.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def test_one_peer_cannot_take_every_place(self):
        """In a network of its own, where a peer may have an address that is not this machine's loopback."""
        if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
            self.skipTest("no network namespaces here")
        vedette = self.vedette(start=False, config=config("0.0.0.0:0", "\nhosts: [10.1.1.1]\nlimits: {connections_per_peer: 4}"),
                               wrapper=["unshare", "-rn", "/bin/sh", "-c", 'ip link set lo up && ip addr add 10.1.1.1/32 dev lo && exec "$@"', "sh"])
        vedette.start()
        port = vedette.addresses["public"].rsplit(":", 1)[1]
        code = ("import select, socket, sys, time\n"
                "def opened(host, n):\n"
                "    made = [socket.create_connection((host, int(sys.argv[1])), 10) for _ in range(n)]\n"
                "    ended, end = set(), time.monotonic() + 1\n"
                "    while time.monotonic() < end:\n"
                "        ended |= set(select.select(made, [], [], 0.1)[0])\n"
                "    return n - len(ended)\n"
                "print(opened('10.1.1.1', 7), opened('127.0.0.1', 7))")
        seen = subprocess.run(["nsenter", "-t", str(vedette.pid), "-U", "-n", "--preserve-credentials", "/usr/bin/python3", "-c", code, port], capture_output=True, text=True, check=False)
        self.assertEqual(seen.stdout.split(), ["4", "7"], seen.stderr)


class Forgery(VedetteTest):
    def test_h24_a_flood_of_forged_deliveries_is_one_line_a_minute_and_costs_the_others_nothing(self):
        vedette = self.vedette()
        forged = headers(Authorization="Bearer forged")

        def flood(_):
            connection = http.client.HTTPConnection(vedette.addresses["public"], timeout=PATIENCE)
            seen = set()
            for number in range(250):
                connection.request("POST", "/hooks/deploys", deploy(number), forged)
                answer = connection.getresponse()
                answer.read()
                seen.add(answer.status)
            connection.close()
            return seen

        self.assertEqual(together(4, flood), [{401}] * 4)
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers()).status, 202)
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="deploys", reason="signature"), 1000)
        self.assertLessEqual(vedette.log().count("hook refused: signature"), 2)  # a minute may end in between
        self.assertIn("signature", vedette.cli("hooks", check=0).stdout)

    def test_h25_an_address_that_a_header_claims_is_believed_of_nobody(self):
        vedette = self.vedette()
        claims = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
        self.assertEqual(vedette.request("public", "POST", "/hooks/deploys", deploy(), headers(Authorization="Bearer forged", **claims)).status, 401)
        self.assertIn("peer=127.0.0.1", vedette.wait_for_log("hook refused: signature"))
        self.assertNotIn("203.0.113.9", vedette.log())

    def test_h23_deliveries_signed_at_another_time_say_that_a_clock_is_wrong(self):
        key = "whsec_" + base64.b64encode(b"a key of the tests, 24+ bytes").decode()
        vedette = self.vedette(config=CONFIG.replace("actions:\n", f"  - {{webhook: standard-webhooks, name: signed, secret: {key}}}\nactions:\n", 1))
        for age, status in ((0, 202), (299, 202), (302, 401), (-302, 401), (100000, 401)):
            stamp, body = str(int(time.time()) - age), deploy()
            text = f"m{age}.{stamp}.".encode() + body
            proof = base64.b64encode(hmac.new(b"a key of the tests, 24+ bytes", text, hashlib.sha256).digest()).decode()
            answer = vedette.request("public", "POST", "/hooks/signed", body, {"Content-Type": "application/json", "webhook-id": f"m{age}",
                                                                              "webhook-timestamp": stamp, "webhook-signature": f"v1,{proof}"})
            self.assertEqual(answer.status, status, age)
        self.assertEqual(vedette.metric("vedette_events_rejected_total", watcher="signed", reason="timestamp"), 3)
        self.assertEqual(vedette.log().count("is the clock of this machine right?"), 1)
        self.assertIn("timestamp", vedette.cli("hooks", check=0).stdout)


class Hooks(VedetteTest):
    def told(self, vedette, name):
        """What `vedette hooks` says of one of them."""
        lines, taken = vedette.cli("hooks", check=0).stdout.splitlines(), []
        for line in lines[lines.index(name) + 1:]:
            if not line.startswith("  "):
                break
            taken.append(line)
        return "\n".join(taken)

    def test_a_hook_that_never_got_a_delivery_or_only_refused_ones_is_seen(self):
        vedette = self.vedette()
        vedette.request("public", "POST", "/hooks/deploys", deploy(), headers(Authorization="Bearer wrong"))
        vedette.send_alert({"alerts": [], "version": "4"})
        self.assertIn("none since the start", self.told(vedette, "github"))
        self.assertIn("refused, all of them since the start", self.told(vedette, "deploys"))
        self.assertIn("because     signature", self.told(vedette, "deploys"))
        self.assertNotIn("since the start", self.told(vedette, "alertmanager"))
        vedette.send_github("ping", {"zen": "Keep it logically awesome."})
        self.assertIn("handshake", self.told(vedette, "github"))
        findings = {line["what"].split(":")[0]: line for line in map(json.loads, vedette.cli("doctor", "--json").stdout.splitlines()) if line["check"] == "hook"}
        self.assertEqual({name: finding["finding"] for name, finding in findings.items()}, {"github": "ok", "deploys": "wrong", "alertmanager": "ok"})
        self.assertIn("is the secret", findings["deploys"]["remedy"])

    def test_no_secret_is_in_what_hooks_say(self):
        vedette = self.vedette()
        vedette.request("public", "POST", "/hooks/deploys", deploy(), headers(Authorization="Bearer another secret"))
        told = vedette.cli("hooks", check=0).stdout + vedette.cli("hooks", "--json", check=0).stdout + vedette.cli("status", "--json", check=0).stdout + vedette.log()
        for secret in (DEPLOY_TOKEN, "another secret"):
            self.assertNotIn(secret, told)
