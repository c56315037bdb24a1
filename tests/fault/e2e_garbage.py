#!/usr/bin/python3
"""Garbage on the agents' port, and a clock that is wrong.

What is no agent is dropped and costs nothing that stays; the agents that are
ones do not notice.
"""
import os
import pathlib
import random
import socket
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest, shifted_clock
from process import NotYet, until

ROUNDS = 300
GROWTH_KB = 4096     # of anonymous memory, over all rounds after the first
SHIFT_S = 3600
SEED = 20261128

# What a ZeroMQ peer says first: signature, version 3.1, CURVE, not a server.
GREETING = (b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" +
            b"CURVE".ljust(20, b"\0") + b"\0" + bytes(31))


def frame(command, body):
    """A ZMTP command frame."""
    inner = bytes([len(command)]) + command + body
    return b"\x04" + bytes([len(inner)]) + inner if len(inner) < 256 else \
        b"\x06" + struct.pack(">Q", len(inner)) + inner


def garbage(chance):
    """Something that a stranger might send."""
    kind = chance.randrange(8)
    noise = chance.randbytes(chance.randrange(1, 2000))
    if kind == 0:
        return noise
    if kind == 1:
        return b"GET / HTTP/1.1\r\nHost: leadline\r\n\r\n"
    if kind == 2:
        return GREETING[:chance.randrange(len(GREETING))]
    if kind == 3:
        return GREETING + noise
    if kind == 4:
        return GREETING + frame(b"HELLO", noise[:194].ljust(194, b"\1"))
    if kind == 5:
        # A frame that promises an exabyte.
        return GREETING + b"\x06" + struct.pack(">Q", 1 << 60) + noise
    if kind == 6:
        return GREETING.replace(b"CURVE", b"NULL\0") + \
            frame(b"READY", b"\x0bSocket-Type" + struct.pack(">I", 6) +
                  b"DEALER") + b"\x00\x05hello"
    return b"\x16\x03\x01" + noise     # TLS


class Garbage(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_the_least()

    def throw(self, chance, count):
        """Sends garbage on many connections; half of them stay open."""
        opened = []
        for number in range(count):
            sock = socket.create_connection(
                ("127.0.0.1", self.fleet.port), 5)
            sock.settimeout(5)
            try:
                sock.sendall(garbage(chance))
            except OSError:
                pass
            if number % 2 == 0:
                opened.append(sock)
            else:
                sock.close()
        return opened

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.fleet.collector.pid}/fd"))

    def test_1_garbage_is_dropped_and_nothing_grows(self):
        fleet = self.fleet
        chance = random.Random(SEED)
        descriptors = self.descriptors()
        for sock in self.throw(chance, 50):
            sock.close()
        until("the first strangers are gone", 30,
              lambda: self.descriptors() <= descriptors + 2)
        fleet.wait_for_results("acme/port", 2)
        before = fleet.collector.memory_kb()
        opened = []
        for _ in range(ROUNDS // 50):
            opened += self.throw(chance, 50)
            count = len(fleet.export("acme/port"))
            fleet.wait_for_results("acme/port", count + 1, seconds=30)
        for sock in opened:
            sock.close()
        until("the strangers are gone", 30,
              lambda: self.descriptors() <= descriptors + 2)
        # A sanitizer keeps freed memory for a while, to catch its users.
        if "LEADLINE_SANITIZED" not in os.environ:
            grown = fleet.collector.memory_kb() - before
            self.assertLess(grown, GROWTH_KB)
        agents = fleet.ask("agents")["agents"]
        self.assertEqual(["present"], [agent["state"] for agent in agents])

    def test_2_dropped_is_logged_at_a_bounded_rate(self):
        log = self.fleet.collector.log_text()
        self.assertIn("intake.stranger", log)
        self.assertLess(len(log.splitlines()), 30)

    def test_3_half_open_connections_end(self):
        descriptors = self.descriptors()
        held = [socket.create_connection(("127.0.0.1", self.fleet.port), 5)
                for _ in range(100)]
        until("they are accepted", 10,
              lambda: self.descriptors() >= descriptors + 90)
        # The collector ends them: its HANDSHAKE_IVL is 10 s.
        until("they are ended", 30,
              lambda: self.descriptors() <= descriptors + 2, pause=0.3)
        for sock in held:
            sock.close()

    def test_4_a_wrong_clock_is_seen(self):
        process = self.fleet.agents["eu1"].process
        self.assertEqual(0, process.stop())
        process.env = shifted_clock(SHIFT_S)
        process.start()

        def seen():
            agent, = self.fleet.ask("agents")["agents"]
            offset = agent["clock_offset_ms"]
            if offset is None or abs(abs(offset) - SHIFT_S * 1000) > 2000:
                raise NotYet(f"offset {offset}")
            return True
        until("the collector shows the clock's error", 60, seen, pause=0.3)
        # Results are stamped by the collector's clock nevertheless.
        count = len(self.fleet.export("acme/port"))
        self.fleet.wait_for_results("acme/port", count + 2, seconds=30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
