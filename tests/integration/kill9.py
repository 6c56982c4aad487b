"""Exactly once: the bridge is killed with SIGKILL at 100 random moments while
500 callers mail it; each gets exactly one distinct OK, none is lost."""

import os
import random
import sys
import threading
import time

from harness import (Bridge, Maildir, digest, invite, ipsp_part, note, run,
                     wait_for)

INVITES = int(os.environ.get("KILL9_INVITES", "500"))
KILLS = int(os.environ.get("KILL9_KILLS", "100"))
SEED = int(os.environ.get("KILL9_SEED", str(time.time_ns())))
ROOM = "hall@conf.test"


def every_caller_gets_exactly_one_OK_over_kill_minus_9(directory):
    note(f"{INVITES} invites, {KILLS} kills, KILL9_SEED={SEED}")
    chance = random.Random(SEED)
    mail = directory / "mail"
    room = Maildir(mail / "hall")
    bridge = Bridge(
        directory / "bridge",
        mails={"local": {"mailbox": f"maildir:{mail}/hall",
                         "post": f"maildir:{mail}/%u"}},
        rooms={ROOM: {"account": "local", "capacity": INVITES + 10}},
        answers_per_domain=INVITES * 10, answers_per_room=INVITES * 10)
    callers = {}
    for number in range(INVITES):
        address = f"caller{number}@conf.test"
        callers[address] = (Maildir(mail / f"caller{number}"),
                            *invite(ROOM, address))

    def mail_all():
        for _, invitation, _ in callers.values():
            room.drop(invitation)
            time.sleep(chance.uniform(0, 0.12))

    sender = threading.Thread(target=mail_all)
    sender.start()
    for _ in range(KILLS):
        bridge.start()
        # From before it has read its configuration to well into its work.
        time.sleep(chance.uniform(0.005, 0.6))
        bridge.kill()
    sender.join()
    bridge.start()
    answered = wait_for("an answer for everyone", lambda: all(
        box.mails() for box, _, _ in callers.values()), 60)
    assert answered
    time.sleep(1)  # a late second answer must not come either
    assert bridge.stop() == 0

    copies = 0
    for address, (box, _, did) in callers.items():
        mails = box.mails()
        copies += len(mails) - 1
        assert len({digest(m) for m in mails}) == 1, f"{address}: differ"
        part = ipsp_part(mails[0])
        assert part["m"] == "OK" and part["did"] == did, part
    left = room.mails()
    assert not left, f"{len(left)} invites still in the mailbox"
    note(f"identical copies beyond the first: {copies}")


if __name__ == "__main__":
    sys.exit(run(every_caller_gets_exactly_one_OK_over_kill_minus_9))
