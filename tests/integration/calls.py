"""Calls as a picky caller makes them: with room keys, over IPv6, TLS and
closed ports, with files of every kind, and every way in which they end."""

import email
import email.policy
import json
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time
import wave

from harness import (Bridge, Maildir, PHONE, base64url, free_port, ipsp_mail,
                     ipsp_part, note, run, tone_dbfs, tone_wav, wait_for,
                     wav_samples)
from mailbed import DOMAIN, MailBed, why_not

ROOM = "standup@conf.test"
TONE = 700  # Hz
# A second of TONE at -16 dBFS, made by libopusenc at 24 kbit/s.
OPUS = pathlib.Path(__file__).with_name("tone.opus")


def bridge_in(directory, room=None, start=(), others=(), **keys):
    """A bridge with ROOM, and rooms of other names that are like it."""
    mail = directory / "mail"
    mails, rooms = {}, {}
    for name in ("standup", *others):
        Maildir(mail / name)
        mails[name] = {"mailbox": f"maildir:{mail}/{name}",
                       "post": f"maildir:{mail}/%u"}
        rooms[f"{name}@conf.test"] = {"account": name, **(room or {})}
    bridge = Bridge(directory / "bridge", mails=mails, rooms=rooms, **keys)
    bridge.start(*start)
    wait_for("the bridge", lambda: "main: ready" in bridge.log_text())
    return bridge


def phone(directory, name, *options, room=ROOM, **popen):
    mail = directory / "mail"
    Maildir(mail / name)
    return subprocess.Popen(
        [PHONE, "call", room, "--from", f"{name}@conf.test",
         "--config", "/dev/null",
         "--mailbox", f"maildir:{mail}/{name}", "--post", f"maildir:{mail}/%u",
         "--json", *map(str, options)],
        stdout=open(directory / f"{name}.json.log", "wb"),
        stderr=open(directory / f"{name}.log", "wb"), **popen)


def said(directory, name):
    """The JSON lines that a phone printed."""
    text = (directory / f"{name}.json.log").read_text()
    return [json.loads(line) for line in text.splitlines()
            if line.endswith("}")]


def end_of(directory, name, process, seconds=30):
    """(exit code, the last line)"""
    code = process.wait(timeout=seconds)
    last = said(directory, name)[-1]
    assert last["t"] == "end" and last["exit"] == code, last
    return code, last


def talking(directory, name):
    return [line for line in said(directory, name)
            if line.get("state") == "talking"]


def talk_together(directory, *options, voice=None):
    """Ann says a tone, bob listens; returns bob's line on his path."""
    if not voice:
        voice = directory / "voice.wav"
        tone_wav(voice, [TONE], 1)
    ann = phone(directory, "ann", "--send", voice, "--loop", "--for", 4,
                *options)
    wait_for("ann to talk", lambda: talking(directory, "ann"))
    heard = directory / "heard.wav"
    bob = phone(directory, "bob", "--receive", heard, "--for", 2, *options)
    assert end_of(directory, "bob", bob)[0] == 0
    assert end_of(directory, "ann", ann)[0] == 0
    samples, rate = wav_samples(heard, 1, 0.8)
    level = tone_dbfs(samples, rate, TONE)
    note(f"{talking(directory, 'bob')[0]['path']}: {level:.1f} dBFS")
    assert -20 < level < -12, level
    return talking(directory, "bob")[0]


def a_room_key_opens_the_room_to_who_has_it_only(directory):
    key, wrong = directory / "key", directory / "wrong"
    key.write_text(base64url(secrets.token_bytes(16)) + "\n")
    wrong.write_text(base64url(secrets.token_bytes(16)) + "\n")
    bridge = bridge_in(directory, {"key_file": key})
    others = {
        name: phone(directory, name, *options, "--for", 1,
                    "--transport", "udp")
        for name, options in {"eve": ["--room-key-file", wrong],
                              "fred": []}.items()
    }
    talk_together(directory, "--room-key-file", key)
    for name, process in others.items():
        code, last = end_of(directory, name, process)
        assert code == 10 and "key" in last["text"], last
    assert bridge.stop() == 0


def a_file_that_is_no_room_key_is_refused_at_once(directory):
    key = directory / "key"
    key.write_text("too short\n")
    process = phone(directory, "ann", "--room-key-file", key)
    assert process.wait(timeout=10) == 2
    assert "22 characters" in (directory / "ann.log").read_text()


def a_call_over_IPv6(directory):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        note("this machine has no IPv6")
        return
    bridge = bridge_in(directory, media_address="::1")
    where = talk_together(directory, "--transport", "udp")
    assert where["path"] == f"udp [::1]:{bridge.media_port}", where
    assert bridge.stop() == 0


def certificate(directory):
    """(CA, certificate, key) of a web server called localhost."""
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True,
                       capture_output=True, timeout=30)

    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "2"]
    for ca in ("ca", "other-ca"):
        openssl("req", "-x509", *new, "-subj", f"/CN={ca}",
                "-keyout", directory / f"{ca}.key",
                "-out", directory / f"{ca}.pem")
    openssl("req", *new, "-subj", "/CN=localhost",
            "-keyout", directory / "web.key", "-out", directory / "web.csr")
    names = directory / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", directory / "web.csr",
            "-CA", directory / "ca.pem", "-CAkey", directory / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", names,
            "-out", directory / "web.pem")
    return (directory / "ca.pem", directory / "web.pem", directory / "web.key")


def tls_bridge(directory, **keys):
    ca, cert, key = certificate(directory)
    port = free_port()
    return ca, bridge_in(directory, web_port=port, tls_certificate=cert,
                         tls_key=key, web_url=f"https://localhost:{port}",
                         **keys)


def a_call_over_WebSockets_under_TLS(directory):
    ca, bridge = tls_bridge(directory)
    where = talk_together(directory, "--transport", "wss", "--ca", ca)
    assert where["path"].startswith("wss://localhost:"), where
    # A server that nobody vouches for carries no call.
    stranger = phone(directory, "carol", "--transport", "wss",
                     "--ca", directory / "other-ca.pem", "--for", 1)
    assert end_of(directory, "carol", stranger)[0] == 10
    assert bridge.stop() == 0


def swallowed_UDP_gives_way_to_WebSockets(directory):
    """The OK names a UDP address where datagrams come in and nobody answers,
    as behind a closed firewall."""
    nowhere = "127.0.0.2"
    ca, bridge = tls_bridge(directory, public_address=nowhere)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind((nowhere, bridge.media_port))
        ann = phone(directory, "ann", "--ca", ca, "--for", 1)
        assert end_of(directory, "ann", ann)[0] == 0
        # Who insists on UDP is told so.
        bob = phone(directory, "bob", "--transport", "udp", "--for", 1)
        code, last = end_of(directory, "bob", bob)
        assert code == 10 and "UDP" in last["text"], last
        assert hole.recv(2000), "UDP was never tried"
    where = talking(directory, "ann")[0]
    assert where["path"].startswith("wss://localhost:"), where
    took = where["setup"]["registered_ms"] - where["setup"]["ok_ms"]
    note(f"{took:.0f} ms from the OK to the WebSocket's PhoneGate")
    assert took < 3000, where
    assert bridge.stop() == 0


def wav_of(path, rate, channels):
    """The tone at a rate, the same in each channel."""
    mono = path.with_suffix(".mono.wav")
    tone_wav(mono, [TONE], 1, rate=rate)
    with wave.open(str(mono)) as said, wave.open(str(path), "wb") as out:
        out.setparams(said.getparams())
        out.setnchannels(channels)
        frames = said.readframes(said.getnframes())
        out.writeframes(b"".join(frames[i:i + 2] * channels
                                 for i in range(0, len(frames), 2)))
    return path


def WAV_of_any_rate_and_Opus_sound_the_same(directory):
    bridge = bridge_in(directory)
    talk_together(directory, voice=wav_of(directory / "low.wav", 8000, 1))
    talk_together(directory, voice=wav_of(directory / "cd.wav", 44100, 2))
    talk_together(directory, voice=OPUS)
    assert bridge.stop() == 0


def a_raised_capacity_lets_more_in_at_once(directory):
    bridge = bridge_in(directory, {"capacity": 1})
    voice = directory / "voice.wav"
    tone_wav(voice, [TONE], 1)
    ann = phone(directory, "ann", "--send", voice, "--loop")
    wait_for("ann to talk", lambda: talking(directory, "ann"))
    bob = phone(directory, "bob")
    code, last = end_of(directory, "bob", bob)
    assert code == 7 and last["why"] == "busy", last
    text = bridge.config.read_text()
    bridge.config.write_text(text.replace("capacity = 1", "capacity = 4"))
    bridge.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "read again" in bridge.log_text())
    more = {name: phone(directory, name, "--for", 2, "--receive",
                        directory / f"{name}.wav")
            for name in ("bob", "carol", "dave")}
    for name, process in more.items():
        assert end_of(directory, name, process)[0] == 0
        samples, rate = wav_samples(directory / f"{name}.wav", 1, 0.8)
        assert tone_dbfs(samples, rate, TONE) > -20, name
    ann.send_signal(signal.SIGINT)
    assert end_of(directory, "ann", ann)[0] == 0
    assert bridge.stop() == 0


def exit_codes_name_the_cause(directory):
    pin = directory / "pin"
    pin.write_text("1234\n")
    bridge = bridge_in(directory, {"pin_file": pin})
    mail = directory / "mail"
    for name, code, why, options in (
            ("one", 8, "rejected", ["--pin", "9999"]),
            ("two", 0, "hung-up", ["--pin", "1234", "--for", 1]),
            ("three", 8, "rejected", ["--pin", "1234", "--plain"])):
        process = phone(directory, name, *options)
        found, last = end_of(directory, name, process)
        assert (found, last["why"]) == (code, why), last
    for name, code, options in (
            ("four", 2, ["--transport", "pigeon"]),
            ("five", 3, ["--send", directory / "no.wav"]),
            ("six", 4, ["--mailbox", "pop3s://localhost:1"]),
            ("seven", 3, ["--receive", directory / "no" / "where.wav"])):
        process = phone(directory, name, *options)
        assert process.wait(timeout=30) == code, name
    lost = phone(directory, "lost", "--pin", "1234", room="lost@conf.test")
    time.sleep(0.5)
    Maildir(mail / "lost")
    lost.send_signal(signal.SIGINT)
    assert end_of(directory, "lost", lost)[0] == 130
    first = phone(directory, "ann", "--pin", "1234")
    wait_for("ann to talk", lambda: talking(directory, "ann"))
    (directory / "ann.json.log").rename(directory / "first.json.log")
    second = phone(directory, "ann", "--pin", "1234")
    assert end_of(directory, "first", first)[0] == 14
    bridge.process.send_signal(signal.SIGTERM)
    code, last = end_of(directory, "ann", second)
    assert code == 13, last
    assert bridge.process.wait(timeout=20) == 0


def an_INVITE_tells_the_kind_of_network_and_no_address(directory):
    room = Maildir(directory / "mail" / "standup")
    ann = phone(directory, "ann")
    wait_for("the INVITE", room.mails)
    part = ipsp_part(room.mails()[0])
    assert part["net"] in ("private", "global"), part
    assert "cand" not in part, part
    ann.send_signal(signal.SIGINT)
    assert end_of(directory, "ann", ann)[0] == 130
    # Its INVITE is taken back.
    assert [ipsp_part(mail)["m"] for mail in room.mails()] == \
        ["INVITE", "CANCEL"]


def an_OK_of_what_was_not_offered_ends_the_call(directory):
    room = Maildir(directory / "mail" / "standup")
    ann = phone(directory, "ann")
    wait_for("the INVITE", room.mails)
    asked = ipsp_part(room.mails()[0])
    Maildir(directory / "mail" / "ann").drop(ipsp_mail("OK", {
        "ipsp": 1, "m": "OK", "did": asked["did"], "room": ROOM,
        "to": asked["from"], "iat": asked["iat"], "exp": asked["iat"] + 60,
        "suite": "X25519-HKDF256-PLAIN", "pk": asked["pk"],
        "pg": [{"id": "g", "cand": [{"p": "udp", "a": "127.0.0.1",
                                     "n": 9}]}],
        "media": [{"t": "audio", "c": "opus/48000/2", "pt": 111}]},
        ROOM, "ann@conf.test"))
    code, last = end_of(directory, "ann", ann)
    assert (code, last["why"]) == (9, "bad-answer"), last


class GhostBed(MailBed):
    """Postfix knows `ghost`, Dovecot does not: his mail comes back."""

    def make_files(self):
        super().make_files()
        words = self.dir / "passwords"
        words.write_text("".join(
            line for line in words.read_text().splitlines(keepends=True)
            if not line.startswith("ghost:")))


def post_phone(directory, bed, user, room, *options):
    """A phone on the bed's servers."""
    secret = directory / f"{user}.password"
    secret.write_text(bed.passwords[user])
    return subprocess.Popen(
        [PHONE, "call", f"{room}@{DOMAIN}", "--from", f"{user}@{DOMAIN}",
         "--config", "/dev/null", "--json", "--ca", bed.ca, "--user", user,
         "--mailbox", f"imaps://localhost:{bed.ports['imaps']}",
         "--post", f"smtp://localhost:{bed.ports['smtp']}",
         "--password-file", secret, *options],
        stdout=open(directory / f"{user}.json.log", "wb"),
        stderr=open(directory / f"{user}.log", "wb"))


def an_INVITE_that_is_refused_or_comes_back_ends_the_call(directory):
    if why_not():
        note(why_not())
        return
    with GhostBed(["alice", "ghost"]) as bed:
        for room, said in (("nobody", "550"), ("ghost", "came back: 550")):
            began = time.monotonic()
            code, last = end_of(
                directory, "alice",
                post_phone(directory, bed, "alice", room))
            note(f"{room}: {last['text']} ({time.monotonic() - began:.1f} s)")
            assert code == 5 and said in last["text"], last


def people_are_answered_in_their_language(directory):
    if why_not():
        note(why_not())
        return
    with MailBed(["room", "alice", "hanako"]) as bed:
        secret = directory / "room.password"
        secret.write_text(bed.passwords["room"])
        bridge = Bridge(directory / "bridge", mails={"rooms": {
            "mailbox": f"imaps://localhost:{bed.ports['imaps']}",
            "mailbox_user": "room", "mailbox_password_file": secret,
            "post": f"smtp://localhost:{bed.ports['smtp']}",
            "ca_file": bed.ca}}, rooms={f"room@{DOMAIN}": {
                "account": "rooms"}}).start()
        wait_for("the mailbox", lambda: "watching" in bridge.log_text())
        for user, subject, words, answer in (
                ("alice", "Hello", "How do I get in?", "join"),
                ("hanako", "会議について", "どうやって参加しますか。", "参加")):
            letter = email.message.EmailMessage()
            letter["From"] = f"{user}@{DOMAIN}"
            letter["To"] = f"room@{DOMAIN}"
            letter["Subject"] = subject
            letter["Message-ID"] = f"<{user}.1@{DOMAIN}>"
            letter.set_content(words)
            with bed.smtp() as server:
                server.send_message(letter)
            box = Maildir(bed.maildir(user))
            wait_for(f"an answer to {user}", box.mails)
            back = email.message_from_bytes(
                box.mails()[0], policy=email.policy.default)
            text = back.get_body(("plain",)).get_content()
            note(f"{back['Subject']}: {text.splitlines()[0]}")
            assert answer in text, text
            assert any("\u3040" < c < "\u30ff" for c in text) == (
                user == "hanako"), text
            assert back["In-Reply-To"] == letter["Message-ID"]
            assert back["Auto-Submitted"] == "auto-replied"
        assert bridge.stop() == 0


if __name__ == "__main__":
    sys.exit(run(
        a_room_key_opens_the_room_to_who_has_it_only,
        a_file_that_is_no_room_key_is_refused_at_once,
        a_call_over_IPv6,
        a_call_over_WebSockets_under_TLS,
        swallowed_UDP_gives_way_to_WebSockets,
        WAV_of_any_rate_and_Opus_sound_the_same,
        a_raised_capacity_lets_more_in_at_once,
        exit_codes_name_the_cause,
        an_INVITE_tells_the_kind_of_network_and_no_address,
        an_OK_of_what_was_not_offered_ends_the_call,
        an_INVITE_that_is_refused_or_comes_back_ends_the_call,
        people_are_answered_in_their_language))
