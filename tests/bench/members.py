"""The cases of the bench: who is in which room, and what each of them does."""

import dataclasses
import ipaddress

PROBES = (0, 1, 2)  # voices of the three talkers, driver/voices.h
CHATTER, QUIET = 3, 4
FIRST = ipaddress.IPv4Address("127.16.0.1")  # driver/wire.h
EARS = 8  # at most so many rooms are listened to
LEVEL_ID = 1


@dataclasses.dataclass
class Member:
    index: int
    room: int
    voice: int | None  # None: only listens
    expects: bool = True
    ear: bool = False
    level_id: int = 0
    # Filled in by the server that it joins:
    port: int = 0
    keys: tuple = ()  # SRTP: (client's, server's), key and salt

    @property
    def address(self):
        return str(FIRST + self.index)

    @property
    def plan(self):
        voice = "-" if self.voice is None else self.voice
        keys = " ".join(key.hex() for key in self.keys)
        return (f"{self.room} {self.port} {voice} {self.level_id} "
                f"{self.expects:d} {self.ear:d} {keys}".rstrip() + "\n")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    talkers: int
    others: int | None  # what they send
    room_size: int | None  # None: all in one

    def members(self, n, level_header):
        """n of them; whole rooms only."""
        size = self.room_size or n
        found = []
        for index in range(n):
            room, place = divmod(index, size)
            voice = PROBES[place] if place < self.talkers else self.others
            found.append(Member(
                index, room, voice,
                # A lone talker hears nobody.
                expects=place >= self.talkers or self.talkers > 1,
                ear=place == min(self.talkers, size - 1) and room < EARS,
                level_id=LEVEL_ID * (level_header and voice is not None)))
        return found

    @property
    def step(self):
        return self.room_size or 1


CASES = {case.name: case for case in (
    Case("listen", "one room, 3 talk, the others listen", 3, None, None),
    Case("dtx", "one room, 3 talk, the others DTX", 3, QUIET, None),
    Case("talk", "one room, all talk", 3, CHATTER, None),
    Case("five3", "rooms of five, 3 talk", 3, None, 5),
    Case("five1", "rooms of five, 1 talks", 1, None, 5),
)}
