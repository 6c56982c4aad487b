"""Debian's Janus beside us: one process, the AudioBridge plugin, members by
plain RTP, all else as Janus is delivered; spoken to over its Unix socket."""

import json
import pathlib
import shutil
import socket
import subprocess
import time

import machine

PROGRAM = shutil.which("janus")
WINDOW = 20  # requests on their way at once
PATIENCE = 10  # seconds for any answer
STARTS = 20

# Only what AudioBridge does not need is switched off.
CONFIG = """
general: {{
	configs_folder = "{directory}"
	plugins_folder = "{plugins}"
	transports_folder = "{transports}"
	events_folder = "{directory}/none"
	loggers_folder = "{directory}/none"
	session_timeout = 0
	debug_level = 2
}}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
events: {{ broadcast = false }}
"""
PFUNIX = """
general: {{
	enabled = true
	json = "compact"
	path = "{directory}/api"
	type = "SOCK_SEQPACKET"
}}
"""
AUDIOBRIDGE = """
general: {{
	events = false
	rtp_port_range = "20000-39999"
	local_ip = "127.0.0.1"
}}
"""


class Janus:
    name = "janus"

    def __init__(self, directory, prebuffering=6):
        self.directory = pathlib.Path(directory)
        self.prebuffering = prebuffering
        self.process = self.api = self.session = None
        self.transactions = 0
        self.rooms = set()

    def start(self):
        libraries = pathlib.Path(next(
            pathlib.Path("/usr/lib").glob("*/janus/plugins"))).parent
        values = {
            "directory": self.directory,
            "plugins": libraries / "plugins",
            "transports": libraries / "transports",
            "other_plugins": self._others(libraries / "plugins",
                                          "audiobridge"),
            "other_transports": self._others(libraries / "transports",
                                             "pfunix"),
        }
        for name, text in (("janus.jcfg", CONFIG),
                           ("janus.transport.pfunix.jcfg", PFUNIX),
                           ("janus.plugin.audiobridge.jcfg", AUDIOBRIDGE)):
            (self.directory / name).write_text(text.format(**values))
        # 1.1.2 has races at its start: the thread of its Unix socket may end
        # before it is told that it has begun, or drop its first client. Then
        # we try again.
        for _ in range(STARTS):
            self._spawn()
            if self._connect():
                return
            self.stop()
        raise RuntimeError("Janus does not answer: " + self.log())

    def _spawn(self):
        with open(self.directory / "janus.log", "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--config", self.directory / "janus.jcfg",
                 "--configs-folder", self.directory, "--disable-colors"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=machine.on_core(machine.SERVER_CORE))

    @staticmethod
    def _others(folder, wanted):
        return ",".join(file.name for file in folder.glob("*.so")
                        if wanted not in file.name)

    def _connect(self):
        """Whether the process came up."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            api = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            api.settimeout(PATIENCE)
            try:
                api.connect(str(self.directory / "api"))
            except OSError:
                api.close()
                time.sleep(0.02)
                continue
            self.api = api
            try:
                self.session = self._ask({"janus": "create"})["data"]["id"]
                return True
            except OSError:
                return False
        return False

    def _send(self, request):
        self.transactions += 1
        transaction = str(self.transactions)
        if self.session:
            request = {**request, "session_id": self.session}
        self.api.send(json.dumps(
            {**request, "transaction": transaction}).encode())
        return transaction

    def _receive(self):
        answer = json.loads(self.api.recv(1 << 20))
        error = answer.get("error") or answer.get(
            "plugindata", {}).get("data", {}).get("error")
        if error:
            raise RuntimeError(f"Janus refuses: {error}")
        return answer

    def _ask(self, request):
        return self._ask_all([request])[0]

    def _ask_all(self, requests):
        """The answers in the order of the requests, WINDOW under way."""
        answers, waiting, sent = {}, [], 0
        while len(answers) < len(requests):
            while sent < len(requests) and sent - len(answers) < WINDOW:
                waiting.append(self._send(requests[sent]))
                sent += 1
            answer = self._receive()
            # An ack says only that the answer will come as an event; events
            # about other members have no transaction.
            if answer["janus"] != "ack" and answer.get("transaction"):
                answers[answer["transaction"]] = answer
        return [answers[transaction] for transaction in waiting]

    def _message(self, handle, body):
        return {"janus": "message", "handle_id": handle, "body": body}

    def join(self, members, driver_port):
        attach = {"janus": "attach", "plugin": "janus.plugin.audiobridge"}
        handles = [answer["data"]["id"]
                   for answer in self._ask_all([attach] * len(members))]
        rooms = {member.room for member in members} - self.rooms
        self._ask_all([self._message(handles[0], {
            "request": "create", "room": room + 1, "sampling_rate": 48000,
            "default_prebuffering": self.prebuffering,
            "audiolevel_ext": True, "allow_rtp_participants": True,
        }) for room in rooms])
        self.rooms |= rooms
        joined = self._ask_all([self._message(handle, {
            "request": "join", "room": member.room + 1, "id": member.index + 1,
            "rtp": {"ip": member.address, "port": driver_port,
                    "payload_type": 111,
                    **({"audiolevel_ext": member.level_id}
                       if member.level_id else {})},
        }) for handle, member in zip(handles, members)])
        for member, answer in zip(members, joined):
            member.port = answer["plugindata"]["data"]["rtp"]["port"]

    @staticmethod
    def effort():
        """It never leaves anything out."""
        return 0

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        text = (self.directory / "janus.log").read_text(errors="replace")
        return text[-2000:]

    def stop(self):
        if self.api:
            self.api.close()
        if self.process:
            self.process.kill()
            self.process.wait(timeout=PATIENCE)

    @classmethod
    def missing(cls):
        return None if PROGRAM else "there is no janus: apt install janus"

    @classmethod
    def version(cls):
        said = subprocess.run([PROGRAM, "--version"], capture_output=True,
                              text=True, timeout=PATIENCE).stdout
        return "Janus " + next(
            (word for word in said.split() if word[0].isdigit()), "?")
