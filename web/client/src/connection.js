// The WebSocket to the bridge: reconnects by itself, matches answers to
// commands, and notices when the bridge has fallen silent.

const BACKOFF_FIRST = 250; // ms
const BACKOFF_LAST = 8000;
const SILENCE = 5000; // while a room is watched something comes each second
const ANSWER = 8000;
const HANDSHAKE = 8000; // on a dead network a browser tries for minutes

/** The wait before try number `n` (from 0), in ms; `random` is 0..1. */
export function backoff(n, random) {
	const full = Math.min(BACKOFF_LAST, BACKOFF_FIRST * 2 ** n);
	return full / 2 + (full / 2) * random;
}

export class Connection {
	#url;
	#events;
	#socket = null;
	#tries = 0;
	#timer = 0; // until the next try; 0: none is waited for
	#watchdog = 0;
	#watching = null;
	#closed = false;
	#nextId = 1;
	#pending = new Map(); // id -> { resolve, timer, command, message }

	/** events: message(object), levels(ArrayBuffer), up(), down(), refused() */
	constructor(url, events) {
		this.#url = url;
		this.#events = events;
		addEventListener("online", () => this.#retryNow());
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden)
				this.#retryNow();
		});
		this.#open();
	}

	/** Watches a room now and after each reconnection. */
	watch(room) {
		this.#watching = room;
		return this.command({ do: "watch", room, levels: "binary" });
	}

	/** For good. */
	close() {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#timer = 0;
		clearTimeout(this.#watchdog);
		this.#socket.close();
	}

	/** Resolves to the bridge's answer, {t: "done"} or {t: "error"}; if it asked
	 * for something, that message is `message` of it. A command with a `key` is
	 * sent again if the connection is lost before the answer: the bridge does it
	 * once. */
	command(command) {
		const id = this.#nextId++;
		return new Promise((resolve) => {
			if (this.#socket?.readyState !== WebSocket.OPEN) {
				resolve({ t: "error", code: "not-connected" });
				return;
			}
			const timer = setTimeout(() => {
				this.#answer({ t: "error", id, code: "no-answer" });
			}, ANSWER);
			this.#pending.set(id, { resolve, timer, command });
			this.#socket.send(JSON.stringify({ id, ...command }));
		});
	}

	/** What the bridge may have got before the connection went, or not. */
	#again(hello) {
		const waiting = [...this.#pending].filter(([, { command }]) => command.key);
		for (const [id, { command }] of waiting) {
			if (hello.does)
				this.#socket.send(JSON.stringify({ id, ...command }));
			else // one that knows no keys would do it twice
				this.#answer({ t: "error", id, code: "not-connected" });
		}
	}

	#open() {
		const socket = new WebSocket(this.#url, "ipsp-panel");
		let opened = false;
		this.#timer = 0;
		this.#socket = socket;
		this.#watchdog = setTimeout(() => this.#giveUp(), HANDSHAKE);
		socket.binaryType = "arraybuffer";
		socket.onopen = () => {
			opened = true;
			this.#tries = 0;
			this.#listen(true);
			this.#events.up();
			if (this.#watching)
				this.watch(this.#watching);
		};
		socket.onmessage = ({ data }) => {
			if (typeof data === "string")
				this.#receive(JSON.parse(data));
			else
				this.#events.levels(data);
		};
		socket.onclose = ({ code }) => {
			if (socket === this.#socket && !this.#closed)
				this.#lost(opened && code !== 1008);
		};
	}

	#receive(message) {
		this.#listen(message.t !== "closed");
		if (message.t === "closed")
			this.#watching = null;
		if (message.t === "done" || message.t === "error") {
			this.#answer(message);
			return;
		}
		if (message.t === "hello")
			this.#again(message);
		const asked = this.#pending.get(message.id);
		if (asked)
			asked.message = message;
		else
			this.#events.message(message);
	}

	#answer(message) {
		const pending = this.#pending.get(message.id);
		if (!pending)
			return;
		clearTimeout(pending.timer);
		this.#pending.delete(message.id);
		pending.resolve({ ...message, message: pending.message });
		// It ended while the connection was away: nobody told us.
		const { do: what, room } = pending.command;
		if (what === "watch" && message.code === "no-room" && room === this.#watching)
			this.#receive({ t: "closed", room });
	}

	#listen(expectMore) {
		clearTimeout(this.#watchdog);
		if (expectMore && this.#watching)
			this.#watchdog = setTimeout(() => this.#giveUp(), SILENCE);
	}

	/** A half-open connection would take minutes to close. */
	#giveUp() {
		const socket = this.#socket;
		socket.onclose = null;
		socket.close();
		this.#lost(true);
	}

	#lost(wasLetIn) {
		clearTimeout(this.#watchdog);
		for (const [id, { command }] of [...this.#pending])
			if (!command.key)
				this.#answer({ t: "error", id, code: "not-connected" });
		this.#events.down();
		if (!wasLetIn)
			this.#events.refused();
		this.#timer = setTimeout(
			() => this.#open(),
			backoff(this.#tries++, Math.random()),
		);
	}

	#retryNow() {
		if (!this.#timer)
			return;
		clearTimeout(this.#timer);
		this.#open();
	}
}
