// A panel whose network goes, for seconds or for minutes, while the meeting goes
// on, and a bridge that is restarted: the real bridge and real callers. Beside
// it a second panel that keeps its network: both must show the same again.
//
// AWAY="25 84 25s 84s": cuts of so many seconds; with an s everything is
// silent, without the network says that it refuses.

import assert from "node:assert/strict";
import { connect, createServer } from "node:net";

import { Bridge, Phone } from "./bed.mjs";
import { browser, command, Moderator, run, until } from "./lib.mjs";

const ROOM = "standup@conf.test";
const CHAIR = "chair@conf.test";
const CUTS = (process.env.AWAY ?? "5").split(" ");
const BACK = 20000; // ms: a try that hangs is given up, then the longest wait

const bridge = await Bridge.prepare();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The way to the bridge that can be cut. */
class Wire {
	#pairs = new Set();
	#cut = null; // null, "closed" or "silent"

	constructor(target) {
		this.server = createServer((near) => this.#carry(near, target));
	}

	async listen() {
		await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
		return `http://127.0.0.1:${this.server.address().port}`;
	}

	#carry(near, target) {
		near.on("error", () => {});
		if (this.#cut === "closed") {
			near.destroy();
			return;
		}
		const pair = [near];
		this.#pairs.add(pair);
		near.on("close", () => this.#end(pair));
		if (this.#cut) { // it hears nothing, now or later
			near.pause();
			return;
		}
		const far = connect({ host: "127.0.0.1", port: new URL(target).port });
		pair.push(far);
		far.on("error", () => {});
		far.on("close", () => this.#end(pair));
		near.pipe(far).pipe(near);
	}

	#end(pair) {
		if (this.#pairs.delete(pair))
			pair.forEach((socket) => socket.destroy());
	}

	/** What goes over it now is lost for good, even after mend(). */
	cut(how) {
		this.#cut = how;
		for (const pair of [...this.#pairs]) {
			if (how === "closed")
				this.#end(pair);
			for (const socket of pair)
				socket.unpipe().pause();
		}
	}

	mend() {
		this.#cut = null;
	}

	close() {
		this.cut("closed");
		this.server.close();
	}
}

async function startBridge() {
	const rules = `moderators = ${CHAIR}\ncapacity = 20\n`;
	await bridge.start("", [bridge.room(ROOM, rules)], ["chair"]);
}

async function open() {
	await startBridge();
	near = await Moderator.open(chrome);
	await bridge.logIn(near, CHAIR);
	// Cookies know no ports: whoever reads the other way is logged in too.
	far = await Moderator.open(chrome);
	await far.context.addCookies(await near.context.cookies());
	await far.page.goto(await wire.listen());
	await far.page.getByText("Live", { exact: true }).waitFor();
	await Promise.all(["Alice", "Bob", "Carol"].map(enter));
	await sameInBoth();
}

async function enter(name) {
	const phone = new Phone(bridge, name, [523]);
	await phone.join(ROOM);
	inside.push(phone);
}

/** What a page says of everybody, but for what moves: who talks, figures. */
async function shown({ page }) {
	const people = await page.locator("tr[data-member]").evaluateAll((rows) =>
		rows.map((row) => [row.dataset.member, row.querySelector(".name").innerText,
			...[...row.querySelectorAll(".badge")].map((badge) => badge.innerText)
				.filter((text) => !["Talking", "Listening"].includes(text))].join()));
	const door = await page.locator(".fact b").allInnerTexts();
	const banners = await page.locator(".banner").allInnerTexts();
	return [...people.sort(), door.includes("Locked"), ...banners.map((text) =>
		text.split(",")[0])].join("\n");
}

/** The bridge's own word for who is in. */
async function names() {
	const { members } = await command(near.page, { do: "watch", room: ROOM });
	return members.map(({ name }) => name).sort().join();
}

async function sameInBoth() {
	const people = inside.map(({ name }) => name).sort().join();
	await until(`${people} at the bridge`, async () => await names() === people);
	let pages;
	await until("the same on both pages", async () => {
		pages = [await shown(near), await shown(far)];
		return pages[0] === pages[1];
	}).catch((error) => {
		throw new Error(`${error.message}\n${pages.join("\n---\n")}`);
	});
	for (const { page } of [near, far])
		assert.equal((await page.locator("tr[data-member] .name").allInnerTexts())
			.sort().join(), people);
}

async function act(what) {
	assert.equal(await command(near.page, { room: ROOM, ...what }), "done",
		JSON.stringify(what));
}

async function member(name) {
	const { members } = await command(near.page, { do: "watch", room: ROOM });
	return members.find((one) => one.name === name);
}

/** Of everything that a row or the room can be. */
async function meanwhile(newcomer) {
	await act({ do: "unlock" });
	const [leaver] = inside.splice(0, 1);
	await Promise.all([enter(newcomer), leaver.program.stop()]);
	const [first, second] = inside.map(({ name }) => name);
	await act({ do: "mute", member: (await member(first)).id });
	await act({ do: "hand", member: (await member(second)).id, on: true });
	await act({ do: "lock" });
	recording = !recording;
	await act({ do: "record", on: recording });
}

/** All that the live region says from now on. */
async function listen({ page }) {
	await page.evaluate(() => {
		const region = document.querySelector("[role=status]");
		window.said = [];
		window.listening?.disconnect();
		window.listening = new MutationObserver(() => window.said.push(region.innerText));
		window.listening.observe(region,
			{ subtree: true, childList: true, characterData: true });
	});
	return () => page.evaluate(() => window.said);
}

async function comesBack(seconds, how, newcomer) {
	const said = await listen(far);
	wire.cut(how);
	const cutAt = Date.now();
	await Promise.all([meanwhile(newcomer),
		far.page.getByText("Reconnecting").first().waitFor()]);
	const noticed = Date.now() - cutAt;
	await pause(cutAt + 1000 * seconds - Date.now());
	const mended = Date.now();
	wire.mend();
	await far.page.getByText("Live", { exact: true }).waitFor({ timeout: BACK });
	console.log(`# cut for ${Math.round((mended - cutAt) / 1000)} s, ${how}: noticed after ${
		noticed} ms, back ${Date.now() - mended} ms after the network`);
	await sameInBoth();
	const count = async (text) =>
		(await said()).filter((line) => line.includes(text)).length;
	await until("what happened to be said", () => count("While the connection was away"));
	for (const text of ["Connection lost", "Connected again",
		"While the connection was away: 1 came, 1 left"])
		assert.equal(await count(text), 1, `${text}: ${JSON.stringify(await said())}`);
	/* And it can act again. */
	const name = inside.at(-1).name;
	await far.mute(name);
	await near.row(name).getByText(`Muted by ${CHAIR}`).waitFor();
	await sameInBoth();
}

async function restarted(signal) {
	await bridge.program.stop(signal);
	for (const { page } of [near, far])
		await page.getByText("Reconnecting").first().waitFor();
	await Promise.all(inside.splice(0).map(({ program }) => program.stop()));
	recording = false;
	await startBridge();
	const up = Date.now();
	for (const { page } of [near, far])
		await page.getByText("Live", { exact: true }).waitFor({ timeout: BACK });
	console.log(`# ${signal}: both panels are back ${Date.now() - up} ms after the bridge`);
	await act({ do: "unlock" });
	await enter(`After-${signal.toLowerCase()}`);
	await sameInBoth();
}

async function pagesBrokeNoRule() {
	assert.deepEqual([...near.errors, ...far.errors], []);
}

const inside = []; // phones, in the order in which they came
const wire = new Wire(bridge.url);
let near, far, recording = false;
const chrome = await browser.launch();
const status = await run([
	["two panels, one of them by a wire, see three people", open],
	...CUTS.map((cut, i) => {
		const [, seconds, silent] = cut.match(/^(\d+)(s?)$/);
		const how = silent ? "silent" : "closed";
		return [`cut for ${seconds} s, ${how}: everything is as it is, said once`,
			() => comesBack(Number(seconds), how, `Newcomer-${i}`)];
	}),
	["the bridge is restarted: the panels come back by themselves",
		() => restarted("SIGTERM")],
	["the bridge is killed: the panels come back by themselves",
		() => restarted("SIGKILL")],
	["no script failed and no security policy was broken", pagesBrokeNoRule],
]);
if (status)
	console.log(bridge.logText().slice(-6000).replace(/^/gm, "# "));
await chrome.close();
for (const { program } of inside)
	await program.stop();
wire.close();
await bridge.stop();
process.exit(status);
