"""Real etcds on loopback ports of their own, processes that use one as their
directory (dirprobe), and a wire between the two that can be cut."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness import Bridge, free_port, wait_for

PROBE = os.environ.get("DIRPROBE")


def why_not():
    """Why these tests cannot run here, or None."""
    for program in ("etcd", "etcdctl"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


class Etcd:
    """One member; alone, or of a cluster of `peers` (name: peer port)."""

    address = "127.0.0.1"  # for its clients

    def __init__(self, directory, name="one", peers=None, tls=None, *extra):
        self.directory = pathlib.Path(directory) / f"etcd-{name}"
        self.directory.mkdir(parents=True)
        self.log = open(self.directory / "etcd.log", "ab")
        scheme = "https" if tls else "http"
        peers = peers or {name: free_port()}
        peer = f"http://127.0.0.1:{peers[name]}"
        self.url = f"{scheme}://{self.address}:{free_port()}"
        self.port = int(self.url.rsplit(":", 1)[1])
        self.tls = tls
        self.command = [
            "etcd", "--name", name, "--data-dir", self.directory / "data",
            "--listen-client-urls", self.url,
            "--advertise-client-urls", self.url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster",
            ",".join(f"{n}=http://127.0.0.1:{p}" for n, p in peers.items()),
            # Disks of test machines are slow and their data is not dear.
            "--unsafe-no-fsync", *extra]
        if tls:
            self.command += ["--cert-file", tls["certificate"],
                             "--key-file", tls["key"],
                             "--trusted-ca-file", tls["ca"],
                             "--client-cert-auth"]
        self.process = None

    def start(self, ready=True):
        self.process = subprocess.Popen(self.command, stdout=self.log,
                                        stderr=self.log)
        Bridge.started.append(self.process)
        if ready:
            wait_for("etcd", self.is_healthy, 20)
        return self

    def ctl(self, *words, check=True, **run):
        command = ["etcdctl", "--endpoints", self.url, *map(str, words)]
        if self.tls:
            command += ["--cacert", self.tls["ca"],
                        "--cert", self.tls["certificate"],
                        "--key", self.tls["key"]]
        return subprocess.run(command, check=check, capture_output=True,
                              text=True, timeout=20,
                              env={**os.environ, "ETCDCTL_API": "3"}, **run)

    def is_healthy(self):
        return self.ctl("get", "nothing", check=False).returncode == 0 or \
            "user name is empty" in self.ctl("get", "x", check=False).stderr

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def forget(self):
        shutil.rmtree(self.directory / "data")


class Probe:
    """A dirprobe and what it has said."""

    def __init__(self, directory, url, *options, name="probe",
                 prefix="ipsp/1/"):
        urls = [url] if isinstance(url, str) else url
        self.log = open(pathlib.Path(directory) / f"{name}.log", "ab")
        self.process = subprocess.Popen(
            [PROBE, *[w for u in urls for w in ("--url", u)],
             "--prefix", prefix, *map(str, options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
            text=True)
        Bridge.started.append(self.process)
        self.path = pathlib.Path(directory) / f"{name}.log"
        self.said = []
        self.values = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["e"] == "changed":
                if event["value"] is None:
                    self.values.pop(event["key"], None)
                else:
                    self.values[event["key"]] = event["value"]
            self.said.append(event)

    def tell(self, line):
        """Returns how many events came before."""
        since = len(self.said)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return since

    def all(self, what, since=0, **members):
        return [e for e in self.said[since:] if e["e"] == what
                and all(e.get(k) == v for k, v in members.items())]

    def wait(self, what, since=0, seconds=10, **members):
        """The first such event after so many others."""
        return wait_for(f"{what} {members}",
                        lambda: self.all(what, since, **members), seconds)[0]

    def ask(self, line, answer, **members):
        since = self.tell(line)
        return self.wait(answer, since, **members)

    def up(self):
        self.wait("lease", held=True)
        return self

    def log_text(self):
        return self.path.read_text()

    def close(self):
        self.tell("close")
        assert self.process.wait(timeout=5) == 0


class Wire:
    """A TCP relay to a port, which can go silent (as a network that drops
    everything) and come back, or break what runs over it."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.cut = False
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self.pairs.append((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(a, b),
                                 daemon=True).start()

    def _copy(self, source, sink):
        try:
            while data := source.recv(65536):
                while self.cut:
                    time.sleep(0.01)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def break_off(self):
        for near, far in self.pairs:
            for end in (near, far):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs.clear()
