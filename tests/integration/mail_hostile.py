#!/usr/bin/env python3
"""Mailboxes and posts against servers that lie, stall or are old: none of
them may cost more than its own mail. Prints TAP; needs no root."""
import pathlib
import socket
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mail import Probe  # noqa: E402


class Accounts:
    """What Probe wants to know of a mail bed, where there is none."""
    ca = "-"
    passwords = {"room": "secret"}


class Server:
    """Runs talk(peer) in a thread for each connection on a port of its own."""

    def __init__(self, talk):
        self.talk = talk
        self.connections = 0
        self.lines = []  # all that clients said
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            try:
                self.talk(Peer(self, sock))
            except (OSError, EOFError):
                pass


class Peer:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.file = sock.makefile("rb")

    def say(self, text):
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def line(self):
        line = self.file.readline()
        if not line:
            raise EOFError
        text = line.decode().rstrip("\r\n")
        self.server.lines.append(text)
        return text

    def flood(self, piece):
        while True:
            self.sock.sendall(piece)


# -- IMAP -------------------------------------------------------------------

def imap(answers, capability="IMAP4rev1 IDLE UIDPLUS"):
    """A talk that logs anybody in; answers(peer, tag, command) may give the
    whole answer, or None for the ordinary one of an empty folder."""
    def talk(peer):
        peer.say(f"* OK [CAPABILITY {capability}] hello\r\n")
        while True:
            words = peer.line().split(" ", 1)
            if len(words) < 2:
                continue  # DONE, and log-ins by continuation
            tag, command = words
            answer = answers(peer, tag, command)
            if answer is None and command == "CAPABILITY":
                answer = f"* CAPABILITY {capability}\r\n{tag} OK\r\n"
            elif answer is None and command.startswith("SELECT"):
                answer = (f"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n"
                          f"* OK [UIDNEXT 1] .\r\n{tag} OK\r\n")
            elif answer is None and command == "IDLE":
                answer = "+ idling\r\n"
            elif answer is None:
                answer = f"{tag} OK\r\n"
            peer.say(answer)
    return talk


def lying_imap_servers_fail_by_name_and_disturb_nobody(directory):
    big = b"x" * 65536

    def lies(kind):
        def answers(peer, tag, command):
            if not command.startswith("UID FETCH"):
                return None
            if kind == "line":
                peer.flood(big)
            if kind == "literal":
                return "* 1 FETCH (UID 1 BODY[] {99999999999}\r\n"
            if kind == "tag":
                return "other1 OK\r\n"
            if kind == "nul":
                return b"* OK \0\r\n"
            if kind == "chatter":
                peer.flood(b"* 1 EXISTS\r\n" * 5000)
            return "* BYE you are not welcome\r\n"
        return imap(answers)

    words = {"line": "without an end", "literal": "without bounds", "tag": "not asked",
             "nul": "NUL", "chatter": "without end", "bye": "not welcome"}
    with Probe(Accounts) as probe:
        servers = {kind: Server(lies(kind)) for kind in words}
        probe.mailbox("good", f"maildir:{directory}/good")
        for kind, server in servers.items():
            probe.mailbox(kind, f"imap://127.0.0.1:{server.port}")
        probe.wait_watching("good")
        for i in range(20):
            (directory / "good" / "tmp" / f"{i}").write_text(f"X-Probe: g{i}\r\n")
            begun = time.monotonic()
            (directory / "good" / "tmp" / f"{i}").rename(directory / "good" / "new" / f"{i}")
            probe.wait_probes("good", [f"g{i}"])
            waited = probe.mails("good")[-1][2] - begun
            assert waited < 0.2, f"another's server cost {waited:.3f} s"
            time.sleep(0.05)
        for kind, word in words.items():
            probe.wait(kind, lambda k=kind, w=word: any(
                e[0] == "state" and e[2] == k and e[3] == "failed" and w in e[4]
                for e in probe.events))
        # Backoff: no server is hammered, each is tried again.
        probe.gather(3)
        for kind, server in servers.items():
            assert 2 <= server.connections <= 5, (kind, server.connections)
            server.listener.close()


def a_silent_server_does_not_hold_up_the_end(_):
    def silent(peer):
        peer.line()
        time.sleep(60)

    with Server(silent) as server:
        with Probe(Accounts) as probe:
            for i, scheme in enumerate(["imap", "pop3"] * 10):
                probe.mailbox(f"box{i}", f"{scheme}://127.0.0.1:{server.port}")
            probe.post("smtp", f"smtp://127.0.0.1:{server.port}")
            probe.send("smtp", "x")
            probe.gather(0.5)
            begun = time.monotonic()
        assert time.monotonic() - begun < 1, "ending waited for a server"


def an_old_imap_server_is_polled_and_mails_are_flagged(_):
    """No IDLE, no UIDPLUS, no literals for short strings."""
    deleted = threading.Event()

    def answers(_, tag, command):
        if command.startswith("SELECT"):
            return (f"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n"
                    f"* OK [UIDNEXT 4] .\r\n{tag} OK\r\n")
        if command.startswith("UID SEARCH"):
            return f"* SEARCH 3\r\n{tag} OK\r\n"
        if command.startswith("UID FETCH"):
            flags = "\\Deleted" if deleted.is_set() else ""
            return f'* 1 FETCH (FLAGS ({flags}) BODY[]<0> "X-Probe: old" UID 3)\r\n{tag} OK\r\n'
        if command.startswith("UID STORE 3 "):
            deleted.set()
        return None

    with Server(imap(answers, "IMAP4rev1")) as server, Probe(Accounts) as probe:
        probe.mailbox("box", f"imap://127.0.0.1:{server.port}")
        probe.wait_probes("box", ["old"])
        assert deleted.wait(10)
        probe.tell("hurry", "box")
        probe.gather(1.5)
        said = [line.split(" ", 1)[-1] for line in server.lines]
        assert len(probe.mails("box")) == 1
        assert not any("IDLE" in s or "EXPUNGE" in s for s in said), said
        assert said.count("NOOP") >= 5, said
        assert probe.positions("box")[-1] == "7:4", probe.positions("box")


def a_folder_that_cannot_be_written_does_not_make_us_spin(_):
    def answers(_, tag, command):
        if command.startswith("UID FETCH"):
            return f"* 1 FETCH (UID 1 FLAGS () BODY[] {{10}}\r\nX-Probe: a)\r\n{tag} OK\r\n"
        if command.startswith("UID STORE"):
            return f"{tag} NO read-only\r\n"
        return None

    with Server(imap(answers)) as server, Probe(Accounts) as probe:
        probe.mailbox("box", f"imap://127.0.0.1:{server.port}")
        probe.wait_probes("box", ["a"])
        probe.gather(2.5)
        stores = sum("UID STORE" in line for line in server.lines)
        assert stores == 1 and len(server.lines) < 20, server.lines


def an_endless_pop3_mail_is_cut(_):
    """And shown once, though this server never deletes anything."""
    def talk(peer):
        peer.say("+OK hello\r\n")
        while True:
            command = peer.line()
            if command.startswith("UIDL"):
                peer.say("+OK\r\n1 abc\r\n2 def\r\n.\r\n")
            elif command.startswith("RETR 1"):
                peer.say("+OK\r\nX-Probe: endless\r\n\r\n")
                peer.flood(b"y" * 65536)
            elif command.startswith("RETR"):
                peer.say("+OK\r\nX-Probe: next\r\n.\r\n")
            elif command.startswith(("CAPA", "AUTH")):
                peer.say("-ERR no\r\n")
            else:
                peer.say("+OK\r\n")

    with Server(talk) as server, Probe(Accounts) as probe:
        probe.mailbox("box", f"pop3://127.0.0.1:{server.port}")
        probe.wait_probes("box", ["endless", "next"])
        probe.gather(1)
        assert [m[0] for m in probe.mails("box")] == ["endless", "next"]
        assert "DELE 1" in server.lines, server.lines


# -- SMTP -------------------------------------------------------------------

def smtp(answers, keywords=("PIPELINING",)):
    """A talk that takes mail; answers(peer, command) may answer otherwise."""
    def talk(peer):
        peer.say(answers(peer, "") or "220 hello\r\n")
        while True:
            command = peer.line()
            answer = answers(peer, command)
            if answer is None and command.startswith("EHLO"):
                answer = "".join(f"250-{k}\r\n" for k in keywords) + "250 OK\r\n"
            elif answer is None and command == "DATA":
                peer.say("354 go\r\n")
                while peer.line() != ".":
                    pass
                answer = answers(peer, ".") or "250 taken\r\n"
            elif answer is None:
                answer = "250 OK\r\n"
            peer.say(answer)
    return talk


def one_result(answers, keywords=("PIPELINING",)):
    with Server(smtp(answers, keywords)) as server, Probe(Accounts) as probe:
        probe.post("smtp", f"smtp://127.0.0.1:{server.port}")
        return probe.wait_result(probe.send("smtp", "x"))[0], server


def each_refusal_is_judged_by_what_it_refuses(_):
    cases = [
        ("MAIL", "550 5.7.1 not from you\r\n", "refused"),
        ("MAIL", "451 4.3.0 later\r\n", "retry"),
        ("MAIL", "530 5.7.0 log in first\r\n", "retry"),
        ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user\r\n", "refused"),
        ("RCPT", "450 4.2.0 greylisted\r\n", "retry"),
        ("RCPT", "421 4.3.2 going down\r\n", "retry"),
        ("DATA", "554 5.5.1 no\r\n", "refused"),
        (".", "554 5.7.1 spam\r\n", "refused"),
        (".", "452 4.3.1 disk full\r\n", "retry"),
        (".", "nonsense\r\n", "retry"),
        ("EHLO", "HTTP/1.1 200 OK\r\n", "retry"),
    ]
    for keywords in (("PIPELINING",), ()):
        for where, answer, wanted in cases:
            result, _ = one_result(
                lambda _, c, w=where, a=answer: a if c.split(" ")[0] == w else None, keywords)
            assert result == wanted, (where, answer, keywords, result)
    # A greeting says nothing of the mail.
    result, _ = one_result(lambda _, c: "554 no service\r\n" if c == "" else None)
    assert result == "retry", result


def a_refused_mail_leaves_the_link_usable(_):
    """Also where DATA is said in one go and the server takes it regardless."""
    def answers(_, command):
        return "550 no\r\n" if command.startswith("RCPT TO:<bad") else None

    for keywords in (("PIPELINING",), ()):
        with Server(smtp(answers, keywords)) as server, Probe(Accounts) as probe:
            probe.post("smtp", f"smtp://127.0.0.1:{server.port}")
            bad = probe.send("smtp", "x", recipient="bad@conf.test")
            assert probe.wait_result(bad)[0] == "refused"
            probe.gather(0.2)  # the link is put in order again
            good = probe.send("smtp", "y", recipient="good@conf.test")
            assert probe.wait_result(good)[0] == "sent"
            assert server.connections == 1, server.connections
            assert "X-Probe: x" not in server.lines, "a refused mail was sent all the same"


def dots_and_line_ends_survive(_):
    with Server(smtp(lambda *_: None)) as server, Probe(Accounts) as probe:
        probe.post("smtp", f"smtp://127.0.0.1:{server.port}")
        identity = probe.send("smtp", "dots", body=".\\n..\\r\\nx.\\ry\\n.\\r\\nRSET")
        assert probe.wait_result(identity)[0] == "sent"
        text = server.lines[server.lines.index("DATA") + 1:]
        body = text[text.index("") + 1:text.index(".")]
        assert body == ["..", "...", "x.", "y", "..", "RSET"], body


def a_kept_link_that_died_is_replaced_in_silence(_):
    def talk(peer):
        smtp_once = smtp(lambda p, c: None)
        peer.server.count = getattr(peer.server, "count", 0) + 1
        if peer.server.count > 1:
            smtp_once(peer)
        peer.say("220 hello\r\n")
        while True:
            command = peer.line()
            if command.startswith("MAIL") and "X-Probe: one" in peer.server.lines:
                return  # hangs up in the middle of the second mail
            if command == "DATA":
                peer.say("354 go\r\n")
                while peer.line() != ".":
                    pass
            peer.say("250 OK\r\n")

    with Server(talk) as server, Probe(Accounts) as probe:
        probe.post("smtp", f"smtp://127.0.0.1:{server.port}")
        assert probe.wait_result(probe.send("smtp", "one"))[0] == "sent"
        assert probe.wait_result(probe.send("smtp", "two"))[0] == "sent"
        assert server.connections == 2, server.connections


TESTS = [
    lying_imap_servers_fail_by_name_and_disturb_nobody,
    a_silent_server_does_not_hold_up_the_end,
    an_old_imap_server_is_polled_and_mails_are_flagged,
    a_folder_that_cannot_be_written_does_not_make_us_spin,
    an_endless_pop3_mail_is_cut,
    each_refusal_is_judged_by_what_it_refuses,
    a_refused_mail_leaves_the_link_usable,
    dots_and_line_ends_survive,
    a_kept_link_that_died_is_replaced_in_silence,
]


def main():
    wanted = [t for t in TESTS if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]]
    failed = 0
    print(f"1..{len(wanted)}", flush=True)
    for number, test in enumerate(wanted, 1):
        name = test.__name__.replace("_", " ")
        try:
            with tempfile.TemporaryDirectory(prefix="mail-hostile-") as directory:
                test(pathlib.Path(directory))
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print("".join("# " + line + "\n" for line in
                          traceback.format_exc().splitlines()), end="", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
