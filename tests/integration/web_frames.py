"""Mutated WebSocket frames on both kinds of socket: whatever comes, the host
lives, says only what is documented, and keeps no memory.

FRAMES=100000 SEED=1 BUILD=build-asan python3 web_frames.py is the long form;
a seed repeats the same frames."""

import contextlib
import json
import os
import pathlib
import random
import socket
import struct
import sys

from harness import note, run
from web import BINARY, CLOSE, PING, PONG, TEXT, WebSocket, get, hosted, panel

FRAMES = int(os.environ.get("FRAMES", "10000"))
SEED = int(os.environ.get("SEED", "1"))
CORPUS = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "corpus"
AT_ONCE = 40  # messages that no rate limit of the panel cuts short
INTERESTING = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"{", b"}",
               b"\"", b"\\u0000", b"-1", b"4294967296", b"1e999", b"\xed\xa0\x80")  # a surrogate


def corpus(*names):
    return [seed for name in names for file in sorted((CORPUS / name).iterdir())
            for seed in file.read_bytes().split(b"\n" if name == "panel"
                                                else b"\0no\0")]


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.randint(1, 8))
        data[at:end] = rng.choice((
            b"",
            rng.randbytes(end - at),
            rng.choice(INTERESTING),
            data[at:end] * 2,
            bytes(b ^ 1 << rng.randrange(8) for b in data[at:end])))
    return bytes(data)


def frame(rng, opcode, payload, final=True):
    mask = rng.randbytes(4)
    size = len(payload)
    length = (bytes([0x80 | size]) if size < 126
              else b"\xfe" + struct.pack(">H", size))
    return (bytes([opcode | (0x80 if final else 0)]) + length + mask
            + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))


def broken_frame(rng, opcode, payload):
    """A frame whose own bytes are mutated, mostly those of its head."""
    whole = frame(rng, rng.choice((opcode, opcode, 0, 8, 9, 10,
                                   rng.randrange(16))),
                  payload, rng.random() < 0.8)
    head, rest = whole[:14], whole[14:]
    return mutate(rng, head) + (mutate(rng, rest) if rng.random() < 0.3
                                else rest)


def check(kind, opcode, payload):
    """What the host says is as documented."""
    if (kind, opcode) == (BINARY, TEXT):  # levels
        assert struct.unpack(">BBH", payload[:4]) == (1, 0, len(payload) // 6), payload
        return
    assert kind == opcode, kind
    if opcode == TEXT:
        assert "t" in json.loads(payload), payload
    else:
        assert payload[:5] == b"prove", payload


def read_until(ws, opcode, is_last):
    """Checks what comes until is_last(payload), or the end of all."""
    with contextlib.suppress(ConnectionError):
        while True:
            kind, payload = ws.receive()
            if kind == CLOSE:
                break
            if kind in (PING, PONG):
                continue
            check(kind, opcode, payload)
            if kind == opcode and is_last(payload):
                break


def is_answered(ws, opcode, question):
    """Whether the connection lives: all before the question was read. An
    answer in a full queue may be left out, so it is asked again."""
    payload, is_answer = question
    found = []
    ws.sock.settimeout(1)
    for _ in range(10):
        ws.sock.sendall(frame(random, opcode, payload))
        with contextlib.suppress(TimeoutError):
            read_until(ws, opcode,
                       lambda p: is_answer(p) and not found.append(p))
            break
    ws.sock.settimeout(10)
    return bool(found)


def storm(rng, open_socket, opcode, seeds, question, check_alive):
    """Sends FRAMES frames: on each connection whole ones with mutated
    payloads, then one that is broken, which most often ends it."""
    sent = connections = whole = lived = 0
    while sent < FRAMES:
        ws = open_socket()
        count = rng.randint(0, AT_ONCE)
        burst = [frame(rng, opcode, mutate(rng, rng.choice(seeds))[:1500])
                 for _ in range(count)]
        with contextlib.suppress(ConnectionError):
            ws.sock.sendall(b"".join(burst))
            lived += is_answered(ws, opcode, question)
            ws.sock.sendall(broken_frame(rng, opcode,
                                         rng.choice(seeds)[:1500]))
            ws.sock.shutdown(socket.SHUT_WR)
            read_until(ws, opcode, lambda p: False)
        ws.sock.close()
        sent += count + 1
        whole += count
        connections += 1
        if connections % 100 == 0:
            check_alive()
    check_alive()
    note(f"seed {SEED}: {sent} frames, {whole} of them whole, on "
         f"{connections} connections; {lived} lived to the broken one")
    assert lived == connections, "whole frames ended a connection"


def mutated_frames_on_the_panel(directory):
    rng = random.Random(SEED)
    with hosted(directory) as host:
        cookie = host.log_in()

        def alive():
            name = f"ann{rng.randrange(10**6)}"
            host.join(name)
            names = [m["name"] for m in
                     panel(host, cookie).message("snapshot")["members"]]
            assert name in names

        alive()
        before = host.memory_kib()
        storm(rng, lambda: WebSocket(host, "/panel", "ipsp-panel", cookie),
              TEXT, corpus("panel"),
              (b'{"id":7777777,"do":"watch","room":"standup@localhost"}',
               lambda p: json.loads(p).get("id") == 7777777), alive)
        grown = host.memory_kib() - before
        note(f"the host grew by {grown} KiB")
        assert grown < 20 * 1024, f"grew by {grown} KiB"


def mutated_frames_on_the_media_path(directory):
    rng = random.Random(SEED)
    with hosted(directory) as host:
        def open_socket():
            return WebSocket(host, "/media/0", "ipsp-media", origin=False)

        def alive():
            assert get(host, "/healthz")[0] == 200
            ws = open_socket()
            ws.frame(BINARY, b"prove me")
            assert ws.receive() == (BINARY, b"prove me")
            ws.sock.close()

        alive()
        before = host.memory_kib()
        seeds = corpus("stun", "rtp", "rtcp")
        storm(rng, open_socket, BINARY,
              seeds + [b"prove" + seed for seed in seeds],
              (b"prove the last", lambda p: p == b"prove the last"), alive)
        grown = host.memory_kib() - before
        note(f"the host grew by {grown} KiB")
        assert grown < 20 * 1024, f"grew by {grown} KiB"


if __name__ == "__main__":
    sys.exit(run(mutated_frames_on_the_panel,
                 mutated_frames_on_the_media_path))
