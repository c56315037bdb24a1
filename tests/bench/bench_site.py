"""The nginx that benches measure: one small page at two ports, one with a
P-256 and one with an RSA-2048 certificate, HTTP/2 offered, keep-alive off.
"""
import os
import pathlib
import subprocess

from process import Process, until
from servers import find_program, free_ports, port_answers

KEYS = {"P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "RSA-2048": ["-newkey", "rsa:2048"]}


class BenchSite:
    def __init__(self, dir):
        self.dir = pathlib.Path(dir)
        self.ca_file = self.dir / "ca.pem"
        self.ports = {}
        self.process = None

    def openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True,
                       capture_output=True)

    def make_certificates(self):
        self.openssl("req", "-x509", *KEYS["P-256"], "-nodes", "-days", "30",
                     "-subj", "/CN=bench CA", "-keyout", self.dir / "ca.key",
                     "-out", self.ca_file)
        (self.dir / "ext").write_text(
            "subjectAltName=DNS:bench.test,DNS:*.delay.test,IP:127.0.0.1\n"
            "extendedKeyUsage=serverAuth\n")
        for name, key in KEYS.items():
            self.openssl("req", *key, "-nodes", "-subj", "/CN=bench.test",
                         "-keyout", self.dir / f"{name}.key", "-out",
                         self.dir / f"{name}.csr")
            self.openssl("x509", "-req", "-in", self.dir / f"{name}.csr",
                         "-CA", self.ca_file, "-CAkey", self.dir / "ca.key",
                         "-CAcreateserial", "-days", "30", "-extfile",
                         self.dir / "ext", "-out", self.dir / f"{name}.pem")

    def start(self):
        self.dir.mkdir(parents=True)
        self.make_certificates()
        self.plain_port, *ports = free_ports(1 + len(KEYS))
        self.ports = dict(zip(KEYS, ports))
        (self.dir / "www").mkdir()
        (self.dir / "www" / "index.html").write_text(
            "<!doctype html><title>Acme</title><p>Get a quote</p>\n"
            + "<!-- as much as a small page has -->\n" * 60)
        servers = "".join(f"""
  server {{
    listen 127.0.0.1:{port} ssl http2 backlog=1024;
    ssl_certificate {self.dir}/{name}.pem;
    ssl_certificate_key {self.dir}/{name}.key;
    root {self.dir}/www;
  }}""" for name, port in self.ports.items())
        temp = "".join(f"  {kind}_temp_path {self.dir}/temp;\n" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.dir / "nginx.conf").write_text(f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
pid {self.dir}/nginx.pid;
error_log {self.dir}/error.log warn;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_timeout 0;
{temp}{servers}
  server {{
    listen 127.0.0.1:{self.plain_port};
    listen 127.0.0.2:{self.plain_port}; # two targets for self-checks
    return 204;
  }}
}}
""")
        self.process = Process(
            "nginx", [find_program("nginx"), "-e", self.dir / "error.log",
                      "-c", self.dir / "nginx.conf"],
            self.dir / "nginx.log").start()
        for port in self.ports.values():
            until("nginx listens", 10, lambda: port_answers(port), pause=0.02)
        return self

    def url(self, key="P-256", path="/"):
        # By address: neither side asks a name server.
        return f"https://127.0.0.1:{self.ports[key]}{path}"

    def stop(self):
        if self.process is not None:
            self.process.stop()
