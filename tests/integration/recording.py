"""Recordings and announcements of a real bridge: what its callers hear is held
against what the files say."""

import array
import ctypes
import email
import email.policy
import json
import subprocess
import sys
import time
import wave

from harness import (Bridge, Maildir, PHONE, note, run, tone_dbfs,
                     tone_wav, wait_for, wav_samples)
from web import get, panel, post

ROOM = "standup@conf.test"
CHAIR = "chair@conf.test"
ANN, BOB, BELL = 450, 1450, 1900  # Hz
LOW, HIGH = 660, 990              # of the notice
OPUSFILE = ctypes.CDLL("libopusfile.so.0")
OPUSFILE.op_open_file.restype = ctypes.c_void_p
OPUSFILE.op_free.argtypes = [ctypes.c_void_p]
OPUSFILE.op_read_float_stereo.argtypes = [ctypes.c_void_p, ctypes.c_void_p,
                                          ctypes.c_int]


def opus_samples(path):
    """The left channel, at 48 kHz."""
    file = OPUSFILE.op_open_file(str(path).encode(), None)
    assert file, f"{path} is no Ogg Opus file"
    block = (ctypes.c_float * 11520)()
    found = array.array("f")
    while (n := OPUSFILE.op_read_float_stereo(file, block, len(block))) != 0:
        assert n > 0, (path, n)
        found.extend(block[0:2 * n:2])
    OPUSFILE.op_free(file)
    return found


def loudest(samples, hz, seconds=0.18, rate=48000):
    """dBFS of a tone where it is loudest, in windows of so long."""
    n = int(seconds * rate)
    return max(tone_dbfs(samples[i:i + n], rate, hz)
               for i in range(0, len(samples) - n + 1, n // 2))


class Moderated(Bridge):
    """A bridge with a chair at its panel, and phones."""

    def __init__(self, directory, room=None, **keys):
        self.top = directory
        self.mail = directory / "mail"
        Maildir(self.mail / "standup")
        self.letters = Maildir(self.mail / "chair")
        super().__init__(
            directory / "bridge",
            mails={"local": {"mailbox": f"maildir:{self.mail}/standup",
                             "post": f"maildir:{self.mail}/%u"}},
            rooms={ROOM: {"account": "local", "moderators": CHAIR,
                          **(room or {})}}, **keys)
        self.port, self.tls, self.id = self.web_port, False, 1

    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def open(self):
        before = self.log_text().count("main: ready")
        self.start("--login-link", CHAIR)
        token = self.process.stdout.readline().decode().strip().split("#")[1]
        wait_for("the bridge",
                 lambda: self.log_text().count("main: ready") > before)
        _, headers, _ = post(self, "/api/login", {"token": token})
        self.cookie = headers["set-cookie"].split(";")[0]
        self.panel = panel(self, self.cookie, ROOM)
        self.snapshot = self.panel.message("snapshot")
        self.panel.message("done")
        return self

    def do(self, command, **members):
        """Its answer. What else came is in self.said."""
        self.id += 1
        self.panel.command(id=self.id, do=command, **members)
        self.said = []
        while True:
            opcode, payload = self.panel.receive()
            message = json.loads(payload) if opcode == 1 else {"t": ""}
            if message.get("id") == self.id and message["t"] in ("done",
                                                                 "error"):
                return message
            self.said.append(message)

    def ask(self, question):
        assert self.do(question)["t"] == "done"
        return next(m for m in self.said if m["t"] == question)[question]

    def call(self, name, *options):
        """A phone that is here."""
        Maildir(self.mail / name)
        with open(self.top / f"{name}.json.log", "wb") as out:
            process = subprocess.Popen(
                [PHONE, "call", ROOM, "--from", f"{name}@conf.test",
                 "--config", "/dev/null", "--json",
                 "--mailbox", f"maildir:{self.mail}/{name}",
                 "--post", f"maildir:{self.mail}/%u", *map(str, options)],
                stdout=out, stderr=subprocess.DEVNULL)
        Bridge.started.append(process)
        wait_for(f"{name} to talk", lambda: '"talking"' in self.heard_by(name))
        return process

    def heard_by(self, name):
        return (self.top / f"{name}.json.log").read_text()

    def voice(self, name, hz):
        path = self.top / f"{name}.wav"
        if not path.exists():
            tone_wav(path, [hz], 1)
        return "--send", path, "--loop"

    def download(self, recording, file, **headers):
        return get(self, f"/api/recordings/{recording}/{file}",
                   Cookie=self.cookie, **headers)

    def files(self, recording):
        return self.directory / "state" / "recordings" / recording

    def wait_for_recording(self, state):
        while True:
            event = self.panel.message("recording")
            if event["recording"]["state"] == state:
                return event

    def letter(self, recording):
        """What was mailed about a recording, once it has come."""
        def texts():
            mails = [email.message_from_bytes(m, policy=email.policy.default)
                     for m in self.letters.mails()]
            found = [m.get_body(("plain",)).get_content() for m in mails]
            return [t for t in found if f"recording={recording}" in t]
        return wait_for("a mail", texts)[0]


def end(*phones):
    for process in phones:
        process.terminate()
        process.wait(timeout=10)


def sleep_until_recorded(bridge, seconds):
    def long_enough():
        time.sleep(0.1)  # a panel may ask 20 times a second
        return bridge.ask("recordings")[0]["seconds"] >= seconds
    wait_for(f"{seconds} s to be recorded", long_enough, 30)


def state_with(bridge, what):
    """The room's, of the last command; it may have said others before."""
    return next(m["state"] for m in bridge.said
                if m["t"] == "room" and m["state"][what])


def the_files_hold_what_was_said_and_by_whom(directory):
    bridge = Moderated(directory).open()
    assert bridge.snapshot["state"]["recording"] is None
    answer = bridge.do("record", on=True)
    assert answer["code"] == "impossible", answer  # nobody is here
    ann = bridge.call("ann", *bridge.voice("ann", ANN))
    heard = directory / "heard.wav"
    bob = bridge.call("bob", *bridge.voice("bob", BOB), "--receive", heard)
    assert bridge.do("record", on=True)["t"] == "done"
    began = next(m for m in bridge.said if m["t"] == "recording")["recording"]
    state = state_with(bridge, "recording")
    assert state["recording"]["recording"] == began["recording"]
    assert state["recording"]["by"] == began["by"] == CHAIR
    assert bridge.do("record", on=True)["t"] == "done"  # again: no harm
    assert not [m for m in bridge.said if m["t"] == "recording"]
    one = began["recording"]
    assert bridge.do("recording-delete", recording=one)["code"] == "impossible"
    sleep_until_recorded(bridge, 1)
    end(ann)
    sleep_until_recorded(bridge, 3)
    assert bridge.do("record", on=False)["t"] == "done"
    ended = (next((m for m in bridge.said if m["t"] == "recording"), None)
             or bridge.wait_for_recording("ended"))
    row = ended["recording"]
    assert row["why"] == "stopped" and ended["by"] == CHAIR, ended
    assert row["seconds"] >= 3 and row["lost_s"] == 0, row
    wait_for("bob to be told twice", lambda: bridge.heard_by("bob").count(
        '"recording"') >= 2)
    # One that nobody ends but by going.
    assert bridge.do("record", on=True)["t"] == "done"
    end(bob)
    other = bridge.wait_for_recording("ended")["recording"]
    assert other["why"] == "empty" and other["recording"] != one, other
    assert bridge.do("recording-delete",
                     recording=other["recording"])["t"] == "done"

    # What is in the files.
    names = {f["address"]: f["file"] for f in row["files"]}
    assert row["files"][0]["file"] == "mix.opus", row
    assert set(names) == {"", "ann@conf.test", "bob@conf.test"}, row
    sound = {}
    for who, file in names.items():
        status, headers, body = bridge.download(one, file)
        assert status == 200 and headers["content-type"] == "audio/ogg"
        assert headers["content-disposition"] == "attachment"
        assert body == (bridge.files(one) / file).read_bytes()
        (directory / file).write_bytes(body)
        sound[who] = opus_samples(directory / file)
    lengths = {len(s) for s in sound.values()}
    assert lengths == {round(row["seconds"] * 48000)}, (lengths, row)
    first = {who: s[:48000] for who, s in sound.items()}
    last = {who: s[-40000:] for who, s in sound.items()}
    levels = {
        "ann in her track": tone_dbfs(first["ann@conf.test"], 48000, ANN),
        "bob in his track": tone_dbfs(first["bob@conf.test"], 48000, BOB),
        "ann in the mix": tone_dbfs(first[""], 48000, ANN),
        "bob in the mix": tone_dbfs(last[""], 48000, BOB),
        "the notice in the mix": loudest(first[""], LOW),
        "the notice's end in it": loudest(first[""], HIGH),
    }
    quiet = {
        "bob in ann's track": tone_dbfs(first["ann@conf.test"], 48000, BOB),
        "ann in bob's track": tone_dbfs(first["bob@conf.test"], 48000, ANN),
        "ann's track when she has left": tone_dbfs(last["ann@conf.test"],
                                                   48000, ANN),
        "the notice in bob's track": loudest(sound["bob@conf.test"], HIGH),
    }
    note(", ".join(f"{k} {v:.0f}" for k, v in {**levels, **quiet}.items()))
    assert all(-26 < v < -12 for v in levels.values()), levels
    assert all(v < -45 for v in quiet.values()), quiet
    # And what bob heard: a rising pair of tones, later a falling one.
    samples, rate = wav_samples(heard)
    assert loudest(samples, HIGH, rate=rate) > -26
    assert loudest(samples, LOW, rate=rate) > -26

    # Parts of a file, and what is no part of it.
    whole = (bridge.files(one) / "mix.opus").read_bytes()
    for wanted, status, part in (
            ("bytes=0-3", 206, whole[:4]), ("bytes=-5", 206, whole[-5:]),
            ("bytes=10-", 206, whole[10:]), ("lines=1-2", 200, whole),
            (f"bytes={len(whole)}-", 416, b"")):
        got, headers, body = bridge.download(one, "mix.opus", Range=wanted)
        assert (got, body) == (status, part), (wanted, got, headers)
    for path in (f"{one}/none.opus", one, f"{one}/", f"{one}/mix.opus/",
                 f"{one}/%00mix.opus",
                 "20200101-000000-00000000/mix.opus", "../store.db"):
        assert get(bridge, f"/api/recordings/{path}",
                   Cookie=bridge.cookie)[0] == 404, path
    assert get(bridge, f"/api/recordings/{one}/mix.opus")[0] == 401

    # The mail, the list, and the end of it all.
    text = bridge.letter(one)
    link = f"http://127.0.0.1:{bridge.port}/?room={ROOM}&recording={one}"
    assert link in text.replace("%40", "@"), text
    assert [r["recording"] for r in bridge.ask("recordings")] == [one]
    assert bridge.do("recording-delete", recording=one)["t"] == "done"
    assert not bridge.files(one).exists()
    assert bridge.ask("recordings") == []
    assert bridge.download(one, "mix.opus")[0] == 404
    assert bridge.do("recording-delete", recording=one)["code"] == "not-here"
    assert bridge.do("audit", room=ROOM)["t"] == "done"
    trail = next(m for m in bridge.said if m["t"] == "audit")["rows"]
    assert [(r["what"], r["detail"], r["outcome"]) for r in trail[:5]] == [
        ("recording-delete", one, "not-here"),
        ("recording-delete", one, "done"),
        ("recording-delete", other["recording"], "done"),
        ("record", "on", "done"), ("record", "off", "done")], trail
    assert (code := bridge.stop()) == 0, code


def who_waits_in_the_lobby_is_recorded_from_his_admission_on(directory):
    bridge = Moderated(directory).open()
    ann = bridge.call("ann", *bridge.voice("ann", ANN))
    assert bridge.do("record", on=True)["t"] == "done"
    assert bridge.do("lobby", on=True)["t"] == "done"
    bob = bridge.call("bob", *bridge.voice("bob", BOB))
    wait_for("bob to be held", lambda: '"hold"' in bridge.heard_by("bob"))
    waited = bridge.ask("recordings")[0]["seconds"] + 1
    sleep_until_recorded(bridge, waited)
    row, = bridge.ask("recordings")
    assert [f["address"] for f in row["files"]] == ["", "ann@conf.test"], row
    assert '"recording"' not in bridge.heard_by("bob")
    assert bridge.do("admit-all")["t"] == "done"
    wait_for("bob to be told",
             lambda: '"recording"' in bridge.heard_by("bob"))
    sleep_until_recorded(bridge, waited + 1.5)
    assert bridge.do("record", on=False)["t"] == "done"
    row = (next((m for m in bridge.said if m["t"] == "recording"), None)
           or bridge.wait_for_recording("ended"))["recording"]
    end(ann, bob)
    assert [f["address"] for f in row["files"]] == [
        "", "ann@conf.test", "bob@conf.test"], row
    mix, _, his = (opus_samples(bridge.files(row["recording"]) / f["file"])
                   for f in row["files"])
    before, after = slice(int((waited - 1) * 48000), int(waited * 48000)), \
        slice(-24000, None)
    for samples in (mix, his):
        assert tone_dbfs(samples[before], 48000, BOB) < -45
        assert tone_dbfs(samples[after], 48000, BOB) > -26
    assert (code := bridge.stop()) == 0, code


def a_bridge_that_ends_or_is_killed_leaves_what_it_has_recorded(directory):
    bridge = Moderated(directory).open()
    bridge.call("bob", *bridge.voice("bob", BOB))
    assert bridge.do("record", on=True)["t"] == "done"
    sleep_until_recorded(bridge, 1)
    assert (code := bridge.stop()) == 0, code
    bridge.open()
    row, = bridge.ask("recordings")
    assert row["why"] == "restart" and len(row["files"]) == 2, row
    bridge.letter(row["recording"])
    assert bridge.do("recording-delete",
                     recording=row["recording"])["t"] == "done"
    bridge.call("ann", *bridge.voice("ann", ANN))
    assert bridge.do("record", on=True)["t"] == "done"
    sleep_until_recorded(bridge, 2)
    said = bridge.ask("recordings")[0]["seconds"]
    bridge.kill()
    bridge.open()
    row, = bridge.ask("recordings")
    note(f"killed at {said:.1f} s or later: {row['seconds']:.1f} s are there")
    assert row["state"] == "ended" and row["why"] == "restart", row
    assert row["seconds"] >= said - 1, (row, said)
    for file in row["files"]:
        samples = opus_samples(bridge.files(row["recording"]) / file["file"])
        assert len(samples) >= (said - 1) * 48000, (file, len(samples))
        assert tone_dbfs(samples[24000:60000], 48000, ANN) > -26, file
    assert len(row["files"]) == 2, row
    bridge.letter(row["recording"])
    assert bridge.stop() == 0


def an_announcement_is_heard_by_all(directory):
    sounds = directory / "sounds"
    sounds.mkdir()
    tone_wav(sounds / "bell.wav", [BELL], 1.5, rate=44100)
    tone_wav(sounds / "long.wav", [BELL], 20, rate=8000)
    (sounds / "notes.txt").write_text("no sound")
    (sounds / "broken.wav").write_text("no sound either")
    bridge = Moderated(directory, {"record": "no"},
                       announcements_directory=sounds).open()
    assert [(a["name"], round(a["seconds"], 1))
            for a in bridge.ask("announcements")] == [("bell.wav", 1.5),
                                                      ("long.wav", 20)]
    assert bridge.do("announce", name="bell.wav")["code"] == "impossible"
    heard = [directory / "ann.heard.wav", directory / "bob.heard.wav"]
    ann = bridge.call("ann", *bridge.voice("ann", ANN), "--receive", heard[0])
    bob = bridge.call("bob", "--receive", heard[1])
    for name in ("broken.wav", "notes.txt", "../bridge.conf", "none.wav"):
        assert bridge.do("announce", name=name)["code"] == "impossible", name
    assert bridge.do("record", on=True)["code"] == "impossible"
    assert bridge.do("announce", name="bell.wav")["t"] == "done"
    state = state_with(bridge, "announcing")
    assert state["announcing"]["name"] == "bell.wav", state

    def so_far(path):
        try:
            return wav_samples(path)
        except (EOFError, wave.Error):  # just being written
            return [0.0], 1

    def is_heard(path):
        samples, rate = so_far(path)
        return len(samples) > rate and loudest(samples, BELL, 0.5, rate) > -22
    for path in heard:
        wait_for(f"{path.name} to have it", lambda: is_heard(path))
    # One waits for another, four at most; the end is the end of all.
    fitted = 0
    while (answer := bridge.do("announce", name="long.wav"))["t"] == "done":
        fitted += 1
    assert answer["code"] == "limit" and fitted in (4, 5), (answer, fitted)
    assert bridge.do("announce-end")["t"] == "done"
    state = [m for m in bridge.said if m["t"] == "room"][-1]["state"]
    assert state["announcing"] is None, state

    def is_silent():
        samples, rate = so_far(heard[1])
        return len(samples) > rate and tone_dbfs(samples[-rate // 2:], rate, BELL) < -50
    wait_for("silence", is_silent)
    end(ann, bob)
    assert (code := bridge.stop()) == 0, code


if __name__ == "__main__":
    sys.exit(run(the_files_hold_what_was_said_and_by_whom,
                 who_waits_in_the_lobby_is_recorded_from_his_admission_on,
                 a_bridge_that_ends_or_is_killed_leaves_what_it_has_recorded,
                 an_announcement_is_heard_by_all))
