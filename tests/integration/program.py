"""ipsp-bridge and ipsp-phonegate as their operator sees them: options, configuration, signals, the
systemd units."""

import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request

from harness import (BRIDGE, BUILD, LOADGEN, PHONE, Bridge, Maildir, free_port,
                     invite, ipsp_part, run, wait_for)
from web import WebSocket

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
TONE = pathlib.Path(__file__).with_name("tone.opus")
PHONEGATE = BUILD / "bridge" / "ipsp-phonegate"
ROOM = "standup@conf.test"


def bridge_in(directory, **keys):
    mail = directory / "mail"
    Maildir(mail / "standup")
    return Bridge(directory / "bridge",
                  mails={"local": {"mailbox": f"maildir:{mail}/standup",
                                   "post": f"maildir:{mail}/%u"}},
                  rooms={ROOM: {"account": "local"}}, **keys)


def call(*arguments, program=BRIDGE, **environment):
    return subprocess.run([program, *arguments], capture_output=True,
                          text=True, timeout=20,
                          env={**os.environ, **environment})


def the_examples_pass_their_checks(directory):
    (directory / "rooms-password").write_text("secret\n")
    (directory / "cluster-secret").write_text("0123456789abcdef" * 4 + "\n")
    for program, example in ((BRIDGE, "ipsp-bridge.conf.example"),
                             (PHONEGATE, "ipsp-phonegate.conf.example")):
        result = call("--check-config", "-c", DOCS / example, program=program,
                      CREDENTIALS_DIRECTORY=str(directory))
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""


def mistakes_are_named_by_file_and_line(directory):
    path = directory / "wrong.conf"
    path.write_text("[bridge]\nworkers = none\n")
    for arguments in (["--check-config", "-c", path], ["-c", path]):
        result = call(*arguments)
        assert result.returncode == 78, result
        assert f"{path}:2: workers: \"none\" is not" in result.stderr, result
    for program in (BRIDGE, PHONEGATE):
        assert call("--nonsense", program=program).returncode == 2
        assert re.fullmatch(rf"{program.name} \d+\.\d+\.\d+\n",
                            call("--version", program=program).stdout)
    path.write_text("[phonegate]\ndirectory = local\n[bridge]\n")
    result = call("-c", path, program=PHONEGATE)
    assert result.returncode == 78, result
    assert f"{path}:3: there is no group [bridge]" in result.stderr, result


def systemd_is_told_and_a_signal_ends_it(directory):
    path = directory / "notify"
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(path))
    systemd.settimeout(10)
    os.environ["NOTIFY_SOCKET"] = str(path)
    try:
        bridge = bridge_in(directory).start()
    finally:
        del os.environ["NOTIFY_SOCKET"]
    assert systemd.recv(1000) == b"READY=1"
    bridge.process.send_signal(1)
    assert systemd.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert systemd.recv(1000) == b"READY=1"
    assert bridge.stop() == 0
    assert systemd.recv(1000) == b"STOPPING=1"


def answer_of(directory, name, room=ROOM):
    mail = directory / "mail"
    box = Maildir(mail / name)
    raw, _ = invite(room, f"{name}@conf.test")
    Maildir(mail / "standup").drop(raw)
    wait_for(f"an answer for {name}", box.mails)
    return ipsp_part(box.mails()[0])


def SIGHUP_opens_rooms_and_a_mistake_changes_nothing(directory):
    bridge = bridge_in(directory).start()
    assert answer_of(directory, "ann", "fresh@conf.test")["code"] == 404
    with open(bridge.config, "a") as config:
        config.write("[room fresh@conf.test]\naccount = local\n")
    bridge.process.send_signal(1)
    wait_for("the new configuration", lambda: "read again" in bridge.log_text())
    assert answer_of(directory, "bob", "fresh@conf.test")["m"] == "OK"
    with open(bridge.config, "a") as config:
        config.write("capacity = none\n")
    bridge.process.send_signal(1)
    wait_for("the mistake", lambda: "the old one stays" in bridge.log_text())
    assert answer_of(directory, "carol", "fresh@conf.test")["m"] == "OK"
    assert bridge.stop() == 0


def SIGHUP_right_after_the_start_is_a_reload(directory):
    bridge = bridge_in(directory)
    text = bridge.config.read_bytes()
    bridge.config.unlink()
    os.mkfifo(bridge.config)
    bridge.start()
    with open(bridge.config, "wb") as config:  # it waits for its words
        bridge.process.send_signal(1)
        config.write(text)
    wait_for("a start", lambda: "main: ready" in bridge.log_text())
    with open(bridge.config, "wb") as config:
        config.write(text)
    wait_for("a reload", lambda: "read again" in bridge.log_text())
    assert bridge.stop() == 0


def a_new_account_of_a_reload_is_watched_and_posts(directory):
    bridge = bridge_in(directory).start()
    mail = directory / "mail"
    other = Maildir(mail / "other")
    with open(bridge.config, "a") as config:
        config.write(f"[mail more]\nmailbox = maildir:{mail}/other\n"
                     f"post = maildir:{mail}/%u\n"
                     "[room other@conf.test]\naccount = more\n")
    wait_for("ready", lambda: "main: ready" in bridge.log_text())
    bridge.process.send_signal(1)
    raw, _ = invite("other@conf.test", "dave@conf.test")
    box = Maildir(mail / "dave")
    other.drop(raw)
    wait_for("an answer", box.mails)
    assert ipsp_part(box.mails()[0])["m"] == "OK"
    assert bridge.stop() == 0


def sound_files(directory):
    return ["--send", TONE, "--receive", directory / "heard.wav"]


def closed_descriptors_are_dev_null(directory):
    """A program that is started with them closed must take no socket of its
    own for its keyboard or its log."""
    mail = directory / "mail"
    for name in ("ann", "bob1", "bob2"):
        Maildir(mail / name)
    (directory / "gate.conf").write_text(
        "[phonegate]\nsite = test\nmedia_address = 127.0.0.1\n"
        f"media_port = {free_port(socket.SOCK_DGRAM)}\n"
        f"directory = etcd\netcd_url = http://127.0.0.1:{free_port()}\n"
        f"cluster_secret_file = {directory}/secret\n")
    (directory / "secret").write_text("ab" * 32)
    for words in ([BRIDGE, "-c", bridge_in(directory).config],
                  [PHONEGATE, "-c", directory / "gate.conf"],
                  [PHONE, "call", ROOM, "--from", "ann@conf.test", "--config",
                   "/dev/null", *sound_files(directory),
                   "--mailbox", f"maildir:{mail}/ann",
                   "--post", f"maildir:{mail}/%u"],
                  [LOADGEN, "--room", ROOM, "--from", "bob%d@conf.test",
                   "--callers", "2", "--mailbox", f"maildir:{mail}/bob%d",
                   "--post", f"maildir:{mail}/%u"]):
        process = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh",
                                    *words])
        fds = pathlib.Path(f"/proc/{process.pid}/fd")

        def runs_on_dev_null():
            assert process.poll() is None, words
            try:  # a fourth descriptor: its main loop runs
                return (fds / "3").is_symlink() and [
                    os.readlink(fds / str(fd)) for fd in range(3)
                ] == 3 * ["/dev/null"]
            except FileNotFoundError:
                return False

        try:
            wait_for(f"{words[0].name} on /dev/null", runs_on_dev_null)
        finally:
            process.kill()
            process.wait()


def a_phone_talks_without_a_keyboard(directory):
    bridge = bridge_in(directory).start()
    Maildir(directory / "mail" / "ann")
    began = time.monotonic()
    result = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", PHONE, "call", ROOM,
         "--from", "ann@conf.test", "--config", "/dev/null",
         *sound_files(directory), "--for", "1",
         "--mailbox", f"maildir:{directory}/mail/ann",
         "--post", f"maildir:{directory}/mail/%u"],
        capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result
    assert time.monotonic() - began >= 1, result
    assert bridge.stop() == 0


def ask(bridge, path, cookie=None, headers=(), **body):
    """(status, JSON, the session's cookie) of a GET, or of a POST of body."""
    url = f"http://127.0.0.1:{bridge.web_port}"
    headers = {"Origin": url, "Content-Type": "application/json",
               **dict(headers)}
    if cookie:
        headers["Cookie"] = cookie
    request = urllib.request.Request(
        url + path, headers=headers,
        data=json.dumps(body).encode() if body else None)
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        text = answer.read()
        return (answer.status, json.loads(text) if text else None,
                (answer.headers["Set-Cookie"] or "").partition(";")[0])


def get_status(bridge, path):
    try:
        with urllib.request.urlopen(
                f"http://127.0.0.1:{bridge.web_port}{path}",
                timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def a_restart_logs_nobody_out(directory):
    bridge = bridge_in(directory).start("--login-link", "chair@conf.test")
    token = bridge.process.stdout.readline().decode().strip().partition("#")[2]
    status, _, cookie = ask(bridge, "/api/login", token=token)
    assert status == 200 and cookie, status
    bridge.kill()
    bridge.start()
    wait_for("a restart", lambda: bridge.log_text().count("main: ready") == 2)
    status, said, _ = ask(bridge, "/api/session", cookie)
    assert (status, said["address"]) == (200, "chair@conf.test")
    # A mailed link works once, restart or not.
    assert ask(bridge, "/api/login", token=token)[0] == 403
    # The store tells nobody who reads it how to log in.
    secret = cookie.partition("=")[2].encode()
    for path in (directory / "bridge" / "state").iterdir():
        assert path.is_dir() or secret not in path.read_bytes(), path
    assert ask(bridge, "/api/logout", cookie, now=True)[0] == 200
    assert bridge.stop() == 0
    bridge.start()
    wait_for("a restart", lambda: bridge.log_text().count("main: ready") == 3)
    assert ask(bridge, "/api/session", cookie)[0] == 401
    assert bridge.stop() == 0


def who_asks_behind_a_trusted_proxy_is_its_client(directory):
    bridge = bridge_in(directory, trusted_proxies="127.0.0.1",
                       web_connections_per_address=2).start()
    wait_for("a start", lambda: "main: ready" in bridge.log_text())

    def try_token(client):
        # What the client said of itself stands before what the proxy says.
        return ask(bridge, "/api/login", token="A" * 22, headers={
            "X-Forwarded-For": f"198.51.100.1, {client}"})[0]
    assert [try_token("203.0.113.1") for _ in range(31)] == 30 * [403] + [429]
    assert try_token("203.0.113.2") == 403

    host = types.SimpleNamespace(port=bridge.web_port, tls=False)

    def media(client):
        return WebSocket(host, "/media/0", "ipsp-media", origin=False,
                         X_Forwarded_For=client)
    held = [media("203.0.113.1") for _ in range(3)]
    assert [ws.status for ws in held] == [101, 101, 429]
    assert media("203.0.113.2").status == 101
    held[0].sock.close()
    wait_for("a place to be free", lambda: media("203.0.113.1").status == 101)
    assert bridge.stop() == 0


def nobody_else_is_believed_whom_he_asks_for(directory):
    bridge = bridge_in(directory, trusted_proxies="192.0.2.0/24").start()
    wait_for("a start", lambda: "main: ready" in bridge.log_text())
    assert [ask(bridge, "/api/login", token="A" * 22,
                headers={"X-Forwarded-For": f"203.0.113.{i}"})[0]
            for i in range(31)] == 30 * [403] + [429]
    assert bridge.stop() == 0


def log_in(bridge):
    """The session's cookie of who was given to --login-link."""
    link = bridge.process.stdout.readline().decode().strip()
    return ask(bridge, "/api/login", token=link.partition("#")[2])[2]


def the_operator_sees_what_is_missing_and_who_was_refused(directory):
    mail = directory / "mail"
    rooms, chief = Maildir(mail / "standup"), Maildir(mail / "chief")
    bridge = bridge_in(directory, operators="chief@conf.test")
    whole = bridge.config.read_text()
    bridge.config.write_text(
        whole + f"[mail dead]\nmailbox = imap://127.0.0.1:{free_port()}/\n"
        f"mailbox_user = me\nmailbox_password = secret\n"
        f"post = maildir:{mail}/%u\n")
    bridge.start("--login-link", "chief@conf.test")
    cookie = log_in(bridge)

    def page():
        status, said, _ = ask(bridge, "/api/operator", cookie)
        assert status == 200, (status, said)
        return said
    # An operator need not moderate a room.
    assert ask(bridge, "/api/session", cookie)[1] == {
        "address": "chief@conf.test", "operator": True}
    assert ask(bridge, "/api/operator")[0] == 401
    wait_for("the mailbox to be tried", lambda: any(
        "127.0.0.1" in why for why in page()["missing"]))
    said = page()
    assert said["ready"] is False and len(said["missing"]) == 1, said
    assert get_status(bridge, "/readyz") == 503
    dead, local = sorted(said["accounts"], key=lambda a: a["account"])
    assert (dead["state"], local["state"]) == ("connecting", "watching"), said
    assert dead["why"] in said["missing"][0] and "secret" not in str(said)
    assert "main" not in said["errors"][0]["text"], said["errors"]
    assert said["errors"][0]["times"] >= 1

    Maildir(mail / "ann")
    Maildir(mail / "bob")
    rooms.drop(invite(ROOM, "ann@conf.test")[0])
    rooms.drop(invite("nowhere@conf.test", "bob@conf.test")[0])
    rooms.drop(invite(ROOM, "eve@conf.test", exp=1)[0])
    rooms.drop(b"From: list@conf.test\r\nTo: standup@conf.test\r\n"
               b"Precedence: bulk\r\nSubject: News\r\n\r\nHello\r\n")
    wait_for("four mails", lambda: [a["mails"] for a in page()["accounts"]
                                    if a["account"] == "local"] == [4])
    said = page()
    room, = said["rooms"]
    assert (room["room"], room["account"], room["invited"], room["here"],
            room["gates"], room["kept"]) == (ROOM, "local", 1, 0, 1, True)
    gate, = said["gates"]
    assert (gate["room"], gate["site"], gate["invited"], gate["places"]) == \
        (ROOM, "", 1, 5), gate
    refused = {r["from"]: r for r in said["refused"]}
    assert len(said["refused"]) == 3 == len(refused), said["refused"]
    assert refused["bob@conf.test"]["how"] == "rejected"
    assert refused["bob@conf.test"]["room"] == "nowhere@conf.test"
    assert refused["list@conf.test"]["how"] == "ignored", refused
    assert refused["list@conf.test"]["room"] == ROOM
    eve = refused["eve@conf.test"]
    assert eve["how"] == "set-aside" and eve["reason"], eve
    assert (directory / "bridge" / "state" / "set-aside" /
            eve["file"]).exists()
    assert said["workers"][0]["open"] and said["workers"][0]["sessions"] == 1

    # What was missing is there; his next link comes by mail.
    bridge.config.write_text(whole)
    bridge.process.send_signal(1)
    wait_for("it to be ready", lambda: get_status(bridge, "/readyz") == 200)
    assert page()["missing"] == []
    assert ask(bridge, "/api/login-link", address="Chief@conf.test")[0] == 202
    wait_for("the link", chief.mails)
    # Whoever is an operator no more sees nothing more.
    bridge.config.write_text(whole.replace("chief@", "other@"))
    bridge.process.send_signal(1)
    wait_for("the reload", lambda: ask(bridge, "/api/operator", cookie)[0] ==
             403)
    assert ask(bridge, "/api/session", cookie)[1]["operator"] is False
    assert bridge.stop() == 0


def certificate(directory, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-keyout", directory / f"{name}.key",
         "-out", directory / f"{name}.pem"], check=True, capture_output=True)
    return ((directory / f"{name}.pem").read_text(),
            (directory / f"{name}.key").read_text())


def SIGHUP_brings_a_renewed_certificate(directory):
    old, old_key = certificate(directory, "old")
    new, new_key = certificate(directory, "new")
    pem, key = directory / "old.pem", directory / "old.key"
    bridge = bridge_in(directory, tls_certificate=pem, tls_key=key).start()
    wait_for("a start", lambda: "main: ready" in bridge.log_text())

    def reload(words):
        seen = bridge.log_text().count(words)
        bridge.process.send_signal(1)
        wait_for(words, lambda: bridge.log_text().count(words) > seen)

    def seen():
        return ssl.get_server_certificate(("127.0.0.1", bridge.web_port))
    assert seen() == old
    context = ssl.create_default_context(cadata=old)
    context.check_hostname = False
    with context.wrap_socket(socket.create_connection(
            ("127.0.0.1", bridge.web_port), 10)) as held:
        # Half written, and of another key: the old one serves on.
        for wrong in (new[:len(new) // 2], new):
            pem.write_text(wrong)
            reload("the old one stays")
            assert seen() == old
        key.write_text(new_key)
        reload("the configuration was read again")
        assert seen() == new
        # Who was connected is not disturbed.
        held.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in held.recv(4096)
    # Other files than before.
    certificate(directory, "third")
    bridge.config.write_text(bridge.config.read_text().replace(
        f"{directory}/old.", f"{directory}/third."))
    reload("the configuration was read again")
    assert seen() == (directory / "third.pem").read_text()
    assert bridge.stop() == 0


def the_state_is_for_its_user_only(directory):
    bridge = bridge_in(directory).start()
    state = directory / "bridge" / "state"
    wait_for("the store", lambda: (state / "bridge.db").exists())
    time.sleep(0.2)
    for path in [state, *state.iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert bridge.stop() == 0


def the_units_are_hardened(directory):
    if not shutil.which("systemd-analyze"):
        print("# no systemd-analyze here")
        return
    for unit in ("ipsp-bridge.service", "ipsp-phonegate.service"):
        result = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", DOCS / unit],
            capture_output=True, text=True, timeout=60)
        found = re.search(r"exposure level .*: ([\d.]+)", result.stdout)
        assert found, result.stdout + result.stderr
        assert float(found[1]) <= 2.0, found[0]


if __name__ == "__main__":
    sys.exit(run(
        the_examples_pass_their_checks,
        mistakes_are_named_by_file_and_line,
        systemd_is_told_and_a_signal_ends_it,
        SIGHUP_right_after_the_start_is_a_reload,
        SIGHUP_opens_rooms_and_a_mistake_changes_nothing,
        a_new_account_of_a_reload_is_watched_and_posts,
        closed_descriptors_are_dev_null,
        a_phone_talks_without_a_keyboard,
        a_restart_logs_nobody_out,
        who_asks_behind_a_trusted_proxy_is_its_client,
        nobody_else_is_believed_whom_he_asks_for,
        the_operator_sees_what_is_missing_and_who_was_refused,
        SIGHUP_brings_a_renewed_certificate,
        the_state_is_for_its_user_only,
        the_units_are_hardened))
