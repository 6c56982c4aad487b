// The whole conference as its moderators see it and its callers hear it: the
// real ipsp-bridge and real ipsp-phones with Maildir mail, driven from the
// panel in a browser. With SHOTS=DIRECTORY it leaves pictures there.

import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";

import { Bridge, Phone } from "./bed.mjs";
import { browser, command, Moderator, run, until, whenClicked, whenShown } from "./lib.mjs";

const ROOM = "standup@conf.test";
const FRESH = "fresh@conf.test";
const CHAIR = "chair@conf.test";
const DEPUTY = "deputy@conf.test";

const SHOWN_WITHIN = 1000; // ms, from one moderator's click to the other's row
const KICKED = 12; // exit status, ipsp-phone(1)

const bridge = await Bridge.prepare();

const alice = new Phone(bridge, "Alice", [523, 1370]);
const bob = new Phone(bridge, "Bob", [661, 1810]);
const carol = new Phone(bridge, "Carol", [887, 2290]);
const dave = new Phone(bridge, "Dave", [1103, 2741]);
const erin = new Phone(bridge, "Erin", [331, 3203]);
const frank = new Phone(bridge, "Frank", [433, 1571]);

/** Three seconds of each listener's sound: all talkers in it, and no other. */
async function hear(listeners, talkers, silent = []) {
	await Promise.all(listeners.map(async (listener) => {
		const of = await listener.listen(3);
		for (const talker of new Set([...talkers, ...silent, listener])) {
			const tones = await of(talker);
			const heard = talkers.includes(talker) && talker !== listener;
			const said = `${listener.name} ${heard ? "hears" : "does not hear"} ` +
				`${talker.name}: ${tones.join(", ")}`;
			console.log(`# ${said}`);
			assert.ok(tones.every((tone) => heard ? tone.heard : tone.silent),
				said);
		}
	}));
}

const RULES = `moderators = ${CHAIR};${DEPUTY}
capacity = 5
`;

async function startBridge() {
	await bridge.start(`operators = ${CHAIR}\n`, [bridge.room(ROOM, RULES)],
		["chair", "deputy"]);
}

async function chairLogsIn() {
	chair = await Moderator.open(chrome);
	await bridge.logIn(chair, CHAIR);
	await chair.page.getByText("Nobody is here yet").waitFor();
	await chair.shoot("whole-empty");
}

async function threeRowsMove() {
	await Promise.all([alice, bob, carol].map((phone) => phone.join(ROOM)));
	for (const { name } of [alice, bob, carol]) {
		const row = chair.row(name);
		await row.getByText("Talking").waitFor();
		assert.match(await row.innerText(), /local-1/);
		assert.match(await row.innerText(), /127\.0\.0\.1:\d+/);
		await until(`${name}'s meter to move`, async () =>
			(await chair.meterPositions(name, 1000)).size > 5);
	}
	await chair.shoot("whole-three");
	await hear([alice, bob, carol], [alice, bob, carol]);
}

async function operatorSeesTheBridge() {
	const { page } = chair;
	const row = (name) => page.getByRole("row", { name });

	await page.getByRole("link", { name: "Operator", exact: true }).click();
	await page.getByText("Ready", { exact: true }).waitFor();
	await row(new RegExp(`${ROOM}.* Here 3 0 5 1$`)).waitFor();
	await row(/^standup maildir:.* Watching .* 3 \d+ 0 0 0$/).waitFor();
	await row(new RegExp(`^local-1 – ${ROOM} 3 0 5$`)).waitFor();
	await chair.shoot("whole-operator");
	await chair.accessible("the operator's page");
	await page.getByRole("link", { name: "Moderator's panel", exact: true }).click();
	await chair.row("Carol").waitFor();
}

async function deputyLogsIn() {
	deputy = await Moderator.open(chrome);
	await bridge.logIn(deputy, DEPUTY);
	for (const { name } of [alice, bob, carol])
		await deputy.row(name).waitFor();
}

/** From the chair's click on `button` to what the deputy's page says. */
async function seenByDeputy(what, button, act, ...shown) {
	const clicked = whenClicked(chair.page, button);
	const seen = whenShown(deputy.page, ...shown);

	await act();
	const took = await seen - await clicked;
	console.log(`# ${what}: ${took} ms from click to the other moderator`);
	assert.ok(took <= SHOWN_WITHIN, `${what} was seen after ${took} ms`);
}

async function muteIsHeardAndSeen() {
	const told = carol.program.line(/"message":\{"t":"mute","on":true\}/);
	await seenByDeputy("mute", ".actions button", () => chair.mute("Carol"),
		`Muted by ${CHAIR}`);
	await chair.row("Carol").getByText(`Muted by ${CHAIR}`).waitFor();
	await told;
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, false)));
	await chair.row("Carol").locator(".meter.unheard").waitFor();
	await chair.shoot("whole-muted");
	await deputy.shoot("whole-muted-deputy");
	await hear([alice, bob, carol], [alice, bob], [carol]);
}

async function unmuteBringsBack() {
	const told = carol.program.line(/"message":\{"t":"mute","on":false\}/);
	await seenByDeputy("unmute", ".actions button", () => chair.unmute("Carol"),
		`Muted by ${CHAIR}`, false);
	await told;
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, true)));
	await hear([alice, bob, carol], [alice, bob, carol]);
}

/** At twice its volume the own voice is still taken out of the mix. */
async function volumeIsHeard() {
	await chair.volume("Bob", 0);
	await deputy.row("Bob").getByText("0 %", { exact: true }).waitFor();
	await Promise.all([alice, carol].map((ear) => ear.waitFor(bob, false)));
	await chair.volume("Bob", 200);
	await Promise.all([alice, carol].map((ear) => ear.waitFor(bob, true)));
	await hear([alice, bob, carol], [alice, bob, carol]);
	await chair.volume("Bob", 100);
}

async function member(name) {
	const { members } = await command(chair.page, { do: "watch", room: ROOM });
	return members.find((one) => one.name === name);
}

async function floorIsHeardOverAMute() {
	const { id } = await member("Carol");
	const act = (what) => command(chair.page, { room: ROOM, member: id, ...what });

	assert.equal(await act({ do: "mute" }), "done");
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, false)));
	const queued = carol.told('{"t":"hand","on":true,"place":1}');
	carol.program.write("h");
	await queued;
	assert.ok((await member("Carol")).hand > 0);
	const given = carol.told('{"t":"floor","on":true,"s":5}');
	const over = carol.told('{"t":"floor","on":false,"why":"time"}');
	assert.equal(await act({ do: "floor-next", seconds: 5 }), "done");
	await given;
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, true)));
	await over;
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, false)));
	assert.equal((await member("Carol")).hand, undefined);
}

async function onlyAYesUnmutes() {
	const { id } = await member("Carol");
	const ask = () => command(chair.page,
		{ room: ROOM, do: "ask-unmute", member: id });

	let asked = carol.told('{"t":"ask-unmute","n":1}');
	assert.equal(await ask(), "done");
	await asked;
	carol.program.write("n");
	await until("her no", async () => (await member("Carol")).asked === "refused");
	await hear([alice], [bob], [carol]);
	asked = carol.told('{"t":"ask-unmute","n":2}');
	assert.equal(await ask(), "done");
	await asked;
	carol.program.write("u");
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, true)));
	const { muted, talked_s: talked } = await member("Carol");
	assert.equal(muted, false);
	assert.ok(talked > 0, `Carol has talked for ${talked} s`);
}

async function kickEndsOneCall() {
	const end = carol.program.line(/"t":"end","why":"kicked"/);
	await seenByDeputy("kick", "dialog button.danger",
		() => chair.kick("Carol", "Back to work"), "carol@conf.test", false);
	const [line] = (await end).input.match(/"text":"[^"]*"/);
	assert.match(line, /Back to work/);
	assert.equal(await carol.program.exited, KICKED);
	await chair.row("Carol").waitFor({ state: "detached" });
	await deputy.page.getByText(`${CHAIR} removed Carol`).first().waitFor();
	await deputy.shoot("whole-kicked-deputy");
	await Promise.all([alice, bob].map((ear) => ear.waitFor(carol, false)));
	await hear([alice, bob], [alice, bob], [carol]);
}

async function webSocketIsAPath() {
	await dave.join(ROOM, "--transport", "wss");
	await chair.row("Dave").getByText("websocket").waitFor();
	await chair.row("Dave").getByText("Talking").waitFor();
	await Promise.all([alice, bob].map((ear) => ear.waitFor(dave, true)));
	await chair.shoot("whole-websocket");
	await hear([alice, bob, dave], [alice, bob, dave]);
}

async function reloadOpensARoom() {
	const hearing = hear([alice, bob, dave], [alice, bob, dave]);
	await appendFile(bridge.config,
		bridge.room(FRESH, `${RULES}stereo = yes\n`));
	bridge.program.signal("SIGHUP");
	await until("the new mailbox to be watched", () =>
		bridge.logText().includes("mailbox of fresh: watching"));
	await hearing;
	await Promise.all([erin, frank].map((phone) => phone.join(FRESH)));
	await chair.page.getByRole("button", { name: /^fresh/ }).click();
	await chair.row("Erin").getByText("Talking").waitFor();
	await chair.shoot("whole-fresh");
	await hear([alice, bob, dave], [alice, bob, dave], [erin]);
	await hear([erin, frank], [erin, frank], [alice, bob, dave]);
}

async function everybodyLeaves() {
	for (const phone of [alice, bob, dave, erin, frank]) {
		assert.equal(phone.ended, false, `${phone.name} was cut off`);
		assert.equal(await phone.program.stop(), 0);
	}
	await deputy.page.getByText("Nobody is here yet").waitFor();
	await chair.page.getByText("Nobody is here yet").waitFor();
}

async function pagesBrokeNoRule() {
	assert.deepEqual([...chair.errors, ...deputy.errors], []);
}

let chair, deputy;
const chrome = await browser.launch();
const status = await run([
	["the bridge starts", startBridge],
	["a moderator asks for a link, and the mailed one logs in", chairLogsIn],
	["three phones are three rows whose meters move, and hear each other",
		threeRowsMove],
	["the operator sees the room, its mailbox and its PhoneGate",
		operatorSeesTheBridge],
	["a second moderator logs in the same way", deputyLogsIn],
	["a muted voice is silent for the others, who is muted is told, and the " +
		"second moderator sees it", muteIsHeardAndSeen],
	["unmute brings the voice back", unmuteBringsBack],
	["a member's volume is what the others hear", volumeIsHeard],
	["who has the floor is heard over a mute, until its time is over",
		floorIsHeardOverAMute],
	["who is asked to unmute is heard by a yes and by nothing else",
		onlyAYesUnmutes],
	["a kick ends that call alone, and the second moderator sees it",
		kickEndsOneCall],
	["a phone on a WebSocket is shown as such, and heard", webSocketIsAPath],
	["SIGHUP opens a new room, in stereo, under running calls", reloadOpensARoom],
	["who hangs up is gone", everybodyLeaves],
	["no script failed and no security policy was broken", pagesBrokeNoRule],
]);
if (status)
	console.log(bridge.logText().slice(-8000).replace(/^/gm, "# "));
await chrome.close();
for (const phone of [alice, bob, carol, dave, erin, frank])
	await phone.program?.stop();
const end = await bridge.stop();
process.exit(status || end);
