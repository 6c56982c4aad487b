// The bridge as the page sees it: the state that its messages make, and the
// connection that they come by.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";

import { session } from "./api.js";
import { Connection } from "./connection.js";
import { History } from "./history.js";
import { draw } from "./meters.js";
import { initial, next } from "./state.js";

/** Watches the room that is wanted or else the first, and again whenever an
 * event was missed. */
function useWatching({ state, connection, history, wanted }) {
	const { rooms, room, closed, missed } = state;
	const first = (rooms?.find((each) => each.room === wanted) ?? rooms?.[0])?.room;

	useEffect(() => {
		if (connection && first && (!room || closed))
			connection.watch(first);
	}, [connection, first, closed]);
	useEffect(() => {
		if (missed)
			connection.watch(room.address);
	}, [missed]);
	useEffect(() => history.clear(), [room?.address]);
	useEffect(() => history.room(state.members, Date.now(), state.stress), [state.members]);
}

/** Opens the connection once, for the room `wanted` if there is such; gives { state, up, connection, history }. */
export function useBridge(onLoggedOut, wanted) {
	const [state, dispatch] = useReducer(next, initial);
	const [up, setUp] = useState(null); // null: never yet
	const connection = useRef(null);
	const history = useRef(null);

	history.current ??= new History();
	useEffect(() => {
		const scheme = location.protocol === "https:" ? "wss" : "ws";
		function message(got) {
			if (got.t === "figures")
				history.current.figures(got.members, Date.now());
			dispatch(got);
		}
		connection.current = new Connection(
			`${scheme}://${location.host}/panel`,
			{
				message,
				levels: draw,
				up: () => setUp(true),
				down: () => setUp((was) => was !== null && false),
				refused: async () => {
					if ((await session()) === false)
						onLoggedOut();
				},
			},
		);
		return () => connection.current.close();
	}, []);
	useWatching({ state, connection: connection.current, history: history.current,
		wanted });
	return { state, up, connection: connection.current, history: history.current };
}
