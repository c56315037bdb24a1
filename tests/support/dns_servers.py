"""Real name servers for tests: nsd and unbound on free ports of loopback.

Nothing of it knows leadline.  Each server's files are in a folder of its own;
all are ended by pid.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

READY_S = 20


def free_port(*hosts):
    """A port that is free by UDP and TCP on each of these addresses."""
    hosts = hosts or ("127.0.0.1",)
    for _ in range(100):
        port = 0
        held = []
        try:
            for host in hosts:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    sock = socket.socket(socket.AF_INET, kind)
                    held.append(sock)
                    sock.bind((host, port))
                    port = sock.getsockname()[1]
            return port
        except OSError:
            continue
        finally:
            for sock in held:
                sock.close()
    raise RuntimeError("no port is free on " + " ".join(hosts))


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError("%s is not installed" % name)
    return path


def wait_for_port(host, port, process):
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("server ended with %d" % process.returncode)
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("server on port %d is not ready" % port)


class Servers:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-dns-"))
        self.processes = []
        self.count = 0

    def folder(self):
        self.count += 1
        path = self.dir / str(self.count)
        path.mkdir()
        return path

    def run(self, arguments, folder, host, port):
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(arguments, cwd=folder, stdout=log,
                                       stderr=log, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        try:
            wait_for_port(host, port, process)
        except RuntimeError as failure:
            raise RuntimeError("%s\n%s" % (
                failure, (folder / "log").read_text(errors="replace")))
        return process

    def nsd(self, port, zones, host="127.0.0.1", extra=""):
        """Serves {"name": "zone file"}; None: a zone that is not there."""
        folder = self.folder()
        text = f"""server:
  ip-address: {host}@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  cookie-secret-file: ""
  server-count: 1
{extra}
remote-control:
  control-enable: no
"""
        for name, zone in zones.items():
            text += f"zone:\n  name: {name}\n  zonefile: {name}.zone\n"
            if zone is not None:
                (folder / f"{name}.zone").write_text(zone)
        (folder / "nsd.conf").write_text(text)
        return self.run([program("nsd"), "-d", "-c", str(folder / "nsd.conf")],
                        folder, host, port)

    def unbound(self, port, stubs, host="127.0.0.1", modules="iterator",
                extra=""):
        """A resolver that knows {"zone": "IP@PORT"} and nothing else."""
        folder = self.folder()
        text = f"""server:
  interface: {host}
  port: {port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  do-ip6: no
  module-config: "{modules}"
  local-zone: "test." nodefault
  root-hints: ""
  num-threads: 1
{extra}
remote-control:
  control-enable: no
"""
        for zone, server in stubs.items():
            kind = "forward" if zone == "." else "stub"
            text += (f"{kind}-zone:\n  name: \"{zone}\"\n"
                     f"  {kind}-addr: {server}\n")
        (folder / "unbound.conf").write_text(text)
        return self.run(
            [program("unbound"), "-d", "-c", str(folder / "unbound.conf")],
            folder, host, port)

    def end(self, process):
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.processes.remove(process)

    def stop(self):
        for process in list(self.processes):
            self.end(process)
        shutil.rmtree(self.dir, ignore_errors=True)
