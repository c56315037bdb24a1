"""What agents measure and mail goes to: a real nginx, a real nsd, real SMTP.

All of it on loopback, on ports that were free; nothing of it knows leadline.
"""
import email
import email.policy
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

from aiosmtpd.controller import Controller

from process import Process, until

PAGE = ("<!doctype html><html lang=en><title>Acme</title>"
        "<h1>Acme Anvils</h1><a href=/contact>Get a quote</a></html>\n")


def free_ports(count, host="127.0.0.1"):
    """Ports that nobody has now, all different."""
    held = [socket.create_server((host, 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in held]
    for sock in held:
        sock.close()
    return ports


def port_answers(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def find_program(name):
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is None:
        raise SystemExit(f"{name} is not installed")
    return path


class Nginx:
    """One nginx with an authority of its own, in a folder of its own."""

    EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    RSA = ["-newkey", "rsa:2048"]

    def __init__(self, dir):
        self.dir = pathlib.Path(dir)
        self.ca_file = self.dir / "ca.pem"
        self.process = None
        self.environment = {}  # of openssl
        self.days = 30         # that certificates are good for

    def openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True,
                       capture_output=True,
                       env={**os.environ, **self.environment})

    def make_authority(self, name):
        self.openssl("req", "-x509", *self.EC, "-nodes", "-days", "30",
                     "-subj", f"/CN={name}", "-keyout", self.dir / "ca.key",
                     "-out", self.ca_file)

    def make_certificate(self, file, key, host, extensions):
        """FILE.key and FILE.pem."""
        (self.dir / "ext").write_text("".join(
            f"{line}\n" for line in extensions))
        self.openssl("req", *key, "-nodes", "-subj", f"/CN={host}",
                     "-keyout", self.dir / f"{file}.key", "-out",
                     self.dir / f"{file}.csr")
        self.openssl("x509", "-req", "-in", self.dir / f"{file}.csr",
                     "-CA", self.ca_file, "-CAkey", self.dir / "ca.key",
                     "-CAcreateserial", "-days", str(self.days), "-extfile",
                     self.dir / "ext", "-out", self.dir / f"{file}.pem")

    def run(self, http, plain_port, ports, connections=1024):
        """Starts it with this in its http block, until `ports` answer.
        `plain_port` says 204 at two addresses, for self-checks: reached means
        that it is not the agent that is cut off.
        """
        temp = "".join(f"  {kind}_temp_path {self.dir}/temp;\n" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.dir / "nginx.conf").write_text(f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
pid {self.dir}/nginx.pid;
error_log {self.dir}/error.log warn;
worker_processes 1;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
{temp}{http}
  server {{
    listen 127.0.0.1:{plain_port};
    listen 127.0.0.2:{plain_port};
    return 204;
  }}
}}
""")
        self.process = Process(
            "nginx", [find_program("nginx"), "-e", self.dir / "error.log",
                      "-c", self.dir / "nginx.conf"],
            self.dir / "nginx.log").start()
        for port in ports:
            until("nginx listens", 10, lambda: port_answers(port), pause=0.02)

    def stop(self):
        if self.process is not None:
            self.process.stop()


class Site(Nginx):
    """An nginx with one certificate authority and a few named sites.

    For each NAME: https://NAME.test:PORT/ (200, PAGE), /redirect (301 to /),
    /missing (404), /slow (never answers); https://www.NAME.test:PORT/ (301 to
    the former).  Whatever comes from an address for which drop() was called
    gets no answer, from the next request on.
    """

    def __init__(self, dir, names=("acme",)):
        super().__init__(dir)
        self.names = names

    def make_certificates(self):
        self.make_authority("leadline test CA")
        names = ",".join(f"DNS:{name}.test,DNS:www.{name}.test"
                         for name in self.names)
        self.make_certificate("site", self.EC, f"{self.names[0]}.test",
                              [f"subjectAltName={names},IP:127.0.0.1"])

    def server(self, name):
        dropped = self.dir / "dropped" / name
        dropped.mkdir(parents=True)
        return f"""
  server {{
    listen 127.0.0.1:{self.port} ssl http2;
    server_name {name}.test;
    if (-f {dropped}/$remote_addr) {{ return 444; }}
    if (-f {dropped}/all) {{ return 444; }}
    root {self.dir}/www;
    location = /redirect {{ return 301 https://{name}.test:{self.port}/; }}
    location = /slow {{ proxy_pass http://127.0.0.1:{self.silent_port}; }}
  }}
  server {{
    listen 127.0.0.1:{self.port} ssl http2;
    server_name www.{name}.test;
    return 301 https://{name}.test:{self.port}$request_uri;
  }}"""

    def start(self):
        self.dir.mkdir(parents=True)
        self.make_certificates()
        self.port, self.plain_port, self.silent_port = free_ports(3)
        (self.dir / "www").mkdir()
        (self.dir / "www" / "index.html").write_text(PAGE)
        # Accepts, and never says anything.
        self.silent = socket.create_server(("127.0.0.1", self.silent_port),
                                           backlog=64)
        servers = "".join(self.server(name) for name in self.names)
        self.run(f"""
  ssl_certificate {self.dir}/site.pem;
  ssl_certificate_key {self.dir}/site.key;
  ssl_protocols TLSv1.2 TLSv1.3;
{servers}""", self.plain_port, [self.port])
        return self

    def url(self, name, path="/"):
        return f"https://{name}.test:{self.port}{path}"

    def drop(self, name, address="all"):
        (self.dir / "dropped" / name / address).touch()

    def let_through(self, name, address="all"):
        (self.dir / "dropped" / name / address).unlink()

    def stop(self):
        if self.process is not None:
            super().stop()
            self.silent.close()


class NameServer:
    """nsd, authoritative for NAME.test of each name, at 127.0.0.1."""

    def __init__(self, dir, names=("acme",)):
        self.dir = pathlib.Path(dir)
        self.names = names
        self.more = ""  # further records of each zone

    def start(self):
        self.dir.mkdir(parents=True)
        self.port, = free_ports(1)
        zones = ""
        for name in self.names:
            zones += (f"zone:\n  name: {name}.test\n"
                      f"  zonefile: {name}.zone\n")
            (self.dir / f"{name}.zone").write_text(
                f"$ORIGIN {name}.test.\n$TTL 60\n"
                "@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\n"
                "@ A 127.0.0.1\nns1 A 127.0.0.1\nwww A 127.0.0.1\n"
                "both A 127.0.0.1\nboth AAAA ::1\n" + self.more)
        (self.dir / "nsd.conf").write_text(f"""
server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.dir}"
  pidfile: ""
  database: ""
  xfrdfile: "{self.dir}/xfrd.state"
  zonelistfile: "{self.dir}/zone.list"
  server-count: 1
  rrl-ratelimit: 0
  logfile: "{self.dir}/nsd.log"
remote-control:
  control-enable: no
{zones}""")
        self.process = Process(
            "nsd", [find_program("nsd"), "-d", "-c", self.dir / "nsd.conf"],
            self.dir / "nsd.out").start()
        until("nsd listens", 10, lambda: port_answers(self.port), pause=0.02)
        return self

    @property
    def address(self):
        return f"127.0.0.1#{self.port}"

    def stop(self):
        self.process.stop()


class MailServer:
    """Takes mail at 127.0.0.1; `refuse` may name an answer to give instead."""

    def __init__(self):
        self.port, = free_ports(1)
        self.mails = []
        self.refused = 0
        self.refuse = None
        self.lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):
        with self.lock:
            if self.refuse is not None:
                self.refused += 1
                return self.refuse
            mail = email.message_from_bytes(envelope.content,
                                            policy=email.policy.default)
            mail.receivers = list(envelope.rcpt_tos)
            mail.came = time.time()
            self.mails.append(mail)
        return "250 OK"

    def start(self):
        self.controller = Controller(self, hostname="127.0.0.1",
                                     port=self.port)
        self.controller.start()
        return self

    def stop(self):
        self.controller.stop()

    def find(self, state=None, about=None):
        """Mails so far, in order, of that X-State whose subject has `about`."""
        with self.lock:
            return [mail for mail in self.mails
                    if state in (None, str(mail["X-State"]).lower())
                    and (about is None or about in mail["Subject"])]
