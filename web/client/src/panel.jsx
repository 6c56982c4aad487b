// The panel: one room, its people, and what happened in it.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { Activity, Announcer } from "./activity.jsx";
import { Announcing } from "./announcements.jsx";
import { useBridge } from "./bridge.js";
import { RoomCharts } from "./charts.jsx";
import { Failure } from "./dialog.jsx";
import { Expected } from "./expected.jsx";
import { Hands } from "./hands.jsx";
import { Header } from "./header.jsx";
import { Lobby } from "./lobby.jsx";
import { Opened } from "./opened.jsx";
import { People } from "./people.jsx";
import { RecordingBanner } from "./recordings.jsx";
import { RoomActions } from "./roomactions.jsx";
import { RoomBar } from "./roombar.jsx";
import { useSettings } from "./sheet.jsx";
import { useShortcuts } from "./shortcuts.js";
import { directoryAway, Banner, Sites, Tree } from "./tree.jsx";
import { words } from "./words.js";

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

/** Why no command is obeyed here; the banner says it while the directory is
 * away. */
function notKept({ tree, cluster }) {
	if (cluster?.up === false)
		return "";
	return tree?.owner && !tree.ours ? words.keptBy(tree.owner) : words.notKept;
}

/** One of its own for each action: the bridge does it once, however often it
 * is sent. */
function newKey() {
	return Array.from(crypto.getRandomValues(new Uint32Array(4)),
		(part) => part.toString(36)).join("");
}

/** { act(command), ask(query), failure: what went wrong last }; both are the
 * same functions always, and mean the room that is watched when they are called. */
function useActing(connection, room) {
	const [failure, setFailure] = useState("");
	const now = useRef(null);

	now.current = { connection, room };
	const ask = useCallback((query) => now.current.connection.command({
		...query, room: now.current.room?.address }), []);
	const act = useCallback(async (command) => {
		const answer = await ask({ ...command, key: newKey() });
		const { t, code, text } = answer;
		setFailure(t === "done" ? ""
			: words.commandFailed(words.whyNot(code, command.do, text)));
		return answer;
	}, []);
	return { act, ask, failure };
}

/** What the single keys do. */
function useKeys({ settings, members, act, open, keys }) {
	useShortcuts(settings.shortcuts, {
		sheet: () => open({ dialog: "sheet" }),
		search: () => document.getElementById("search")?.focus(),
		nextPerson: () => keys.current?.step(1),
		previousPerson: () => keys.current?.step(-1),
		muteOrUnmute: (id) => act({
			do: members.get(id)?.muted ? "unmute" : "mute", member: id }),
		charts: (id) => open({ dialog: "person", id }),
		remove: (id) => open({ dialog: "kick", id }),
	});
}

function Room({ state, act, ask, open, keys, failure, history }) {
	const shown = state.rooms?.find(({ room }) => room === state.room.address);
	const onOpen = useCallback((id) => open({ dialog: "person", id }), []);
	const onKick = useCallback(({ id }) => open({ dialog: "kick", id }), []);

	return (
		<>
			<div class="title">
				<h1><bdi>{state.room.name}</bdi></h1>
				<code>{state.room.address}</code>
			</div>
			<RecordingBanner recording={state.status.recording} />
			<RoomBar state={state} people={shown?.people ?? state.members.size}
				onOpen={onOpen} />
			<RoomActions state={state} act={act} open={open} />
			<Announcing announcing={state.status.announcing} act={act} />
			<p class="failure" role="alert">
				{shown?.kept === false ? notKept(state) : failure}
			</p>
			<div class="boxes">
				<Lobby state={state} act={act} open={open} />
				<Expected state={state} />
				<Hands state={state} act={act} />
			</div>
			<div class="columns">
				<People state={state} keys={keys} act={act} onKick={onKick}
					onOpen={onOpen} />
				<Activity log={state.log} />
			</div>
			<RoomCharts history={history} state={state} ask={ask} />
			<Tree tree={state.tree} members={state.members}
				draining={state.status.draining}
				act={state.does.has("drain") ? act : null} />
			<Sites cluster={state.cluster} />
		</>
	);
}

/** who: the session's { address, operator }; asked: what the page was opened for,
 * { room, recording } or null each. */
export function Panel({ who, asked, onLoggedOut }) {
	const { state, up, connection, history } = useBridge(onLoggedOut, asked.room);
	const [opened, open] = useState(null);
	const [settings, turn] = useSettings();
	const { act, ask, failure } = useActing(connection, state.room);
	const keys = useRef(null);

	useEffect(() => {
		if (state.room && asked.recording)
			open({ dialog: "recordings" });
	}, [Boolean(state.room)]);
	useKeys({ settings, members: state.members, act, open, keys });
	return (
		<div class={up === false ? "panel stale" : "panel"}>
			<Header address={state.address} up={up} onLoggedOut={onLoggedOut}
				link={who.operator && { to: "/operator", text: words.operator }}>
				<button class="quiet" onClick={() => open({ dialog: "sheet" })}
					aria-label={words.sheetTitle}>?</button>
			</Header>
			<Banner cluster={state.cluster} />
			<Rooms state={state} connection={connection} />
			<main>
				{state.rooms?.length === 0 && !state.room &&
					<p class="empty">{words.noRooms}</p>}
				{state.room && <Room state={state} act={act} ask={ask} open={open} keys={keys}
					failure={failure} history={history} />}
			</main>
			<Announcer log={state.log} up={up} settings={settings}
				notice={directoryAway(state.cluster)} />
			<Failure.Provider value={failure}>
				<Opened opened={opened} state={state} history={history} act={act} ask={ask}
					open={open} settings={settings} turn={turn}
					onClose={() => open(null)} />
			</Failure.Provider>
		</div>
	);
}
