"""Tools that join by POST /whip/ROOM: what they hear, with and without SRTP,
who is refused and how, and how they leave. libopus and libsrtp2 stand for the
foreign tool."""

import base64
import ctypes
import http.client
import pathlib
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time
import types
import urllib.parse

import web
from harness import BRIDGE, Bridge, Maildir, run, tone_dbfs, wait_for

ROOM = "standup@conf.test"
OTHER = "other+room/a@conf.test"
CHAIR = "chair@conf.test"
TONE = 700  # Hz
# A second of TONE at -16 dBFS, made by libopusenc at 24 kbit/s.
OPUS = pathlib.Path(__file__).with_name("tone.opus")
GCM, CM = "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"
LEVEL_ID = 3


def bridge_in(directory, *arguments, room=None, **keys):
    mail = directory / "mail"
    Maildir(mail / "standup")
    rules = {"account": "local", "plain_rtp": "yes", "moderators": CHAIR,
             **(room or {})}
    bridge = Bridge(directory / "bridge",
                    mails={"local": {"mailbox": f"maildir:{mail}/standup",
                                     "post": f"maildir:{mail}/%u"}},
                    rooms={ROOM: rules, OTHER: rules}, **keys)
    bridge.start(*arguments)
    wait_for("the bridge", lambda: "main: ready" in bridge.log_text())
    return bridge


def token(bridge, *options, room=ROOM):
    result = subprocess.run(
        [BRIDGE, "token", "-c", bridge.config, room, *map(str, options)],
        capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def offer(port, *lines, profile="RTP/AVP", address="127.0.0.1"):
    return "\r\n".join([
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", f"c=IN IP4 {address}",
        "t=0 0", f"m=audio {port} {profile} 111",
        "a=rtpmap:111 opus/48000/2", "a=rtcp-mux", *lines, ""]).encode()


def request(bridge, method, path, bearer=None, body=None,
            kind="application/sdp"):
    """(status, headers, body)"""
    connection = http.client.HTTPConnection("127.0.0.1", bridge.web_port,
                                            timeout=10)
    headers = {"Content-Type": kind} if body is not None else {}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    result = reply.status, reply.headers, reply.read().decode()
    connection.close()
    return result


def path_of(room=ROOM):
    return "/whip/" + urllib.parse.quote(room, safe="")


def opus_packets():
    """The packets of an Ogg file (RFC 3533 6), without its two headers."""
    data, packets, packet = OPUS.read_bytes(), [], b""
    while data:
        count = data[26]
        sizes, data = data[27:27 + count], data[27 + count:]
        for size in sizes:
            packet, data = packet + data[:size], data[size:]
            if size < 255:
                packets.append(packet)
                packet = b""
    return packets[2:]


class Decoder:
    def __init__(self):
        self.opus = ctypes.CDLL("libopus.so.0")
        self.opus.opus_decoder_create.restype = ctypes.c_void_p
        self.state = ctypes.c_void_p(
            self.opus.opus_decoder_create(48000, 1, None))

    def samples(self, packet):
        pcm = (ctypes.c_int16 * 5760)()
        count = self.opus.opus_decode(self.state, packet, len(packet), pcm,
                                      5760, 0)
        assert count > 0, count
        return [s / 32768 for s in pcm[:count]]


class Srtp:
    """One direction of libsrtp2."""

    class Policy(ctypes.Structure):  # srtp_policy_t
        _fields_ = [("ssrc", ctypes.c_uint * 2),
                    ("rtp", ctypes.c_uint * 6), ("rtcp", ctypes.c_uint * 6),
                    ("key", ctypes.c_char_p), ("rest", ctypes.c_void_p * 3),
                    ("window_size", ctypes.c_ulong),
                    ("end", ctypes.c_void_p * 4)]

    lib = None

    def __init__(self, suite, key, outbound):
        if not Srtp.lib:
            Srtp.lib = ctypes.CDLL("libsrtp2.so.1")
            assert Srtp.lib.srtp_init() == 0
        profile = {CM: 1, GCM: 7}[suite]
        policy = Srtp.Policy(ssrc=(3 if outbound else 2, 0), key=key,
                             window_size=128)
        for name, field in (("rtp", Srtp.Policy.rtp),
                            ("rtcp", Srtp.Policy.rtcp)):
            at = ctypes.byref(policy, field.offset)
            choose = getattr(
                Srtp.lib, f"srtp_crypto_policy_set_from_profile_for_{name}")
            assert choose(at, profile) == 0
        self.state = ctypes.c_void_p()
        assert Srtp.lib.srtp_create(ctypes.byref(self.state),
                                    ctypes.byref(policy)) == 0

    def run(self, function, packet):
        """The packet, or None when it is not authentic."""
        buf = ctypes.create_string_buffer(packet, len(packet) + 200)
        size = ctypes.c_int(len(packet))
        status = getattr(Srtp.lib, function)(self.state, buf,
                                             ctypes.byref(size))
        return buf.raw[:size.value] if status == 0 else None


class Tool:
    """Joins, sends a tone when told to, and keeps what it hears."""

    def __init__(self, bridge, bearer, *lines, suite=None, room=ROOM):
        self.bridge, self.bearer = bridge, bearer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.ssrc, self.sequence = secrets.randbits(32), 100
        self.heard, self.byes, self.running = [], 0, True
        self.out = self.into = None
        lines = list(lines)
        if suite:
            key = secrets.token_bytes(28 if suite == GCM else 30)
            self.out = Srtp(suite, key, True)
            lines.append(f"a=crypto:1 {suite} inline:"
                         f"{base64.b64encode(key).decode()}")
        profile = "RTP/SAVP" if suite else "RTP/AVP"
        self.status, self.headers, self.answer = request(
            bridge, "POST", path_of(room), bearer,
            offer(self.port, *lines, profile=profile))
        assert self.status == 201, (self.status, self.answer)
        assert self.headers["Content-Type"] == "application/sdp"
        self.read_answer(suite)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def read_answer(self, suite):
        lines = self.answer.split("\r\n")
        media = [line.split() for line in lines if line.startswith("m=")]
        self.there = ("127.0.0.1", int(media[0][1]))
        assert "c=IN IP4 127.0.0.1" in lines and "a=rtcp-mux" in lines
        if suite:
            crypto = [line for line in lines if line.startswith("a=crypto:")]
            tag, name, key = crypto[0].split()
            assert (tag, name) == ("a=crypto:1", suite), crypto
            self.into = Srtp(suite, base64.b64decode(key[len("inline:"):]),
                             False)

    def listen(self):
        while self.running:
            try:
                packet, sender = self.socket.recvfrom(2000)
            except socket.timeout:
                continue
            except OSError:
                return
            assert sender == self.there, sender
            rtcp = 200 <= packet[1] < 224
            if self.into:
                packet = self.into.run(
                    "srtp_unprotect_rtcp" if rtcp else "srtp_unprotect",
                    packet)
                assert packet, "not authentic"
            if rtcp:
                self.byes += self.has_bye(packet)
                continue
            offset = 12
            if packet[0] & 0x10:
                offset += 4 + 4 * struct.unpack_from(">H", packet, 14)[0]
            self.heard.append((time.monotonic(), packet[offset:]))

    @staticmethod
    def has_bye(packet):
        while packet:
            if packet[1] == 203:
                return 1
            packet = packet[4 + 4 * struct.unpack_from(">H", packet, 2)[0]:]
        return 0

    def send(self, packet, function):
        if self.out:
            packet = self.out.run(function, packet)
        self.socket.sendto(packet, self.there)

    def report(self):
        """An empty receiver report and CNAME, RFC 3550 6.5."""
        self.send(struct.pack(">BBHI", 0x80, 201, 1, self.ssrc) +
                  struct.pack(">BBHI", 0x81, 202, 3, self.ssrc) +
                  b"\1\4tool\0\0", "srtp_protect_rtcp")

    def bye(self):
        self.send(struct.pack(">BBHI", 0x80, 201, 1, self.ssrc) +
                  struct.pack(">BBHI", 0x81, 203, 1, self.ssrc),
                  "srtp_protect_rtcp")

    def talk(self, seconds, level=None):
        packets, began = opus_packets(), time.monotonic()
        extension = b""
        if level is not None:
            extension = struct.pack(">HHBBxx", 0xbede, 1, LEVEL_ID << 4,
                                    0x80 | -level)
        for i in range(int(seconds * 50)):
            header = struct.pack(">BBHII", 0x90 if extension else 0x80, 111,
                                 self.sequence & 0xffff, self.sequence * 960,
                                 self.ssrc)
            self.sequence += 1
            self.send(header + extension + packets[2 + i % 40],
                      "srtp_protect")
            time.sleep(max(0, began + (i + 1) * 0.02 - time.monotonic()))

    def tone(self):
        """dBFS of TONE in the last half second of what it heard."""
        decoder, samples = Decoder(), []
        for _, payload in list(self.heard):
            samples += decoder.samples(payload)
        return tone_dbfs(samples[-24000:], 48000, TONE) if samples else -200

    def leave(self, bearer=None):
        return request(self.bridge, "DELETE", self.headers["Location"],
                       bearer or self.bearer)[0]

    def close(self):
        self.running = False
        self.thread.join()
        self.socket.close()


def left(bridge, count=1):
    return lambda: bridge.log_text().count("room: left") >= count


def two_tools_hear_each_other_and_not_themselves(directory):
    bridge = bridge_in(directory)
    bearer = token(bridge)
    talker, listener = (Tool(bridge, bearer) for _ in range(2))
    talker.talk(1.5)
    assert -19 < listener.tone() < -13, listener.tone()
    assert talker.tone() < -60, "it hears itself"
    listener.talk(1.5)
    assert -19 < talker.tone() < -13, talker.tone()
    assert talker.leave() == 200 and talker.leave() == 404
    wait_for("the goodbye", lambda: talker.byes)
    assert bridge.stop() == 0
    wait_for("the other's", lambda: listener.byes)


def directions_and_levels_are_kept_to(directory):
    bridge = bridge_in(directory)
    bearer = token(bridge)
    extension = (f"a=extmap:{LEVEL_ID} "
                 "urn:ietf:params:rtp-hdrext:ssrc-audio-level")
    source = Tool(bridge, bearer, "a=sendonly", extension)
    ear = Tool(bridge, token(bridge, "--role", "listener"))
    other = Tool(bridge, bearer)
    assert "a=recvonly" in source.answer and extension in source.answer
    assert "a=sendonly" in ear.answer and extension not in ear.answer
    source.talk(1.5, level=-16)
    assert -19 < ear.tone() < -13, ear.tone()
    heard = len(other.heard)
    time.sleep(1)  # the mix falls silent
    assert not source.heard, "sound for one that only sends"
    before = len(other.heard)
    ear.talk(0.5)
    time.sleep(0.2)
    assert len(other.heard) - before < 5 < heard, "a listener is heard"


def srtp_by_both_suites(directory):
    bridge = bridge_in(directory, room={"plain_rtp": "no"})
    bearer = token(bridge)
    for suite in (GCM, CM):
        talker = Tool(bridge, bearer, suite=suite)
        ear = Tool(bridge, bearer, "a=recvonly", suite=suite)
        talker.talk(0.5)
        assert not ear.heard, "sound for an address that proved nothing"
        ear.report()
        talker.talk(1.5)
        assert -19 < ear.tone() < -13, (suite, ear.tone())
        left = bridge.log_text().count("why=bye")
        talker.bye()
        wait_for("the end", lambda: bridge.log_text().count(
            "why=bye") > left)
        assert talker.leave() == 404
        assert ear.leave() == 200
        wait_for("the goodbye", lambda: ear.byes)


def who_may_not_come_is_told_why(directory):
    bridge = bridge_in(directory, room={"capacity": 1})
    bearer = token(bridge)
    good = offer(5004)
    key = base64.b64encode(bytes(28)).decode()

    def status(bearer, body, path=path_of(), kind="application/sdp"):
        status, headers, text = request(bridge, "POST", path, bearer, body,
                                        kind)
        assert headers["Content-Type"].startswith("text/plain"), headers
        assert text.endswith(".\n") or status == 413, text
        return status, headers, text

    assert status(None, good)[1]["WWW-Authenticate"] == "Bearer"
    code, headers, _ = status("A" * 32, good)
    assert code == 401 and "invalid_token" in headers["WWW-Authenticate"]
    assert status(bearer, good, path_of("nobody@conf.test"))[0] == 404
    assert status(bearer, good, path_of(OTHER))[0] == 403
    assert status(bearer, good, kind="application/json")[0] == 415
    assert status(bearer, good, kind="application/sdpx")[0] == 415
    assert status(bearer, b"v=0\r\n")[0] == 422
    for body, word in (
            (good.replace(b"a=rtcp-mux\r\n", b""), "rtcp-mux"),
            (offer(5004, profile="UDP/TLS/RTP/SAVPF"), "it needs ICE"),
            (offer(5004, profile="RTP/SAVP"), "a=crypto")):
        code, _, text = status(bearer, body)
        assert code == 422 and word in text, text
    assert status(bearer, offer(5004, address="192.0.2.1"))[0] == 403
    assert status(token(bridge, "--role", "listener"),
                  offer(5004, "a=sendonly"))[0] == 403
    assert status(bearer, good + b"a=x:" + b"x" * 100000)[0] == 413
    tool = Tool(bridge, bearer)
    code, headers, _ = status(bearer, good)
    assert code == 503 and int(headers["Retry-After"]) > 0
    assert status(token(bridge), offer(tool.port))[0] == 409
    # The same address and token once more: it was started again.
    assert request(bridge, "POST", path_of(), bearer,
                   offer(tool.port))[0] == 201
    assert tool.leave() == 404
    # Keys over http come from this host only, and this is this host.
    wait_for("its end", left(bridge))
    assert status(bearer, offer(
        5006, f"a=crypto:1 {GCM} inline:{key}",
        profile="RTP/SAVP"))[0] == 503


def a_patch_is_for_ice(directory):
    bridge = bridge_in(directory)
    bearer = token(bridge)
    session = Tool(bridge, bearer).headers["Location"]
    fragment, kind = b"a=mid:0\r\n", "application/trickle-ice-sdpfrag"

    def status(*what):
        code, headers, text = request(bridge, "PATCH", *what)
        assert text.endswith(".\n"), text
        return code, headers

    code, headers = status(session, bearer, fragment, kind)
    assert code == 405 and "DELETE" in headers["Allow"], code
    code, headers = status(session, bearer, fragment)
    assert code == 415 and headers["Accept-Patch"] == kind
    assert status(session, None, fragment, kind)[0] == 401
    assert status(session, token(bridge), fragment, kind)[0] == 401
    assert status(path_of() + "/x", bearer, fragment, kind)[0] == 404
    # The session of another room's path is none of it.
    other = path_of(OTHER) + "/" + session.rsplit("/", 1)[1]
    assert status(other, bearer, fragment, kind)[0] == 404


def the_verbs_of_http_are_kept_to(directory):
    bridge = bridge_in(directory)
    code, headers, _ = request(bridge, "OPTIONS", path_of())
    assert code == 204 and headers["Accept-Post"] == "application/sdp"
    for method, body in (("GET", None), ("PATCH", b"a=mid:0\r\n")):
        code, headers, _ = request(bridge, method, path_of(), body=body)
        assert code == 405 and "POST" in headers["Allow"], (method, code)
    assert request(bridge, "PUT", path_of(), body=b"x")[0] == 405
    assert request(bridge, "DELETE", path_of(), token(bridge))[0] == 404
    assert request(bridge, "DELETE", path_of() + "/x")[0] == 401
    assert request(bridge, "POST", path_of(), token(bridge), b"")[0] == 411
    # One connection, many requests.
    connection = http.client.HTTPConnection("127.0.0.1", bridge.web_port)
    headers = {"Authorization": "Bearer " + token(bridge),
               "Content-Type": "application/sdp"}
    for port in range(5004, 5024):
        connection.request("POST", path_of(), offer(port), headers)
        first = connection.sock
        reply = connection.getresponse()
        assert reply.status == 201 and reply.read()
        assert connection.sock is first, "it was closed"


def tokens_end(directory):
    bridge = bridge_in(directory)
    twice = token(bridge, "--uses", 2)
    first, second = Tool(bridge, twice), Tool(bridge, twice)
    assert request(bridge, "POST", path_of(), twice, offer(5004))[0] == 401
    assert first.leave() == 200, "it may leave with it all the same"
    brief = token(bridge, "--expires", 1)
    time.sleep(2)
    assert request(bridge, "POST", path_of(), brief, offer(5004))[0] == 401
    assert second.leave(token(bridge)) == 401, "another's token"
    assert second.leave(token(bridge, "--role", "moderator",
                              room=OTHER)) == 401
    assert second.leave(token(bridge, "--role", "moderator")) == 200
    # What was made before a crash is good after it.
    bearer = token(bridge)
    bridge.kill()
    bridge.start()
    wait_for("the bridge", lambda: bridge.log_text().count("ready") == 2)
    assert Tool(bridge, bearer).leave() == 200
    # Only the digests are in the store.
    for file in (directory / "bridge" / "state").iterdir():
        if file.is_file():
            assert bearer.encode() not in file.read_bytes(), file


def guessing_is_slowed_down(directory):
    bridge = bridge_in(directory)
    codes = [request(bridge, "POST", path_of(), secrets.token_hex(16),
                     offer(5004))[0] for _ in range(32)]
    assert codes == [401] * 30 + [429] * 2, codes
    assert Tool(bridge, token(bridge)).leave() == 200


def a_room_with_a_difficult_address_is_found(directory):
    bridge = bridge_in(directory)
    tool = Tool(bridge, token(bridge, room=OTHER), room=OTHER)
    assert tool.headers["Location"].startswith("/whip/other%2Broom%2Fa@"), \
        tool.headers["Location"]
    assert tool.leave() == 200


def the_command_says_what_is_wrong(directory):
    bridge = bridge_in(directory)
    for options, code, word in (
            (["nobody@conf.test"], 1, "no [room"), ([], 2, "one room"),
            ([ROOM, "--role", "king"], 2, "listener"),
            ([ROOM, "--uses", "-1"], 2, "above 0"),
            (["@"], 2, "no mail address")):
        result = subprocess.run(
            [BRIDGE, "token", "-c", bridge.config, *options],
            capture_output=True, text=True, timeout=20)
        assert result.returncode == code, result
        assert word in result.stderr and not result.stdout, result


def the_panel_shows_it_and_sends_it_away(directory):
    bridge = bridge_in(directory, "--login-link", CHAIR)
    link = bridge.process.stdout.readline().decode().strip()
    host = types.SimpleNamespace(
        port=bridge.web_port, tls=False,
        origin=lambda: f"http://127.0.0.1:{bridge.web_port}")
    _, headers, _ = web.post(host, "/api/login",
                             {"token": link.split("#")[1]})
    tool = Tool(bridge, token(bridge, "--name", "recorder"))
    ws = web.panel(host, headers["set-cookie"].split(";")[0], ROOM)
    member, = ws.message("snapshot")["members"]
    assert member["via"] == "tool" and member["state"] == "here"
    assert member["name"] == member["address"] == "recorder"
    assert member["path"] == f"127.0.0.1:{tool.port}"
    ear = Tool(bridge, token(bridge))
    assert ws.message("done")["id"] == 1
    ws.command(id=2, do="mute", member=member["id"])
    assert ws.message("done")["id"] == 2
    time.sleep(0.2)
    tool.talk(0.5)
    assert ear.tone() < -60, "muted, and heard"
    ws.command(id=3, do="kick", member=member["id"])
    assert ws.message("gone")["why"] == "kicked"
    wait_for("the goodbye", lambda: tool.byes)
    assert tool.leave() == 404


if __name__ == "__main__":
    sys.exit(run(
        two_tools_hear_each_other_and_not_themselves,
        directions_and_levels_are_kept_to,
        srtp_by_both_suites,
        who_may_not_come_is_told_why,
        a_patch_is_for_ice,
        the_verbs_of_http_are_kept_to,
        tokens_end,
        guessing_is_slowed_down,
        a_room_with_a_difficult_address_is_found,
        the_command_says_what_is_wrong,
        the_panel_shows_it_and_sends_it_away))
