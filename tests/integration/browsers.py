"""Many browsers at once, by a program that does what a browser does
(browsers.c): fifty join within a second and hear who talks. And strangers, who
send what only a browser may."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import urllib.parse

from harness import (BRIDGE, BUILD, Bridge, Maildir, note, run,
                     wait_for)

ROOM = "standup@conf.test"
PROGRAM = BUILD / "tests" / "integration" / "browsers"
HELLO = (pathlib.Path(__file__).parents[1] /
         "fuzz/corpus/dtls/hello").read_bytes()[2:]
N = int(os.environ.get("BROWSERS", 50))
SECONDS = float(os.environ.get("BROWSERS_SECONDS", 1))
STRANGERS = 2000
TICKS = os.sysconf("SC_CLK_TCK")


def bridge_in(directory):
    mail = directory / "mail"
    Maildir(mail / "standup")
    bridge = Bridge(directory / "bridge",
                    mails={"local": {"mailbox": f"maildir:{mail}/standup",
                                     "post": f"maildir:{mail}/%u"}},
                    rooms={ROOM: {"account": "local", "capacity": N}},
                    web_connections_per_address=N + 8)
    bridge.start()
    wait_for("the bridge", lambda: "main: ready" in bridge.log_text())
    return bridge


def token(bridge):
    return subprocess.run(
        [BRIDGE, "token", "-c", bridge.config, ROOM], check=True,
        capture_output=True, text=True).stdout.strip()


def storm(bridge):
    before = cpu_seconds(bridge)
    done = subprocess.run(
        [PROGRAM, str(N), str(SECONDS), str(bridge.web_port),
         "/whip/" + urllib.parse.quote(ROOM, safe=""), token(bridge)],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    used = cpu_seconds(bridge) - before
    note(f"{N} browsers: {figures}, CPU of the bridge {used:.2f} s")
    assert figures["joined"] == N and figures["hearing"] == N, figures


def cpu_seconds(bridge):
    stat = pathlib.Path(f"/proc/{bridge.process.pid}/stat").read_text()
    fields = stat.rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(bridge):
    status = pathlib.Path(f"/proc/{bridge.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def fifty_join_within_a_second(directory):
    bridge = bridge_in(directory)
    storm(bridge)
    wait_for("all to have left", lambda: bridge.log_text().count(
        "room: left") == N)
    assert bridge.stop() == 0


def a_strangers_hello_is_not_answered(directory):
    """Nor does it cost memory, whoever and however many they are."""
    bridge = bridge_in(directory)
    before, used = memory_kb(bridge), cpu_seconds(bridge)
    gate = ("127.0.0.1", bridge.media_port)
    for i in range(STRANGERS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(HELLO, gate)
            if i % 100 == 0:  # the worker has read it by then, or never will
                stranger.settimeout(0.05)
                try:
                    assert not stranger.recv(2048), "it was answered"
                except TimeoutError:
                    pass
    grown = memory_kb(bridge) - before
    note(f"{STRANGERS} hellos of strangers: {grown} kB more, "
         f"{(cpu_seconds(bridge) - used) / STRANGERS * 1e6:.0f} us each")
    assert grown < 1000, f"{grown} kB"
    assert bridge.stop() == 0


if __name__ == "__main__":
    sys.exit(run(fifty_join_within_a_second,
                 a_strangers_hello_is_not_answered))
