// What can be done to the whole room: a row of buttons, each of which says what
// will happen; what cannot be taken back asks first. Only what the bridge can
// do is shown.

import { words } from "./words.js";

/** command that the bridge must know, label, what it does: a command at once,
 * or the name of a dialog. */
const actions = [
	["mute-all", () => words.muteAll, { dialog: "mute-all" }],
	["lock", ({ locked }) => (locked ? words.unlock : words.lock),
		({ locked }) => ({ do: locked ? "unlock" : "lock" })],
	["lobby", ({ lobby }) => (lobby ? words.lobbyTurnOff : words.lobbyTurnOn),
		({ lobby }) => ({ do: "lobby", on: !lobby })],
	["pin", ({ pin }) => (pin ? words.changePin : words.setPin), { dialog: "pin" }],
	["invite", () => words.invite, { dialog: "invite" }],
	["record", ({ recording }) => (recording ? words.recordStop : words.recordStart),
		({ recording }) => ({ do: "record", on: !recording })],
	["recordings", () => words.recordings, { dialog: "recordings" }],
	["announce", () => words.announce, { dialog: "announcements" }],
	["ban", () => words.bans, { dialog: "bans" }],
	["audit", () => words.audit, { dialog: "audit" }],
	["end", () => words.end, { dialog: "end" }],
];

export function RoomActions({ state, act, open }) {
	const { does, status } = state;
	const shown = actions.filter(([name]) => does.has(name));

	if (!shown.length || state.closed)
		return null;
	return (
		<div class="room-actions" role="group" aria-label={words.roomActions}>
			{shown.map(([name, label, what]) => (
				<button key={name} class={name === "end" ? "danger" : ""}
					onClick={() => (what.dialog ? open(what) : act(what(status)))}>
					{label(status)}
				</button>
			))}
		</div>
	);
}
