"""The whole path, real from end to end: three ipsp-phones mail a room through
Postfix and Dovecot, by IMAPS and by POP3S, are answered, and each hears the
other two and never himself; a BYE empties the room."""

import subprocess
import sys

from harness import (Bridge, PHONE, note, run, skip_all, tone_dbfs, tone_wav,
                     wait_for, wav_samples)
from mailbed import DOMAIN, MailBed, why_not

ROOM = f"room@{DOMAIN}"
CALLERS = {  # name: (mailbox service, its tones in Hz: no multiples)
    "alice": ("imaps", (523, 1370)),
    "bob": ("imaps", (661, 1810)),
    "carol": ("pop3s", (887, 2290)),
}
SECONDS = 12
OWN_MAX_DBFS = -50.0
OTHERS_MIN_DBFS = -35.0


def password_file(directory, bed, user):
    path = directory / f"{user}.password"
    path.write_text(bed.passwords[user] + "\n")
    path.chmod(0o600)
    return path


def bridge_for(directory, bed, mailbox):
    return Bridge(
        directory / "bridge",
        mails={"rooms": {
            "mailbox": f"{mailbox}://localhost:{bed.ports[mailbox]}",
            "mailbox_user": "room",
            "mailbox_password_file": password_file(directory, bed, "room"),
            "post": f"smtp://localhost:{bed.ports['smtp']}",
            "ca_file": bed.ca}},
        rooms={ROOM: {"account": "rooms", "capacity": 5}})


def phone(directory, bed, user, service, tones):
    voice = directory / f"{user}.wav"
    tone_wav(voice, tones, 2)
    return subprocess.Popen(
        [PHONE, "call", ROOM, "--from", f"{user}@{DOMAIN}",
         "--mailbox", f"{service}://localhost:{bed.ports[service]}",
         "--post", f"smtp://localhost:{bed.ports['smtp']}",
         "--user", user, "--password-file", password_file(directory, bed, user),
         "--ca", bed.ca, "--send", voice, "--loop",
         "--receive", directory / f"{user}.heard.wav",
         "--for", str(SECONDS), "--json"],
        stdout=open(directory / f"{user}.json.log", "wb"),
        stderr=open(directory / f"{user}.log", "wb"))


def hear_each_other(directory, bed, mailbox):
    bridge = bridge_for(directory, bed, mailbox).start()
    wait_for("the bridge to watch its mailbox",
             lambda: "watching" in bridge.log_text())
    phones = {user: phone(directory, bed, user, *how)
              for user, how in CALLERS.items()}
    for user, process in phones.items():
        assert process.wait(timeout=SECONDS + 30) == 0, \
            f"{user} ended with {process.returncode}"
    for user, (service, _) in CALLERS.items():
        # Three seconds from when all are surely in, before anybody leaves.
        samples, rate = wav_samples(directory / f"{user}.heard.wav",
                                    SECONDS - 7, 3)
        for other, (_, tones) in CALLERS.items():
            levels = [tone_dbfs(samples, rate, f) for f in tones]
            note(f"{user} ({service}) hears {other} at " +
                 ", ".join(f"{x:.1f}" for x in levels) + " dBFS")
            if other == user:
                assert max(levels) <= OWN_MAX_DBFS, f"{user} hears himself"
            else:
                assert min(levels) >= OTHERS_MIN_DBFS, \
                    f"{user} misses {other}"
    wait_for("BYE to empty the room",
             lambda: bridge.log_text().count("room: left") == len(CALLERS), 5)
    assert bridge.stop() == 0


def three_callers_by_IMAPS_and_POP3S_hear_each_other(directory):
    with MailBed(["room", *CALLERS]) as bed:
        hear_each_other(directory, bed, "imaps")


def the_same_with_the_room_itself_on_POP3S(directory):
    with MailBed(["room", *CALLERS]) as bed:
        hear_each_other(directory, bed, "pop3s")


if __name__ == "__main__":
    if why_not():
        skip_all(why_not())
    sys.exit(run(three_callers_by_IMAPS_and_POP3S_hear_each_other,
                 the_same_with_the_room_itself_on_POP3S))
