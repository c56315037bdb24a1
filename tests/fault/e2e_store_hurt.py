#!/usr/bin/python3
"""A store that cannot be used is refused in words, and one that is in use
stays as it is, whatever happens to its readers."""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import Fleet, program, run
from loads import Load
from process import NotYet, until
from servers import free_ports

AGENTS = 10
CHECKS = 40
SLOTS = 50
PAGE = 4096
LEAF = 2        # LMDB's flag


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


class StoreHurt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleet = Fleet()
        cls.addClassCleanup(fleet.close)
        cls.load = load = Load(fleet, AGENTS, CHECKS)
        cls.addClassCleanup(load.kill)
        load.configure()
        load.enrol()
        fleet.start_collector()
        begin = time.time() // 3600 * 3600 - SLOTS * load.interval_s
        cls.begin = int(begin)
        load.start(slots=SLOTS, batch=1000, from_ms=int(begin * 1000))
        load.go()
        cls.said = load.wait()
        assert fleet.collector.stop(60) == 0

    def copy(self):
        """A store of its own for each test, with its configuration."""
        dir = self.fleet.dir / self.id().rsplit(".", 1)[1]
        shutil.copytree(self.fleet.store, dir / "store")
        self.addCleanup(shutil.rmtree, dir, True)
        config = dir / "leadline.yaml"
        config.write_text(json.dumps({
            **self.fleet.config(**self.load.settings()),
            "listen": f"tcp://127.0.0.1:{free_ports(1)[0]}",
            "control": f"ipc://{dir}/control", "store": str(dir / "store")}))
        return dir / "store", config

    def refused(self, config, *words):
        """The collector ends by itself, with one of our codes, and says why."""
        done = run(program("leadline-collector"), "--config", config, "run",
                   timeout=180)
        said = done.stderr + done.stdout
        self.assertGreater(done.returncode, 0, said)  # not by a signal
        self.assertLess(done.returncode, 64, said)
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn("collector.ready", said)
        return said

    def verify(self, store, codes=(0, 1)):
        done = run(program("leadline"), "--store", store, "--json", "verify",
                   timeout=300)
        self.assertIn(done.returncode, codes, done.stderr)
        return json.loads(done.stdout)

    def running(self, config):
        """A second collector, on a store of its own."""
        log = config.with_name("collector.log")
        out = open(log, "wb")
        self.addCleanup(out.close)
        child = subprocess.Popen(
            [str(program("leadline-collector")), "--config", str(config), "run"],
            stdout=out, stderr=out)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)

        def ready():
            if child.poll() is not None:
                raise AssertionError(log.read_text())
            return "collector.ready" in log.read_text()
        until("the collector is ready", 60, ready)
        return child

    def test_two_collectors_on_one_store(self):
        store, config = self.copy()
        first = self.running(config)
        self.refused(config, str(store), "another")
        self.assertIsNone(first.poll())
        self.assertEqual(self.said["acked"], self.verify(store)["results"])
        first.terminate()
        self.assertEqual(0, first.wait(60))

    def test_a_read_only_file_system(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount one")
        store, config = self.copy()
        try:
            subprocess.run(["mount", "--bind", store, store], check=True,
                           capture_output=True)
        except subprocess.CalledProcessError as failed:
            self.skipTest(failed.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "-l", str(store)],
                        check=False)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(store)],
                       check=True)
        self.refused(config, str(store), "Read-only file system")
        # It can still be asked.
        self.assertEqual([], self.verify(store)["differences"])
        subprocess.run(["mount", "-o", "remount,bind,rw", str(store)],
                       check=True)
        child = self.running(config)
        child.terminate()
        self.assertEqual(0, child.wait(60))

    def test_garbage_in_place_of_the_first_pages(self):
        store, config = self.copy()
        data = store / "data.mdb"
        with open(data, "r+b") as file:
            file.write(os.urandom(2 * PAGE))
        before = data.read_bytes()
        self.refused(config, str(store), "aside")
        self.assertEqual(before, data.read_bytes())

    def test_a_file_that_was_cut(self):
        store, config = self.copy()
        data = store / "data.mdb"
        os.truncate(data, data.stat().st_size // 2)
        self.refused(config, str(store))

    def test_pages_of_garbage_end_nobody_by_a_signal(self):
        store, config = self.copy()
        data = store / "data.mdb"
        pages = data.stat().st_size // PAGE
        whole = data.read_bytes()
        for number in range(8):
            with open(data, "r+b") as file:
                file.seek((2 + number * (pages - 2) // 8) * PAGE)
                file.write(os.urandom(PAGE))
            done = run(program("leadline-collector"), "--config", config,
                       "check", timeout=60)
            self.assertGreaterEqual(done.returncode, 0, done.stderr)
            data.write_bytes(whole)

    def test_a_byte_that_changed_on_disk_is_found(self):
        store, _ = self.copy()
        data = store / "data.mdb"
        self.assertEqual([], self.verify(store)["differences"])
        whole = bytearray(data.read_bytes())
        # Sealed chunks stand in the file as they are, and on pages that are
        # free by now as well: the middle of each.
        places = [found.start() + 40 for found in
                  re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), whole)]
        if not places:
            self.skipTest("no packed chunk")
        for at in places:
            whole[at] ^= 0x10
        data.write_bytes(whole)
        self.assertNotEqual([], self.verify(store)["differences"])

    def garble(self, data, places):
        with open(data, "r+b") as file:
            for at in places:
                file.seek(at)
                file.write(os.urandom(PAGE))

    def test_a_crash_makes_the_next_start_look_at_all_of_it(self):
        store, config = self.copy()
        backups = config.with_name("backups")
        text = json.loads(config.read_text())
        text["backup"] = {"dir": str(backups)}
        config.write_text(json.dumps(text))
        backups.mkdir()
        child = self.running(config)
        done = run(program("leadline"), "--control", f"ipc://{config.parent}/control",
                   "backup", backups,
                   timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        child.send_signal(signal.SIGSEGV)
        self.assertNotEqual(0, child.wait(60))  # a sanitizer's code, or -11
        # Pages of results in the middle, which the edges do not show.
        data = store / "data.mdb"
        pages = data.stat().st_size // PAGE
        self.garble(data, [at * PAGE for at in
                           range(pages // 3, pages // 3 * 2, 2)])
        child = self.running(config)
        log = config.with_name("collector.log").read_text()
        self.assertIn("store.restored", log)
        self.assertEqual([], self.verify(store)["differences"])
        # It is good now: another crash finds nothing, and keeps it.
        child.send_signal(signal.SIGSEGV)
        self.assertNotEqual(0, child.wait(60))  # a sanitizer's code, or -11
        child = self.running(config)
        log = config.with_name("collector.log").read_text()
        self.assertIn("store.looked_at", log)
        self.assertNotIn("store.restored", log)
        child.terminate()
        self.assertEqual(0, child.wait(60))

    def spoil_pages(self, data):
        """Makes pages of results ones that cannot be, while it is in use: by
        their flags, neither leaf nor branch.  On a page stand: u64 its number,
        u16, u16 flags, u16, u16, u16 where its first row is; on a row, see
        hurt_chunks()."""
        whole = data.read_bytes()
        spoilt = 0
        with open(data, "r+b") as file:
            for at in range(0, len(whole), PAGE):
                number, flags, first = struct.unpack_from("<Q2xH4xH", whole, at)
                if number != at // PAGE or flags != LEAF or first > PAGE - 8 or \
                        struct.unpack_from("<H", whole, at + first + 6)[0] != 15:
                    continue
                file.seek(at + 10)
                file.write(struct.pack("<H", 4))
                spoilt += 1
        self.assertGreater(spoilt, 0)

    def import_one(self, config):
        """A result that belongs onto such a page."""
        return run(program("leadline"), "--control",
                   f"ipc://{config.parent}/control", "import", "-",
                   input=json.dumps({
                       "ts": self.begin * 1000 + 1234, "check": "load/c0",
                       "region": "r0", "agent": "late", "status": "up"}),
                   timeout=180)

    def test_a_page_that_cannot_be_is_met_while_it_runs(self):
        store, config = self.copy()
        backups = config.with_name("backups")
        text = json.loads(config.read_text())
        config.write_text(json.dumps({**text, "backup": {"dir": str(backups)}}))
        backups.mkdir()
        child = self.running(config)
        done = run(program("leadline"), "--control",
                   f"ipc://{config.parent}/control", "backup", backups,
                   timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        self.spoil_pages(store / "data.mdb")
        self.import_one(config)
        log = config.with_name("collector.log")
        # Whoever meets the page before LMDB judges it ends by a signal.
        code = child.wait(180)
        self.assertNotEqual(0, code)
        if code in (1, 2, 3):
            self.assertIn("store is damaged", log.read_text())
        child = self.running(config)
        self.assertIn("store.restored", log.read_text())
        self.assertEqual([], self.verify(store)["differences"])
        self.assertEqual(0, self.import_one(config).returncode)
        child.terminate()
        self.assertEqual(0, child.wait(60))

    def test_a_page_that_cannot_be_where_there_is_no_backup(self):
        store, config = self.copy()
        child = self.running(config)
        self.spoil_pages(store / "data.mdb")
        self.assertNotEqual(0, self.import_one(config).returncode)
        log = config.with_name("collector.log")
        until("the collector says so, or has ended by a signal", 180,
              lambda: "store.broken" in log.read_text() or
              child.poll() is not None)
        if child.poll() is None:
            self.assertIn("no backup.dir", log.read_text())
            child.terminate()
        self.assertNotEqual(0, child.wait(180))
        self.refused(config, str(store), "damaged", "no good backup")

    def hurt_chunks(self, data):
        """Flips a bit in each row of results of the load's first half hour.
        On its page a row is: u32 size, u16 flags, u16 length of the key, key,
        value; branch pages look alike, but have no checksum that fits."""
        whole = bytearray(data.read_bytes())
        key = re.compile(rb"(..)\0\0\0\0\x0f\0(" + re.escape(struct.pack(
            ">I", self.begin // 1800 * 1800)) + rb".{11})", re.S)
        hurt = 0
        for found in list(key.finditer(whole)):
            size, = struct.unpack("<H", found[1])
            value = whole[found.end():found.end() + size]
            if size > 24 and crc32c(found[2] + value[:-4]) == \
                    struct.unpack(">I", value[-4:])[0]:
                whole[found.end() + 20] ^= 0x10
                hurt += 1
        self.assertGreater(hurt, 0)
        data.write_bytes(whole)

    def test_a_damaged_row_is_set_aside_and_the_rest_goes_on(self):
        store, config = self.copy()
        self.hurt_chunks(store / "data.mdb")
        child = self.running(config)
        control = f"ipc://{config.parent}/control"
        # A question meets a row; the writer moves it, and its neighbours.
        end = time.monotonic() + 60
        aside = 0
        while aside == 0 and time.monotonic() < end:
            run(program("leadline"), "--control", control, "results",
                "--since", "3h", timeout=60)
            done = run(program("leadline"), "--control", control, "--json",
                       "status", timeout=60)
            if done.returncode == 0:
                aside = json.loads(done.stdout)["store"]["rows_set_aside"]
            else:       # until what it reads is mended, too
                self.assertIn("damaged", done.stderr)
        self.assertGreater(aside, 0)
        self.assertIn("store.row_set_aside",
                      config.with_name("collector.log").read_text())
        said = json.dumps(self.verify(store)["differences"])
        self.assertIn("set aside", said)
        child.terminate()
        self.assertEqual(0, child.wait(60))

    def slots_of(self, store, pid):
        """Places of LMDB's table of readers that this process holds."""
        table = (store / "lock.mdb").read_bytes()
        return [at for at in range(0, len(table) - 64, 64)
                if struct.unpack_from("<i", table, at + 8)[0] == pid]

    def test_a_reader_that_was_killed(self):
        store, config = self.copy()
        child = self.running(config)
        for _ in range(50):
            reader = subprocess.Popen(
                [str(program("leadline")), "--store", str(store), "verify"],
                stdout=subprocess.DEVNULL)
            while reader.poll() is None:
                if self.slots_of(store, reader.pid):
                    reader.send_signal(signal.SIGSTOP)
                    break
            held = self.slots_of(store, reader.pid)
            reader.kill()
            reader.wait()
            if held:
                break
        self.assertTrue(self.slots_of(store, reader.pid))

        def freed():
            if self.slots_of(store, reader.pid):
                raise NotYet("its place is still taken")
            return True
        until("the place of the killed reader is free", 90, freed, pause=0.5)
        child.terminate()
        self.assertEqual(0, child.wait(60))


if __name__ == "__main__":
    unittest.main(verbosity=2)
