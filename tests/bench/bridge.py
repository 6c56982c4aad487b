"""Ours: ipsp-bridge with one worker, members by WHIP-shaped joins, as any
tool may join: plain RTP, or SRTP with SDES keys."""

import base64
import concurrent.futures
import http.client
import pathlib
import re
import secrets
import subprocess
import time
import urllib.parse

import cell
import machine

PATIENCE = 10  # seconds for any answer
CONNECTIONS = 4
METRICS_TOKEN = "bench-0123456789abcdef"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
SUITE = "AEAD_AES_128_GCM"

# Only what the bench needs is different from the defaults.
CONFIG = """
[bridge]
state_directory = {directory}/state
media_address = 127.0.0.1
media_port = {media_port}
workers = 1
web_address = 127.0.0.1
web_port = {web_port}
web_url = http://127.0.0.1:{web_port}
web_files = {directory}/panel
metrics_token = {metrics_token}

[mail none]
mailbox = maildir:{directory}/mail
post = maildir:{directory}/mail/%u
"""
ROOM = """
[room {address}]
account = none
capacity = {capacity}
plain_rtp = yes
plain_rtp_networks = 127.0.0.0/8
"""


class Bridge:
    name = "bridge"

    def __init__(self, directory, program, sizes, srtp=False):
        """sizes: how many members each room will have."""
        self.directory = pathlib.Path(directory)
        self.program = program
        self.sizes = sizes
        self.srtp = srtp
        self.process = None
        self.tokens = {}

    def start(self):
        self.web_port = machine.free_tcp_port()
        for folder in ("tmp", "new", "cur"):
            (self.directory / "mail" / folder).mkdir(parents=True)
        (self.directory / "panel").mkdir()
        (self.directory / "panel" / "index.html").touch()  # nobody looks
        self.config = self.directory / "bridge.conf"
        self.config.write_text(
            CONFIG.format(directory=self.directory, web_port=self.web_port,
                          media_port=machine.free_udp_port(),
                          metrics_token=METRICS_TOKEN) +
            "".join(ROOM.format(address=self._address(room), capacity=size)
                    for room, size in enumerate(self.sizes)))
        with open(self.directory / "bridge.log", "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "--config", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=machine.on_core(machine.SERVER_CORE))
        self._wait()
        for room, size in enumerate(self.sizes):
            self.tokens[room] = self._token(room, size)

    @staticmethod
    def _address(room):
        return f"room{room}@localhost"

    def _wait(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.web_port, timeout=PATIENCE)
            try:
                connection.connect()
                connection.close()
                return
            except OSError:
                if (self.process.poll() is not None or
                        time.monotonic() > deadline):
                    raise RuntimeError("ipsp-bridge does not answer: " +
                                       self.log())
                time.sleep(0.02)

    def _token(self, room, uses):
        made = subprocess.run(
            [self.program, "token", "--config", self.config, "--uses",
             str(uses), self._address(room)],
            capture_output=True, text=True, timeout=PATIENCE)
        if made.returncode:
            raise RuntimeError("no token: " + made.stderr.strip())
        return made.stdout.strip()

    def join(self, members, driver_port):
        """All of them, over a few connections that stay open."""
        shares = [members[i::CONNECTIONS] for i in range(CONNECTIONS)]
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            for done in [pool.submit(self._join, share, driver_port)
                         for share in shares]:
                done.result()

    def _join(self, members, driver_port):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.web_port, timeout=PATIENCE)
        for member in members:
            key = secrets.token_bytes(28) if self.srtp else None
            connection.request(
                "POST", "/whip/" + urllib.parse.quote(
                    self._address(member.room), safe=""),
                offer(member, driver_port, key),
                {"Content-Type": "application/sdp",
                 "Authorization": f"Bearer {self.tokens[member.room]}"})
            answer = connection.getresponse()
            sdp = answer.read().decode()
            if answer.status == 503:
                raise cell.Refused(f"the bridge is full: {sdp.strip()}")
            if answer.status != 201:
                raise RuntimeError(f"a join is answered by {answer.status}"
                                   f" {answer.reason}: {sdp}")
            accept(member, sdp, key)
        connection.close()

    def effort(self):
        """What it leaves out just now, docs/operations.md "Load": 0 is
        nothing."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.web_port, timeout=PATIENCE)
        connection.request("GET", "/metrics", headers={
            "Authorization": f"Bearer {METRICS_TOKEN}"})
        text = connection.getresponse().read().decode()
        connection.close()
        return int(re.search(r"^ipsp_bridge_worker_effort\{.*\} (\d+)", text,
                             re.M)[1])

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        text = (self.directory / "bridge.log").read_text(errors="replace")
        return text[-2000:]

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(timeout=PATIENCE)


def offer(member, port, key):
    """RFC 8866; SDES: RFC 4568, RFC 7714 13."""
    lines = [
        "v=0", f"o=- {member.index + 1} 1 IN IP4 {member.address}", "s=-",
        f"c=IN IP4 {member.address}", "t=0 0",
        f"m=audio {port} RTP/{'SAVP' if key else 'AVP'} 111",
        "a=rtpmap:111 opus/48000/2", "a=rtcp-mux",
        "a=recvonly" if member.voice is None else "a=sendrecv",
    ]
    if member.level_id:
        lines.append(f"a=extmap:{member.level_id} {LEVEL_URI}")
    if key:
        lines.append(f"a=crypto:1 {SUITE} inline:"
                     f"{base64.b64encode(key).decode()}")
    return "\r\n".join(lines) + "\r\n"


def accept(member, sdp, key):
    member.port = int(re.search(r"^m=audio (\d+) ", sdp, re.M)[1])
    if member.level_id and LEVEL_URI not in sdp:
        raise RuntimeError("the bridge does not take the level header")
    if key:
        inline = re.search(rf"^a=crypto:1 {SUITE} inline:([^|\s]+)", sdp,
                           re.M)[1]
        member.keys = (key, base64.b64decode(inline))
