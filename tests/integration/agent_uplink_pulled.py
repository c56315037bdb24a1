"""The plug of the agent's machine is pulled and put back, in namespaces.

While its collector alone is away, an agent's results are good.  While the
machine is cut off, what it finds down is isolated, both attempts, and casts no
vote; once the plug is back, it measures as before.

agent_uplink_pulled.py AGENT SPOOL_TOOL

Needs root, to make a network; skips where it may not.
"""
import os
import pathlib
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from process import Process, until  # noqa: E402

SKIPPED = 77
SITE, AGENT = "10.77.0.1", "10.77.0.2"
CHECKS, INTERVAL_MS = 10, 5000
# A probe's timeout, a pause and a round of the self-check.
JUDGED_MS = INTERVAL_MS / 4 + 500 + 2000
QR_REFUSED = 0x8005


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


class World:
    """Who listens at the site's end: two ports of TCP and one of DNS."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.listeners = [socket.create_server((SITE, 0)) for _ in range(3)]
        self.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.dns.bind((SITE, 0))
        for sock in (*self.listeners, self.dns):
            self.selector.register(sock, selectors.EVENT_READ)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is not self.dns:
                    key.fileobj.accept()[0].close()
                    continue
                # An answer, if only "refused", says that there is a way.
                query, whom = self.dns.recvfrom(512)
                self.dns.sendto(query[:2] + QR_REFUSED.to_bytes(2, "big")
                                + query[4:], whom)

    def ports(self):
        return [sock.getsockname()[1] for sock in self.listeners]


def configuration(world):
    _, *targets = world.ports()
    return (f"endpoint: tcp://{SITE}:9\ncollector_key: {'33' * 32}\nname: eu1\n"
            "self_check:\n  targets: ["
            + ", ".join(f'"{SITE}:{port}"' for port in targets)
            + f"]\n  resolvers: [\"{SITE}#{world.dns.getsockname()[1]}\"]\n")


def make_network():
    """Gives a process that holds the agent's network."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    # Until it has left our namespace, the link would stay with us.
    ours = os.readlink("/proc/self/ns/net")
    until("a namespace of its own", 5, lambda: os.readlink(
        f"/proc/{holder.pid}/ns/net") != ours, pause=0.01)
    run("ip", "link", "add", "plug", "type", "veth", "peer", "name", "eth7",
        "netns", holder.pid)
    run("ip", "link", "set", "lo", "up")
    run("ip", "addr", "add", f"{SITE}/24", "dev", "plug")
    run("ip", "link", "set", "plug", "up")
    inside = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
    run(*inside, "ip", "link", "set", "lo", "up")
    run(*inside, "ip", "addr", "add", f"{AGENT}/24", "dev", "eth7")
    run(*inside, "ip", "link", "set", "eth7", "up")
    run(*inside, "ip", "route", "add", "default", "via", SITE)
    return holder, inside


class Cut:
    def __init__(self, root, agent, tool):
        self.dir = pathlib.Path(root) / "agent"
        self.tool = tool
        self.world = World()
        self.holder, self.inside = make_network()
        self.dir.mkdir(mode=0o700)
        (self.dir / "agent.yaml").write_text(configuration(self.world))
        (self.dir / "agent.key").touch(mode=0o600)
        (self.dir / "agent.key").write_text(f"{'11' * 32}\n{'22' * 32}\n")
        run(tool, "assign_tcp", self.dir / "spool", CHECKS, INTERVAL_MS, SITE,
            self.world.ports()[0])
        self.agent = Process("agent", [*self.inside, agent, "run", "--dir",
                                       self.dir], self.dir / "log")

    def end(self):
        self.agent.kill()
        self.holder.kill()
        self.holder.wait()

    def go(self):
        # At a slot's beginning, or some checks would wait for the next one.
        time.sleep(-time.time() % (INTERVAL_MS / 1000))
        self.agent.start()
        self.agent.wait_for_log("self_check.good")
        time.sleep(2)  # none waits longer than a quarter of the interval
        self.cut_ms = time.time() * 1000
        run("ip", "link", "set", "plug", "down")
        # Each check comes once, waits a quarter of the interval, and is held
        # until the self-check has answered; some come a second time.
        time.sleep(1.25 * INTERVAL_MS / 1000 + 6)
        self.up_ms = time.time() * 1000
        run("ip", "link", "set", "plug", "up")
        # The kernel of the other end may take a second to see the carrier.
        until("there is a way again", 10, self.has_way, pause=0.05)
        self.back_ms = time.time() * 1000
        time.sleep(4)
        code = self.agent.stop()
        assert code == 0, code

    def has_way(self):
        return subprocess.run(
            [*self.inside, sys.executable, "-c",
             "import socket, sys; socket.create_connection("
             "(sys.argv[1], int(sys.argv[2])), 1)",
             SITE, str(self.world.ports()[1])],
            stderr=subprocess.DEVNULL, check=False).returncode == 0

    def records(self):
        out = subprocess.run([self.tool, "dump", self.dir / "spool"],
                             capture_output=True, text=True, check=True)
        return [line.split() for line in out.stdout.splitlines()]


def vote(attempts):
    """The last attempt that votes; None if none does, or if it was `down` and
    not confirmed yet: what failed as the plug came back has a second attempt.
    """
    voted = None
    for _, _, _, attempt, status, _, flags, _ in attempts:
        if "I" in flags or status == "error":
            continue
        voted = None if (status, attempt) == ("down", "0") else status
    return voted


def look(cut):
    records = cut.records()
    before = [r for r in records if int(r[7]) < cut.cut_ms - 500]
    assert len(before) >= CHECKS, f"{len(before)} results before the cut"
    odd = [r for r in before if r[4] != "up" or "I" in r[6]]
    assert not odd, f"with only the collector away: {odd[:5]}"

    down = [r for r in records if r[4] == "down"]
    isolated = [r for r in down if "I" in r[6]]
    second = {r[3] for r in isolated}
    assert second == {"0", "1"}, f"isolated are attempts {second}"
    odd = [r for r in down if "I" not in r[6]
           and int(r[7]) < cut.up_ms - JUDGED_MS]
    assert not odd, f"not isolated during the cut: {odd[:5]}"
    assert len({r[1] for r in isolated}) == CHECKS, "not every check was"
    slots = {}
    for record in records:
        slots.setdefault((record[1], record[2]), []).append(record)
    voted = {slot: tried for slot, tried in slots.items()
             if vote(tried) == "down"}
    assert not voted, f"votes of down: {voted}"

    after = [r for r in records if int(r[7]) > cut.back_ms + 500 and
             r[3] == "0"]
    odd = [r for r in after if r[4] != "up" or "I" in r[6]]
    assert after and not odd, f"after the cut: {odd[:5]} of {len(after)}"
    print(f"{len(before)} results before, {len(isolated)} isolated, "
          f"{len(after)} after; no vote of down")


def main():
    if os.environ.get("IN_OWN_NET") != "1":
        may = subprocess.run(["unshare", "--net", "true"], capture_output=True,
                             check=False)
        if may.returncode != 0:
            print("SKIPPED: no network of one's own here: "
                  + may.stderr.decode().strip())
            return SKIPPED
        os.environ["IN_OWN_NET"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as root:
        cut = Cut(root, *sys.argv[1:3])
        try:
            cut.go()
            look(cut)
        except BaseException:
            print(cut.agent.log_tail())
            raise
        finally:
            cut.end()
    return 0


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
sys.exit(main())
