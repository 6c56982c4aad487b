"""What a moderator does over the panel's API, as real callers of a real bridge
hear it."""

import contextlib
import itertools
import json
import subprocess
import time
import urllib.request

from calls import bridge_in, end_of, phone, said
from harness import (Maildir, PHONE, note, run, tone_dbfs, tone_wav, wait_for,
                     wav_samples)
from web import WebSocket

CHAIR = "chair@conf.test"
ROOM = "standup@conf.test"
ANN, BOB, CARL = 700, 1100, 1700  # Hz, what they say
HEARD, SILENT = -25, -60  # dBFS, at least and at most; said at -16


class Chair:
    """The panel of a moderator, logged in by the operator's link."""

    tls = False

    def __init__(self, bridge):
        link = bridge.process.stdout.readline().decode().strip()
        self.port = bridge.web_port
        self.numbers = itertools.count(1)
        request = urllib.request.Request(
            self.origin() + "/api/login",
            data=json.dumps({"token": link.partition("#")[2]}).encode(),
            headers={"Origin": self.origin(),
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.sock = WebSocket(self, "/panel", "ipsp-panel", cookie)
        self.room = ROOM
        self.do("watch", room=ROOM)

    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def do(self, what, **words):
        number = next(self.numbers)
        self.sock.command(id=number, do=what, **words)
        while True:
            answer = self.sock.message("done", "error")
            if answer["id"] == number:
                assert answer["t"] == "done", answer
                return

    def snapshot(self):
        number = next(self.numbers)
        self.sock.command(id=number, do="watch", room=self.room)
        return self.sock.message("snapshot")

    def members(self):
        """name -> member, as it is now"""
        return {m["address"].partition("@")[0]: m
                for m in self.snapshot()["members"]}

    def expected(self, address):
        """Who is called and not there yet."""
        return {guest["address"]: guest
                for guest in self.snapshot()["expected"]}[address]

    def wait(self, name, **words):
        """The member, once it is so."""
        def found():
            member = self.members().get(name)
            return member if member and member.items() >= words.items() \
                else None

        return wait_for(f"{name} to be {words}", found)


@contextlib.contextmanager
def meeting(directory, **keys):
    bridge = bridge_in(directory, {"moderators": CHAIR},
                       start=["--login-link", CHAIR], **keys)
    chair = Chair(bridge)
    yield chair
    chair.sock.sock.close()
    assert bridge.stop() == 0


def caller(directory, name, tone, seconds, room=ROOM):
    voice = directory / f"{name}.says.wav"
    tone_wav(voice, [tone], 1)
    return phone(directory, name, "--send", voice, "--loop",
                 "--receive", directory / f"{name}.hears.wav",
                 "--for", seconds, room=room)


def windows(directory, name, tone):
    """dBFS of the tone that one hears, for each 100 ms of his call."""
    samples, rate = wav_samples(directory / f"{name}.hears.wav")
    size = rate // 10
    return [tone_dbfs(samples[i:i + size], rate, tone)
            for i in range(0, len(samples) - size, size)]


def longest(levels, holds):
    """The longest run of windows for which it holds, in seconds."""
    return max((sum(1 for _ in group) for key, group
                in itertools.groupby(levels, holds) if key), default=0) / 10


def who_is_held_hears_nothing_until_he_is_admitted(directory):
    with meeting(directory) as chair:
        ann = caller(directory, "ann", ANN, 9)
        chair.wait("ann", state="here", held=False)
        chair.do("lobby", on=True)
        bob = caller(directory, "bob", BOB, 6)
        held = chair.wait("bob", state="here", held=True)
        time.sleep(1.5)  # for so long nothing is heard
        chair.do("admit", member=held["id"])
        chair.wait("bob", held=False)
        assert end_of(directory, "bob", bob)[0] == 0
        assert end_of(directory, "ann", ann)[0] == 0
    bob_hears = windows(directory, "bob", ANN)
    ann_hears = windows(directory, "ann", BOB)
    first = next(i for i, level in enumerate(bob_hears) if level > HEARD)
    note(f"bob hears ann after {first / 10} s, "
         f"{max(bob_hears[:first - 1]):.0f} dBFS until then")
    assert first >= 15 and max(bob_hears[:first - 1]) < SILENT
    assert longest(bob_hears[first:], lambda level: level > HEARD) > 2
    assert 2 < longest(ann_hears, lambda level: level > HEARD) < 4.8


def a_listener_is_heard_again_as_a_member_only(directory):
    with meeting(directory) as chair:
        ann = caller(directory, "ann", ANN, 6)
        bob = caller(directory, "bob", BOB, 6)
        member = chair.wait("ann", state="here")["id"]
        chair.wait("bob", state="here")
        chair.do("role", member=member, role="listener")
        chair.do("unmute", member=member)
        time.sleep(2)
        chair.do("role", member=member, role="member")
        assert end_of(directory, "ann", ann)[0] == 0
        assert end_of(directory, "bob", bob)[0] == 0
    levels = windows(directory, "bob", ANN)
    silent = next(i for i in range(len(levels))
                  if max(levels[i:i + 15]) < SILENT)
    note(f"bob hears nothing from {silent / 10} s on")
    assert longest(levels[silent:], lambda level: level > HEARD) > 1


def who_is_banned_or_locked_out_does_not_come_in(directory):
    with meeting(directory) as chair:
        ann = phone(directory, "ann", "--for", 20)
        bob = phone(directory, "bob", "--for", 20)
        chair.wait("ann", state="here")
        member = chair.wait("bob", state="here")["id"]
        chair.do("ban", member=member, seconds=3600, reason="Enough")
        code, last = end_of(directory, "bob", bob)
        assert code == 12 and "Enough" in last["text"], last
        chair.do("lock")
        again = phone(directory, "bob", "--for", 1)
        carl = phone(directory, "carl", "--for", 1)
        code, last = end_of(directory, "bob", again)
        assert code == 8 and "not admitted" in last["text"], last
        code, last = end_of(directory, "carl", carl)
        assert code == 8 and "locked" in last["text"], last
        assert list(chair.members()) == ["ann"]
        chair.do("end", reason="Thank you")
        code, last = end_of(directory, "ann", ann)
        assert code == 13 and "Thank you" in last["text"], last
        assert not chair.members()


def nobody_new_sits_at_a_gate_that_drains(directory):
    with meeting(directory, sessions_per_gate=2) as chair:
        ann = caller(directory, "ann", ANN, 20)
        gate = chair.wait("ann", state="here")["gate"]
        chair.do("drain", gate=gate, on=True)
        bob = caller(directory, "bob", BOB, 2)
        other = chair.wait("bob", state="here")["gate"]
        assert other != gate
        assert end_of(directory, "bob", bob)[0] == 0
        chair.do("drain", gate=gate, on=False)
        carl = caller(directory, "carl", BOB, 1)
        assert chair.wait("carl", state="here")["gate"] == gate
        assert end_of(directory, "carl", carl)[0] == 0
        chair.do("end")
        assert end_of(directory, "ann", ann)[0] == 13
    # Both gates have one mix, also while one of them drains.
    assert longest(windows(directory, "bob", ANN),
                   lambda level: level > HEARD) > 1
    assert longest(windows(directory, "ann", BOB),
                   lambda level: level > HEARD) > 1


def waiting(directory, name, *options):
    """A phone that waits for a room to call."""
    mail = directory / "mail"
    Maildir(mail / name)
    process = subprocess.Popen(
        [PHONE, "wait", "--from", f"{name}@conf.test",
         "--config", "/dev/null", "--mailbox", f"maildir:{mail}/{name}",
         "--post", f"maildir:{mail}/%u", "--json", *map(str, options)],
        stdin=subprocess.PIPE,
        stdout=open(directory / f"{name}.json.log", "wb"),
        stderr=open(directory / f"{name}.log", "wb"))
    wait_for(f"{name} to wait", lambda: any(
        line.get("state") == "ready" for line in said(directory, name)))
    return process


def rings(directory, name):
    return [line for line in said(directory, name) if line["t"] == "ring"]


def who_is_called_by_mail_comes_or_does_not(directory):
    with meeting(directory) as chair:
        ann = caller(directory, "ann", ANN, 30)
        chair.wait("ann", state="here")
        # Neither lock nor PIN is for who is called.
        chair.do("lock")
        chair.do("pin", pin="4711")
        bob = waiting(directory, "bob", "--accept", ROOM, "--for", 2,
                      "--receive", directory / "bob.hears.wav")
        began = time.monotonic()
        chair.do("invite", address="bob@conf.test", name="Bob", how="phone")
        chair.wait("bob", state="here")
        note(f"here {time.monotonic() - began:.2f} s after the call")
        assert rings(directory, "bob")[0]["by"] == CHAIR
        assert end_of(directory, "bob", bob)[0] == 0
        carl = waiting(directory, "carl", "--for", 1)
        chair.do("invite", address="carl@conf.test", how="phone")
        wait_for("it to ring", lambda: rings(directory, "carl"))
        assert chair.expected("carl@conf.test")["state"] == "waiting"
        carl.stdin.write(b"n\n")
        carl.stdin.flush()
        wait_for("carl to decline", lambda: chair.expected(
            "carl@conf.test")["state"] == "declined")
        # Called once more he comes.
        chair.do("invite", address="carl@conf.test", how="phone")
        wait_for("it to ring", lambda: len(rings(directory, "carl")) == 2)
        carl.stdin.write(b"y\n")
        carl.stdin.flush()
        chair.wait("carl", state="here")
        assert end_of(directory, "carl", carl)[0] == 0
        assert not chair.snapshot()["expected"]
        chair.do("end")
        assert end_of(directory, "ann", ann)[0] == 13
    assert longest(windows(directory, "bob", ANN),
                   lambda level: level > HEARD) > 1


def who_is_moved_hears_the_other_room(directory):
    other = "board@conf.test"
    with meeting(directory, others=["board"]) as chair:
        bob = caller(directory, "bob", BOB, 30)
        carl = caller(directory, "carl", CARL, 30, room=other)
        ann = caller(directory, "ann", ANN, 8)
        member = chair.wait("ann", state="here")["id"]
        chair.wait("bob", state="here")
        chair.room = other
        chair.wait("carl", state="here")
        chair.do("lock", room=other)
        chair.do("pin", room=other, pin="4711")
        time.sleep(1.5)  # so long she is heard where she is
        began = time.monotonic()
        chair.do("move", room=ROOM, member=member, to=other)
        chair.wait("ann", state="here")
        note(f"there {time.monotonic() - began:.2f} s after the move")
        assert not chair.snapshot()["expected"]
        assert end_of(directory, "ann", ann)[0] == 0
        moved = [line for line in said(directory, "ann")
                 if line["t"] == "moved"]
        assert moved == [{"t": "moved", "room": other}], moved
        chair.room = ROOM
        assert list(chair.members()) == ["bob"]
        for room in (ROOM, other):
            chair.do("end", room=room)
        assert end_of(directory, "bob", bob)[0] == 13
        assert end_of(directory, "carl", carl)[0] == 13

    def heard(who, tone):
        return longest(windows(directory, who, tone),
                       lambda level: level > HEARD)

    assert heard("ann", BOB) > 1 and heard("ann", CARL) > 1
    assert heard("bob", ANN) > 1 and heard("carl", ANN) > 1
    # Nobody hears both rooms at once, and no one is in the wrong one.
    both = zip(windows(directory, "ann", BOB), windows(directory, "ann", CARL))
    assert all(min(levels) < HEARD for levels in both)
    assert max(windows(directory, "bob", CARL)) < SILENT


if __name__ == "__main__":
    raise SystemExit(run(
        who_is_held_hears_nothing_until_he_is_admitted,
        a_listener_is_heard_again_as_a_member_only,
        who_is_banned_or_locked_out_does_not_come_in,
        nobody_new_sits_at_a_gate_that_drains,
        who_is_called_by_mail_comes_or_does_not,
        who_is_moved_hears_the_other_room))
