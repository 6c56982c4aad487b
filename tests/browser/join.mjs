// Mail the room, click, talk: a person writes to the room, opens the link of the
// reply in a browser, and talks with a real ipsp-phone, until a moderator sends
// him away. The real ipsp-bridge, Maildir mail, Chromium with a voice of tones.
// With SHOTS=DIRECTORY it leaves pictures there; with JOINS=N in the environment N
// people come one after the other, and it prints how long that took each.

import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Bridge, Phone, readMail } from "./bed.mjs";
import { browser, Moderator, run, until } from "./lib.mjs";
import { tonesOf, writeTones } from "./sound.mjs";

const ROOM = "standup@conf.test";
const CHAIR = "chair@conf.test";

const phoneTones = [523, 1370]; // Hz
const pageTones = [887, 2290];

const bridge = await Bridge.prepare();
const { mail } = bridge;
const phone = new Phone(bridge, "Ann", phoneTones);

const people = []; // everybody who opened a link
let chair, ben, link;
let mails = 0;

const KEYS = `answers_per_address = 20
answers_per_domain = 1000
answers_per_room = 1000
`;
const RULES = `moderators = ${CHAIR}
capacity = 5
`;

async function startBridge() {
	await bridge.start(KEYS, [bridge.room(ROOM, RULES)],
		["standup", "chair", "ben"]);
}

/** Writes to the room as any mail program does. */
async function write(user, { name, subject = "Hello", text = "May I join?" }) {
	const file = `mail-${++mails}`;
	await writeFile(join(mail, "standup/tmp", file), [
		`From: ${name} <${user}@conf.test>`, `To: ${ROOM}`, `Subject: ${subject}`,
		`Message-ID: <${file}@conf.test>`, "MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: 8bit", "", text, ""].join("\r\n"));
	await rename(join(mail, "standup/tmp", file), join(mail, "standup/new", file));
}

/** The next mail to the user, once it can be read. */
async function reply(user) {
	const folder = join(mail, user, "new");
	let name;
	await until(`a reply to ${user}`, async () => {
		[name] = await readdir(folder);
		return name;
	});
	const raw = await readFile(join(folder, name), "utf8");
	await rename(join(folder, name), join(mail, user, "cur", name));
	return readMail(raw);
}

const linkIn = (text) => text.match(/https?:\S+\/join#\S+/)?.[0];

async function mailIsAnswered() {
	const began = performance.now();
	await write("ben", { name: "Ben Okri" });
	const { head, body: text } = await reply("ben");
	console.log(`# reply after ${Math.round(performance.now() - began)} ms ` +
		"(looked for every 50 ms)");
	link = linkIn(text);
	assert.ok(link.startsWith(`${bridge.url}/join#`), text);
	assert.match(head, /^Auto-Submitted: auto-replied/mi);
	assert.match(text, /One person is in it now\./);
	assert.doesNotMatch(text, /Ann/); // not for who may be anybody
	assert.match(text, /ipsp-phone call/);
}

/** What runs in the page before its own script: notes when the first sound came
 * from the call, and lets the test listen. */
function eavesdrop() {
	const Real = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Real {
		constructor(...args) {
			super(...args);
			window.peer = this;
			this.addEventListener("track", ({ track }) => {
				const context = new AudioContext({ sampleRate: 48000 });
				const analyser = new AnalyserNode(context, { fftSize: 32768 });
				const quick = new AnalyserNode(context, { fftSize: 256 });
				const samples = new Float32Array(quick.fftSize);
				const source = context.createMediaStreamSource(new MediaStream([track]));
				source.connect(analyser);
				source.connect(quick);
				window.analyser = analyser;
				const timer = setInterval(() => {
					quick.getFloatTimeDomainData(samples);
					if (!samples.some((sample) => Math.abs(sample) > 0.001))
						return;
					clearInterval(timer);
					window.firstSound = performance.now();
				}, 5);
			});
		}
	};
	addEventListener("click", ({ target }) => {
		if (target.matches?.("button.primary"))
			window.clicked = performance.now();
	}, true);
	window.hear = () => {
		const samples = new Float32Array(window.analyser.fftSize);
		window.analyser.getFloatTimeDomainData(samples);
		return Array.from(samples);
	};
}

async function openLink(to, options = {}) {
	const person = await Moderator.open(chrome, options);
	people.push(person);
	await person.page.addInitScript(eavesdrop);
	await person.page.goto(to);
	return person;
}

const button = (person, name) =>
	person.page.getByRole("button", { name, exact: true });
const shown = (person, text) =>
	person.page.getByText(text, { exact: true }).first().waitFor();
/** What is shown as a mark of somebody in the list. */
const person = (of, name) => of.page.locator(".people li").filter({
	has: of.page.locator(".name", { hasText: new RegExp(`^${name}$`) }) });

async function linkIsOpened() {
	ben = await openLink(link, { permissions: ["microphone"] });
	await shown(ben, `You join as Ben Okri (ben@conf.test).`);
	assert.equal(await ben.page.evaluate(() => location.href), `${bridge.url}/join`);
	await until("the microphone's level", async () => Number(await ben.page
		.getByRole("meter").getAttribute("aria-valuenow")) > 20);
	await ben.accessible("before joining");
	await ben.shoot("join-setup");
}

/** A reload, even a scanner's look at the link, uses nothing up. */
async function lookingUsesNothingUp() {
	const other = await openLink(link);
	await shown(other, `You join as Ben Okri (ben@conf.test).`);
	await other.context.close();
	await ben.page.reload();
	await shown(ben, `You join as Ben Okri (ben@conf.test).`);
}

async function personJoins() {
	await button(ben, "Join").click();
	await ben.page.getByText("Connected", { exact: true }).waitFor();
	const took = await until("the first sound", () => ben.page.evaluate(() =>
		window.firstSound && window.firstSound - window.clicked));
	console.log(`# first sound ${Math.round(took)} ms after the click`);
}

async function heardByPage(hertz) {
	return tonesOf(hertz, Float64Array.from(
		await ben.page.evaluate(() => window.hear())));
}

async function heardByPhone(hertz) {
	return phone.ear.tones(hertz, await phone.ear.seconds() - 1, 1);
}

async function phoneHears(heard) {
	let tones;
	await until(`the phone to hear ${heard ? "" : "no more of "}the page`, async () => {
		tones = await heardByPhone(pageTones);
		return tones.every((tone) => heard ? tone.heard : tone.silent);
	});
	console.log(`# phone hears page: ${tones.join(", ")}`);
}

async function eachHearsTheOther() {
	let tones;
	await until("the page to hear the phone", async () => {
		tones = await heardByPage(phoneTones);
		return tones.every((tone) => tone.heard);
	});
	console.log(`# page hears phone: ${tones.join(", ")}`);
	tones = await heardByPage(pageTones);
	console.log(`# page hears itself: ${tones.join(", ")}`);
	assert.ok(tones.every((tone) => tone.silent));
	await phoneHears(true);
}

async function pageShowsWhoIsHere() {
	await ben.page.getByRole("heading", { name: "Who is here (2)", exact: true })
		.waitFor();
	await person(ben, "Ann").getByText("Talking", { exact: true }).waitFor();
	await person(ben, "Ben Okri").getByText("(you)").waitFor();
	await ben.page.getByText(/^Your sound: Good/).waitFor();
	await ben.accessible("in the room");
	await ben.shoot("join-room");
}

async function linkIsUsedUp() {
	const other = await openLink(link);
	await shown(other, "This link was used already, here or on another device. " +
		"Each link works once.");
	assert.equal(await other.page.getByRole("link",
		{ name: `Write to ${ROOM}`, exact: true }).getAttribute("href"),
	`mailto:${encodeURIComponent(ROOM)}`);
	await other.accessible("a link that was used");
	await other.shoot("join-used");
	await other.context.close();
}

async function personMutesHimself() {
	await button(ben, "Mute").click();
	await shown(ben, "Your microphone is muted.");
	await person(ben, "Ben Okri").getByText("Muted", { exact: true }).waitFor();
	await ben.page.getByRole("checkbox", { name: "Push to talk", exact: true }).check();
	await ben.page.evaluate(() => document.activeElement.blur());
	await phoneHears(false);
	await ben.page.keyboard.down("Space");
	await phoneHears(true);
	await ben.page.keyboard.up("Space");
	await shown(ben, "Your microphone is muted.");
	await ben.page.getByRole("checkbox", { name: "Push to talk", exact: true }).uncheck();
	await button(ben, "Unmute").click();
}

async function logIn() {
	chair = await Moderator.open(chrome);
	await chair.page.goto(`${bridge.url}/login`);
	await chair.page.getByRole("textbox", { name: "Mail address", exact: true })
		.fill(CHAIR);
	await button(chair, "Mail me a link").click();
	const { body: text } = await reply("chair");
	await chair.useLink(text.match(/https?:\S+\/login#\S+/)[0]);
	await chair.row("Ben Okri").waitFor();
}

async function moderatorMutes() {
	await chair.mute("Ben Okri");
	await ben.page.getByText(/^A moderator has muted you: nobody hears you\./)
		.waitFor();
	await phoneHears(false);
	await button(ben, "Raise hand").click();
	await shown(ben, "Your hand is up, number 1 in the queue.");
	await chair.unmute("Ben Okri");
	await phoneHears(true);
}

async function moderatorAsks() {
	await button(ben, "Mute").click();
	await chair.page.getByRole("button",
		{ name: "Ask to unmute: Ben Okri", exact: true }).click();
	const asked = ben.page.getByRole("alertdialog",
		{ name: "A moderator asks you to unmute", exact: true });
	await asked.waitFor();
	await ben.accessible("asked to unmute");
	await ben.shoot("join-asked");
	await asked.getByRole("button", { name: "Unmute", exact: true }).click();
	await phoneHears(true);
}

/** As after a walk from one network to another: the path is gone. */
async function callComesBack() {
	const before = await ben.page.evaluateHandle(() => window.peer);
	const began = performance.now();
	await ben.page.evaluate(() => window.peer.close());
	await ben.page.evaluate(() => dispatchEvent(new Event("online")));
	await ben.page.waitForFunction((old) => window.peer !== old &&
		window.peer.connectionState === "connected", before);
	console.log(`# connected again after ${Math.round(performance.now() - began)} ms`);
	await eachHearsTheOther();
	await ben.page.getByRole("heading", { name: "Who is here (2)", exact: true })
		.waitFor();
}

async function moderatorKicks() {
	await chair.kick("Ben Okri", "Time is up");
	await ben.page.getByRole("heading",
		{ name: "A moderator has removed you", exact: true }).waitFor();
	await shown(ben, "Reason: Time is up");
	await ben.accessible("after he was removed");
	await ben.shoot("join-kicked");
	await phoneHears(false);
	await ben.page.reload();
	await shown(ben, "This link was used already, here or on another device. " +
		"Each link works once.");
}

/** In Japanese, on a phone's width, into the lobby and out of it. */
async function lobbyIsRespected() {
	await chair.page.getByRole("button", { name: "Turn the lobby on", exact: true }).click();
	await write("ben", { name: "田中", subject: "参加したい",
		text: "会議に参加したいのですが。" });
	const { body: text } = await reply("ben");
	assert.match(text, /待合室/);
	await ben.context.close();
	ben = await openLink(linkIn(text), { permissions: ["microphone"],
		locale: "ja-JP", viewport: { width: 360, height: 740 } });
	await button(ben, "参加").click();
	await ben.page.getByText(/^待合室にいます。/).first().waitFor();
	assert.equal(await ben.page.locator(".people").count(), 0);
	await ben.accessible("in the lobby");
	await ben.shoot("join-lobby-ja");
	await phoneHears(false);
	await chair.page.getByRole("button", { name: "Admit 田中", exact: true }).click();
	await ben.page.getByRole("heading", { name: "参加者(2 人)", exact: true }).waitFor();
	await phoneHears(true);
	await ben.accessible("in the room, in Japanese");
	await ben.shoot("join-room-ja");
}

async function personLeaves() {
	await button(ben, "退出").click();
	await ben.page.getByRole("heading", { name: "退出しました", exact: true }).waitFor();
	await phoneHears(false);
	await button(ben, "もう一度参加").click();
	await button(ben, "参加").waitFor();
}

/** Median, p95 and maximum of some times in ms, as text. */
function spread(times) {
	const sorted = [...times].sort((a, b) => a - b);
	const at = (share) => Math.round(sorted[Math.ceil(share * sorted.length) - 1]);
	return `n=${sorted.length} median ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms`;
}

/** From the mail in the room's Maildir to the reply in the person's. */
async function timedReply(user) {
	const folder = join(mail, user, "new");
	for (const part of ["tmp", "new", "cur"])
		await mkdir(join(mail, user, part), { recursive: true });
	const began = performance.now();
	await write(user, { name: user });
	while (!(await readdir(folder)).length)
		await new Promise((resolve) => setTimeout(resolve, 1));
	return performance.now() - began;
}

async function timedClick(user) {
	const { body: text } = await reply(user);
	ben = await openLink(linkIn(text), { permissions: ["microphone"] });
	await ben.page.getByRole("meter").waitFor();
	await button(ben, "Join").click();
	const took = await until("the first sound", () => ben.page.evaluate(() =>
		window.firstSound && window.firstSound - window.clicked));
	await ben.context.close();
	return took;
}

async function manyCome() {
	const replies = [];
	const clicks = [];
	if (!process.env.JOINS)
		return;
	await chair.page.getByRole("button", { name: "Turn the lobby off", exact: true }).click();
	for (let i = 0; i < Number(process.env.JOINS); i++) {
		replies.push(await timedReply(`guest${i}`));
		clicks.push(await timedClick(`guest${i}`));
	}
	console.log(`# mail to reply: ${spread(replies)}`);
	console.log(`# click to first sound: ${spread(clicks)}`);
}

async function nothingWentWrong() {
	const said = bridge.logText();
	assert.deepEqual(people.flatMap(({ errors }) => errors), []);
	assert.doesNotMatch(said, /critical:/i);
	assert.ok(!said.includes(new URL(link).hash.slice(1)));
}

const tones = join(bridge.directory.path, "page.wav");
await writeTones(tones, pageTones);
const chrome = await browser.launch("--use-fake-ui-for-media-stream",
	"--use-fake-device-for-media-stream",
	`--use-file-for-fake-audio-capture=${tones}`,
	"--autoplay-policy=no-user-gesture-required");
const status = await run([
	["the bridge starts", startBridge],
	["a phone joins by mail", () => phone.join(ROOM)],
	["a person's mail is answered by a link", mailIsAnswered],
	["the link opens a page that tests the microphone", linkIsOpened],
	["looking at the link uses nothing up", lookingUsesNothingUp],
	["the person joins", personJoins],
	["phone and page hear each other", eachHearsTheOther],
	["the page shows who is here, and how it sounds", pageShowsWhoIsHere],
	["the link is used up", linkIsUsedUp],
	["who mutes himself, or pushes to talk, is heard as he wants", personMutesHimself],
	["a moderator logs in", logIn],
	["who is muted is told, and raises his hand", moderatorMutes],
	["who is asked to unmute decides himself", moderatorAsks],
	["a call whose path is lost comes back", callComesBack],
	["who is removed is told, and his session is over", moderatorKicks],
	["the lobby is respected, in Japanese on a phone", lobbyIsRespected],
	["who leaves may join again", personLeaves],
	["so many more come, one by one", manyCome],
	["no error, and no secret in the log", nothingWentWrong],
]);
if (status)
	console.log(bridge.logText().slice(-8000).replace(/^/gm, "# "));
await chrome.close();
await phone.program?.stop();
const end = await bridge.stop();
process.exit(status || end);
