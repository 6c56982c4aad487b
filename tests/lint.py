"""Holds the source tree against ARCHITECTURE.md: includes point one way,
each library is seen by one module, and the long tail of functions and files
stays short. Prints every breach as FILE:LINE: sentence."""

import pathlib
import re
import sys

# folder: the folders of ours that it may include. The longest match counts.
MAY_INCLUDE = {
    "mixer": {"mixer"},
    "sound": {"sound"},
    "signaling": {"signaling"},
    "bridge/gate": {"bridge/gate", "mixer"},
    "bridge/room": {"bridge/room", "signaling"},
    "bridge/directory": {"bridge/directory", "signaling"},
    "bridge": {"bridge", "signaling", "mixer", "sound", "web/web.h"},
    "web": {"web", "bridge/room"},
    "loadgen": {"loadgen", "signaling", "mixer", "sound"},
}

# header of a library: the only files that may see it.
SEEN_BY = {
    r"libwebsockets\.h": {"web/server", "loadgen/websocket.c"},
    r"sqlite3\.h": {"bridge/store/"},
    r"gmime/": {"signaling/message"},
    r"curl/": {"signaling/curl_loop", "signaling/mail_server",
               "signaling/mailbox_", "signaling/post_", "signaling/imap_",
               "bridge/directory/etcd"},
    r"opus\.h|opus/opus\.h": {"mixer/codec.c"},
    r"openssl/(ssl|x509)\.h": {"bridge/gate/dtls.c", "web/server_tls.c"},
    r"opusenc\.h": {"sound/track.c"},
    r"opusfile\.h|sndfile\.h": {"sound/sound_file.c"},
    r"srtp2/": {"tests/unit/srtp_cipher.c"},
    r"speex/speex_preprocess\.h": {"mixer/denoise.c",
                                   "loadgen/sound_card"},
    r"portaudio\.h": {"loadgen/"},
}
# The real-time plane is plain C.
NO_GLIB = ("mixer/", "bridge/gate/")

MAX_FUNCTION = 100
MAX_FILE = 1000

breaches = []


def breach(path, line, text):
    breaches.append(f"{path}:{line}: {text}")


def folder_of(path):
    for folder in sorted(MAY_INCLUDE, key=len, reverse=True):
        if path.startswith(folder + "/"):
            return folder
    return None


def check_include(path, number, name, ours):
    folder = folder_of(path)
    if ours and not any(name == f or name.startswith(f + "/")
                        for f in MAY_INCLUDE[folder]):
        breach(path, number, f"{folder}/ must not include {name}")
    for pattern, files in SEEN_BY.items():
        if re.match(pattern, name) and not path.startswith(tuple(files)):
            breach(path, number, f"only {', '.join(sorted(files))} may"
                                 f" include {name}")
    if path.startswith(NO_GLIB) and re.match(r"(glib|gio)", name):
        breach(path, number, "the media plane knows no GLib")


def check_lengths(path, lines):
    if len(lines) > MAX_FILE:
        breach(path, 1, f"{len(lines)} lines, more than {MAX_FILE}")
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            if number - start > MAX_FUNCTION:
                breach(path, start, f"a function of {number - start} lines,"
                                    f" more than {MAX_FUNCTION}")
            start = None


for folder in ("mixer", "sound", "signaling", "bridge", "web", "loadgen"):
    for file in sorted(pathlib.Path(folder).rglob("*.[ch]")):
        if "node_modules" in file.parts:
            continue
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)
            if match:
                check_include(str(file), number, match[2], match[1] == '"')
        check_lengths(str(file), lines)

# What another client goes by is complete: each command, each message, each
# code of an error that web/ has stands in it, in code.
MANUALS = ("docs/panel-api.md", "docs/join.md")
SPOKEN = {
    "command": r'\[COMMAND_[A-Z_]+\] = \{ "([a-z-]+)"',
    "message": r'"t",\s*"([a-z]+)"',
    "code": r'reply_error\([^;]*"([a-z-]+)"\)|\[ROOM_ERROR_[A-Z_]+\] = "([a-z-]+)"',
}
manual = "".join(pathlib.Path(each).read_text(encoding="utf-8")
                 for each in MANUALS)
for file in sorted(pathlib.Path("web").glob("*.c")):
    code = file.read_text(encoding="utf-8")
    for kind, pattern in SPOKEN.items():
        for match in re.finditer(pattern, code):
            word = next(filter(None, match.groups()))
            if f"`{word}`" not in manual:
                breach(file, code.count("\n", 0, match.start()) + 1,
                       f"the {kind} {word} is not in {' or '.join(MANUALS)}")

print("\n".join(breaches))
sys.exit(1 if breaches else 0)
