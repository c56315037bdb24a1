#!/usr/bin/python3
"""What is told where mail does not get through: webhooks, the dead man's
switch, and agents that say that the collector is gone.

    e2e_delivery.py        programs: see support/fleet.py

The tests build on each other.
"""
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest, shifted_clock
from process import NotYet, until

SECRET = "correct-horse-battery"


class Hooks:
    """An HTTP server that keeps what is sent to it, by path.

    `answers[path]` is a list of (status, headers) to give first; then 200.
    """

    def __init__(self):
        self.requests = []
        self.answers = {}
        self.lock = threading.Lock()
        hooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers["Content-Length"]
                                           or 0))
                with hooks.lock:
                    hooks.requests.append((self.path, self.headers, body))
                    queue = hooks.answers.get(self.path, [])
                    status, headers = queue.pop(0) if queue else (200, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_POST = do_GET = answer

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path):
        with self.lock:
            return [(headers, body) for at, headers, body in self.requests
                    if at == path]

    def wait(self, path, count, seconds=60):
        def came():
            found = self.at(path)
            if len(found) < count:
                with self.lock:
                    raise NotYet(str([at for at, *_ in self.requests]))
            return found
        return until(f"{count} requests at {path}", seconds, came)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def write_secret(path, text):
    path.write_text(text + "\n")
    os.chmod(path, 0o600)
    return str(path)


class Delivery(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        cls.hooks = Hooks()
        fleet.servers.append(cls.hooks)
        secret = write_secret(fleet.dir / "secret", SECRET)
        deadman = write_secret(fleet.dir / "deadman", cls.hooks.url("/ping"))
        chat = write_secret(fleet.dir / "chat", cls.hooks.url("/chat-s3cret"))
        cls.hooks.answers["/generic"] = [(429, {"Retry-After": "2"})]
        fleet.configure(
            regions=["eu"],
            alerts={"global": {"open_after": 1, "close_after": 1}},
            deadman={"url_file": deadman},
            receivers=[{"name": "oncall", "mail": ["oncall@leadline.test"]}],
            webhooks=[
                {"name": "one", "kind": "generic", "secret_file": secret,
                 "url": cls.hooks.url("/generic"), "fallback": True},
                {"name": "chat", "kind": "slack", "url_file": chat}],
            sites=[{"name": "acme", "checks": [
                fleet.check("home", "http", url=fleet.site.url("acme"))]}])
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")

    def check_signature(self, headers, body):
        said = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})",
                            headers["X-Leadline-Signature"])
        self.assertIsNotNone(said)
        self.assertLess(abs(int(said[1]) - time.time()), 1000)
        self.assertEqual(said[2], hmac.new(
            SECRET.encode(), f"{said[1]}.".encode() + body,
            hashlib.sha256).hexdigest())

    def test_1_the_switch_is_held_while_results_arrive(self):
        self.hooks.wait("/ping", 1)

    def test_2_a_page_that_mail_refuses_goes_to_the_webhook_signed(self):
        self.fleet.mail.refuse = "550 5.1.1 nobody here"
        self.fleet.site.drop("acme")
        # 429 first: the same is posted again when its time has come.
        sent = self.hooks.wait("/generic", 2)
        self.assertEqual(sent[0][1], sent[1][1])
        for headers, body in sent:
            self.check_signature(headers, body)
        posted = json.loads(sent[1][1])
        self.assertEqual(("4", "firing"),
                         (posted["version"], posted["status"]))
        alert = posted["alerts"][0]
        self.assertEqual("SITE_DOWN", alert["labels"]["alertname"])
        self.assertEqual("acme/home", alert["labels"]["check"])
        self.assertIn("550 5.1.1", alert["annotations"]["description"])
        incident = self.fleet.ask("incidents", "--open")["incidents"][0]
        self.assertEqual(f"INC-{incident['id']}", alert["fingerprint"])

        self.fleet.site.let_through("acme")
        headers, body = self.hooks.wait("/generic", 3)[2]
        self.check_signature(headers, body)
        posted = json.loads(body)
        self.assertEqual("resolved", posted["status"])
        self.assertEqual(alert["fingerprint"],
                         posted["alerts"][0]["fingerprint"])
        # Only the one that is marked for it.
        self.assertEqual([], self.hooks.at("/chat-s3cret"))
        self.fleet.mail.refuse = None

    def test_3_an_agent_says_once_that_the_collector_is_gone(self):
        agent = self.fleet.agents["eu1"].process
        before = len(self.hooks.at("/generic"))
        self.fleet.collector.stop()
        # It notes since when; more than five minutes later it is restarted.
        agent.wait_for_log("fallback.waits", 60)
        agent.stop()
        agent.env = shifted_clock(400)
        agent.start()
        headers, body = self.hooks.wait("/generic", before + 1)[-1]
        posted = json.loads(body)
        alert = posted["alerts"][0]
        self.assertEqual("firing", posted["status"])
        self.assertEqual("COLLECTOR_GONE", alert["labels"]["alertname"])
        self.assertIn("eu1", alert["annotations"]["summary"])
        agent.wait_for_log("fallback.posted")

        # Another restart does not repeat it; the collector's return is told.
        agent.stop()
        agent.start()
        self.fleet.start_collector()
        back = json.loads(self.hooks.wait("/generic", before + 2)[-1][1])
        self.assertEqual("resolved", back["status"])
        self.assertEqual(alert["fingerprint"],
                         back["alerts"][0]["fingerprint"])
        self.assertEqual(before + 2, len(self.hooks.at("/generic")))

    def test_4_test_mail_tries_webhooks_too(self):
        self.hooks.answers["/chat-s3cret"] = [(404, {})]
        said = self.fleet.cli("test-mail", "--config", self.fleet.config_file)
        self.assertNotEqual(0, said.returncode)
        self.assertIn("webhook chat", said.stderr)
        self.assertIn("HTTP 404", said.stderr)
        self.assertNotIn("s3cret", said.stdout + said.stderr)
        said = self.fleet.cli("test-mail", "--config", self.fleet.config_file)
        self.assertEqual(0, said.returncode, said.stderr)
        self.assertIn("# firing sample to webhook one (generic)\n< HTTP 200",
                      said.stdout)
        headers, body = self.hooks.at("/generic")[-1]
        self.check_signature(headers, body)
        posted = json.loads(self.hooks.at("/chat-s3cret")[-1][1])
        self.assertIn("RESOLVED", posted["text"])

    def test_5_no_log_holds_a_secret(self):
        for process in [self.fleet.collector,
                        self.fleet.agents["eu1"].process]:
            said = process.log_text()
            self.assertNotIn(SECRET, said)
            self.assertNotIn("s3cret", said)


if __name__ == "__main__":
    unittest.main()
