#!/usr/bin/env python3
"""mailbed - a private Postfix and Dovecot for tests, on loopback ports.

    with MailBed(users=["room", "alice"]) as bed:
        print(bed.ports["imaps"], bed.passwords["room"], bed.ca)

    mailbed.py up DIR [--users room,alice] [--delivery lmtp|maildir]

Everything lives in one directory: configuration, queue, mail, certificates of
its own CA, logs. Nothing of /etc is read or written but Postfix's own list of
files. Mail to USER@conf.test (and USER+detail@) sent to the SMTP port is
delivered at once: by Dovecot's LMTP, or by Postfix straight into the Maildir.
Needs root, because Postfix's master does."""
import argparse
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from harness import free_port

DOMAIN = "conf.test"
OWNER = "nobody"  # whose uid the mail belongs to
READY_S = 30

DOVECOT = """
base_dir = {dir}/run
state_dir = {dir}/state
instance_name = mailbed
log_path = {dir}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{dir}/tls/cert.pem
ssl_key = <{dir}/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 2000
default_process_limit = 2000
default_client_limit = 8000
recipient_delimiter = +
lda_mailbox_autocreate = yes
first_valid_uid = 0
mail_location = maildir:{dir}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
passdb {{
  driver = passwd-file
  args = username_format=%n {dir}/passwords
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail/%n
}}
namespace inbox {{
  inbox = yes
}}
service auth {{
  unix_listener auth-smtp {{
    mode = 0666
  }}
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 2000
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  process_min_avail = 2
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""

# in_flow_delay slows a client down when mail comes faster than it goes;
# the short backoffs let mail catch up soon after Dovecot was away.
MAIN_CF = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
recipient_delimiter = +
disable_dns_lookups = yes
smtpd_peername_lookup = no
biff = no
alias_maps =
alias_database =
local_recipient_maps =
smtpd_tls_cert_file = {dir}/tls/cert.pem
smtpd_tls_key_file = {dir}/tls/key.pem
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dir}/run/auth-smtp
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{dir}/postfix/mailboxes
virtual_mailbox_base = {dir}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_transport = {transport}
default_transport = error:this is a test bed, it sends nothing away
in_flow_delay = 0
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
lmtp_destination_recipient_limit = 1
default_process_limit = 100
"""

MASTER_CF = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SERVICES = ("imap", "imaps", "pop3", "pop3s", "lmtp", "smtp", "submission")


def why_not():
    """Why the bed cannot be had on this machine, or None."""
    if os.geteuid() != 0:
        return "needs root: Postfix's master runs as root"
    for program in ("dovecot", "postfix", "openssl"):
        if not which(program):
            return f"{program} is not installed"
    return None


def which(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_ports(count):
    ports = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


class MailBed:
    def __init__(self, users, directory=None, delivery="lmtp"):
        self.users = list(users)
        self.own_directory = directory is None
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="mailbed-"))
        self.delivery = delivery
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES))))
        self.passwords = {user: secrets.token_urlsafe(12) for user in self.users}
        self.ca = self.dir / "tls" / "ca.pem"
        self.dovecot = None
        self.postfix_runs = False

    # -- making it ----------------------------------------------------------

    def make_certificates(self):
        tls = self.dir / "tls"
        tls.mkdir(exist_ok=True)
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self.openssl("req", "-x509", *new_key, "-days", "30", "-subj", "/CN=mailbed CA",
                     "-keyout", tls / "ca.key", "-out", tls / "ca.pem")
        self.openssl("req", *new_key, "-subj", "/CN=localhost",
                     "-keyout", tls / "key.pem", "-out", tls / "req.pem")
        (tls / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.openssl("x509", "-req", "-in", tls / "req.pem", "-CA", tls / "ca.pem",
                     "-CAkey", tls / "ca.key", "-CAcreateserial", "-days", "30",
                     "-extfile", tls / "names", "-out", tls / "cert.pem")

    @staticmethod
    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make_files(self):
        owner = pwd.getpwnam(OWNER)
        # Postfix and the mail's owner must be able to walk in.
        self.dir.mkdir(parents=True, exist_ok=True)
        self.dir.chmod(0o755)
        for parent in self.dir.parents:
            if not parent.stat().st_mode & 0o001:
                raise RuntimeError(f"{parent} is closed to Postfix's own users: chmod a+x it")
        for name in ("run", "state", "queue", "postfix"):
            (self.dir / name).mkdir(exist_ok=True)
        (self.dir / "data").mkdir(exist_ok=True)
        shutil.chown(self.dir / "data", "postfix")
        # Made here, so that a test running as root does not make them first.
        for name in ["", *(f"{user}/{part}" for user in self.users
                           for part in ("", "tmp", "new", "cur"))]:
            box = self.dir / "mail" / name
            box.mkdir(exist_ok=True)
            os.chown(box, owner.pw_uid, owner.pw_gid)
        words = dict(self.ports, dir=self.dir, domain=DOMAIN,
                     uid=owner.pw_uid, gid=owner.pw_gid,
                     transport=f"lmtp:inet:127.0.0.1:{self.ports['lmtp']}"
                     if self.delivery == "lmtp" else "virtual")
        self.write("dovecot.conf", DOVECOT.format(**words))
        self.write("postfix/main.cf", MAIN_CF.format(**words))
        self.write("postfix/master.cf", MASTER_CF.format(**words))
        self.write("postfix/mailboxes", "".join(
            f"{user}@{DOMAIN} {user}/\n" for user in self.users))
        self.write("passwords", "".join(
            f"{user}:{{PLAIN}}{word}\n" for user, word in self.passwords.items()))

    def write(self, name, text):
        (self.dir / name).write_text(text)

    # -- running it ---------------------------------------------------------

    def start(self):
        self.make_files()
        self.make_certificates()
        try:
            self.start_dovecot()
            self.start_postfix()
        except BaseException:
            self.stop()
            raise
        return self

    def start_dovecot(self):
        self.dovecot = subprocess.Popen(
            [which("dovecot"), "-F", "-c", str(self.dir / "dovecot.conf")],
            stdin=subprocess.DEVNULL)
        for service in ("imap", "imaps", "pop3", "pop3s", "lmtp"):
            self.wait_greeting(service)

    def stop_dovecot(self):
        """As a crash or a restart looks to its clients: all are cut off."""
        if self.dovecot:
            self.dovecot.terminate()
            self.dovecot.wait(READY_S)
            self.dovecot = None

    def postfix(self, command):
        subprocess.run([which("postfix"), "-c", str(self.dir / "postfix"), command],
                       check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=READY_S)

    def start_postfix(self):
        self.postfix("start")
        self.postfix_runs = True
        for service in ("smtp", "submission"):
            self.wait_greeting(service)

    def stop_postfix(self):
        if self.postfix_runs:
            self.postfix_runs = False
            self.postfix("stop")

    def stop(self):
        try:
            self.stop_postfix()
        finally:
            self.stop_dovecot()
            if self.own_directory:
                shutil.rmtree(self.dir, ignore_errors=True)

    def wait_greeting(self, service):
        """Until the service says its first words."""
        deadline = time.monotonic() + READY_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.ports[service]), 5) as sock:
                    if service in ("imaps", "pop3s"):
                        sock = self.tls().wrap_socket(sock, server_hostname="localhost")
                    if sock.recv(1):
                        return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"{service} does not come up; see {self.dir}/*.log")
            time.sleep(0.02)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    # -- using it -----------------------------------------------------------

    def tls(self):
        return ssl.create_default_context(cafile=self.ca)

    def smtp(self):
        """A connection to the port that takes mail without a log-in."""
        return smtplib.SMTP("127.0.0.1", self.ports["smtp"], local_hostname="localhost")

    def maildir(self, user):
        return self.dir / "mail" / user

    def describe(self):
        return {"domain": DOMAIN, "directory": str(self.dir), "ca": str(self.ca),
                "ports": self.ports, "passwords": self.passwords,
                "maildirs": {user: str(self.maildir(user)) for user in self.users}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["up"])
    parser.add_argument("directory")
    parser.add_argument("--users", default="room,alice,bob,carol")
    parser.add_argument("--delivery", choices=["lmtp", "maildir"], default="lmtp")
    args = parser.parse_args()
    reason = why_not()
    if reason:
        sys.exit(f"mailbed: {reason}")
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))  # and out of the with
    bed = MailBed(args.users.split(","), pathlib.Path(args.directory).resolve(), args.delivery)
    with bed:
        print(json.dumps(bed.describe()), flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
