"""What the integration tests share: a bridge to run, IPSP mails to send it,
sound to check. Python's standard library only; prints TAP."""

import base64
import contextlib
import email
import email.message
import email.policy
import hashlib
import json
import math
import os
import pathlib
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import wave

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
BRIDGE = BUILD / "bridge" / "ipsp-bridge"
PHONE = BUILD / "loadgen" / "ipsp-phone"
LOADGEN = BUILD / "loadgen" / "ipsp-loadgen"


def free_port(kind=socket.SOCK_STREAM):
    """Below those that the kernel gives to connections: it is bound a while
    later, and other tests run beside this one."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = int(file.read().split()[0])
    while True:
        port = first // 2 + secrets.randbelow(first // 2)
        with socket.socket(socket.AF_INET, kind) as probe, \
                contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(what, condition, seconds=10.0):
    """Polls condition() until it is true; fails by name after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.02)


class Skip(Exception):
    """A case cannot run here; says why."""


class Bridge:
    """One ipsp-bridge with its state below a directory of its own."""

    started = []  # their processes, for run() to end what a case left
    prefix = ()   # words before the command: where it runs

    def __init__(self, directory, /, rooms, mails, **bridge_keys):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.web_port = free_port()
        self.media_port = free_port(socket.SOCK_DGRAM)
        self.log = open(self.directory / "bridge.log", "ab")
        self.process = None
        keys = {
            "state_directory": self.directory / "state",
            "media_address": "127.0.0.1",
            "media_port": self.media_port,
            "workers": 1,
            "web_address": "127.0.0.1",
            "web_port": self.web_port,
            "web_url": f"http://127.0.0.1:{self.web_port}",
            "web_files": BUILD / "web" / "client",
        }
        keys.update(bridge_keys)
        groups = [("bridge", keys)]
        groups += [(f"mail {name}", m) for name, m in mails.items()]
        groups += [(f"room {address}", r) for address, r in rooms.items()]
        self.config = self.directory / "bridge.conf"
        self.config.write_text("\n".join(
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
            for group, keys in groups))

    def start(self, *arguments):
        self.process = subprocess.Popen(
            [*self.prefix, BRIDGE, "--config", self.config, *arguments],
            stdout=subprocess.PIPE if arguments else subprocess.DEVNULL,
            stderr=self.log)
        Bridge.started.append(self.process)
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it as an operator does; says how it exited."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    @classmethod
    def end_all(cls):
        """Whatever a case has left."""
        for process in cls.started:
            process.kill()
            process.wait()
        cls.started.clear()

    def log_text(self):
        return (self.directory / "bridge.log").read_text(errors="replace")


def invite(room, sender, did=None, device="test", life=120, **members):
    """The bytes of an INVITE mail and its dialog id. The key is 32 random
    bytes: any are a point of Curve25519, RFC 7748 5."""
    did = did or base64url(secrets.token_bytes(16))
    now = int(time.time())
    part = {
        "ipsp": 1, "m": "INVITE", "did": did, "room": room, "from": sender,
        "dev": device, "iat": now, "exp": now + life,
        "suite": ["X25519-HKDF256-AES128GCM"],
        "pk": base64url(secrets.token_bytes(32)),
        "media": [{"t": "audio", "c": ["opus/48000/2"], "ptime": 20}],
    }
    part.update(members)
    return ipsp_mail("INVITE", part, sender, room), did


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ipsp_mail(method, part, sender, recipient):
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = f"{method} {recipient}"
    mail["Date"] = email.utils.formatdate()
    mail["Message-ID"] = f"<ipsp.{secrets.token_hex(8)}@test.invalid>"
    mail["IPSP-Version"] = "1"
    mail["IPSP-Method"] = method
    mail["IPSP-Dialog"] = part["did"]
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"This mail is read by a program: {method}.\n")
    mail.add_attachment(
        json.dumps(part).encode(), maintype="application",
        subtype="ipsp+json", filename="message.ipsp",
        params={"method": method, "v": "1"})
    return mail.as_bytes()


def ipsp_part(raw):
    """The JSON object of an IPSP mail, or None."""
    for part in email.message_from_bytes(raw).walk():
        if part.get_content_type() == "application/ipsp+json":
            return json.loads(part.get_payload(decode=True))
    return None


class Maildir:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        for folder in ("tmp", "new", "cur"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)

    def drop(self, mail):
        name = f"{time.time_ns()}.{secrets.token_hex(4)}.test"
        (self.path / "tmp" / name).write_bytes(mail)
        os.rename(self.path / "tmp" / name, self.path / "new" / name)

    def mails(self):
        found = []
        for folder in ("new", "cur"):
            for file in sorted((self.path / folder).iterdir()):
                try:
                    found.append(file.read_bytes())
                except FileNotFoundError:
                    pass  # dealt with since the folder was listed
        return found


def tone_wav(path, frequencies, seconds, rate=48000, level_dbfs=-16.0):
    """A WAV of the sum of tones, each at level_dbfs, mono 16 bit."""
    amplitude = 32767 * 10 ** (level_dbfs / 20)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        steps = [2 * math.pi * f / rate for f in frequencies]
        out.writeframes(b"".join(
            struct.pack("<h", int(sum(amplitude * math.sin(s * i)
                                      for s in steps)))
            for i in range(int(seconds * rate))))


def wav_samples(path, start=0.0, seconds=None):
    """(samples of the first channel as floats of full scale 1, rate)"""
    with wave.open(str(path), "rb") as file:
        rate, channels = file.getframerate(), file.getnchannels()
        raw = file.readframes(file.getnframes())
    samples = struct.unpack(f"<{len(raw) // 2}h", raw)[::channels]
    first = int(start * rate)
    last = len(samples) if seconds is None else first + int(seconds * rate)
    return [s / 32768 for s in samples[first:last]], rate


def tone_dbfs(samples, rate, frequency):
    """Level of one tone by Goertzel's algorithm under a Hann window: 0 dBFS
    is a sine of full scale."""
    n = len(samples)
    step = 2 * math.pi * frequency / rate
    coefficient = 2 * math.cos(step)
    s1 = s2 = 0.0
    for i, x in enumerate(samples):
        window = 0.5 - 0.5 * math.cos(2 * math.pi * i / n)
        s1, s2 = x * window + coefficient * s1 - s2, s1
    power = s1 * s1 + s2 * s2 - coefficient * s1 * s2
    return 10 * math.log10(max(power, 1e-20) / (n / 4) ** 2)


def run(*cases):
    """Runs the cases, functions of one temporary directory each, as TAP."""
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(
                prefix="ipsp-", ignore_cleanup_errors=True) as directory:
            try:
                case(pathlib.Path(directory))
                print(f"ok {number} {name}", flush=True)
            except Skip as reason:
                print(f"ok {number} {name} # SKIP {reason}", flush=True)
            except Exception:
                failed += 1
                note(traceback.format_exc().replace("\n", "\n# "))
                for log in sorted(pathlib.Path(directory).rglob("*.log")):
                    tail = log.read_text(errors="replace")[-4000:]
                    print("\n".join(f"# {log.name}: {line}"
                                    for line in tail.splitlines()))
                print(f"not ok {number} {name}", flush=True)
            finally:
                Bridge.end_all()
    return 1 if failed else 0


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def note(text):
    print(f"# {text}", flush=True)


def digest(raw):
    return hashlib.sha256(raw).hexdigest()
