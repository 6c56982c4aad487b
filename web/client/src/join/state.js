// What the page knows of the call, and how a message of the bridge changes it:
// pure functions (docs/join.md, "Messages").

export const nothing = {
	me: null, // the member's id
	you: { here: false, held: false, role: "member", muted: false, hand: 0,
		asked: 0, floor: false, recording: false },
	n: 0,
	people: [],
	figures: null,
	talking: new Set(), // ids
};

const readers = {
	hello: (state, { id }) => ({ ...state, me: id }),
	you: (state, you) => ({ ...state, you }),
	people: (state, { n, list }) => ({ ...state, n, people: list }),
	figures: (state, figures) => ({ ...state, figures }),
};

/** The state after a message; of in-band ones it is the same: `you` follows. */
export function after(state, message) {
	return readers[message.t]?.(state, message) ?? state;
}

const TALKS = -50; // dBov, docs/panel-api.md

/** After a frame of levels by member. The same object while the same people
 * talk. */
export function heard(state, levels) {
	const talking = new Set([...levels].filter(([, level]) => level > TALKS)
		.map(([id]) => id));
	const same = talking.size === state.talking.size &&
		[...talking].every((id) => state.talking.has(id));
	return same ? state : { ...state, talking };
}

const sayings = {
	mute: ({ on }) => [on ? "wasMuted" : "wasUnmuted"],
	hold: ({ on }) => [on ? "inLobby" : "wasAdmitted"],
	recording: ({ on }) => [on ? "recording" : "recordingOff"],
	role: ({ role }) => [{ moderator: "nowModerator", member: "nowMember",
		listener: "listener" }[role]],
	floor: ({ on, s }) => (!on ? ["floorOver"] : s ? ["floorFor", s] : ["youHaveFloor"]),
	hand: ({ on, place }) => (on ? ["handPlace", place] : []),
};

/** What an in-band message tells a person: a word and what goes into it; []:
 * nothing. */
export function saying(message) {
	return sayings[message.t]?.(message) ?? [];
}
