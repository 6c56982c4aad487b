// The connection over a WebSocket and a clock that are the test's.

import assert from "node:assert/strict";
import test from "node:test";

import { Connection } from "../src/connection.js";

const timers = new Map();
const sockets = [];
let now = 0;
let nextTimer = 1;

globalThis.setTimeout = (run, ms) => {
	timers.set(nextTimer, { run, at: now + ms });
	return nextTimer++;
};
globalThis.clearTimeout = (id) => timers.delete(id);

/** Runs what is due within `ms`, in its order. */
function pass(ms) {
	const end = now + ms;
	for (;;) {
		const due = [...timers].filter(([, { at }]) => at <= end)
			.sort(([, a], [, b]) => a.at - b.at)[0];
		if (!due)
			break;
		timers.delete(due[0]);
		now = due[1].at;
		due[1].run();
	}
	now = end;
}

class Socket {
	static OPEN = 1;
	readyState = 0;
	sent = [];

	constructor() {
		sockets.push(this);
	}

	open() {
		this.readyState = 1;
		this.onopen();
	}

	says(message) {
		this.onmessage({ data: JSON.stringify(message) });
	}

	send(text) {
		this.sent.push(JSON.parse(text));
	}

	/** On a dead network the other end never answers the closing. */
	close() {
		this.readyState = 2;
	}

	lost(code = 1006) {
		this.readyState = 3;
		this.onclose({ code });
	}
}

const listeners = {};
globalThis.WebSocket = Socket;
globalThis.addEventListener = (name, run) => { listeners[name] = run; };
globalThis.document = { addEventListener() {} };

function connect() {
	const seen = { up: 0, down: 0, refused: 0 };
	timers.clear();
	sockets.length = 0;
	const connection = new Connection("ws://x/panel", {
		message() {}, levels() {},
		up: () => seen.up++, down: () => seen.down++, refused: () => seen.refused++ });
	return { connection, seen };
}

test("a try that is never answered is given up, and another one made", () => {
	const { seen } = connect();
	for (let i = 0; i < 5; i++) {
		const tries = sockets.length;
		pass(16000); // the limit of a try, then the longest wait
		assert.ok(sockets.length > tries, `${tries} tries, then none`);
	}
	assert.equal(seen.up, 0);
	assert.equal(seen.refused, 0, "nobody refused: the session is not asked about");
	let tries = sockets.length;
	while (sockets.length === tries)
		pass(100);
	tries = sockets.length;
	sockets.at(-1).open();
	assert.equal(seen.up, 1);
	sockets.at(-1).says({ t: "hello" });
	pass(60000); // no room is watched: nothing need come
	assert.equal(sockets.length, tries);
});

test("a bridge that falls silent is left, though its socket stays open", () => {
	const { connection, seen } = connect();
	sockets[0].open();
	connection.watch("r@example.org");
	sockets[0].says({ t: "snapshot" });
	pass(4900);
	sockets[0].says({ t: "figures" });
	pass(4900);
	assert.equal(seen.down, 0);
	pass(200);
	assert.equal(seen.down, 1);
	pass(250);
	assert.equal(sockets.length, 2);
	sockets[1].open();
	assert.deepEqual(sockets[1].sent.map(({ do: what, room }) => [what, room]),
		[["watch", "r@example.org"]]);
	pass(5100); // lets us in, and says nothing
	assert.equal(seen.down, 2);
});

test("a network that is back is used at once, once", () => {
	const { connection, seen } = connect();
	for (let i = 0; i < 8; i++) {
		sockets.at(-1).lost();
		pass(8000);
	}
	sockets.at(-1).lost();
	const tries = sockets.length;
	listeners.online();
	listeners.online();
	assert.equal(sockets.length, tries + 1);
	sockets.at(-1).open();
	pass(100);
	listeners.online();
	assert.equal(sockets.length, tries + 1);
	assert.equal(seen.refused, 9);
	connection.close();
	listeners.online();
	pass(60000);
	assert.equal(sockets.length, tries + 1, "closed for good");
});

test("a command with a key is sent again, and answered once", async () => {
	const { connection } = connect();
	sockets[0].open();
	sockets[0].says({ t: "hello", does: [] });
	const keyed = connection.command({ do: "kick", member: 1, key: "a" });
	const other = connection.command({ do: "mute", member: 1 });
	sockets[0].lost();
	assert.equal((await other).code, "not-connected");
	pass(250);
	sockets[1].open();
	sockets[1].says({ t: "hello", does: [] });
	assert.deepEqual(sockets[1].sent.map(({ do: what, key }) => [what, key]),
		[["kick", "a"]]);
	sockets[1].says({ t: "done", id: sockets[1].sent[0].id });
	assert.equal((await keyed).t, "done");
});
