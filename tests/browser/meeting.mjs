// A meeting from its first caller to its end: every control of the panel that
// whole.mjs has not pressed, over the real ipsp-bridge and real ipsp-phones. What
// it does is looked for at the callers: in their sound, in what their phones are
// told, or in how their calls end. Then the same by keyboard alone.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { Bridge, Phone } from "./bed.mjs";
import { KeyboardUser } from "./keyboard.mjs";
import { browser, Moderator, run, until } from "./lib.mjs";
import { writeTones } from "./sound.mjs";
import { lookAt, lookAtAll } from "./views.mjs";

const ROOM = "standup@conf.test";
const CHAIR = "chair@conf.test";
const DEPUTY = "deputy@conf.test";

/* Exit statuses, ipsp-phone(1). */
const REJECTED = 8;
const SENT_AWAY = 12;
const OVER = 13;

const bridge = await Bridge.prepare();
const phone = (name, tones) => new Phone(bridge, name, tones);
const ann = phone("Ann", [523, 1370]);
const bob = phone("Bob", [661, 1810]);
const cid = phone("Cid", [887, 2290]);
const bell = { name: "the bell", tones: [433, 3203] };
const later = ["Dan", "Eve", "Fay", "Gus", "Hal", "Ida"].map((name) => phone(name));
const [dan, eve, fay, gus, hal, ida] = later;

let chair, keys;

const button = (name) => chair.page.getByRole("button", { name, exact: true });
const dialog = (name) => chair.page.getByRole("dialog", { name, exact: true });
const press = (name) => button(name).click();

/** Presses it in the dialog, which closes. */
async function confirm(title, name) {
	await dialog(title).getByRole("button", { name, exact: true }).click();
	await dialog(title).waitFor({ state: "detached" });
}

/** The buttons that a person's own dialog has. */
async function ofPerson(name, act) {
	await press(`Show figures of ${name}`);
	await act(dialog(name));
	await confirm(name, "Close");
}

/** How a call ends: with that status, and the text that was given. */
async function ends(caller, status, text = "") {
	const last = await caller.program.line(/^\{"t":"end"/);
	const code = await caller.program.exited;
	assert.equal(code, status, `${caller.name} ended with ${code}`);
	assert.match(last.input, new RegExp(text));
}

async function threeAreIn() {
	const sounds = join(bridge.directory.path, "sounds");
	await mkdir(sounds);
	await writeTones(join(sounds, "bell.wav"), bell.tones);
	await bridge.start(
		`announcements_directory = ${sounds}\nanswers_per_address = 20\n` +
		`operators = ${DEPUTY}\n`,
		[bridge.room(ROOM, `moderators = ${CHAIR};${DEPUTY}\ncapacity = 10\n`)],
		["chair", "deputy"]);
	chair = await Moderator.open(chrome);
	await Promise.all([bridge.logIn(chair, CHAIR),
		...[ann, bob, cid].map((caller) => caller.join(ROOM))]);
	await Promise.all([ann, bob, cid].map(({ name }) => chair.row(name).waitFor()));
}

async function allButOneAreMuted() {
	const muted = [ann, cid].map((each) => each.told('{"t":"mute","on":true}'));
	await press("Mute all…");
	await dialog("Mute everybody?").getByRole("checkbox", { name: "Bob" }).check();
	await confirm("Mute everybody?", "Mute all");
	await Promise.all(muted);
	await Promise.all([bob.waitFor(ann, false), bob.waitFor(cid, false),
		ann.waitFor(bob, true)]);
}

async function whoIsAskedUnmutes() {
	const asked = ann.told('{"t":"ask-unmute"');
	await ofPerson("Ann", () => press("Ask to unmute: Ann"));
	await asked;
	ann.program.write("u");
	await bob.waitFor(ann, true);
	const unmuted = cid.told('{"t":"mute","on":false}');
	await chair.unmute("Cid");
	await unmuted;
}

async function aRecordingBegins() {
	const told = [ann, bob, cid].map((each) =>
		each.told('{"t":"recording","on":true}'));
	await press("Start recording");
	await Promise.all(told);
	await chair.page.getByText(`started by ${CHAIR}`).waitFor();
}

async function handsAndTheFloor() {
	let told = cid.told('{"t":"hand","on":true,"place":1}');
	cid.program.write("h");
	await told;
	told = cid.told('{"t":"hand","on":false}');
	await press("Lower the hand of Cid");
	await told;
	told = cid.told('{"t":"hand","on":true,"place":1}');
	await ofPerson("Cid", () => press("Raise a hand for Cid"));
	await told;
	told = ann.told('{"t":"hand","on":true,"place":2}');
	ann.program.write("h");
	await told;

	told = cid.told('{"t":"floor","on":true,"s":60}');
	await chair.page.getByLabel("Time to speak").selectOption("1 min");
	await press("Next: Cid");
	await told;
	told = cid.told('{"t":"floor","on":true,"s":1');
	await press("One minute more");
	await told;
	const next = ann.told('{"t":"floor","on":true,"s":60}');
	told = cid.told('{"t":"floor","on":false,"why":"next"}');
	await press("Give the floor to Ann");
	await Promise.all([told, next]);
	told = ann.told('{"t":"floor","on":false,"why":"moderator"}');
	await press("Take the floor back");
	await told;

	/* Ann may not again within half a second. */
	const up = [bob, cid].map((each) => each.told('{"t":"hand","on":true'));
	for (const each of [bob, cid])
		each.program.write("h");
	await Promise.all(up);
	const down = [bob, cid].map((each) => each.told('{"t":"hand","on":false}'));
	await press("Lower all hands");
	await Promise.all(down);
}

async function aListenerIsNotHeard() {
	const set = async (role) => {
		const told = bob.told(`{"t":"role","role":"${role}"}`);
		await dialog("Bob").getByLabel("Role").selectOption(role);
		await told;
	};
	await ofPerson("Bob", async () => {
		await set("listener");
		await ann.waitFor(bob, false);
		await set("moderator");
		await ann.waitFor(bob, true);
		await set("member");
	});
}

async function aRecordingIsPlayedTakenAwayAndDeleted() {
	const told = [ann, bob, cid].map((each) =>
		each.told('{"t":"recording","on":false}'));
	await press("Stop recording");
	await Promise.all(told);
	await press("Recordings…");
	const list = dialog("Recordings of the room");
	const player = list.locator("audio");
	const address = await player.getAttribute("src");
	await player.click({ position: { x: 20, y: 20 } }); // its play button
	await until("the recording to play, under the page's own policy", () =>
		player.evaluate(({ currentTime }) => currentTime > 0.3));
	await chair.shoot("meeting-recordings");
	await list.getByText("4 files").click();
	const taken = chair.page.waitForEvent("download");
	await list.getByRole("link", { name: "Bob", exact: true }).click();
	const file = await readFile(await (await taken).path());
	assert.equal(file.toString("latin1", 0, 4), "OggS");
	await list.getByRole("button", { name: /^Delete… the recording/ }).click();
	await chair.page.getByRole("button", { name: "Delete", exact: true }).click();
	await until("the file to be gone", () => chair.page.evaluate(async (path) =>
		(await fetch(path)).status === 404, address));
}

async function anAnnouncementIsHeardUntilItIsStopped() {
	await press("Announce…");
	for (let i = 0; i < 4; i++) // 2 s each, one after another
		await press("Play bell.wav");
	await confirm("Play an announcement", "Close");
	await ann.waitFor(bell, true);
	const began = await ann.ear.seconds();
	await press("Stop it");
	await ann.waitFor(bell, false);
	assert.ok(await ann.ear.seconds() - began < 5, "it went on to its end");
}

async function theLobbyHoldsAdmitsAndRefuses() {
	await press("Turn the lobby on");
	await button("Turn the lobby off").waitFor();
	const held = [dan, eve, fay, gus].map(async (each) => {
		await each.call(ROOM);
		await each.told('{"t":"hold","on":true}');
	});
	await Promise.all(held);
	const refused = ends(dan, SENT_AWAY, "Not today");
	await press("Refuse Dan…");
	await dialog("Refuse Dan?").getByRole("textbox").fill("Not today");
	await confirm("Refuse Dan?", "Refuse");
	await refused;
	let admitted = eve.told('{"t":"hold","on":false}');
	await press("Admit Eve");
	await admitted;
	admitted = [fay, gus].map((each) => each.told('{"t":"hold","on":false}'));
	await press("Admit all 2");
	await Promise.all([...admitted, eve.waitFor(ann, true)]);
	await press("Turn the lobby off");
	await button("Turn the lobby on").waitFor();
}

async function aPinIsAskedFor() {
	await press("Set a PIN…");
	const field = dialog("PIN of the room").getByLabel("PIN");
	await field.fill("4711");
	/* What is typed stays, while the room goes on. */
	const rise = await chair.page.evaluate(() => new Promise((resolve) => {
		const table = document.querySelector(".people");
		new MutationObserver((_, observer) => {
			observer.disconnect();
			resolve(true);
		}).observe(table, { subtree: true, characterData: true, childList: true });
	}));
	assert.ok(rise && await field.inputValue() === "4711");
	await confirm("PIN of the room", "Set the PIN");
	await button("Change the PIN…").waitFor();
	await hal.call(ROOM);
	await ends(hal, REJECTED);
	await hal.join(ROOM, "--pin", "4711");
	await press("Change the PIN…");
	await dialog("PIN of the room").getByLabel("PIN").fill("");
	await confirm("PIN of the room", "Set the PIN");
	await button("Set a PIN…").waitFor();
}

async function aLockedRoomLetsNobodyIn() {
	await press("Lock the room");
	await button("Unlock the room").waitFor();
	await ida.call(ROOM);
	await ends(ida, REJECTED, "locked");
	await press("Unlock the room");
	await button("Lock the room").waitFor();
}

async function whoIsBannedStaysOutUntilItIsLifted() {
	const out = ends(hal, SENT_AWAY, "Enough");
	await press("Show figures of Hal");
	await press("Ban Hal…");
	await dialog("Ban Hal?").getByLabel("For").selectOption("one hour");
	await dialog("Ban Hal?").getByRole("textbox").fill("Enough");
	await confirm("Ban Hal?", "Ban");
	await out;
	await hal.call(ROOM);
	await ends(hal, REJECTED);
	await press("Bans…");
	await press("Lift the ban of hal@conf.test");
	await chair.page.getByText("Nobody is banned.").waitFor();
	await confirm("Who may not come in", "Close");
	await hal.join(ROOM);
}

/** A room that has something of everything, for two who read it differently. */
async function everyViewIsAccessible() {
	const deputy = await Moderator.open(chrome,
		{ locale: "ja-JP", colorScheme: "dark" });
	const { page } = deputy;

	await page.goto(bridge.url);
	await lookAt(deputy, "ja", "login");
	await page.goto(`${bridge.url}/login#token`);
	await lookAt(deputy, "ja", "link");
	await bridge.logIn(deputy, DEPUTY);
	for (const name of ["Start recording", "Stop recording", "Start recording"])
		await press(name);
	await press("Show figures of Gus");
	await press("Ban Gus…");
	await confirm("Ban Gus?", "Ban");
	await chair.mute("Cid");
	cid.program.write("h");
	await press("Turn the lobby on");
	await button("Turn the lobby off").waitFor();
	await ida.call(ROOM);
	await page.locator("[data-held]").waitFor();
	const seen = { person: "Ann", held: "Ida" };
	await lookAtAll(chair, "en", seen);
	await lookAtAll(deputy, "ja", seen);
	await page.goto(`${bridge.url}/operator`);
	await page.getByRole("table").first().waitFor();
	await lookAt(deputy, "ja", "operator");
	assert.deepEqual(deputy.errors, []);
	await deputy.context.close();
	await press("Refuse Ida…");
	await confirm("Refuse Ida?", "Refuse");
	await press("Turn the lobby off");
}

async function theMeetingEndsForAll() {
	const here = [ann, bob, cid, eve, fay, hal];
	const over = here.map((each) => ends(each, OVER, "Thank you"));
	await press("End for all…");
	await dialog("End standup for everybody?").getByRole("textbox")
		.fill("Thank you");
	await confirm("End standup for everybody?", "End for all");
	await Promise.all(over);
	await chair.page.getByText("Nobody is here yet").waitFor();
}

/* The same by keyboard: from here on nothing uses a pointer, nor focus(). */

/** That the live region says it, to who does not see the page. */
const said = (text) => keys.page.getByRole("status").filter({ hasText: text }).waitFor();

async function logInByKeyboard() {
	const { page, errors } = await Moderator.open(chrome);
	keys = new KeyboardUser(page);
	keys.errors = errors;
	await page.goto(bridge.url);
	await keys.tabTo("Mail address");
	await keys.type(DEPUTY);
	await keys.use("Mail me a link");
	await keys.isOn("Use another address");
	await page.goto(await bridge.linkByMail(DEPUTY));
	await keys.use("Log in");
	await keys.isOn("standup");
	await ann.join(ROOM);
	await Promise.all([bob, cid].map((caller) => caller.join(ROOM)));
}

async function aPersonIsFoundAndMutedByKeyboard() {
	const muted = cid.told('{"t":"mute","on":true}');
	await keys.press("/");
	await keys.isOn("Search name, address or PhoneGate");
	await keys.type("cid");
	await keys.tabTo("Show figures of Cid");
	await keys.press("m");
	await muted;
	await said(`${DEPUTY} muted Cid`);
	const unmuted = cid.told('{"t":"mute","on":false}');
	await keys.use("Unmute Cid");
	await unmuted;
	await keys.isOn("Mute Cid");
}

async function aPersonIsRemovedByKeyboard() {
	const out = ends(cid, SENT_AWAY, "Later");
	await keys.press("x");
	await keys.type("Later");
	await keys.press("Escape");
	await keys.isOn("Mute Cid");
	await keys.press("x");
	await keys.type("Later");
	await keys.press("Enter");
	await out;
	/* Nobody else was found: the search is what is nearest. */
	await keys.isOn("Search name, address or PhoneGate");
	await said(`${DEPUTY} removed Cid`);
	await keys.press("Control+A");
	await keys.press("Delete");
	await keys.tabTo("Show figures of Ann");
	await keys.press("ArrowDown");
	await keys.isOn("Show figures of Bob");
}

async function aHandAndTheFloorByKeyboard() {
	let told = bob.told('{"t":"hand","on":true,"place":1}');
	await keys.press("c");
	await keys.use("Raise a hand for Bob");
	await told;
	await keys.press("Escape");
	await keys.isOn("Show figures of Bob");
	told = bob.told('{"t":"hand","on":false}');
	await keys.use("Lower the hand of Bob", "Shift+Tab");
	await told;
	await keys.isOn("standup"); // the box of the hands is gone
	await said("The hand of Bob is down");
	told = ann.told('{"t":"hand","on":true,"place":1}');
	ann.program.write("h");
	await told;
	told = ann.told('{"t":"floor","on":true}');
	await keys.use("Give the floor to Ann");
	await told;
	told = ann.told('{"t":"floor","on":false,"why":"moderator"}');
	await keys.use("Take the floor back");
	await told;
	await keys.isOn("standup");
}

async function theDoorByKeyboard() {
	await keys.use("Turn the lobby on");
	await said(`${DEPUTY} turned the lobby on`);
	await keys.isOn("Turn the lobby off");
	await dan.call(ROOM);
	await dan.told('{"t":"hold","on":true}');
	const admitted = dan.told('{"t":"hold","on":false}');
	await keys.use("Admit Dan");
	await admitted;
	await said(`${DEPUTY} admitted Dan`);
	await keys.isOn("standup"); // nobody waits any more
	await keys.use("Lock the room");
	await keys.isOn("Unlock the room");
	await ida.call(ROOM);
	await ends(ida, REJECTED, "locked");
	await said(`${DEPUTY} locked the room`);
}

async function aRecordingByKeyboard() {
	let told = ann.told('{"t":"recording","on":true}');
	await keys.use("Start recording");
	await told;
	await keys.isOn("Stop recording");
	told = ann.told('{"t":"recording","on":false}');
	await keys.press("Enter");
	await told;
	await said(`${DEPUTY} stopped the recording`);
	await keys.use("Recordings…");
	await keys.tabTo("Close");
	await keys.press("Enter");
	await keys.isOn("Recordings…");
}

async function singleKeysAreSwitchedOff() {
	const sheet = keys.page.getByRole("dialog");
	await keys.press("?");
	await sheet.waitFor();
	await keys.tabTo("Single keys act");
	await keys.press("Space");
	await keys.press("Escape");
	await keys.isOn("Recordings…");
	await keys.press("?");
	assert.equal(await sheet.count(), 0);
}

async function theMeetingEndsByKeyboard() {
	const over = [ann, bob, dan].map((each) => ends(each, OVER, "Until Monday"));
	await keys.use("End for all…");
	await keys.type("Until Monday");
	await keys.press("Enter");
	await Promise.all(over);
	await keys.page.getByText("Nobody is here yet").waitFor();
	await keys.isOn("End for all…");
	await keys.use("Log out", "Shift+Tab");
	await keys.isOn("Moderator log-in");
	console.log(`# ${keys.stops} presses of Tab`);
}

async function pagesBrokeNoRule() {
	assert.deepEqual([...chair.errors, ...keys.errors], []);
}

const chrome = await browser.launch();
const status = await run([
	["three callers are in", threeAreIn],
	["all but one are muted at once", allButOneAreMuted],
	["who is asked to unmute does so himself", whoIsAskedUnmutes],
	["all are told that they are recorded", aRecordingBegins],
	["hands go up and down, and the floor goes from one to the next",
		handsAndTheFloor],
	["a listener is not heard", aListenerIsNotHeard],
	["a recording is played, taken away and deleted",
		aRecordingIsPlayedTakenAwayAndDeleted],
	["an announcement is heard until it is stopped",
		anAnnouncementIsHeardUntilItIsStopped],
	["the lobby holds, refuses, admits", theLobbyHoldsAdmitsAndRefuses],
	["a PIN is asked for", aPinIsAskedFor],
	["a locked room lets nobody in", aLockedRoomLetsNobodyIn],
	["who is banned stays out until it is lifted",
		whoIsBannedStaysOutUntilItIsLifted],
	["every view is accessible, in both languages and schemes",
		everyViewIsAccessible],
	["the meeting ends for all", theMeetingEndsForAll],
	["by keyboard: who logs in", logInByKeyboard],
	["by keyboard: a person is found and muted", aPersonIsFoundAndMutedByKeyboard],
	["by keyboard: a person is removed", aPersonIsRemovedByKeyboard],
	["by keyboard: hands and the floor", aHandAndTheFloorByKeyboard],
	["by keyboard: lobby and lock", theDoorByKeyboard],
	["by keyboard: a recording", aRecordingByKeyboard],
	["by keyboard: single keys are switched off", singleKeysAreSwitchedOff],
	["by keyboard: the meeting ends", theMeetingEndsByKeyboard],
	["no script failed and no security policy was broken", pagesBrokeNoRule],
]);
if (status)
	console.log(bridge.logText().slice(-8000).replace(/^/gm, "# "));
await chrome.close();
for (const caller of [ann, bob, cid, ...later])
	await caller.program?.stop();
const end = await bridge.stop();
process.exit(status || end);
