"""The nginx that benches measure: one small page at two ports, one with a
P-256 and one with an RSA-2048 certificate, HTTP/2 offered, keep-alive off.
"""
from servers import Nginx, free_ports

KEYS = {"P-256": Nginx.EC, "RSA-2048": Nginx.RSA}
EXTENSIONS = ["subjectAltName=DNS:bench.test,DNS:*.delay.test,IP:127.0.0.1",
              "extendedKeyUsage=serverAuth"]


class BenchSite(Nginx):
    def __init__(self, dir):
        super().__init__(dir)
        self.ports = {}

    def make_certificates(self):
        self.make_authority("bench CA")
        for name, key in KEYS.items():
            self.make_certificate(name, key, "bench.test", EXTENSIONS)

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
        self.run(f"  keepalive_timeout 0;\n{servers}", self.plain_port,
                 self.ports.values(), connections=4096)
        return self

    def url(self, key="P-256", path="/"):
        # By address: neither side asks a name server.
        return f"https://127.0.0.1:{self.ports[key]}{path}"
