"""What an attacker gets: from a forged From, a replayed INVITE, and datagrams
without a key. The whole bridge, from outside."""

import hashlib
import hmac
import os
import random
import secrets
import socket
import struct
import sys
import time
import zlib

from harness import (Bridge, Maildir, digest, invite, ipsp_part, note, run,
                     wait_for)

ROOM = "hall@conf.test"
SEED = int(os.environ.get("HOSTILE_SEED", str(time.time_ns())))


def start(directory, capacity=20):
    mail = directory / "mail"
    room = Maildir(mail / "hall")
    bridge = Bridge(
        directory / "bridge",
        mails={"local": {"mailbox": f"maildir:{mail}/hall",
                         "post": f"maildir:{mail}/%u"}},
        rooms={ROOM: {"account": "local", "capacity": capacity}})
    return bridge.start(), room, mail


def ear():
    """A UDP socket that hopes to be sent something."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0.0)
    return sock


def heard(sock):
    datagrams = []
    while True:
        try:
            datagrams.append(sock.recv(2048))
        except BlockingIOError:
            return datagrams


def stun_request(username, password):
    """A Binding request with MESSAGE-INTEGRITY and FINGERPRINT, RFC 8489."""
    def attribute(kind, value):
        padding = b"\0" * (-len(value) % 4)
        return struct.pack("!HH", kind, len(value)) + value + padding

    head = struct.pack("!HHI", 1, 0, 0x2112A442) + secrets.token_bytes(12)
    body = attribute(6, username.encode()) + attribute(0xC951, bytes(8))

    def with_length(extra):
        return head[:2] + struct.pack("!H", len(body) + extra) + head[4:]

    mac = hmac.new(password.encode(), with_length(24) + body,
                   hashlib.sha1).digest()
    body += attribute(8, mac)
    crc = zlib.crc32(with_length(8) + body) ^ 0x5354554E
    return with_length(8) + body + attribute(0x8028, struct.pack("!I", crc))


def a_forged_From_earns_its_owner_one_mail_and_nobody_a_datagram(directory):
    bridge, room, mail = start(directory)
    victim = Maildir(mail / "victim")
    target = ear()
    address, port = target.getsockname()
    forged, did = invite(ROOM, "victim@conf.test", cand=[
        {"p": "udp", "a": address, "n": port}])
    room.drop(forged)
    wait_for("the OK", victim.mails)
    part = ipsp_part(victim.mails()[0])
    assert part["m"] == "OK" and part["did"] == did

    # The forger knows did and the gate's address from his own INVITE and a
    # port scan, but not the secret: what he registers is met by silence.
    gate = ("127.0.0.1", bridge.media_port)
    for password in ("", did, "x" * 24):
        target.sendto(stun_request(did, password), gate)
    target.sendto(stun_request("nobody", "x" * 24), gate)
    rtp = struct.pack("!BBHII", 0x80, 111, 1, 960, 1) + bytes(60)
    for _ in range(50):
        target.sendto(rtp, gate)
    time.sleep(1.0)
    assert heard(target) == []
    assert len(victim.mails()) == 1
    assert bridge.stop() == 0


def a_replayed_INVITE_gets_the_same_OK_and_no_second_seat(directory):
    bridge, room, mail = start(directory, capacity=2)
    caller = Maildir(mail / "caller")
    invitation, did = invite(ROOM, "caller@conf.test")
    room.drop(invitation)
    wait_for("the OK", caller.mails)
    for _ in range(3):
        room.drop(invitation)
        time.sleep(0.3)
    wait_for("the room's mailbox to be empty", lambda: not room.mails())
    time.sleep(0.5)
    answers = caller.mails()
    assert len({digest(m) for m in answers}) == 1, "answers differ"
    assert ipsp_part(answers[0])["did"] == did
    other = Maildir(mail / "other")
    room.drop(invite(ROOM, "other@conf.test")[0])
    wait_for("an answer to another", other.mails)
    assert ipsp_part(other.mails()[0])["m"] == "OK"
    assert bridge.stop() == 0


def random_datagrams_and_mails_leave_the_bridge_serving(directory):
    note(f"HOSTILE_SEED={SEED}")
    chance = random.Random(SEED)
    bridge, room, mail = start(directory)
    attacker = ear()
    gate = ("127.0.0.1", bridge.media_port)
    template = stun_request("q3R0b1Zr7mC4u8yXn2KfTg", "wrong")
    for _ in range(20000):
        packet = bytearray(chance.choice(
            [template, b"\x80\x6f" + bytes(60), b"\x80\xc8" + bytes(60)]))
        for _ in range(chance.randrange(8)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        attacker.sendto(packet[:chance.randrange(len(packet) + 1)], gate)
    assert heard(attacker) == []

    original, _ = invite(ROOM, "mutant@conf.test")
    for _ in range(300):
        mutant = bytearray(original)
        for _ in range(chance.randrange(1, 30)):
            mutant[chance.randrange(len(mutant))] = chance.randrange(256)
        room.drop(bytes(mutant[:chance.randrange(1, len(mutant) + 1)]))
    wait_for("all mutants to be dealt with", lambda: not room.mails(), 60)

    caller = Maildir(mail / "caller")
    room.drop(invite(ROOM, "caller@fresh.test")[0])
    wait_for("an honest caller's OK", caller.mails)
    assert ipsp_part(caller.mails()[0])["m"] == "OK"
    assert bridge.stop() == 0


if __name__ == "__main__":
    sys.exit(run(
        a_forged_From_earns_its_owner_one_mail_and_nobody_a_datagram,
        a_replayed_INVITE_gets_the_same_OK_and_no_second_seat,
        random_datagrams_and_mails_leave_the_bridge_serving))
