#!/usr/bin/python3
"""A real nginx on loopback, with certificates of every kind of wrong.

    nginx_site.py start DIR    makes certificates and configuration in DIR,
                               starts nginx, prints "NAME PORT" lines
                               (also in DIR/ports)
    nginx_site.py stop DIR     ends it

Ports: http, https (HTTP/2, TLS 1.2 and 1.3), https1 (HTTP/1.1, TLS 1.2).
Trust DIR/ca.pem.  The names are NAME.test, for each of NAMES below; resolve
them to 127.0.0.1 by the check's `resolve`.  The access log DIR/access.log has
a line "HOST REQUEST_LINE USER_AGENT" for each request, DIR/detail.log one of
NAME=VALUE words.  Other tests may import this: NginxSite(dir).start().
"""
import gzip
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

# What each name's certificate is; `ok` also holds 127.0.0.1 and ::1.
NAMES = ["ok", "www", "expired", "future", "wrong", "selfsigned", "untrusted",
         "incomplete", "revoked", "good-staple", "weaksig", "weakkey",
         "purpose", "everything"]

CA_CONF = """
[ca]
default_ca = it
[it]
database = {dir}/index.txt
new_certs_dir = {dir}
rand_serial = yes
certificate = {dir}/cert.pem
private_key = {dir}/key.pem
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""

LOCATIONS = """
    root {dir}/html;
    default_type text/html;
    gzip on;
    gzip_min_length 100;
    location = /close {{ return 444; }}
    location = /loop-a {{ return 301 /loop-b; }}
    location = /loop-b {{ return 302 /loop-a; }}
    location = /to-ok {{ return 301 /; }}
    location = /to-www {{ return 301 https://www.test:{https}/; }}
    location = /to-expired {{ return 301 https://expired.test:{https}/; }}
    location = /down-to-http {{ return 302 http://ok.test:{http}/; }}
    location = /slow {{ gzip off; limit_rate 1k; try_files /big.html =404; }}
    location = /ids {{ add_header X-Release 2026-11-24.3 always;
        add_header X-Request-Id $request_id always; try_files /index.html =404; }}
    location = /sticky {{ add_header Set-Cookie "session=1; Path=/" always;
        add_header Strict-Transport-Security "max-age=31536000" always;
        try_files /index.html =404; }}
    location = /sticky-to-www {{ add_header Set-Cookie "session=1; Path=/" always;
        add_header Strict-Transport-Security "max-age=31536000" always;
        return 302 https://www.test:{https}/; }}
    location = /to-file {{ return 302 file:///etc/passwd; }}
    location = /to-mail {{ return 302 mailto:me@ok.test; }}
    location = /bomb {{ gzip off; add_header Content-Encoding gzip;
        try_files /bomb.gz =404; }}
    location = /many-headers {{ include {dir}/many-headers; return 204; }}
    location = /busy {{ return 503 "busy\\n"; }}
    add_header X-Request-Id $request_id always;
"""


class NginxSite:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory).resolve()
        self.ports = {}

    # ---- certificates ----

    def openssl(self, *args):
        subprocess.run(["openssl", *map(str, args)], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)

    def key(self, path, kind):
        if kind == "ec":
            self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                         "-out", path)
        else:
            self.openssl("genrsa", "-out", path, kind)

    def root(self, name):
        home = self.dir / name
        home.mkdir()
        self.key(home / "key.pem", "ec")
        self.openssl("req", "-x509", "-new", "-key", home / "key.pem", "-days",
                     "30", "-subj", f"/CN={name} root", "-out",
                     home / "cert.pem", "-addext", "keyUsage=keyCertSign")
        self.authority(home)
        return home

    def authority(self, home):
        (home / "index.txt").write_text("")
        (home / "ca.cnf").write_text(CA_CONF.format(dir=home))

    def issue(self, name, issuer, ext, kind="ec", md="sha256", start=-1, end=30):
        """A certificate valid from day `start` to day `end`."""
        home = self.dir / name
        home.mkdir(exist_ok=True)
        self.key(home / "key.pem", kind)
        self.openssl("req", "-new", "-key", home / "key.pem", "-subj",
                     f"/CN={name}.test", "-out", home / "csr.pem")
        (home / "ext.cnf").write_text(ext)

        def at(day):
            return time.strftime("%Y%m%d%H%M%SZ",
                                 time.gmtime(time.time() + day * 86400))

        self.openssl("ca", "-batch", "-notext", "-config", issuer / "ca.cnf",
                     "-md", md, "-startdate", at(start), "-enddate", at(end),
                     "-extfile", home / "ext.cnf", "-in", home / "csr.pem",
                     "-out", home / "cert.pem")
        return home

    def chain(self, home, *others):
        parts = [home / "cert.pem", *[o / "cert.pem" for o in others]]
        (home / "chain.pem").write_text(
            "".join(p.read_text() for p in parts))

    def staple(self, home, issuer):
        """The issuer's OCSP answer of what it thinks of this certificate now."""
        self.openssl("ocsp", "-issuer", issuer / "cert.pem", "-cert",
                     home / "cert.pem", "-reqout", home / "req.der")
        self.openssl("ocsp", "-index", issuer / "index.txt", "-CA",
                     issuer / "cert.pem", "-rsigner", issuer / "cert.pem",
                     "-rkey", issuer / "key.pem", "-reqin", home / "req.der",
                     "-respout", home / "staple.der", "-ndays", "7")

    def make_certificates(self):
        ca = self.root("ca")
        other = self.root("other")
        middle = self.issue("middle", ca,
                            "basicConstraints=critical,CA:true\n"
                            "keyUsage=keyCertSign,cRLSign,digitalSignature\n")
        self.authority(middle)
        shutil.copy(ca / "cert.pem", self.dir / "ca.pem")

        def leaf(name, issuer=middle, send=(middle,), names=None, more="",
                 **how):
            names = names or f"DNS:{name}.test"
            home = self.issue(name, issuer,
                              f"subjectAltName={names}\n{more}", **how)
            self.chain(home, *send)
            return home

        server = "extendedKeyUsage=serverAuth\n"
        leaf("ok", names="DNS:ok.test,IP:127.0.0.1,IP:::1", more=server)
        leaf("www", more=server)
        leaf("expired", start=-30, end=-1)
        leaf("future", start=2, end=30)
        leaf("wrong", names="DNS:right.test,DNS:*.right.test")
        leaf("untrusted", issuer=other, send=(other,))
        leaf("incomplete", send=())
        leaf("weaksig", md="sha1")
        leaf("weakkey", kind="1024")
        leaf("purpose", more="extendedKeyUsage=clientAuth\n")
        leaf("everything", issuer=other, send=(other,), names="DNS:right.test",
             more="extendedKeyUsage=clientAuth\n", kind="1024", md="sha1",
             start=-30, end=-1)
        revoked = leaf("revoked")
        self.staple(leaf("good-staple"), middle)
        self.openssl("ca", "-config", middle / "ca.cnf", "-revoke",
                     revoked / "cert.pem")
        self.staple(revoked, middle)
        home = self.dir / "selfsigned"
        home.mkdir()
        self.key(home / "key.pem", "ec")
        self.openssl("req", "-x509", "-new", "-key", home / "key.pem", "-days",
                     "30", "-subj", "/CN=selfsigned.test", "-out",
                     home / "chain.pem", "-addext",
                     "subjectAltName=DNS:selfsigned.test")

    # ---- nginx ----

    def choose_ports(self):
        taken = []
        for name in ("http", "https", "https1"):
            sock = socket.socket()
            sock.bind(("127.0.0.1", 0))
            self.ports[name] = sock.getsockname()[1]
            taken.append(sock)
        for sock in taken:
            sock.close()
        (self.dir / "ports").write_text(
            "".join(f"{n} {p}\n" for n, p in self.ports.items()))

    def server(self, listen, name, tls):
        lines = [f"  server {{ listen 127.0.0.1:{listen}; server_name {name}.test;"]
        if tls:
            home = self.dir / name
            lines.append("    ssl_protocols TLSv1.2 TLSv1.3;"
                         f" ssl_certificate {home}/chain.pem;"
                         f" ssl_certificate_key {home}/key.pem;")
            if (home / "staple.der").exists():
                lines.append("    ssl_stapling on;"
                             f" ssl_stapling_file {home}/staple.der;")
        lines.append(LOCATIONS.format(dir=self.dir, **self.ports))
        return "\n".join(lines) + "  }\n"

    def configure(self):
        html = self.dir / "html"
        html.mkdir()
        (html / "index.html").write_text(
            "<!doctype html><title>Acme</title><p>Get a quote</p>\n"
            + "<!-- fill fill fill fill fill fill fill fill -->\n" * 40)
        (html / "big.html").write_text("0123456789abcdef" * 6400)
        with open(html / "huge.html", "wb") as out:
            out.truncate(11 << 20)
        with gzip.open(html / "bomb.gz", "wb") as out:
            out.write(bytes(11 << 20))
        (self.dir / "many-headers").write_text(
            "".join(f"add_header X-Fill-{n} {'x' * 4000};\n"
                    for n in range(80)))
        chosen = self.ports
        servers = [self.server(chosen["http"], "ok", False)]
        for name in NAMES:
            servers.append(self.server(f"{chosen['https']} ssl http2", name,
                                       True))
        servers.append(self.server(f"{chosen['https1']} ssl", "ok", True)
                       .replace(" TLSv1.3;", ";", 1))
        for name in ("revoked", "good-staple"):
            servers.append(self.server(f"{chosen['https1']} ssl", name, True)
                           .replace(" TLSv1.3;", ";", 1))
        hops = "".join(f"    location = /hop/{n} {{ return 302 /hop/{n + 1}; }}\n"
                       for n in range(20))
        servers[0] = servers[0].replace("    root ", hops + "    root ", 1)
        user = "user root;\n" if os.geteuid() == 0 else ""
        temp = "".join(f"  {kind}_temp_path {self.dir}/temp-{kind};\n"
                       for kind in ("client_body", "proxy", "fastcgi", "uwsgi",
                                    "scgi"))
        (self.dir / "nginx.conf").write_text(
            user + f"pid {self.dir}/nginx.pid;\n"
            f"error_log {self.dir}/error.log;\nworker_processes 1;\n"
            "events { worker_connections 512; }\nhttp {\n" + temp
            + "  log_format short '$host \"$request\" \"$http_user_agent\"';\n"
            "  log_format long 'sni=$ssl_server_name host=$http_host "
            "uri=$uri reused=$ssl_session_reused connection=$connection "
            "request=$connection_requests cookie=$http_cookie "
            "key=$http_x_key authorization=$http_authorization "
            "id=$http_x_request_id trace=$http_traceparent';\n"
            f"  access_log {self.dir}/access.log short;\n"
            f"  access_log {self.dir}/detail.log long;\n" + "".join(servers)
            + "}\n")
        # Weak keys and signatures are refused above security level 0.
        (self.dir / "openssl.cnf").write_text(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
            "[c]\nCipherString = DEFAULT@SECLEVEL=0\n")

    def wait_until_it_listens(self):
        for port in self.ports.values():
            end = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.02)

    def start(self):
        self.dir.mkdir(parents=True, exist_ok=True)
        self.make_certificates()
        self.choose_ports()
        self.configure()
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
        if nginx is None:
            sys.exit("nginx_site: nginx is not installed")
        subprocess.run([nginx, "-c", self.dir / "nginx.conf", "-e",
                        self.dir / "error.log"], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       env={**os.environ,
                            "OPENSSL_CONF": str(self.dir / "openssl.cnf")})
        self.wait_until_it_listens()
        return self

    def stop(self):
        try:
            os.kill(int((self.dir / "nginx.pid").read_text()), signal.SIGTERM)
        except (OSError, ValueError):
            pass


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit(__doc__)
    site = NginxSite(sys.argv[2])
    if sys.argv[1] == "stop":
        site.stop()
        return
    try:
        site.start()
    except subprocess.CalledProcessError as failed:
        sys.exit(f"nginx_site: {failed}: "
                 f"{(failed.stderr or b'').decode(errors='replace')}")
    print((site.dir / "ports").read_text(), end="")


if __name__ == "__main__":
    main()
