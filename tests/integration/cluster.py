"""What tests of several processes share: an etcd of their own, sites, and the
part of an owner that writes what is wanted. The callers are ipsp-phone."""

import base64
import email
import email.message
import email.policy
import email.utils
import json
import secrets
import socket
import subprocess
import urllib.parse
import urllib.request

import etcdbed
from harness import (BUILD, Bridge, Maildir, PHONE, free_port, tone_dbfs,
                     wait_for, wav_samples)

PHONEGATE = BUILD / "bridge" / "ipsp-phonegate"
# The same as the next release may be: next_release.c.
PHONEGATE_NEXT = BUILD / "tests" / "integration" / "phonegate-next"
SITEOWNER = BUILD / "tests" / "integration" / "siteowner"
SECRET = secrets.token_hex(24)
PREFIX = "ipsp/1/"
PROTO = 1
SOUND = {"talkers": 5, "bitrate": 32000}


class Etcd(etcdbed.Etcd):
    """With documents in it, by its HTTP gateway."""

    def post(self, path, body):
        request = urllib.request.Request(
            f"{self.url}/v3/{path}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def put(self, key, document):
        self.post("kv/put", {"key": encode(PREFIX + key),
                             "value": encode(json.dumps(document))})

    def remove(self, key):
        self.post("kv/deleterange", {"key": encode(PREFIX + key)})

    def get(self, key):
        """The document under the key, or None."""
        found = self.post("kv/range", {"key": encode(PREFIX + key)})
        for pair in found.get("kvs", []):
            return json.loads(base64.b64decode(pair["value"]))
        return None

    def all(self, prefix):
        """Documents by their keys, of all keys that begin so."""
        start = (PREFIX + prefix).encode()
        end = start[:-1] + bytes([start[-1] + 1])
        found = self.post("kv/range", {
            "key": base64.b64encode(start).decode(),
            "range_end": base64.b64encode(end).decode()})
        return {base64.b64decode(pair["key"]).decode()[len(PREFIX):]:
                json.loads(base64.b64decode(pair["value"]))
                for pair in found.get("kvs", [])}


def encode(text):
    return base64.b64encode(text.encode()).decode()


class Site:
    """One ipsp-phonegate."""

    prefix = ()  # words before the command: where it runs
    program = PHONEGATE

    def __init__(self, directory, etcd, name, **keys):
        self.name, self.etcd = name, etcd
        self.directory = directory / name
        self.directory.mkdir()
        (self.directory / "secret").write_text(SECRET)
        self.port = keys.get("media_port") or free_port(socket.SOCK_DGRAM)
        every = {"media_address": "127.0.0.1", "media_port": self.port,
                 "workers": 1, "gates": 2, "site": name,
                 "directory": "etcd", "etcd_url": etcd.url,
                 "cluster_secret_file": self.directory / "secret", **keys}
        self.config = self.directory / "phonegate.conf"
        self.config.write_text("[phonegate]\n" + "".join(
            f"{key} = {value}\n" for key, value in every.items()))
        self.process = None
        # Set: callers are told this URL only.
        self.websocket = None

    def start(self, *options):
        before = (self.document() or {}).get("instance")
        self.process = subprocess.Popen(
            [*self.prefix, self.program, "--config", self.config,
             *options],
            stdout=subprocess.DEVNULL,
            stderr=open(self.directory / "phonegate.log", "ab"))
        Bridge.started.append(self.process)
        wait_for(f"site {self.name} to register", lambda: (
            self.document() or {}).get("instance", before) != before)
        return self

    def document(self):
        return self.etcd.get(f"sites/{self.name}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log_text(self):
        return (self.directory / "phonegate.log").read_text(errors="replace")


class Room:
    """A room that the test itself owns."""

    def __init__(self, directory, etcd, address="hall@conf.test"):
        self.directory, self.etcd, self.address = directory, etcd, address
        self.mail = Maildir(directory / "mail" / address.split("@")[0])
        self.plan = self.origins = 0
        self.wants = {}  # key -> document

    def key(self, kind, site, rest):
        room = urllib.parse.quote(self.address, safe="@:+")
        return f"{kind}/{site.name}/{room}/{rest}"

    def put(self, key, document):
        self.wants[key] = document
        self.etcd.put(key, document)

    def hub(self, site, number, trunks=(), **members):
        self.plan += 1
        self.put(self.key("want", site, "hub"),
                 {"instance": site.document()["instance"], "plan": self.plan,
                  "hub": number, "sound": SOUND, "trunks": list(trunks),
                  **members})

    def hub_status(self, site):
        return self.etcd.get(self.key("status", site, "hub")) or {}

    def join(self, parent, child, name="1-2", worker=0):
        """The two ends' documents of a trunk."""
        salt = base64.urlsafe_b64encode(secrets.token_bytes(16))
        both = {"id": name, "salt": salt.rstrip(b"=").decode(),
                "proto": PROTO}
        address = {"p": "udp", "a": "127.0.0.1", "n": parent.port + worker}
        return ({**both, "role": "child", "site": child.name},
                {**both, "role": "parent", "site": parent.name,
                 "addr": [address]})

    def phone(self, name, *options):
        Maildir(self.directory / "mail" / name)
        process = subprocess.Popen(
            [PHONE, "call", self.address, "--from", f"{name}@conf.test",
             "--config", "/dev/null",
             "--mailbox", f"maildir:{self.directory}/mail/{name}",
             "--post", f"maildir:{self.directory}/mail/%u",
             "--json", *map(str, options)],
            stdout=open(self.directory / f"{name}.json.log", "wb"),
            stderr=open(self.directory / f"{name}.log", "wb"))
        Bridge.started.append(process)
        return process

    def invitation(self):
        """The next INVITE's part, as its bytes."""
        mail = wait_for("an INVITE", self.mail.mails)[0]
        for folder in ("new", "cur"):
            for file in (self.mail.path / folder).iterdir():
                file.unlink()
        for part in email.message_from_bytes(mail).walk():
            if part.get_content_type() == "application/ipsp+json":
                return part.get_payload(decode=True)
        raise AssertionError("an INVITE without a part")

    def seat(self, name, *places):
        """Answers the INVITE of `name`: places are (site, gate, worker), the
        first is his, the others are standbys. Returns his Call."""
        part = self.invitation()
        invite = json.loads(part)
        keys = [self.key("want", site, f"s/{invite['did']}.{k}")
                for k, (site, _, _) in enumerate(places)]
        gates = [{"id": gate, **(
            {"u": site.websocket} if site.websocket else
            {"a": "127.0.0.1", "n": site.port + worker})}
                 for site, gate, worker in places]
        (self.directory / "invite.json").write_bytes(part)
        (self.directory / "gates.json").write_text(json.dumps(gates))
        answer = json.loads(subprocess.run(
            [SITEOWNER, SECRET, self.directory / "invite.json",
             self.directory / "gates.json", *keys],
            check=True, capture_output=True).stdout)
        self.origins += 1
        for k, (site, gate, worker) in enumerate(places):
            want = {"instance": site.document()["instance"], "gate": gate,
                    "worker": worker, "origin": self.origins,
                    "standby": k > 0, "sealed": answer["sealed"][k],
                    "pt": 111, "lv": answer["lv"], "srtp": True,
                    "volume": 100}
            if k + 1 < len(places):
                following = gates[k + 1]
                want["alternate"] = {"k": k + 1, "pg": {
                    "id": following["id"], "cand": [
                        {"p": "udp", "a": following["a"],
                         "n": following["n"]}]}}
            self.put(keys[k], want)
        call = Call(self, name, invite["did"], keys)
        wait_for("the sessions", lambda: all(
            call.status(k) is not None for k in range(len(places))))
        self.answer(invite, base64.b64decode(answer["ok"]))
        return call

    def answer(self, invite, part):
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["To"] = self.address, invite["from"]
        mail["Subject"] = "OK"
        mail["Date"] = email.utils.formatdate()
        mail["Message-ID"] = f"<{secrets.token_hex(8)}@test.invalid>"
        mail["Auto-Submitted"] = "auto-replied"
        mail.set_content("You are expected.\n")
        mail.add_attachment(part, maintype="application", subtype="ipsp+json",
                            filename="ok.ipsp",
                            params={"method": "OK", "v": "1"})
        name = invite["from"].split("@")[0]
        Maildir(self.directory / "mail" / name).drop(mail.as_bytes())


class Call:
    def __init__(self, room, name, did, keys):
        self.room, self.name, self.did, self.keys = room, name, did, keys

    def status(self, k=0):
        return self.room.etcd.get(self.keys[k].replace("want/", "status/", 1))

    def change(self, k=0, **members):
        self.room.put(self.keys[k], {**self.room.wants[self.keys[k]],
                                     **members})

    def registered(self, k=0, seconds=10):
        wait_for(f"{self.name} to register at place {k}",
                 lambda: (self.status(k) or {}).get("path"), seconds)
        return self

    def said(self):
        text = (self.room.directory / f"{self.name}.json.log").read_text()
        return [json.loads(line) for line in text.splitlines()
                if line.endswith("}")]


STEP = 0.02  # s


def heard(path, frequency, start=0.0, seconds=None):
    """For each 20 ms of a WAV whether the tone is in it."""
    samples, rate = wav_samples(path, start, seconds)
    size = int(rate * STEP)
    return [tone_dbfs(samples[at:at + size], rate, frequency) > -30
            for at in range(0, len(samples) - size, size)]


def longest_gap(frames):
    """Seconds, between the first frame in which it is heard and the last."""
    if True not in frames:
        return float("inf")
    longest = run = 0
    for frame in frames[frames.index(True):]:
        run = 0 if frame else run + 1
        longest = max(longest, run)
    return longest * STEP
