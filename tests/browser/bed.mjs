// A real ipsp-bridge whose mail is in Maildirs, real ipsp-phones that call its
// rooms, and moderators to whom it mails their links.

import assert from "node:assert/strict";
import { openSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { BUILD, freePort, freeUdpPort, Program, temporaryDirectory,
	until } from "./lib.mjs";
import { Recording, writeTones } from "./sound.mjs";

/** A mail of one part, as its reader sees it. */
export function readMail(text) {
	const [, head, body] = text.match(/^(.*?)\r?\n\r?\n(.*)$/s);
	if (/^content-transfer-encoding: *base64/im.test(head))
		return { head, body: String(Buffer.from(body, "base64")) };
	if (!/^content-transfer-encoding: *quoted-printable/im.test(head))
		return { head, body };
	return { head, body: Buffer.from(body.replace(/=\r?\n/g, "")
		.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
	"latin1").toString("utf8") };
}

async function mailsIn(maildir) {
	const folder = join(maildir, "new");
	const names = await readdir(folder).catch(() => []);
	const mails = await Promise.all(names.sort().map((name) =>
		readFile(join(folder, name), "utf8")));
	return mails.map(readMail);
}

export class Bridge {
	links = new Set(); // that were mailed and used

	/** A place for one, with a URL of its own. */
	static async prepare() {
		const bridge = new Bridge();
		bridge.directory = await temporaryDirectory();
		bridge.mail = join(bridge.directory.path, "mail");
		bridge.config = join(bridge.directory.path, "bridge.conf");
		bridge.log = join(bridge.directory.path, "bridge.log");
		bridge.url = `http://127.0.0.1:${await freePort()}`;
		return bridge;
	}

	/** Of a configuration: a room, and its mailbox. */
	room(address, more = "") {
		const [name] = address.split("@");
		return `[mail ${name}]
mailbox = maildir:${this.mail}/${name}
post = maildir:${this.mail}/%u
[room ${address}]
account = ${name}
${more}`;
	}

	/** keys: more of [bridge]; rooms: as room() gives them; users: who else gets
	 * mail. */
	async start(keys, rooms, users) {
		for (const user of users)
			for (const folder of ["tmp", "new", "cur"])
				await mkdir(join(this.mail, user, folder), { recursive: true });
		await writeFile(this.config, `[bridge]
state_directory = ${this.directory.path}/state
media_address = 127.0.0.1
media_port = ${await freeUdpPort()}
workers = 1
web_address = 127.0.0.1
web_port = ${new URL(this.url).port}
web_url = ${this.url}
web_files = ${BUILD}/web/client
${keys}${rooms.join("")}`);
		this.program = new Program(join(BUILD, "bridge/ipsp-bridge"),
			["--config", this.config],
			{ stdio: ["pipe", "pipe", openSync(this.log, "a")] });
		await until("the bridge to answer", async () =>
			(await fetch(`${this.url}/healthz`).catch(() => ({}))).ok);
	}

	logText() {
		return readFileSync(this.log, "utf8");
	}

	/** The next link that it mails to a moderator who asked for one. */
	async linkByMail(address) {
		const [user] = address.split("@");
		const linkOf = ({ body }) =>
			body.match(/http:\/\/127\.0\.0\.1:\d+\/login#[\w-]+/)[0];
		const letter = await until(`a mail for ${address}`, async () =>
			(await mailsIn(join(this.mail, user))).find((each) =>
				!this.links.has(linkOf(each))));
		assert.match(letter.head, new RegExp(`^To: .*${address}`, "m"));
		this.links.add(linkOf(letter));
		return linkOf(letter);
	}

	async logIn(moderator, address) {
		const { page } = moderator;
		await page.goto(this.url);
		await page.getByRole("textbox").fill(address);
		await moderator.shoot(`whole-ask-${address.split("@")[0]}`);
		await page.keyboard.press("Enter");
		await page.getByRole("status").waitFor();
		await moderator.useLink(await this.linkByMail(address));
	}

	/** Its exit status; what it left on the disk is gone. */
	async stop() {
		const status = await this.program.stop();
		await this.directory.remove();
		return status;
	}
}

/** `line()` sees no line that came before: so all are waited for at start. */
export class Phone {
	/** tones: in Hz, no multiples of each other or another's; none: silent. */
	constructor(bridge, name, tones = []) {
		this.bridge = bridge;
		this.name = name;
		this.tones = tones;
		this.ear = new Recording(
			join(bridge.directory.path, `${name}.heard.wav`));
	}

	/** Calls; how it goes on is for who waits for its lines. */
	call(room, ...options) {
		return this.run("call", room, ...options);
	}

	/** What it does, and its options. */
	async run(...words) {
		const user = this.name.toLowerCase();
		const voice = join(this.bridge.directory.path, `${user}.wav`);
		const { mail } = this.bridge;
		if (this.tones.length) {
			await writeTones(voice, this.tones);
			words.push("--send", voice, "--loop");
		}
		this.program = new Program(join(BUILD, "loadgen/ipsp-phone"), [
			...words, "--from", `${user}@conf.test`, "--name", this.name,
			"--mailbox", `maildir:${mail}/${user}`, "--post", `maildir:${mail}/%u`,
			"--receive", this.ear.path, "--json"]);
		this.ended = false;
		this.program.exited.then(() => { this.ended = true; });
	}

	async join(room, ...options) {
		await this.call(room, ...options);
		await this.program.line(/"state":"talking"/);
	}

	/** The next line in which the bridge tells it this, in band. */
	told(json) {
		return this.program.line(
			new RegExp(`"message":${json.replace(/[{}]/g, "\\$&")}`));
	}

	/** What is heard in the next seconds, as the tones of a talker. */
	async listen(seconds) {
		const start = await this.ear.seconds();
		await until(`${seconds} s more of what ${this.name} hears`,
			async () => await this.ear.seconds() >= start + seconds);
		return (talker) => this.ear.tones(talker.tones, start, seconds);
	}

	/** Waits until a second holds nothing, or all tones, of talker. */
	async waitFor(talker, heard) {
		await until(
			`${this.name} to hear ${heard ? "" : "no more of "}${talker.name}`,
			async () => {
				const start = await this.ear.seconds() - 1;
				if (start < 0)
					return false;
				const tones = await this.ear.tones(talker.tones, start, 1);
				return tones.every((tone) => heard ? tone.heard : tone.silent);
			});
	}
}
