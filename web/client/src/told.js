// What the log calls an event: the name of a word, of what was and what is.

const leaveWords = {
	bye: "left",
	ended: "left",
	lost: "lost",
	"no-show": "noShow",
	replaced: "replaced",
	kicked: "wasKicked",
	refused: "wasRefused",
	banned: "wasBanned",
	moved: "wasMoved",
};

export function leaveWord(why) {
	return leaveWords[why] ?? "left";
}

const itself = (value) => value;

/** member's field, the word for it as it is now, and what of it counts */
const memberWords = [
	["muted", ({ muted }) => (muted ? "wasMuted" : "wasUnmuted")],
	["volume", () => "wasVolume", itself],
	["held", ({ held }) => (held ? "wasHeld" : "wasAdmitted")],
	["hand", ({ hand }) => (hand ? "raisedHand" : "loweredHand")],
	["asked", ({ asked }) => ({ waiting: "wasAsked", refused: "saidNo",
		unanswered: "saidNothing" })[asked] ?? null, itself],
	["role", ({ role }) => ({ moderator: "nowModerator", member: "nowMember",
		listener: "nowListener" })[role] ?? null, itself],
];

/** What a change of a member is called in the log, or null. */
export function changeWord(before, after) {
	if (!before)
		return null;
	if (before.state === "invited" && after.state === "here")
		return "joined";
	return memberWords.find(([name, , of = Boolean]) =>
		of(before[name]) !== of(after[name]))?.[1](after) ?? null;
}

/** Likewise of the room's status. */
const statusWords = [
	["locked", ({ locked }) => (locked ? "wasLocked" : "wasUnlocked")],
	["lobby", ({ lobby }) => (lobby ? "lobbyOn" : "lobbyOff")],
	["pin", ({ pin }) => (pin ? "pinSet" : "pinGone"), itself],
	["draining", () => "wasDrained", (names) => (names ?? []).join(" ")],
	["recording", ({ recording }) => (recording ? "recordingOn" : "recordingOff")],
];

const expectedWords = { waiting: "wasCalled", declined: "declined", failed: "callFailed" };

/** [what a change of who is expected is called, or null; who it is]. */
export function expectedWord(before, after) {
	const guest = after.find(({ address, at, state }) => !before.some((each) =>
		each.address === address && each.at === at && each.state === state));
	return guest ? [expectedWords[guest.state] ?? null, guest] : [null, null];
}

function statusChanges(before, after) {
	return statusWords.filter(([name, , of = Boolean]) =>
		of(before[name]) !== of(after[name]));
}

/** What a change of the room is called, or null. */
export function statusWord(before, after) {
	return statusChanges(before, after)[0]?.[1](after) ?? null;
}

/** How much the log would have to tell that lies between two states of a room,
 * besides who came and who left. */
export function countChanges(before, after) {
	const members = [...after.members.values()].filter((member) =>
		changeWord(before.members.get(member.id), member));
	return members.length + statusChanges(before.status, after.status).length;
}
