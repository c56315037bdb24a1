"""A real nginx with certificates that are odd rather than plainly wrong.

Beside those of nginx_site.py, whose tools make them: chains with two ways,
names of every form, strange authorities, and OCSP answers to be ignored.
"""
import os
import shutil
import subprocess
import time

from fleet import shifted_clock
from nginx_site import NginxSite
from process import Process, until
from servers import find_program, free_ports, port_answers

CA = "basicConstraints=critical,CA:true\nkeyUsage=keyCertSign,cRLSign,digitalSignature\n"
SERVER = "extendedKeyUsage=serverAuth\n"
MUST_STAPLE = "tlsfeature=status_request\n"
DAY_S = 86400


def at(day):
    """So many days from now, as `openssl ca` wants it."""
    return time.strftime("%Y%m%d%H%M%SZ",
                         time.gmtime(time.time() + day * DAY_S))


def sct_list(count):
    """An extension with so many timestamps; who signed them is nobody's matter."""
    sct = (b"\0" + bytes(32) + bytes(8) + b"\0\0" + b"\x04\x03\0\x08" + bytes(8))
    items = b"".join(len(sct).to_bytes(2, "big") + sct for _ in range(count))
    whole = len(items).to_bytes(2, "big") + items
    assert len(whole) < 128, "needs a longer length"
    octets = b"\x04" + bytes([len(whole)]) + whole
    return f"1.3.6.1.4.1.11129.2.4.2=DER:{octets.hex()}\n"


class TlsSite(NginxSite):
    def __init__(self, dir):
        super().__init__(dir)
        self.names = []  # of vhosts; the first is the default
        self.port = None
        self.process = None

    def leaf(self, name, issuer, send=None, names=None, more=SERVER, **how):
        home = self.issue(name, issuer,
                          f"subjectAltName={names or f'DNS:{name}.test'}\n{more}"
                          if names != "" else more or "keyUsage=digitalSignature\n",
                          **how)
        self.chain(home, *((issuer,) if send is None else send))
        self.names.append(name)
        return home

    def middle(self, name, issuer, ext=CA, **how):
        home = self.issue(name, issuer, ext, **how)
        self.authority(home)
        return home

    def cross_sign(self, name, root, by, **how):
        """The root's own name and key, in a certificate by another."""
        home = self.dir / name
        home.mkdir()
        shutil.copy(root / "key.pem", home / "key.pem")
        self.openssl("x509", "-x509toreq", "-in", root / "cert.pem", "-signkey",
                     home / "key.pem", "-out", home / "csr.pem")
        (home / "ext.cnf").write_text(CA)
        self.sign(home, by, **how)
        return home

    def sign(self, home, issuer, start=-30, end=30):
        self.openssl("ca", "-batch", "-notext", "-config", issuer / "ca.cnf",
                     "-md", "sha256", "-startdate", at(start), "-enddate",
                     at(end), "-extfile", home / "ext.cnf", "-in",
                     home / "csr.pem", "-out", home / "cert.pem")

    def old_root(self, name):
        """A root that expired yesterday."""
        home = self.dir / name
        home.mkdir()
        self.key(home / "key.pem", "ec")
        self.openssl("req", "-new", "-key", home / "key.pem", "-subj",
                     f"/CN={name} root", "-out", home / "csr.pem")
        (home / "ext.cnf").write_text(CA)
        self.authority(home)
        self.openssl("ca", "-batch", "-notext", "-selfsign", "-config",
                     home / "ca.cnf", "-startdate", at(-60), "-enddate", at(-1),
                     "-extfile", home / "ext.cnf", "-in", home / "csr.pem",
                     "-out", home / "cert.pem")
        return home

    def answer(self, home, issuer, signer=None, about=None, index=None,
               shift_s=0):
        """An OCSP answer: by `signer`, about another certificate, from another
        index, or of another time."""
        signer = signer or issuer
        self.openssl("ocsp", "-issuer", issuer / "cert.pem", "-cert",
                     (about or home) / "cert.pem", "-reqout", home / "req.der")
        env = shifted_clock(shift_s) if shift_s else {}
        subprocess.run(
            ["openssl", "ocsp", "-index", index or issuer / "index.txt", "-CA",
             issuer / "cert.pem", "-rsigner", signer / "cert.pem", "-rkey",
             signer / "key.pem", "-reqin", home / "req.der", "-respout",
             home / "staple.der", "-ndays", "7"], check=True,
            capture_output=True, env={**os.environ, **env})

    def revoke(self, home, issuer):
        self.openssl("ca", "-config", issuer / "ca.cnf", "-revoke",
                     home / "cert.pem")

    def make_certificates(self):
        ca = self.root("ca")
        old = self.old_root("old")
        (self.dir / "ca.pem").write_text((ca / "cert.pem").read_text() +
                                         (old / "cert.pem").read_text())
        middle = self.middle("middle", ca)
        self.make_chains(ca, old, middle)
        self.make_names(middle)
        self.make_keys(middle)
        self.make_staples(ca, middle)

    def make_chains(self, ca, old, middle):
        self.leaf("address", middle, names="DNS:address.test,IP:127.0.0.1")
        # As with DST Root CA X3: the server sends the way that has expired.
        self.leaf("crossed", middle,
                  send=(middle, self.cross_sign("cross", ca, old)))
        self.leaf("crossed-out", middle,
                  send=(middle, self.cross_sign("cross-out", ca, old, end=-2)))
        stale = self.middle("stale-middle", ca, start=-30, end=-1)
        self.leaf("under-stale", stale)
        self.leaf("under-sha1", self.middle("sha1-middle", ca, md="sha1"))
        self.leaf("under-1024", self.middle("rsa-1024-middle", ca, kind="1024"))
        self.leaf("under-leaf", self.middle(
            "no-ca", middle, "keyUsage=digitalSignature\n"),
            send=(self.dir / "no-ca", middle))
        self.leaf("constrained", self.middle(
            "narrow", ca, CA + "nameConstraints=permitted;DNS:allowed.test\n"))
        self.leaf("with-root", middle, send=(middle, ca))
        self.leaf("shuffled", middle, send=(ca, old, middle))
        self.leaf("ca-leaf", middle, more=CA + SERVER)
        self.names.append("own")
        home = self.dir / "own"
        home.mkdir()
        self.key(home / "key.pem", "ec")
        self.openssl("req", "-x509", "-new", "-key", home / "key.pem", "-days",
                     "30", "-subj", "/CN=own.test", "-out", home / "cert.pem",
                     "-addext", "subjectAltName=DNS:own.test")
        self.chain(home)

    def make_names(self, middle):
        self.leaf("wild", middle, names="DNS:*.wild.test")
        self.leaf("idn", middle, names="DNS:xn--grn-ioa.test")
        self.leaf("cn-only", middle, names="")
        self.leaf("logged", middle, more=SERVER + sct_list(2))

    def make_keys(self, middle):
        self.leaf("rsa", middle, kind="2048")
        home = self.dir / "ed"
        home.mkdir()
        self.leaf("ed", middle, kind="ed25519")

    def key(self, path, kind):
        if kind == "ed25519":
            self.openssl("genpkey", "-algorithm", "ed25519", "-out", path)
        else:
            super().key(path, kind)

    def make_staples(self, ca, middle):
        helper = self.issue("helper", middle, "extendedKeyUsage=OCSPSigning\n")
        other = self.root("other")
        empty = self.dir / "empty.txt"
        empty.write_text("")
        more = SERVER + MUST_STAPLE
        self.answer(self.leaf("must-and-does", middle, more=more), middle)
        self.leaf("must-and-does-not", middle, more=more)
        self.answer(self.leaf("must-and-stale", middle, more=more), middle,
                    shift_s=-30 * DAY_S)
        good = self.leaf("good", middle)
        self.answer(good, middle, signer=helper)
        homes = {name: self.leaf(name, middle) for name in (
            "revoked", "revoked-by-helper", "revoked-long-ago",
            "revoked-by-stranger", "revoked-by-server", "of-another", "unknown",
            "garbage")}
        for name in homes:
            if name.startswith("revoked"):
                self.revoke(homes[name], middle)
        self.answer(homes["revoked"], middle)
        self.answer(homes["revoked-by-helper"], middle, signer=helper)
        self.answer(homes["revoked-long-ago"], middle, shift_s=-30 * DAY_S)
        self.answer(homes["revoked-by-stranger"], middle, signer=other)
        self.answer(homes["revoked-by-server"], middle, signer=good)
        self.answer(homes["of-another"], middle, about=homes["revoked"])
        self.answer(homes["unknown"], middle, index=empty)
        (homes["garbage"] / "staple.der").write_bytes(
            b"\x30\x03\x0a\x01\x06")  # unauthorized: no answer inside

    # ---- nginx ----

    def choose_ports(self):
        self.port, self.plain_port = free_ports(2)

    def server(self, name, listen="ssl http2"):
        home = self.dir / name
        staple = home / "staple.der"
        hosts = {"wild": "*.wild.test wild.test", "idn": "xn--grn-ioa.test"}
        return (f"  server {{ listen 127.0.0.1:{self.port} {listen};"
                f" server_name {hosts.get(name, f'{name}.test')};"
                f" ssl_certificate {home}/chain.pem;"
                f" ssl_certificate_key {home}/key.pem;"
                + (f" ssl_stapling on; ssl_stapling_file {staple};"
                   if staple.exists() else "") + " return 204; }\n")

    def configure(self):
        temp = "".join(f"  {kind}_temp_path {self.dir}/temp-{kind};\n"
                       for kind in ("client_body", "proxy", "fastcgi", "uwsgi",
                                    "scgi"))
        (self.dir / "nginx.conf").write_text(
            ("user root;\n" if os.geteuid() == 0 else "")
            + f"daemon off;\npid {self.dir}/nginx.pid;\n"
            f"error_log {self.dir}/error.log;\nworker_processes 1;\n"
            "events { worker_connections 512; }\nhttp {\n" + temp
            + "  access_log off;\n  server_names_hash_bucket_size 128;\n"
            + "".join(self.server(name) for name in self.names)
            + f"  server {{ listen 127.0.0.1:{self.plain_port}; return 204; }}\n"
            + "}\n")
        (self.dir / "openssl.cnf").write_text(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
            "[c]\nCipherString = DEFAULT@SECLEVEL=0\n")

    def start(self):
        self.dir.mkdir(parents=True, exist_ok=True)
        self.make_certificates()
        self.choose_ports()
        self.configure()
        self.process = Process(
            "nginx", [find_program("nginx"), "-c", self.dir / "nginx.conf", "-e",
                      self.dir / "error.log"], self.dir / "nginx.log",
            env={"OPENSSL_CONF": str(self.dir / "openssl.cnf")}).start()
        until("nginx listens", 20, lambda: port_answers(self.port), pause=0.02)
        return self

    def stop(self):
        if self.process is not None:
            self.process.stop()
