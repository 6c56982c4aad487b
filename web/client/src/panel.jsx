// The panel: one room, its people, and what happened in it.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";

import { isLoggedIn, logOut } from "./api.js";
import { Connection } from "./connection.js";
import { draw } from "./meters.js";
import { KickDialog, Row } from "./row.jsx";
import { initial, next } from "./state.js";
import { Banner, Sites, Tree } from "./tree.jsx";
import { words } from "./words.js";

/** Opens the connection once; returns it with what it says. */
function useBridge(onLoggedOut) {
	const [state, dispatch] = useReducer(next, initial);
	const [up, setUp] = useState(null); // null: never yet
	const connection = useRef(null);

	useEffect(() => {
		const scheme = location.protocol === "https:" ? "wss" : "ws";
		connection.current = new Connection(
			`${scheme}://${location.host}/panel`,
			{
				message: (message) =>
					message.t === "levels"
						? draw(message.levels)
						: dispatch(message),
				up: () => setUp(true),
				down: () => setUp((was) => was !== null && false),
				refused: async () => {
					if ((await isLoggedIn()) === false)
						onLoggedOut();
				},
			},
		);
		return () => connection.current.close();
	}, []);
	return { state, up, connection: connection.current };
}

/** Watches the first room, and again whenever an event was missed. */
function useWatching({ state, connection }) {
	const { rooms, room, closed, missed } = state;
	const first = rooms?.[0]?.room;

	useEffect(() => {
		if (connection && first && (!room || closed))
			connection.watch(first);
	}, [connection, first, closed]);
	useEffect(() => {
		if (missed)
			connection.watch(room.address);
	}, [missed]);
}

function Status({ up }) {
	if (up)
		return <span class="status live">{words.live}</span>;
	return (
		<span class="status waiting">
			{up === null ? words.connecting : words.reconnecting}
		</span>
	);
}

function Header({ state, up, onLoggedOut }) {
	async function leave() {
		await logOut();
		onLoggedOut();
	}
	return (
		<header>
			<img src="/icon.svg" alt="" width="28" height="28" />
			<span class="brand">{words.product}</span>
			<Status up={up} />
			<span class="spacer" />
			<span class="who">{state.address}</span>
			<button class="quiet" onClick={leave}>{words.logOut}</button>
		</header>
	);
}

function Rooms({ state, connection }) {
	if (!state.rooms || state.rooms.length < 2)
		return null;
	return (
		<nav aria-label={words.rooms}>
			{state.rooms.map(({ room, name, people }) => (
				<button key={room}
					aria-current={room === state.room?.address ? "true" : undefined}
					onClick={() => connection.watch(room)}>
					<bdi>{name}</bdi> <span class="count">{people}</span>
				</button>
			))}
		</nav>
	);
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function describe({ word, name, by }) {
	return words[word](name, by ?? "");
}

function Activity({ log }) {
	return (
		<aside aria-labelledby="activity">
			<h2 id="activity">{words.activity}</h2>
			{log.length === 0 && <p class="hint">{words.noActivity}</p>}
			<ol>
				{log.map((entry) => (
					<li key={entry.key}>
						<time>{time.format(entry.at)}</time>
						<span>{describe(entry)}</span>
					</li>
				))}
			</ol>
		</aside>
	);
}

/** The newest event and connection changes, for screen readers. Events of
 * two seconds are said together, so that a rush is not a flood. */
function Announcer({ log, up }) {
	const [text, setText] = useState("");
	const last = useRef(0);
	const wasUp = useRef(null);

	useEffect(() => {
		const timer = setTimeout(() => {
			const fresh = log.filter((entry) => entry.key > last.current);
			last.current = log[0]?.key ?? 0;
			if (fresh.length)
				setText(fresh.reverse().map(describe).join(". "));
		}, 2000);
		return () => clearTimeout(timer);
	}, [log[0]?.key]);
	useEffect(() => {
		if (wasUp.current !== null && up !== wasUp.current)
			setText(up ? words.backAgain : words.reconnecting);
		wasUp.current = up;
	}, [up]);
	return <p class="hidden" role="status">{text}</p>;
}

function People({ state, act, onKick }) {
	const members = [...state.members.values()];

	if (state.closed)
		return <p class="empty">{words.roomClosed}</p>;
	if (members.length === 0)
		return (
			<div class="empty">
				<p>{words.emptyRoom}</p>
				<p class="hint">{words.emptyHint(state.room.address)}</p>
			</div>
		);
	return (
		<table role="table">
			<caption class="hidden">{words.caption(state.room.name)}</caption>
			<thead role="rowgroup">
				<tr role="row">
					<th role="columnheader" scope="col">{words.person}</th>
					<th role="columnheader" scope="col">{words.state}</th>
					<th role="columnheader" scope="col">{words.level}</th>
					<th role="columnheader" scope="col">{words.quality}</th>
					<th role="columnheader" scope="col">{words.gate}</th>
					<th role="columnheader" scope="col">{words.actions}</th>
				</tr>
			</thead>
			<tbody role="rowgroup">
				{members.map((member) => (
					<Row key={member.id} member={member}
						mutedBy={state.mutedBy.get(member.id)}
						act={act} onKick={onKick} />
				))}
			</tbody>
		</table>
	);
}

/** Why no command is obeyed here; the banner says it while the directory is
 * away. */
function notKept({ tree, cluster }) {
	if (cluster?.up === false)
		return "";
	return tree?.owner && !tree.ours ? words.keptBy(tree.owner) : words.notKept;
}

export function Panel({ onLoggedOut }) {
	const { state, up, connection } = useBridge(onLoggedOut);
	const [kicking, setKicking] = useState(null);
	const [failure, setFailure] = useState("");
	useWatching({ state, connection });

	async function act(command) {
		const answer = await connection.command(command);
		if (answer.t === "done")
			setFailure("");
		else if (answer.code === "not-here")
			setFailure(words.notHere);
		else
			setFailure(words.commandFailed(answer.text ?? words.failed));
	}
	const shown = state.rooms?.find(({ room }) => room === state.room?.address);
	return (
		<div class={up === false ? "panel stale" : "panel"}>
			<Header state={state} up={up} onLoggedOut={onLoggedOut} />
			<Banner cluster={state.cluster} />
			<Rooms state={state} connection={connection} />
			<main>
				{state.rooms?.length === 0 && !state.room &&
					<p class="empty">{words.noRooms}</p>}
				{state.room && <>
					<div class="title">
						<h1><bdi>{state.room.name}</bdi></h1>
						<code>{state.room.address}</code>
						{shown && <span class="people">
							{words.people(shown.people, state.room.capacity)}
						</span>}
					</div>
					<p class="failure" role="alert">
						{shown?.kept === false ? notKept(state) : failure}
					</p>
					<div class="columns">
						<People state={state} act={act} onKick={setKicking} />
						<Activity log={state.log} />
					</div>
					<Tree tree={state.tree} members={state.members} />
					<Sites cluster={state.cluster} />
				</>}
			</main>
			<Announcer log={state.log} up={up} />
			{kicking &&
				<KickDialog member={kicking} act={act}
					onClose={() => setKicking(null)} />}
		</div>
	);
}
