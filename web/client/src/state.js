// What the panel knows of its rooms: pure functions from a state and a
// message of the bridge (docs/panel-api.md) to the next state.

import { changeWord, countChanges, expectedWord, leaveWord, statusWord }
	from "./told.js";

export const initial = {
	address: "", // of the moderator
	does: new Set(["mute", "unmute", "volume", "kick"]), // what the bridge can
	rooms: null, // those that can be watched; null: not told yet
	room: null, // the one that is watched: { address, name, capacity }
	status: {}, // of it: locked, lobby, pin, recording, floor
	recordings: 0, // events of a recording so far
	bans: [], // { address, until, at, by, reason }
	expected: [], // { address, name, how, state, at, until, by }
	ahead: 0, // ms that the bridge's clock is ahead of ours
	audited: null, // the newest row of the audit
	members: new Map(), // id -> member, in order of arrival
	tree: null, // where it is
	cluster: null, // the sites and their directory; null: there is none
	stress: undefined, // of the room: how busy what carries it is, 0 to 1
	n: 0, // of the last event
	closed: false, // the room that was watched has ended
	missed: false, // an event is missing: a snapshot is needed
	told: 0, // entries of the log so far
	log: [], // newest first: { key, at, word, what }: what goes into the word,
	// undefined for who did it where that was the bridge itself
};

const LOG_LENGTH = 100;

/** The state with one more entry in its log. */
function logged(state, word, ...what) {
	const key = state.told + 1;
	const entry = { key, at: Date.now(), word, what };
	return { ...state, told: key, log: [entry, ...state.log].slice(0, LOG_LENGTH) };
}

/** Events count up by one; when one is missing the whole is asked for. */
function inOrder(state, message, apply) {
	if (state.missed || message.n !== state.n + 1)
		return { ...state, missed: true };
	return { ...apply(), n: message.n };
}

/** What a snapshot says that we missed, while the connection was away. */
function resumed(state, before) {
	const came = [...state.members.keys()].filter((id) => !before.members.has(id));
	const left = [...before.members.keys()].filter((id) => !state.members.has(id));
	const changes = countChanges(before, state);
	return came.length + left.length + changes
		? logged(state, "resumed", came.length, left.length, changes)
		: state;
}

const on = {
	hello: (state, { address, does }) => ({
		...state, address, does: does ? new Set(does) : initial.does }),

	rooms: (state, { rooms }) => ({ ...state, rooms }),

	snapshot: (state, message) => {
		const { n, room, name, capacity, members } = message;
		const same = state.room?.address === room;
		const now = {
			...state,
			n,
			room: { address: room, name, capacity },
			status: message.state ?? {},
			bans: message.bans ?? [],
			expected: message.expected ?? [],
			ahead: message.at ? message.at - Date.now() : 0,
			members: new Map(members.map((m) => [m.id, m])),
			tree: same ? state.tree : null,
			stress: same ? state.stress : undefined,
			log: same ? state.log : [],
			closed: false,
			missed: false,
		};
		return same && !state.closed ? resumed(now, state) : now;
	},

	added: (state, message) =>
		inOrder(state, message, () => {
			const { member } = message;
			return logged({
				...state,
				members: new Map(state.members).set(member.id, member),
			}, "added", member.name);
		}),

	changed: (state, message) =>
		inOrder(state, message, () => {
			const { member, by } = message;
			const before = state.members.get(member.id);
			const word = changeWord(before, member);
			const now = {
				...state,
				members: new Map(state.members).set(member.id, member),
			};
			return word ? logged(now, word, member.name, by) : now;
		}),

	gone: (state, message) =>
		inOrder(state, message, () => {
			const { member, by, why } = message;
			const members = new Map(state.members);
			members.delete(member.id);
			const now = { ...state, members };
			// Who is another bridge's now has not left.
			return why === "handed-on" ? now
				: logged(now, leaveWord(why), member.name, by);
		}),

	room: (state, message) =>
		inOrder(state, message, () => {
			const word = statusWord(state.status, message.state);
			const now = { ...state, status: message.state };
			return word ? logged(now, word, message.by) : now;
		}),

	bans: (state, message) =>
		inOrder(state, message, () => ({ ...state, bans: message.bans })),

	expected: (state, message) =>
		inOrder(state, message, () => {
			const { expected } = message;
			const [word, guest] = expectedWord(state.expected, expected);
			const now = { ...state, expected };
			return word
				? logged(now, word, guest.name || guest.address, guest.by) : now;
		}),

	recording: (state, message) =>
		inOrder(state, message, () => {
			const { recording, by } = message;
			const now = { ...state, recordings: state.recordings + 1 };
			return recording.state === "deleted"
				? logged(now, "recordingDeleted", by) : now;
		}),

	audited: (state, { row }) => ({ ...state, audited: row }),

	closed: (state, { room }) =>
		state.room?.address === room
			? { ...state, closed: true, members: new Map(), tree: null }
			: state,

	tree: (state, tree) =>
		state.room?.address === tree.room ? { ...state, tree } : state,

	cluster: (state, cluster) => ({ ...state, cluster }),

	figures: (state, message) => {
		const members = new Map(state.members);
		for (const figures of message.members) {
			const member = members.get(figures.id);
			if (member)
				members.set(figures.id, { ...member, ...figures });
		}
		return { ...state, members, stress: message.stress ?? state.stress };
	},
};

/** The state after a message; kinds that we do not know change nothing. */
export function next(state, message) {
	return Object.hasOwn(on, message.t) ? on[message.t](state, message) : state;
}
