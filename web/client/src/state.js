// What the panel knows of its rooms: pure functions from a state and a
// message of the bridge (docs/panel-api.md) to the next state.

export const initial = {
	address: "", // of the moderator
	rooms: null, // those that can be watched; null: not told yet
	room: null, // the one that is watched: { address, name, capacity }
	members: new Map(), // id -> member, in order of arrival
	mutedBy: new Map(), // id -> the moderator who did it, where we saw it
	tree: null, // where it is
	cluster: null, // the sites and their directory; null: there is none
	n: 0, // of the last event
	closed: false, // the room that was watched has ended
	missed: false, // an event is missing: a snapshot is needed
	log: [], // newest first: { key, at, word, name, by }
};

const LOG_LENGTH = 100;

function logged(state, word, member, by) {
	const key = (state.log[0]?.key ?? 0) + 1;
	const entry = { key, at: Date.now(), word, name: member.name, by };
	return [entry, ...state.log].slice(0, LOG_LENGTH);
}

const leaveWords = {
	bye: "left",
	ended: "left",
	lost: "lost",
	"no-show": "noShow",
	replaced: "replaced",
	kicked: "wasKicked",
};

/** What a change of a member is called in the log, or null. */
function changeWord(before, after) {
	if (before?.state === "invited" && after.state === "here")
		return "joined";
	if (before && before.muted !== after.muted)
		return after.muted ? "wasMuted" : "wasUnmuted";
	if (before && before.volume !== after.volume)
		return "wasVolume";
	return null;
}

/** Events count up by one; when one is missing the whole is asked for. */
function inOrder(state, message, apply) {
	if (state.missed || message.n !== state.n + 1)
		return { ...state, missed: true };
	return { ...apply(), n: message.n };
}

const on = {
	hello: (state, { address }) => ({ ...state, address }),

	rooms: (state, { rooms }) => ({ ...state, rooms }),

	snapshot: (state, { n, room, name, capacity, members }) => {
		const same = state.room?.address === room;
		return {
			...state,
			n,
			room: { address: room, name, capacity },
			members: new Map(members.map((m) => [m.id, m])),
			mutedBy: same ? state.mutedBy : new Map(),
			tree: same ? state.tree : null,
			log: same ? state.log : [],
			closed: false,
			missed: false,
		};
	},

	added: (state, message) =>
		inOrder(state, message, () => {
			const { member } = message;
			return {
				...state,
				members: new Map(state.members).set(member.id, member),
				log: logged(state, "added", member),
			};
		}),

	changed: (state, message) =>
		inOrder(state, message, () => {
			const { member, by } = message;
			const before = state.members.get(member.id);
			const word = changeWord(before, member);
			const mutedBy = new Map(state.mutedBy);
			if (before?.muted !== member.muted)
				mutedBy.set(member.id, by);
			return {
				...state,
				mutedBy,
				members: new Map(state.members).set(member.id, member),
				log: word ? logged(state, word, member, by) : state.log,
			};
		}),

	gone: (state, message) =>
		inOrder(state, message, () => {
			const { member, by, why } = message;
			const members = new Map(state.members);
			members.delete(member.id);
			return {
				...state,
				members,
				// Who is another bridge's now has not left.
				log: why === "handed-on" ? state.log
					: logged(state, leaveWords[why] ?? "left", member, by),
			};
		}),

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
		return { ...state, members };
	},
};

/** The state after a message; kinds that we do not know change nothing. */
export function next(state, message) {
	return Object.hasOwn(on, message.t) ? on[message.t](state, message) : state;
}
