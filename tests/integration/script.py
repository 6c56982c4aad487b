"""Scripts at the panel: docs/examples/mute.mjs as it stands, and what its token
opens, for how long."""

import csv
import http.client
import io
import pathlib
import shutil
import subprocess
import time

from calls import ROOM, bridge_in, end_of
from harness import BRIDGE, Skip, note, run, wait_for
from moderation import BOB, CHAIR, HEARD, SILENT, caller, longest, windows
from web import WebSocket

EXAMPLE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
           / "mute.mjs")
OTHER = "other@conf.test"


def token(bridge, *options, room=ROOM):
    return subprocess.run(
        [BRIDGE, "token", "-c", bridge.config, room, *options],
        check=True, capture_output=True, text=True, timeout=20).stdout.strip()


def panel(bridge, bearer, origin=False):
    bridge.port, bridge.tls = bridge.web_port, False
    return WebSocket(bridge, "/panel", "ipsp-panel", origin=origin,
                     Authorization=f"Bearer {bearer}")


def get(bridge, path, bearer):
    connection = http.client.HTTPConnection("127.0.0.1", bridge.web_port,
                                            timeout=10)
    connection.request("GET", path,
                       headers={"Authorization": f"Bearer {bearer}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def the_example_lists_a_room_and_mutes_who_is_named(directory):
    if not shutil.which("node"):
        raise Skip("there is no node")
    bridge = bridge_in(directory, {"moderators": CHAIR})
    bearer = token(bridge, "--panel", "--name", "night watch")

    def example(*address, to=bearer):
        return subprocess.run(
            ["node", EXAMPLE, f"http://127.0.0.1:{bridge.web_port}", to, ROOM,
             *address], capture_output=True, text=True, timeout=20)

    ann = caller(directory, "ann", 700, 5)
    bob = caller(directory, "bob", BOB, 5)
    wait_for("both to talk", lambda: example().stdout.count(" here ") == 2)
    time.sleep(1)  # for so long bob is heard
    done = example("bob@conf.test")
    assert done.returncode == 0, done.stderr
    assert "bob@conf.test here" in done.stdout, done.stdout
    assert "bob@conf.test here muted" in example("nobody@conf.test").stdout
    refused = example(to="A" * 32)
    assert refused.returncode == 1 and "refused: 401" in refused.stderr
    assert end_of(directory, "ann", ann)[0] == 0
    assert end_of(directory, "bob", bob)[0] == 0
    levels = windows(directory, "ann", BOB)
    note(f"bob is heard for {longest(levels, lambda x: x > HEARD)} s, then "
         f"not for {longest(levels, lambda x: x < SILENT)} s")
    assert max(levels) > HEARD and max(levels[-5:]) < SILENT, levels
    watching = panel(bridge, bearer)
    watching.command(id=1, do="watch", room=ROOM)
    delay = watching.message("snapshot")["state"]["mail_delay"]
    assert 0 <= delay < 5, delay
    series = wait_for("the call to be remembered", lambda: past(watching))
    assert 0 < max(series["stress"]) <= 1, series
    # None in a call so short that no report came before its sample.
    mos = [value for value in series["mos_worst"] if value is not None]
    assert all(4 < value < 4.5 for value in mos), series
    status, trail = get(bridge, f"/api/audit/{ROOM}.csv", bearer)
    assert status == 200, status
    row = next(csv.DictReader(io.StringIO(trail)))
    assert (row["who"], row["what"], row["whom"], row["outcome"]) == (
        "token:night watch", "mute", "bob@conf.test", "done"), row
    assert bridge.stop() == 0


def past(sock):
    """What the bridge remembers of the room; None: not the whole call yet."""
    sock.command(id=9, do="history")
    series = sock.message("history")["series"]
    assert len({len(values) for values in series.values()}) == 1, series
    return series if 2 in series["people"] else None


def a_token_moderates_one_room_until_it_is_revoked(directory):
    bridge = bridge_in(directory, {"moderators": CHAIR})
    with open(bridge.config, "a") as config:
        config.write(f"[room {OTHER}]\naccount = standup\n"
                     f"moderators = {CHAIR}\n")
    bridge.process.send_signal(1)
    wait_for("the other room", lambda: "read again" in bridge.log_text())
    bearer = token(bridge, "--panel", "--name", "bot")
    kept = token(bridge, "--panel")
    joins = token(bridge, "--role", "moderator")
    for wrong in (joins, bearer[:-1], ""):
        assert panel(bridge, wrong).status == 401, wrong
    assert panel(bridge, bearer, origin="http://evil.test").status == 403
    sock = panel(bridge, bearer)
    hello = sock.message("hello")
    assert hello["address"] == "token:bot", hello
    assert [each["room"] for each in sock.message("rooms")["rooms"]] == [ROOM]
    sock.command(id=1, do="lock", room=ROOM)
    assert sock.message("done", "error")["t"] == "done"
    sock.command(id=2, do="lock", room=OTHER)
    assert sock.message("done", "error")["code"] == "no-room"
    for path, status in ((f"/api/audit/{ROOM}.csv", 200),
                         (f"/api/audit/{OTHER}.csv", 404),
                         ("/api/recordings/none/mix.opus", 404),
                         ("/api/operator", 401), ("/api/session", 401)):
        assert get(bridge, path, bearer)[0] == status, path
    listed = token(bridge, "--list")
    assert ["bot", "panel", "any"] in [
        line.split()[:3] for line in listed.splitlines()], listed
    assert bearer not in listed and listed.count("panel") == 2
    assert token(bridge, "--revoke", "bot") == ""
    assert sock.close_code() == 1008
    assert panel(bridge, bearer).status == 401
    assert get(bridge, f"/api/audit/{ROOM}.csv", bearer)[0] == 401
    assert panel(bridge, kept).status == 101
    assert bridge.stop() == 0


if __name__ == "__main__":
    raise SystemExit(run(the_example_lists_a_room_and_mutes_who_is_named,
                         a_token_moderates_one_room_until_it_is_revoked))
