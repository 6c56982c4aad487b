"""How long it takes from the INVITE's submission to the first mixed sound, and
how many mails and packets: 50 joins by Maildir, and 50 through a real Postfix
and Dovecot by IMAPS. Prints TAP; a median over its target fails.

The callers never echo the gate's cookie, so that a single STUN request before
the first sound shows that two round trips were enough: one of mail, one at
the gate."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))

from harness import LOADGEN, Bridge, Maildir, note, run, wait_for  # noqa: E402
from mailbed import DOMAIN, MailBed, why_not  # noqa: E402

JOINS = 50
CALLERS = 3
MAILDIR_MS = 150  # targets, of the medians
IMAP_MS = 900
PLENTY = JOINS * 100  # answers, where a real bridge is more careful


def measure(directory, room, mail, target_ms, *arguments):
    bridge = Bridge(
        directory / "bridge", mails={"rooms": mail},
        rooms={room: {"account": "rooms", "capacity": 5}},
        answers_per_address=PLENTY, answers_per_domain=PLENTY,
        answers_per_room=PLENTY).start()
    wait_for("the bridge to watch its mailbox",
             lambda: "watching" in bridge.log_text())
    report = directory / "report.json"
    with open(directory / "loadgen.log", "wb") as log:
        process = subprocess.run(
            [LOADGEN, "--room", room, "--callers", str(CALLERS),
             "--joins", str(JOINS), "--duration", "1", "--ramp", "0.107",
             "--no-echo", "--allow-late", "--json", report, *arguments],
            stdout=log, stderr=subprocess.STDOUT, timeout=300)
    assert process.returncode == 0, "ipsp-loadgen found faults, see its log"
    figures = json.loads(report.read_text())
    for phase, of in figures["setup_ms"].items():
        note(f"{phase.replace('_', ' ')}: median {of['p50']:.0f} ms, "
             f"p90 {of['p90']:.0f} ms, max {of['max']:.0f} ms, n {of['n']}")
    for what, of in figures["until_first_sound"].items():
        note(f"until first sound, {what.replace('_', ' ')}: "
             f"median {of['p50']:.0f}, max {of['max']:.0f}")
    of = figures["added_ms"]
    note(f"mouth to ear, added by the bridge: median {of['p50']:.1f} ms, "
         f"max {of['max']:.1f} ms")
    sound = figures["setup_ms"]["first_sound"]
    trips = figures["until_first_sound"]
    assert sound["n"] >= JOINS
    assert sound["p50"] < target_ms, f"not within {target_ms} ms"
    assert trips["mails"]["p50"] == 2, "one mail each way"
    assert trips["stun_requests"]["p50"] == 1, "one round trip at the gate"
    assert bridge.stop() == 0


def fifty_joins_by_Maildir(directory):
    mail = directory / "mail"
    for user in ["standup"] + [f"user{i + 1}" for i in range(CALLERS)]:
        Maildir(mail / user)
    measure(directory, "standup@localhost",
            {"mailbox": f"maildir:{mail}/standup", "post": f"maildir:{mail}/%u"},
            MAILDIR_MS,
            "--from", "user%d@localhost", "--mailbox", f"maildir:{mail}/user%d",
            "--post", f"maildir:{mail}/%u")


def password_file(directory, bed, user):
    path = directory / f"{user}.password"
    path.write_text(bed.passwords[user] + "\n")
    path.chmod(0o600)
    return path


def fifty_joins_by_Postfix_and_Dovecot_IMAPS(directory):
    users = [f"user{i + 1}" for i in range(CALLERS)]
    bed = MailBed(["room", *users])
    for user in users:  # ipsp-loadgen has one password for all
        bed.passwords[user] = bed.passwords[users[0]]
    with bed:
        imaps = f"imaps://localhost:{bed.ports['imaps']}"
        smtp = f"smtp://localhost:{bed.ports['smtp']}"
        measure(directory, f"room@{DOMAIN}",
                {"mailbox": imaps, "mailbox_user": "room",
                 "mailbox_password_file":
                     password_file(directory, bed, "room"),
                 "post": smtp, "ca_file": bed.ca},
                IMAP_MS,
                "--from", f"user%d@{DOMAIN}", "--mailbox", imaps,
                "--post", smtp, "--user", "user%d", "--password-file",
                password_file(directory, bed, users[0]), "--ca", bed.ca)


if __name__ == "__main__":
    cases = [fifty_joins_by_Maildir]
    if why_not():
        note(f"IMAP is left out: {why_not()}")
    else:
        cases.append(fifty_joins_by_Postfix_and_Dovecot_IMAPS)
    sys.exit(run(*cases))
