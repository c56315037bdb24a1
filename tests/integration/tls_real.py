#!/usr/bin/python3
"""Certificates and handshakes as real servers show them, through the CLI.

The plainly wrong ones are in test_nginx.c; here are the odd ones: chains with
two ways, names of every form, stapled answers to be ignored, servers that
speak another TLS or none.
"""
import base64
import json
import pathlib
import socket
import ssl
import struct
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import program, run
from process import Process, until
from servers import free_ports, port_answers
from tls_site import TlsSite

# name (and host, where it is another): what is wrong with it, all of it
CERTIFICATES = {
    "address": ["ok"],
    "crossed": ["ok"],
    "crossed-out": ["ok"],
    "with-root": ["ok"],
    "shuffled": ["ok"],
    "ca-leaf": ["ok"],
    "rsa": ["ok"],
    "ed": ["ok"],
    "logged": ["ok"],
    "under-stale": ["expired"],
    "under-sha1": ["weak_signature"],
    "under-1024": ["weak_key"],
    "under-leaf": ["invalid_purpose"],
    "constrained": ["other"],
    "own": ["self_signed"],
    "cn-only": ["hostname_mismatch"],
    "a.wild": ["ok"],
    "a.b.wild": ["hostname_mismatch"],
    "wild": ["hostname_mismatch"],
    "xn--grn-ioa": ["ok"],
    "must-and-does": ["ok"],
    "must-and-does-not": ["other"],
    "must-and-stale": ["other"],
    "good": ["ok"],
    "revoked": ["revoked"],
    "revoked-by-helper": ["revoked"],
    "revoked-long-ago": ["ok"],
    "revoked-by-stranger": ["ok"],
    "revoked-by-server": ["ok"],
    "of-another": ["ok"],
    "unknown": ["ok"],
    "garbage": ["ok"],
}

# Asked by kind http too; the judging is the same.
BY_HTTP = ("address", "crossed", "under-stale", "constrained", "own", "cn-only",
           "a.wild", "xn--grn-ioa", "must-and-does-not", "revoked-by-helper",
           "revoked-by-stranger")

STAPLES = {
    "address": None, "must-and-does": "good", "must-and-does-not": None,
    "must-and-stale": "stale", "good": "good", "revoked": "revoked",
    "revoked-by-helper": "revoked", "revoked-long-ago": "stale",
    "revoked-by-stranger": "unusable", "revoked-by-server": "unusable",
    "of-another": "unusable", "unknown": "unknown", "garbage": "unusable",
}


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-")
        cls.addClassCleanup(cls.dir.cleanup)
        cls.site = TlsSite(pathlib.Path(cls.dir.name) / "site")
        cls.addClassCleanup(cls.site.stop)
        cls.site.start()
        cls.seen = {}

    def probe(self, scheme, host, port=None, ca=None, more=()):
        port = port or self.site.port
        done = run(program("leadline"), "probe", f"{scheme}://{host}:{port}",
                   "--resolve", f"{host}:{port}:127.0.0.1", "--ca",
                   ca or self.site.dir / "ca.pem", "--json", "--timeout", "5s",
                   *more)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def of(self, name):
        """What kind tls says of it, asked once."""
        if name not in self.seen:
            self.seen[name] = self.probe("tls", f"{name}.test")
        return self.seen[name]

    def test_each_is_told_apart_by_both_kinds(self):
        for name, faults in CERTIFICATES.items():
            asked = [self.of(name)]
            if name in BY_HTTP:
                asked.append(self.probe("https", f"{name}.test"))
            for seen in asked:
                with self.subTest(name=name, kind=seen["kind"]):
                    tls = seen["tls"]
                    self.assertEqual(faults, tls["verify_all"],
                                     tls["verify_detail"])
                    self.assertEqual(faults[0], tls["verify"])
                    good = faults == ["ok"]
                    self.assertEqual("up" if good else "down", seen["status"])
                    self.assertEqual(
                        None if good else f"tls_cert_{faults[0]}",
                        seen["reason"])
                    self.assertEqual(good, tls["verify_detail"] is None)
                    self.assertGreater(seen["phases_us"]["tls"], 0)
                    self.assertEqual(64, len(tls["fingerprint_sha256"]))

    def test_stapled_answers_are_read_with_care(self):
        for name, staple in STAPLES.items():
            with self.subTest(name=name):
                tls = self.of(name)["tls"]
                self.assertEqual(staple, tls["ocsp"])
                self.assertEqual(staple is not None, tls["ocsp_stapled"])
                self.assertEqual(name.startswith("must"), tls["must_staple"])
        self.assertIn("out of date", self.of("must-and-stale")["detail"])
        self.assertIn("none is stapled", self.of("must-and-does-not")["detail"])

    def test_the_chain_that_verified_is_not_the_one_presented(self):
        tls = self.of("crossed-out")["tls"]
        subjects = [cert["subject"] for cert in tls["chain"]]
        verified = [cert["subject"] for cert in tls["verified_chain"]]
        self.assertEqual(
            ["CN=crossed-out.test", "CN=middle.test", "CN=ca root"], subjects)
        self.assertEqual(subjects, verified)
        self.assertEqual("CN=old root", tls["chain"][2]["issuer"])
        self.assertEqual("CN=ca root", tls["verified_chain"][2]["issuer"])
        self.assertNotEqual(tls["chain"][2]["fingerprint_sha256"],
                            tls["verified_chain"][2]["fingerprint_sha256"])
        # One of the presented ones is over; the way that counts is not.
        self.assertLess(tls["presented_not_after"], self.of("crossed")["started"])
        self.assertGreater(tls["verified_not_after"],
                           self.of("crossed")["started"])
        self.assertEqual(tls["verified_not_after"],
                         min(cert["not_after"] for cert in
                             tls["verified_chain"]))
        self.assertEqual(3, len(self.of("address")["tls"]["verified_chain"]))
        self.assertEqual(2, len(self.of("address")["tls"]["chain"]))
        self.assertEqual([], self.of("own")["tls"]["verified_chain"])
        self.assertIsNone(self.of("own")["tls"]["verified_not_after"])
        # A way that leads to an authority, though a date is over.
        self.assertEqual(3, len(self.of("under-stale")["tls"]["verified_chain"]))
        self.assertIn("CN=stale-middle.test: expired",
                      self.of("under-stale")["detail"])

    def test_facts_of_keys_names_and_timestamps(self):
        self.assertEqual(("RSA 2048", "ED25519 256"), tuple(
            self.of(name)["tls"]["key"].replace("253", "256")
            for name in ("rsa", "ed")))
        self.assertEqual(2, self.of("logged")["tls"]["sct_count"])
        self.assertEqual(0, self.of("address")["tls"]["sct_count"])
        self.assertEqual([], self.of("cn-only")["tls"]["names"])
        self.assertIn("names no host", self.of("cn-only")["detail"])
        self.assertEqual(["*.wild.test"], self.of("a.wild")["tls"]["names"])

    def test_an_address_is_a_name(self):
        for kind in ("tls", "https"):
            seen = self.probe(kind, "127.0.0.1")
            self.assertEqual("ok", seen["tls"]["verify"], seen["detail"])
            self.assertIn("127.0.0.1", seen["tls"]["names"])

    def test_what_is_trusted_itself_needs_no_authority(self):
        seen = self.probe("tls", "own.test",
                          ca=self.site.dir / "own" / "cert.pem")
        self.assertEqual("ok", seen["tls"]["verify"])
        self.assertEqual(1, len(seen["tls"]["verified_chain"]))
        seen = self.probe("tls", "address.test",
                          ca=self.site.dir / "middle" / "cert.pem")
        self.assertEqual("ok", seen["tls"]["verify"])
        self.assertEqual(2, len(seen["tls"]["verified_chain"]))

    def test_several_faults_at_once(self):
        seen = self.probe("tls", "under-stale.test",
                          ca=self.site.dir / "own" / "cert.pem")
        self.assertEqual(["expired", "incomplete_chain"],
                         seen["tls"]["verify_all"])
        seen = self.probe("tls", "elsewhere.test")  # the default vhost's
        self.assertEqual(["hostname_mismatch"], seen["tls"]["verify_all"])
        self.assertIn("elsewhere.test is asked for", seen["detail"])

    # ---- handshakes ----

    def s_server(self, *words):
        port, = free_ports(1)
        home = self.site.dir / "address"
        server = Process(
            "s_server", ["openssl", "s_server", "-accept", f"127.0.0.1:{port}",
                         "-cert", home / "cert.pem", "-key", home / "key.pem",
                         "-cert_chain", home / "chain.pem", "-www", *words],
            self.site.dir / "s_server.log").start()
        self.addCleanup(server.stop)
        until("s_server listens", 10, lambda: port_answers(port), pause=0.02)
        return port

    def fails(self, reason, words, port, kinds=("tls", "https")):
        for kind in kinds:
            with self.subTest(kind=kind):
                seen = self.probe(kind, "address.test", port)
                self.assertEqual((reason, "tls", "down"),
                                 (seen["reason"], seen["failed_phase"],
                                  seen["status"]), seen["detail"])
                self.assertIsNone(seen["tls"])
                self.assertIsNone(seen["phases_us"]["tls"])
                self.assertGreaterEqual(seen["phases_us"]["connect"], 0)
                self.assertIn(words, seen["detail"])

    def test_a_server_of_old_tls_only(self):
        self.fails("tls_alert", "protocol version",
                   self.s_server("-tls1", "-cipher", "ALL:@SECLEVEL=0"))

    def test_no_cipher_in_common(self):
        self.fails("tls_alert", "handshake failure",
                   self.s_server("-tls1_2", "-cipher", "AES128-SHA"))

    def test_timestamps_beside_the_certificate_are_counted(self):
        sct = b"\0" + bytes(42) + b"\x04\x03\0\x08" + bytes(8)
        one = struct.pack(">H", len(sct)) + sct
        body = struct.pack(">H", len(one)) + one
        ext = struct.pack(">HH", 18, len(body)) + body
        path = self.site.dir / "serverinfo.pem"
        path.write_text("-----BEGIN SERVERINFO FOR CT-----\n"
                        + base64.encodebytes(ext).decode()
                        + "-----END SERVERINFO FOR CT-----\n")
        port = self.s_server("-tls1_2", "-serverinfo", path)
        seen = self.probe("tls", "address.test", port)
        self.assertEqual(("up", 1, "TLSv1.2"), (
            seen["status"], seen["tls"]["sct_count"], seen["tls"]["version"]))

    def test_plain_http_on_the_port(self):
        self.fails("tls_protocol", "plain HTTP", self.site.plain_port)

    def scripted(self, serve):
        """A listener that does `serve(connection)`, until the test is over."""
        listener = socket.create_server(("127.0.0.1", 0))

        def work():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)
        threading.Thread(target=work, daemon=True).start()
        self.addCleanup(listener.close)
        return listener.getsockname()[1]

    def test_a_server_that_picks_tls_1_0(self):
        def serve(connection):
            connection.recv(4096)
            hello = (b"\x03\x01" + bytes(range(32)) + b"\0" + b"\xc0\x09" + b"\0")
            body = b"\x02" + len(hello).to_bytes(3, "big") + hello
            connection.sendall(b"\x16\x03\x01" + len(body).to_bytes(2, "big")
                               + body)
            connection.recv(4096)
        self.fails("tls_protocol", "older than 1.2", self.scripted(serve))

    def test_a_server_that_closes_or_resets(self):
        def reset(connection):
            connection.recv(64)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
        self.fails("tls_reset", "closed", self.scripted(lambda c: c.recv(4096)))
        self.fails("tls_reset", "closed", self.scripted(reset))

    def test_a_silent_server(self):
        port = self.scripted(lambda connection: connection.recv(1 << 16)
                             and connection.recv(1 << 16))
        seen = self.probe("tls", "address.test", port,
                          more=("--timeout", "300ms"))
        self.assertEqual(("tls_timeout", "tls"),
                         (seen["reason"], seen["failed_phase"]))

    def test_no_session_is_taken_up_again(self):
        # s_server counts, per process, what was resumed.
        port = self.s_server("-tls1_2")
        for _ in range(3):
            self.assertEqual("up", self.probe("tls", "address.test",
                                              port)["status"])
        with socket.create_connection(("127.0.0.1", port), 10) as plain, \
                ssl._create_unverified_context().wrap_socket(plain) as line:
            line.sendall(b"GET / HTTP/1.0\r\n\r\n")
            page = b"".join(iter(lambda: line.recv(4096), b"")).decode(
                errors="replace")
        self.assertRegex(page, r"\b0 session cache hits")


if __name__ == "__main__":
    unittest.main()
