"""A real postfix and a real dovecot on loopback, with configurations of their
own in a folder of their own; nothing of the distribution's services runs.

PORTS: smtp, smtp_plain (offers no STARTTLS), smtp_closed (turns clients away),
imap, imap_plain, pop3.  Trust DIR/cert.pem, the certificate of mail.test.
Both want to be started by root: `reason` says why they are not there.
"""
import os
import pathlib
import shutil
import subprocess

from process import Process, until
from servers import find_program, free_ports, port_answers

PORTS = ("smtp", "smtp_plain", "smtp_closed", "imap", "imap_plain", "pop3")

MAIN_CF = """compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.test
mydestination = mail.test
alias_maps =
local_recipient_maps =
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {dir}/cert.pem
smtpd_tls_key_file = {dir}/key.pem
smtpd_banner = $myhostname ESMTP
"""

MASTER_CF = """127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{smtp_plain} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
127.0.0.1:{smtp_closed} inet n - n - - smtpd
  -o smtpd_client_restrictions=reject
  -o smtpd_delay_reject=no
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
"""

DOVECOT_CONF = """base_dir = {dir}/run-{name}
state_dir = {dir}/state-{name}
log_path = {dir}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={dir}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


class MailSite:
    def __init__(self, dir):
        self.dir = pathlib.Path(dir)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.reason = (None if os.geteuid() == 0 else
                       "postfix and dovecot can only be started by root")
        self.processes = []

    def start(self):
        self.dir.mkdir(parents=True)
        for folder in (self.dir.parent, self.dir):
            folder.chmod(0o755)  # their processes leave root behind
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=mail.test", "-addext", "subjectAltName=DNS:mail.test",
             "-keyout", "key.pem", "-out", "cert.pem"], cwd=self.dir,
            check=True, capture_output=True)
        if self.reason is not None:
            return self
        self.start_postfix()
        self.start_dovecot("tls", "yes", self.ports["imap"], self.ports["pop3"])
        self.start_dovecot("plain", "no", self.ports["imap_plain"], 0)
        for name, port in self.ports.items():
            until(f"{name} listens", 20, lambda port=port: port_answers(port),
                  pause=0.03)
        return self

    def start_postfix(self):
        find_program("postfix")
        conf = self.dir / "postfix"
        conf.mkdir()
        (conf / "main.cf").write_text(MAIN_CF.format(dir=self.dir))
        (conf / "master.cf").write_text(MASTER_CF.format(**self.ports))
        # What `postfix check` would make, in seconds instead of at once.
        for folder in ("pid", "public", "private"):
            (self.dir / "queue" / folder).mkdir(parents=True)
        for folder in ("public", "private"):
            shutil.chown(self.dir / "queue" / folder, "postfix")
        (self.dir / "data").mkdir()
        shutil.chown(self.dir / "data", "postfix")
        self.processes.append(Process(
            "postfix", ["/usr/lib/postfix/sbin/master", "-c", conf, "-d"],
            self.dir / "master.log").start())

    def start_dovecot(self, name, ssl, imap, pop3):
        conf = self.dir / f"dovecot-{name}.conf"
        conf.write_text(DOVECOT_CONF.format(dir=self.dir, name=name, ssl=ssl,
                                            imap=imap, pop3=pop3))
        self.processes.append(Process(
            f"dovecot {name}", [find_program("dovecot"), "-F", "-c", conf],
            self.dir / f"dovecot-{name}.out").start())

    def log(self, name):
        path = self.dir / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        for process in self.processes:
            process.stop()
