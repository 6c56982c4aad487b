// Who is called into a room, moved to another one, or kept from a PhoneGate, by
// a moderator in the panel: real ipsp-bridge and ipsp-phones with Maildir mail.
// With SHOTS=DIRECTORY it leaves pictures there.

import assert from "node:assert/strict";

import { Bridge, Phone } from "./bed.mjs";
import { browser, Moderator, run } from "./lib.mjs";

const ROOM = "standup@conf.test";
const BOARD = "board@conf.test";
const CHAIR = "chair@conf.test";

const bridge = await Bridge.prepare();

async function startBridge() {
	const rooms = [ROOM, BOARD].map((room) =>
		bridge.room(room, `moderators = ${CHAIR}\n`));
	await bridge.start("", rooms, ["chair", "ann", "bob", "dora"]);
	chair = await Moderator.open(chrome);
	await bridge.logIn(chair, CHAIR);
	await watch("standup");
	await chair.page.getByText("Nobody is here yet").waitFor();
}

function button(name) {
	return chair.page.getByRole("button", { name, exact: true });
}

/** Of several rooms. */
async function watch(name) {
	await chair.page.locator("nav button", { hasText: name }).click();
}

/** ipsp-phone; what it prints is waited for. */
async function phone(name, ...words) {
	const started = new Phone(bridge, name);
	await started.run(...words, "--config", "/dev/null");
	phones.push(started);
	return started.program;
}

async function aGateIsDrained() {
	ann = await phone("Ann", "call", ROOM);
	await chair.row("Ann").waitFor();
	await button("Seat nobody new at local-1").click();
	await button("Seat people at local-1 again").waitFor();
	await chair.page.locator(".picture .names", { hasText: "Draining · Ann" }).waitFor();
	await chair.accessible("a tree with a gate that drains");
	await chair.shoot("called-drain");
	const dora = await phone("Dora", "call", ROOM);
	assert.match((await dora.line(/"gate":"([^"]+)"/))[1], /^local-2$/);
	await button("Seat people at local-1 again").click();
	await button("Seat nobody new at local-1").waitFor();
}

async function invite(address) {
	await button("Invite…").click();
	const dialog = chair.page.getByRole("dialog");
	await dialog.getByLabel("Mail address").fill(address);
	await chair.accessible("the invitation");
	await dialog.getByRole("button", { name: "Send the invitation", exact: true }).click();
	await dialog.waitFor({ state: "detached" });
}

async function whoIsCalledComes() {
	const bob = await phone("Bob", "wait");
	const rings = bob.line(/"t":"ring"/);
	await invite("bob@conf.test");
	await rings;
	const guest = chair.page.locator("[data-expected='bob@conf.test']");
	await guest.getByText("Mail invited, not there yet").waitFor();
	await chair.accessible("somebody who is called");
	await chair.shoot("called-waiting");
	bob.write("n");
	await guest.getByText("Does not come").waitFor();
	const again = bob.line(/"t":"ring"/);
	await invite("bob@conf.test");
	await again;
	bob.write("y");
	await chair.row("Bob").waitFor();
	await guest.waitFor({ state: "detached" });
}

async function whoIsMovedIsInTheOtherRoom() {
	const moved = ann.line(/"t":"moved","room":"board@conf.test"/);
	const talks = ann.line(/"t":"moved"/).then(() => ann.line(/"state":"talking"/));
	await button("Show figures of Ann").click();
	await button("Move Ann…").click();
	const dialog = chair.page.getByRole("dialog");
	await dialog.getByLabel("Room").selectOption(BOARD);
	await chair.accessible("a move");
	await dialog.getByRole("button", { name: "Move", exact: true }).click();
	await moved;
	await talks;
	await chair.row("Ann").waitFor({ state: "detached" });
	await chair.page.getByText(`${CHAIR} moved Ann to another room`).first().waitFor();
	await watch("board");
	await chair.row("Ann").waitFor();
	await chair.shoot("called-moved");
}

async function pagesBrokeNoRule() {
	assert.deepEqual(chair.errors, []);
}

let chair, ann;
const phones = [];
const chrome = await browser.launch();
const status = await run([
	["the bridge starts, with two rooms", startBridge],
	["nobody new sits at a gate that drains", aGateIsDrained],
	["who is called by mail declines, and comes", whoIsCalledComes],
	["who is moved is in the other room", whoIsMovedIsInTheOtherRoom],
	["no script failed and no security policy was broken", pagesBrokeNoRule],
]);
if (status)
	console.log(bridge.logText().slice(-8000).replace(/^/gm, "# "));
await chrome.close();
for (const { program } of phones)
	await program.stop();
const end = await bridge.stop();
process.exit(status || end);
