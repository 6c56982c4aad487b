#!/usr/bin/env python3
"""Mailboxes and posts against a real Postfix and Dovecot (mailbed.py), through
the small program mailprobe. Prints TAP."""
import email.utils
import os
import pathlib
import queue
import statistics
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mailbed  # noqa: E402

PROBE = os.environ.get("MAILPROBE", "build/tests/integration/mailprobe")
PATIENCE_S = 30


class Probe:
    """One mailprobe process; its events are kept in order."""

    def __init__(self, bed):
        self.bed = bed
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE)
        self.arrivals = queue.Queue()
        self.events = []
        self.next_id = 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.arrivals.put(line.rstrip("\n").split("\t"))
        self.arrivals.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert code == 0, f"mailprobe ended with {code}"

    def tell(self, *words):
        self.process.stdin.write("\t".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()

    def gather(self, seconds):
        """Takes in what comes within `seconds`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                event = self.arrivals.get(timeout=left)
            except queue.Empty:
                return
            assert event is not None, "mailprobe died"
            self.events.append(event)

    def wait(self, what, condition, seconds=PATIENCE_S):
        """Takes events in until condition() holds."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            assert left > 0, f"{what}: not within {seconds} s; last: {self.events[-5:]}"
            try:
                event = self.arrivals.get(timeout=left)
            except queue.Empty:
                continue
            assert event is not None, "mailprobe died"
            self.events.append(event)

    # -- mailboxes ----------------------------------------------------------

    def mailbox(self, name, url, position="-", user="room", auto=True):
        remote = not url.startswith("maildir:")
        self.tell("mailbox", name, url, user if remote else "-",
                  self.bed.passwords[user] if remote else "-",
                  self.bed.ca if remote else "-", position)
        if auto:
            self.tell("auto", name)

    def state(self, name):
        states = [e[3] for e in self.events if e[0] == "state" and e[2] == name]
        return states[-1] if states else None

    def wait_watching(self, *names, seconds=PATIENCE_S):
        self.wait("watching", lambda: all(self.state(n) == "watching" for n in names), seconds)

    def mails(self, name):
        """(probe, id, time in s) of each mail shown, in order."""
        return [(e[5], e[3], int(e[1]) / 1e6) for e in self.events
                if e[0] == "mail" and e[2] == name]

    def positions(self, name):
        return [e[3] for e in self.events if e[0] == "position" and e[2] == name]

    def wait_probes(self, name, wanted, seconds=PATIENCE_S):
        wanted = set(wanted)
        self.wait(f"mails in {name}",
                  lambda: wanted <= {m[0] for m in self.mails(name)}, seconds)

    # -- posts --------------------------------------------------------------

    def post(self, name, url, user=None):
        secure = not url.startswith("maildir:")
        self.tell("post", name, url, user or "-", self.bed.passwords[user] if user else "-",
                  self.bed.ca if secure and "127.0.0.1" not in url else "-")

    def send(self, way, probe, recipient="room@conf.test", sender="alice@conf.test", body="hello"):
        self.next_id += 1
        text = (f"From: {sender}\\r\\nTo: {recipient}\\r\\nSubject: probe\\r\\n"
                f"X-Probe: {probe}\\r\\n\\r\\n{body}\\r\\n")
        self.tell("send", way, self.next_id, sender or "-", recipient, text)
        return self.next_id

    def result(self, identity):
        """(result, why, time in s) or None."""
        for e in self.events:
            if e[0] == "sent" and e[3] == str(identity):
                return e[4], e[5], int(e[1]) / 1e6
        return None

    def wait_result(self, identity):
        self.wait(f"result of {identity}", lambda: self.result(identity))
        return self.result(identity)


def submit(bed, probes, recipient="room@conf.test"):
    """Sends mails as an ordinary client does; {probe: time it was begun}."""
    times = {}
    with bed.smtp() as smtp:
        for probe in probes:
            times[probe] = time.monotonic()
            smtp.sendmail("alice@conf.test", [recipient],
                          f"From: alice@conf.test\r\nTo: {recipient}\r\nX-Probe: {probe}\r\n"
                          f"Message-ID: {email.utils.make_msgid()}\r\n\r\nhello\r\n")
    return times


def files_of(bed, user="room"):
    box = bed.maildir(user)
    return [f for part in ("new", "cur") if (box / part).exists() for f in (box / part).iterdir()]


def wait_files(bed, count, user="room"):
    end = time.monotonic() + PATIENCE_S
    while (left := len(files_of(bed, user))) != count:
        assert time.monotonic() < end, f"{left} mails are left, not {count}"
        time.sleep(0.02)


def wait_empty(bed):
    wait_files(bed, 0)


def once_each(probe, name, wanted):
    shown = [m[0] for m in probe.mails(name)]
    assert sorted(shown) == sorted(wanted), f"shown {len(shown)}, wanted {len(wanted)}"


def figures(what, seconds):
    values = sorted(1000 * s for s in seconds)
    print(f"# {what}: n={len(values)} median {statistics.median(values):.1f} ms, "
          f"p95 {values[int(len(values) * 0.95)]:.1f} ms, max {values[-1]:.1f} ms", flush=True)


def latencies(probe, name, times):
    return [when - times[p] for p, _, when in probe.mails(name) if p in times]


# -- post -------------------------------------------------------------------

def smtp_url(bed, host="127.0.0.1"):
    return f"smtp://{host}:{bed.ports['smtp']}"


def submission_url(bed):
    return f"smtp://localhost:{bed.ports['submission']}"


def mails_go_out_by_smtp(bed):
    with Probe(bed) as probe:
        probe.mailbox("box", f"maildir:{bed.maildir('room')}", auto=True)
        probe.wait_watching("box")
        probe.post("smtp", smtp_url(bed))
        begun = time.monotonic()
        ids = [probe.send("smtp", f"out{i}") for i in range(100)]
        for identity in ids:
            assert probe.wait_result(identity)[0] == "sent"
        print(f"# 100 mails submitted in {time.monotonic() - begun:.2f} s")
        probe.wait_probes("box", {f"out{i}" for i in range(100)})
        once_each(probe, "box", {f"out{i}" for i in range(100)})
    opened = (bed.dir / "postfix.log").read_text().count(": connect from")
    print(f"# connections that Postfix saw so far: {opened}")
    assert opened < 20, "connections are not kept"


def submission_logs_in_behind_starttls(bed):
    with Probe(bed) as probe:
        probe.post("right", submission_url(bed), user="alice")
        assert probe.wait_result(probe.send("right", "auth"))[0] == "sent"
        # Without a log-in it is the way that is wrong, not the mail.
        probe.post("none", submission_url(bed))
        result, why, _ = probe.wait_result(probe.send("none", "noauth"))
        assert result in ("retry", "refused") and why != "-", (result, why)
        bed.passwords["stranger"] = "wrong"
        probe.post("wrong", submission_url(bed), user="stranger")
        result, why, _ = probe.wait_result(probe.send("wrong", "badauth"))
        assert result == "retry" and "wrong" not in why, (result, why)
        del bed.passwords["stranger"]


def an_unknown_recipient_is_refused_with_the_servers_words(bed):
    with Probe(bed) as probe:
        probe.post("smtp", smtp_url(bed))
        result, why, _ = probe.wait_result(probe.send("smtp", "x", recipient="nobody@conf.test"))
        assert result == "refused" and "User unknown" in why, (result, why)
        # The null sender, and the connection that a refusal leaves behind.
        assert probe.wait_result(probe.send("smtp", "null", sender=""))[0] == "sent"


def a_dead_smtp_server_says_retry_for_all_at_once(bed):
    dead = mailbed.free_ports(1)[0]
    with Probe(bed) as probe:
        probe.post("dead", f"smtp://127.0.0.1:{dead}")
        begun = time.monotonic()
        ids = [probe.send("dead", "x") for i in range(50)]
        assert all(probe.wait_result(i)[0] == "retry" for i in ids)
        assert time.monotonic() - begun < 5


def an_untrusted_certificate_is_not_spoken_to(bed):
    with Probe(bed) as probe:
        # The system's CAs do not know ours: no password may go out.
        probe.tell("post", "smtp", f"smtps://127.0.0.1:{bed.ports['imaps']}", "-", "-", "-")
        result, why, _ = probe.wait_result(probe.send("smtp", "x"))
        assert result == "retry" and "certificate" in why, (result, why)


# -- mailboxes ----------------------------------------------------------------

def imaps_url(bed, folder=""):
    return f"imaps://localhost:{bed.ports['imaps']}/{folder}"


def imap_url(bed):
    return f"imap://localhost:{bed.ports['imap']}"


def pop3s_url(bed):
    return f"pop3s://localhost:{bed.ports['pop3s']}"


def pop3_url(bed):
    return f"pop3://localhost:{bed.ports['pop3']}"


def maildir_url(bed):
    return f"maildir:{bed.maildir('room')}"


def arrive_once_and_are_deleted(bed, url, count, hurry=False, pace=0.0, what=None):
    """`count` mails, one after the other; each is shown once, done, gone."""
    with Probe(bed) as probe:
        probe.mailbox("box", url)
        probe.wait_watching("box")
        names = [f"m{i}" for i in range(count)]
        times = {}
        for name in names:
            if hurry:
                probe.tell("hurry", "box")
            times.update(submit(bed, [name]))
            probe.wait_probes("box", [name])
            probe.gather(pace)
        wait_empty(bed)
        probe.gather(0.3)
        once_each(probe, "box", names)
        if what:
            figures(what, latencies(probe, "box", times))


def maildir_20_mails(bed):
    arrive_once_and_are_deleted(bed, maildir_url(bed), 20, what="SMTP to Maildir mailbox")


def imaps_idle_20_mails(bed):
    arrive_once_and_are_deleted(bed, imaps_url(bed), 20, pace=0.05, what="SMTP to IMAPS IDLE")


def imaps_hurry_20_mails(bed):
    arrive_once_and_are_deleted(bed, imaps_url(bed), 20, hurry=True, pace=0.05,
                                what="SMTP to IMAPS NOOP in a hurry")


def imap_starttls_20_mails(bed):
    arrive_once_and_are_deleted(bed, imap_url(bed), 20, hurry=True,
                                what="SMTP to IMAP STARTTLS NOOP in a hurry")


def another_folder_is_watched(bed):
    # Dovecot's Maildir++ name of the folder; the URL has it percent-encoded.
    folder = bed.maildir("room") / ".&ZeVnLIqe- &- more"
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    owner = bed.maildir("room").stat()
    for path in [folder, *folder.iterdir()]:
        os.chown(path, owner.st_uid, owner.st_gid)
    with Probe(bed) as probe:
        probe.mailbox("box", imaps_url(bed, "%E6%97%A5%E6%9C%AC%E8%AA%9E%20&%20more"))
        probe.wait_watching("box")
        mail = folder / "tmp" / "1.x"
        mail.write_text("X-Probe: folder\r\n\r\nhello\r\n")
        os.chown(mail, owner.st_uid, owner.st_gid)
        mail.rename(folder / "new" / "1.x")
        probe.wait_probes("box", ["folder"])


def pop3s_20_mails(bed):
    """A look every 3 s: so all 20 are sent at a pace, not one by one."""
    with Probe(bed) as probe:
        probe.mailbox("box", pop3s_url(bed))
        probe.wait_watching("box")
        names = [f"p{i}" for i in range(20)]
        times = {}
        for name in names:
            times.update(submit(bed, [name]))
            probe.gather(0.3)
        probe.wait_probes("box", names)
        wait_empty(bed)
        once_each(probe, "box", names)
        figures("SMTP to POP3S every 3 s", latencies(probe, "box", times))


def pop3_starttls_in_a_hurry(bed):
    arrive_once_and_are_deleted(bed, pop3_url(bed), 10, hurry=True,
                                what="SMTP to POP3 with STLS in a hurry")


def a_burst_of_100_mails(bed, url):
    with Probe(bed) as probe:
        probe.mailbox("box", url)
        probe.wait_watching("box")
        names = [f"b{i}" for i in range(100)]
        times = submit(bed, names)
        probe.wait_probes("box", names)
        wait_empty(bed)
        once_each(probe, "box", names)
        figures(f"burst of 100 by {url.split(':')[0]}", latencies(probe, "box", times))


def imaps_burst(bed):
    a_burst_of_100_mails(bed, imaps_url(bed))


def pop3s_burst(bed):
    a_burst_of_100_mails(bed, pop3s_url(bed))


def not_done_is_shown_again(bed, url, with_position):
    """Two of four mails are done; a new mailbox shows the other two."""
    with Probe(bed) as probe:
        probe.mailbox("old", url, auto=False)
        probe.wait_watching("old")
        submit(bed, ["a", "b", "c", "d"])
        probe.wait_probes("old", "abcd")
        for name, identity, _ in probe.mails("old"):
            if name in "bc":
                probe.tell("done", "old", identity)
        wait_files(bed, 2)
        probe.tell("close", "old")
        position = (probe.positions("old") or ["-"])[-1] if with_position else "-"
        probe.mailbox("new", url, position=position)
        probe.wait_probes("new", "ad")
        wait_empty(bed)
        once_each(probe, "new", "ad")


def imaps_shows_what_was_not_done_again(bed):
    not_done_is_shown_again(bed, imaps_url(bed), with_position=True)


def imaps_shows_one_day_again_without_a_position(bed):
    not_done_is_shown_again(bed, imaps_url(bed), with_position=False)


def maildir_shows_what_was_not_done_again(bed):
    not_done_is_shown_again(bed, maildir_url(bed), with_position=True)


def pop3s_shows_what_was_not_done_again(bed):
    not_done_is_shown_again(bed, pop3s_url(bed), with_position=False)


def imaps_position_leaves_old_mail_alone(bed):
    """Mail from before the stored position is not shown."""
    submit(bed, ["old"])
    with Probe(bed) as probe:
        probe.mailbox("first", imaps_url(bed), auto=False)
        probe.wait_probes("first", ["old"])
        position = probe.positions("first")
        validity, uid = probe.mails("first")[0][1].split(":")
        assert not position or position[-1] == f"{validity}:{uid}", position
        probe.tell("close", "first")
        probe.mailbox("second", imaps_url(bed), position=f"{validity}:{int(uid) + 1}")
        probe.wait_watching("second")
        submit(bed, ["new"])
        probe.wait_probes("second", ["new"])
        once_each(probe, "second", ["new"])
        # A position of another UIDVALIDITY means nothing: one day is read.
        probe.mailbox("third", imaps_url(bed), position=f"{int(validity) + 1}:{int(uid) + 1}")
        probe.wait_probes("third", ["old"])


def survives_a_restart_of_the_server(bed, url):
    with Probe(bed) as probe:
        probe.mailbox("box", url)
        probe.wait_watching("box")
        submit(bed, ["before"])
        probe.wait_probes("box", ["before"])
        bed.stop_dovecot()
        probe.wait("failure", lambda: probe.state("box") in ("failed", "connecting"))
        submit(bed, [f"away{i}" for i in range(10)])  # Postfix keeps them
        probe.gather(1.0)
        bed.start_dovecot()
        probe.wait_probes("box", [f"away{i}" for i in range(10)])
        submit(bed, ["after"])
        probe.wait_probes("box", ["after"])
        wait_empty(bed)
        shown = [m[0] for m in probe.mails("box")]
        # "before" may have been cut off between done and deleted.
        assert sorted(set(shown)) == sorted(["before", "after"] + [f"away{i}" for i in range(10)])
        assert len(shown) <= 13, shown


def imaps_reconnects(bed):
    survives_a_restart_of_the_server(bed, imaps_url(bed))


def pop3s_reconnects(bed):
    survives_a_restart_of_the_server(bed, pop3s_url(bed))


def a_mail_over_the_limit_comes_cut(bed, url):
    with Probe(bed) as probe:
        probe.mailbox("box", url)
        probe.wait_watching("box")
        with bed.smtp() as smtp:
            smtp.sendmail("alice@conf.test", ["room@conf.test"],
                          "X-Probe: big\r\n\r\n" + ("x" * 70 + "\r\n") * 20000)
        probe.wait_probes("box", ["big"])
        assert [e[4] for e in probe.events if e[0] == "mail"] == [str(256 * 1024 + 1)]
        submit(bed, ["small"])
        probe.wait_probes("box", ["small"])
        wait_empty(bed)
        once_each(probe, "box", ["big", "small"])


def imaps_cuts_large_mails(bed):
    a_mail_over_the_limit_comes_cut(bed, imaps_url(bed))


def pop3s_cuts_large_mails(bed):
    a_mail_over_the_limit_comes_cut(bed, pop3s_url(bed))


def fifty_mailboxes_on_one_loop(bed):
    with Probe(bed) as probe:
        boxes = [f"room{i}" for i in range(50)]
        begun = time.monotonic()
        for box in boxes:
            probe.mailbox(box, imaps_url(bed), user=box)
        probe.wait_watching(*boxes, seconds=60)
        print(f"# 50 mailboxes watch after {time.monotonic() - begun:.2f} s")
        times = {}
        for i in range(3):
            for box in boxes:
                times.update(submit(bed, [f"{box}-{i}"], f"{box}@conf.test"))
        for box in boxes:
            probe.wait_probes(box, {f"{box}-{i}" for i in range(3)})
            once_each(probe, box, {f"{box}-{i}" for i in range(3)})
        figures("150 mails in 50 IMAPS IDLE mailboxes",
                [t for box in boxes for t in latencies(probe, box, times)])
        cpu = sum(os.times()[2:4])
    print(f"# CPU of mailprobe with its TLS handshakes: {sum(os.times()[2:4]) - cpu:.2f} s")


def a_wrong_password_fails_and_is_not_told(bed):
    with Probe(bed) as probe:
        bed.passwords["stranger"] = "dontsayit"
        for name, url in (("imap", imaps_url(bed)), ("pop3", pop3s_url(bed))):
            probe.mailbox(name, url, user="stranger")
            probe.wait("failure", lambda n=name: probe.state(n) == "failed")
        del bed.passwords["stranger"]
        assert not any("dontsayit" in field for e in probe.events for field in e)


TESTS = [
    mails_go_out_by_smtp,
    submission_logs_in_behind_starttls,
    an_unknown_recipient_is_refused_with_the_servers_words,
    a_dead_smtp_server_says_retry_for_all_at_once,
    an_untrusted_certificate_is_not_spoken_to,
    maildir_20_mails,
    maildir_shows_what_was_not_done_again,
    imaps_idle_20_mails,
    imaps_hurry_20_mails,
    imap_starttls_20_mails,
    another_folder_is_watched,
    pop3s_20_mails,
    pop3_starttls_in_a_hurry,
    imaps_burst,
    pop3s_burst,
    imaps_shows_what_was_not_done_again,
    imaps_shows_one_day_again_without_a_position,
    imaps_position_leaves_old_mail_alone,
    pop3s_shows_what_was_not_done_again,
    imaps_reconnects,
    pop3s_reconnects,
    imaps_cuts_large_mails,
    pop3s_cuts_large_mails,
    a_wrong_password_fails_and_is_not_told,
    fifty_mailboxes_on_one_loop,
]


def empty_all(bed):
    for user in bed.users:
        for path in files_of(bed, user):
            path.unlink()


def main():
    reason = mailbed.why_not()
    if reason:
        print(f"1..0 # SKIP {reason}")
        return
    wanted = [t for t in TESTS if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]]
    failed = 0
    with mailbed.MailBed(["room", "alice"] + [f"room{i}" for i in range(50)]) as bed:
        print(f"1..{len(wanted)}", flush=True)
        for number, test in enumerate(wanted, 1):
            name = test.__name__.replace("_", " ")
            empty_all(bed)
            begun = time.monotonic()
            try:
                test(bed)
                print(f"ok {number} - {name} # {time.monotonic() - begun:.1f} s", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok {number} - {name}", flush=True)
                print("".join("# " + line + "\n" for line in
                              traceback.format_exc().splitlines()), end="", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
