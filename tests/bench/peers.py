"""What we compare ourselves with, started and measured."""
import concurrent.futures
import http.client
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse

from process import Process, until
from servers import find_program, free_ports, port_answers


class Exporter:
    """Debian's prometheus-blackbox-exporter.

    Modules: https and tls (trusting `ca_file`), tcp, dns (A of `dns_name`).
    """

    def __init__(self, dir, ca_file, dns_name="acme.test", env=None):
        self.port, = free_ports(1)
        file = dir / "blackbox.yml"
        tls = {"ca_file": str(ca_file)}
        ip4 = {"preferred_ip_protocol": "ip4", "ip_protocol_fallback": False}
        file.write_text(json.dumps({"modules": {
            "https": {"prober": "http", "timeout": "10s",
                      "http": {**ip4, "tls_config": tls}},
            "tls": {"prober": "tcp", "timeout": "10s",
                    "tcp": {**ip4, "tls": True, "tls_config": tls}},
            "tcp": {"prober": "tcp", "timeout": "10s", "tcp": ip4},
            "dns": {"prober": "dns", "timeout": "10s",
                    "dns": {**ip4, "query_name": dns_name,
                            "query_type": "A"}}}}))
        self.process = Process(
            "blackbox", [find_program("prometheus-blackbox-exporter"),
                         f"--config.file={file}",
                         f"--web.listen-address=127.0.0.1:{self.port}",
                         "--log.level=error"],
            dir / "blackbox.log", env).start()
        until("the exporter listens", 20, lambda: port_answers(self.port))

    def line(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    @staticmethod
    def ask(line, module, target):
        """One probe; the figures it gives, as text."""
        query = urllib.parse.urlencode({"module": module, "target": target})
        line.request("GET", f"/probe?{query}")
        text = line.getresponse().read().decode()
        if "\nprobe_success 1" not in text:
            raise AssertionError(f"the exporter does not reach {target}:\n"
                                 f"{text}")
        return text

    def ask_often(self, module, target, count):
        line = self.line()
        for _ in range(count):
            self.ask(line, module, target)
        line.close()

    def cpu_us(self, module, target, probes, at_once):
        """CPU time that a probe costs it, `at_once` at a time."""
        before = self.process.cpu_seconds()
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            for asked in [pool.submit(self.ask_often, module, target,
                                      probes // at_once)
                          for _ in range(at_once)]:
                asked.result()
        spent = self.process.cpu_seconds() - before
        return spent / (probes // at_once * at_once) * 1e6

    def stop(self):
        self.process.stop()


def run_with_usage(words):
    """(stdout, user + system seconds) of a program from start to end."""
    child = subprocess.Popen([str(word) for word in words],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise AssertionError(f"{words}: exit {child.returncode}: {text}")
    return text, usage.ru_utime + usage.ru_stime


def s_time_us(port, ca_file, seconds=2):
    """CPU time of a handshake of `openssl s_time`, its start included."""
    text, spent = run_with_usage(
        ["openssl", "s_time", "-new", "-verify", "5", "-CAfile", ca_file,
         "-connect", f"127.0.0.1:{port}", "-time", seconds])
    count = int(re.search(r"(\d+) connections in \d+ real seconds",
                          text).group(1))
    return spent / count * 1e6


class Pacer:
    """Calls `ask(line, n)` `rate` times a second, evenly, from threads with a
    connection each; the first error is raised by stop()."""

    def __init__(self, exporter, rate, threads, ask):
        self.exporter, self.rate, self.ask = exporter, rate, ask
        self.count = 0
        self.failed = None
        self.over = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.work, daemon=True)
                        for _ in range(threads)]
        self.begun = time.monotonic()
        for thread in self.threads:
            thread.start()

    def work(self):
        line = self.exporter.line()
        while not self.over:
            with self.lock:
                number = self.count
                self.count += 1
            wait = self.begun + number / self.rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            try:
                self.ask(line, number)
            except Exception as failed:  # told by stop()
                self.failed = self.failed or failed
                line.close()
        line.close()

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()
        if self.failed is not None:
            raise self.failed
