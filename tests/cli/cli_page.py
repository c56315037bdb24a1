#!/usr/bin/python3
"""`leadline probe URL --kind page`: a page loaded from here and modelled, and
the same page made worse: the figures that should move do, the others stay."""
import http.server
import json
import pathlib
import re
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import program, run

GOOD = """<!doctype html><html><head><title>Quotes</title>{head}
<link rel=stylesheet href=/main.css></head>
<body><h1>Get a quote</h1><p>We build roofs.</p>
<img src=/hero.jpg width=400 height=300 alt=roof>
<script src=/late.js defer></script></body></html>"""

FILES = {
    "/": ("text/html", GOOD.format(head="").encode()),
    "/blocking": ("text/html",
                  GOOD.format(head="<script src=/big.js></script>").encode()),
    "/huge": ("text/html", GOOD.format(head="").replace(
        "hero.jpg", "huge.jpg").encode()),
    "/client": ("text/html", b"<!doctype html><title>x</title>"
                b"<div id=root></div><script src=/big.js></script>"),
    "/main.css": ("text/css", b"h1{color:#123}" * 200),
    "/hero.jpg": ("image/jpeg", b"\xff" * 30000),
    "/huge.jpg": ("image/jpeg", b"\xff" * 1500000),
    "/late.js": ("text/javascript", b"let a;" * 100),
    "/big.js": ("text/javascript", b"function f(){return 1};" * 45000),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, body = FILES.get(self.path, ("text/plain", b"no"))
        self.send_response(200 if self.path in FILES else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-")
        cls.addClassCleanup(cls.dir.cleanup)
        cls.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        cls.addClassCleanup(cls.server.server_close)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        cls.base = f"http://127.0.0.1:{cls.server.server_port}"

    def probe(self, path, *words, code=0):
        asked = run(program("leadline"), "probe", self.base + path, "--kind",
                    "page", *words)
        self.assertEqual(code, asked.returncode, asked.stderr + asked.stdout)
        return asked.stdout

    def page(self, path, *words):
        answer = json.loads(self.probe(path, "--json", *words))
        self.assertEqual([], shape.misfits(answer, shape.PROBE))
        return answer["page"]

    def test_worse_pages_move_what_they_should(self):
        good = self.page("/")
        self.assertEqual(("light", "slow-4g", "modelled"), tuple(
            good[key] for key in ("engine", "profile", "figures")))
        self.assertEqual(
            {"/", "/main.css", "/hero.jpg", "/late.js"},
            {one["url"].removeprefix(self.base) for one in good["resources"]
             if "favicon" not in one["url"]})
        self.assertIsNone(good["cls"])
        self.assertLess(good["ttfb_us"], good["fcp_us"])
        self.assertLessEqual(good["fcp_us"], good["lcp_us"])

        # What a server takes differs from load to load, by far less: these
        # are five and seven seconds on that line.
        blocking = self.page("/blocking")
        self.assertGreater(blocking["fcp_us"], good["fcp_us"] + 2000000)
        self.assertGreater(blocking["blocking"]["bytes"],
                           good["blocking"]["bytes"] + 1000000)
        huge = self.page("/huge")
        self.assertGreater(huge["lcp_us"], good["lcp_us"] + 3000000)
        self.assertLess(huge["fcp_us"], good["fcp_us"] + 2000000)
        self.assertLess(huge["score"]["high"], good["score"]["high"])
        slower = self.page("/", "--profile", "regular-3g")
        self.assertGreater(slower["fully_loaded_us"], good["fully_loaded_us"])
        asis = self.page("/", "--profile", "none")
        self.assertLess(asis["fully_loaded_us"], good["fully_loaded_us"])

    def test_what_scripts_make_has_no_figures(self):
        page = self.page("/client")
        self.assertTrue(page["client_rendered"])
        self.assertEqual((None, None, None), (
            page["fcp_us"], page["lcp_us"], page["score"]))

    def test_a_person_and_other_programs_see_it(self):
        html = pathlib.Path(self.dir.name) / "page.html"
        har = pathlib.Path(self.dir.name) / "page.har"
        text = self.probe("/blocking", "--html", html, "--har", har)
        for word in ("UP", "FCP", "LCP", "good", "modelled on slow-4g",
                     "big.js", "blocks the first paint"):
            self.assertIn(word, text)
        written = html.read_text()
        self.assertIn("<svg", written)
        self.assertIsNone(re.search(r"<script|src=|href=", written))
        entries = json.loads(har.read_text())["log"]["entries"]
        self.assertGreaterEqual(len(entries), 5)
        self.assertEqual(self.base + "/blocking", entries[0]["request"]["url"])

    def test_what_came_instead_of_the_page_has_no_figures(self):
        answer = json.loads(self.probe("/absent", "--json", code=1))
        self.assertEqual([], shape.misfits(answer, shape.PROBE))
        for phase in ("ttfb", "fcp", "lcp", "fully_loaded"):
            self.assertIsNone(answer["phases_us"].get(phase), phase)
            self.assertIsNone(answer["page"][f"{phase}_us"], phase)
        self.assertIsNone(answer["page"]["score"])
        self.assertEqual(404, answer["page"]["resources"][0]["status"])

    def test_what_cannot_be(self):
        self.assertIn("DOWN", self.probe("/absent", code=1))
        for words in (("--profile", "fast"), ("--engine", "steam"),
                      ("--html", "/nowhere/at/all.html")):
            asked = run(program("leadline"), "probe", self.base + "/",
                        "--kind", "page", *words)
            self.assertIn(asked.returncode, (2, 3), asked.stderr)
            self.assertIn(words[1], asked.stderr)
        asked = run(program("leadline"), "probe", self.base + "/", "--har", "x")
        self.assertEqual(2, asked.returncode)


if __name__ == "__main__":
    unittest.main()
