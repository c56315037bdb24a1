"""A real postfix on loopback that puts what it takes for *@in.test into a
maildir, offers STARTTLS as localhost, and refuses gone@in.test.

Wants to be started by root: `reason` says why it is not there.
"""
import email
import email.policy
import os
import pathlib
import shutil
import subprocess

from process import Process, until
from servers import find_program, free_ports, port_answers

MAIN_CF = """compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
local_recipient_maps =
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
virtual_mailbox_domains = in.test
virtual_mailbox_base = {dir}/boxes
virtual_mailbox_maps = inline:{{ oncall@in.test=oncall/, second@in.test=second/ }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {dir}/cert.pem
smtpd_tls_key_file = {dir}/key.pem
"""

MASTER_CF = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
virtual unix - n n - - virtual
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
"""


class PostfixInbox:
    def __init__(self, dir):
        self.dir = pathlib.Path(dir)
        self.port, = free_ports(1)
        self.process = None
        self.reason = (None if os.geteuid() == 0 else
                       "postfix can only be started by root")

    def start(self):
        self.dir.mkdir(parents=True)
        for folder in (self.dir.parent, self.dir):
            folder.chmod(0o755)  # its processes leave root behind
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", "key.pem", "-out", "cert.pem"], cwd=self.dir,
            check=True, capture_output=True)
        find_program("postfix")
        for folder in ("postfix", "boxes", "data", "queue/pid",
                       "queue/public", "queue/private", "queue/maildrop",
                       *(f"queue/{name}" for name in (
                           "incoming", "active", "deferred", "bounce",
                           "defer", "trace", "corrupt", "hold", "flush"))):
            (self.dir / folder).mkdir(parents=True)
            if folder not in ("postfix", "queue/pid"):
                shutil.chown(self.dir / folder, "postfix", "postfix")
        owner = (self.dir / "boxes").stat()
        conf = self.dir / "postfix"
        (conf / "main.cf").write_text(MAIN_CF.format(
            dir=self.dir, uid=owner.st_uid, gid=owner.st_gid))
        (conf / "master.cf").write_text(MASTER_CF.format(port=self.port))
        self.process = Process(
            "postfix", ["/usr/lib/postfix/sbin/master", "-c", conf, "-d"],
            self.dir / "master.log").start()
        until("postfix listens", 20, lambda: port_answers(self.port),
              pause=0.03)
        return self

    def mails(self, box):
        """What has come, in the order of arrival."""
        files = sorted((self.dir / "boxes" / box / "new").glob("*"),
                       key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(path.read_bytes(),
                                         policy=email.policy.default)
                for path in files]

    def log_tail(self):
        text = (self.dir / "postfix.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-20:])

    def stop(self):
        if self.process is not None:
            self.process.stop()
