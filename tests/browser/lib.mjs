// What the browser tests share: Chromium, a program under test whose lines
// are read, steps on the panel's page, and TAP.

import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

export const BUILD = resolve(process.env.BUILD ?? "build");
const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
const WAIT = Number(process.env.WAIT ?? 45000); // ms; a browser that starts on a busy machine takes its time

const axe = await readFile(
	createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function freePort() {
	return new Promise((found) => {
		const server = createServer();
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => found(port));
		});
	});
}

export function freeUdpPort() {
	return new Promise((found) => {
		const socket = createSocket("udp4");
		socket.bind(0, "127.0.0.1", () => {
			const { port } = socket.address();
			socket.close(() => found(port));
		});
	});
}

export async function temporaryDirectory() {
	const path = await mkdtemp(join(tmpdir(), "ipsp-browser-"));
	return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export const browser = {
	/** One Chromium for all cases; each person gets a context of their own. */
	async launch(...more) {
		return chromium.launch({
			executablePath: BROWSER,
			args: [
				"--headless", "--no-sandbox", "--disable-gpu",
				"--disable-quic", "--no-first-run",
				"--disable-background-networking",
				"--disable-component-update", "--disable-sync", ...more,
			],
		});
	},
};

/** A child process: its lines can be awaited, its input written. */
export class Program {
	#child;
	#lines = [];
	#waiters = [];
	exited;

	constructor(command, args, options = {}) {
		this.#child = spawn(command, args, {
			stdio: ["pipe", "pipe", "inherit"], ...options });
		createInterface({ input: this.#child.stdout }).on("line", (line) => {
			this.#lines.push(line);
			this.#waiters = this.#waiters.filter((waiter) => !waiter(line));
		});
		this.exited = new Promise((resolve) =>
			this.#child.on("exit", (code, signal) => resolve(code ?? signal)));
	}

	write(line) {
		this.#child.stdin.write(`${line}\n`);
	}

	/** The first line after now that matches, as a match. */
	line(pattern, milliseconds = WAIT) {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(
				`no line like ${pattern} within ${milliseconds} ms; last: ` +
				JSON.stringify(this.#lines.slice(-5)))), milliseconds);
			this.#waiters.push((line) => {
				const match = line.match(pattern);
				if (match) {
					clearTimeout(timer);
					resolve(match);
				}
				return Boolean(match);
			});
		});
	}

	/** Writes a line and gives what the program says to it. */
	ask(line, pattern) {
		const answer = this.line(pattern);
		this.write(line);
		return answer;
	}

	signal(name) {
		this.#child.kill(name);
	}

	/** Ends its input, then insists; gives its exit status. */
	async stop(signal = "SIGTERM") {
		this.#child.stdin.end();
		this.#child.kill(signal);
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
		const status = await this.exited;
		clearTimeout(timer);
		return status;
	}
}

/** A moderator with a browser of their own, on the panel. */
export class Moderator {
	constructor(context, page, errors) {
		this.context = context;
		this.page = page;
		this.errors = errors; // of the page: scripts, policy, requests
	}

	static async open(chrome, options = {}) {
		const context = await chrome.newContext({
			locale: "en-GB", timezoneId: "UTC", viewport: { width: 1280, height: 760 }, ...options });
		const page = await context.newPage();
		const errors = [];
		page.setDefaultTimeout(WAIT);
		page.on("pageerror", (error) => errors.push(String(error)));
		page.on("console", (message) => {
			if (/Content.Security.Policy|Trusted/i.test(message.text()))
				errors.push(message.text());
		});
		return new Moderator(context, page, errors);
	}

	async useLink(link) {
		await this.page.goto(link);
		await this.page.locator(".login button.primary").click();
		await this.page.locator(".status.live").waitFor();
	}

	row(name) {
		return this.page.getByRole("row").filter({
			has: this.page.locator(".name", { hasText: new RegExp(`^${name}$`) }) });
	}

	async mute(name) {
		await this.page.getByRole("button", { name: `Mute ${name}`, exact: true })
			.click();
	}

	async unmute(name) {
		await this.page.getByRole("button", { name: `Unmute ${name}`, exact: true })
			.click();
	}

	async volume(name, percent) {
		await this.page.getByRole("slider",
			{ name: `How loud the others hear ${name}` }).fill(String(percent));
	}

	async kick(name, reason = "") {
		await this.page.getByRole("button", { name: `Remove ${name}…`, exact: true }).click();
		const dialog = this.page.getByRole("dialog");
		await dialog.getByRole("textbox").fill(reason);
		await dialog.getByRole("button", { name: "Remove", exact: true }).click();
	}

	/** Fails where axe-core finds that the view breaks WCAG 2.2 A or AA, or a
	 * practice that it is sure of; or only one of these rules, if there are some. */
	async accessible(view, rules = null) {
		if (!await this.page.evaluate("Boolean(window.axe)"))
			await this.page.evaluate(axe);
		const { violations } = await this.page.evaluate((only) => window.axe.run({
			runOnly: only ?? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
				"best-practice"],
			resultTypes: ["violations"],
		}), rules);
		const said = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${
			nodes.slice(0, 3).map(({ html, failureSummary }) =>
				`${html} ${failureSummary}`).join(" | ")}`);
		if (said.length)
			throw new Error(`${view} is not accessible:\n${said.join("\n")}`);
	}

	/** Names in the order of the rows that are in the page. */
	async names() {
		return this.page.locator("tr[data-member] .name").allInnerTexts();
	}

	/** With SHOTS=DIRECTORY in the environment, a picture of the page there. */
	async shoot(name) {
		if (process.env.SHOTS)
			await this.page.screenshot({
				path: join(process.env.SHOTS, `${name}.png`) });
	}

	/** Likewise of a part of it, as high as it is. */
	async shootElement(name, selector) {
		if (process.env.SHOTS)
			await this.page.locator(selector).first().screenshot({
				path: join(process.env.SHOTS, `${name}.png`) });
	}

	/** Where the meters' covers are, sampled: a moving one has many values. */
	async meterPositions(name, milliseconds) {
		const seen = new Set();
		const cover = this.row(name).locator(".cover");
		for (const end = Date.now() + milliseconds; Date.now() < end;) {
			seen.add(await cover.evaluate((element) => element.style.transform));
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		return seen;
	}
}

/** The page's time, in ms, when it first shows `text`, or no longer does. */
export function whenShown(page, text, shown = true) {
	return page.evaluate((wanted) => new Promise((resolve) => {
		const observer = new MutationObserver(look);
		function look() {
			const there = document.body.innerText.includes(wanted.text);
			if (there !== wanted.shown)
				return;
			observer.disconnect();
			resolve(Date.now());
		}
		observer.observe(document.body,
			{ subtree: true, childList: true, characterData: true });
		look();
	}), { text, shown });
}

/** The page's time, in ms, of its next click on what matches `selector`. */
export function whenClicked(page, selector) {
	return page.evaluate((wanted) => new Promise((resolve) => {
		document.addEventListener("click", function note(event) {
			if (!event.target.matches(wanted))
				return;
			document.removeEventListener("click", note, true);
			resolve(Date.now());
		}, true);
	}), selector);
}

/** What the bridge says to a command, over a socket of the page's own. */
export function command(page, what) {
	return page.evaluate((what) => new Promise((resolve) => {
		const socket = new WebSocket(`ws://${location.host}/panel`, "ipsp-panel");
		let snapshot;
		socket.onopen = () => socket.send(JSON.stringify({ id: 1, ...what }));
		socket.onmessage = ({ data }) => {
			const message = JSON.parse(data);
			if (message.t === "snapshot")
				snapshot = message;
			if (message.id !== 1)
				return;
			socket.close();
			resolve(message.t === "error" ? message.code : snapshot ?? "done");
		};
	}), what);
}

/** Polls until `condition` gives something true; fails by name. */
export async function until(what, condition, milliseconds = WAIT) {
	for (const end = Date.now() + milliseconds; Date.now() < end;) {
		const result = await condition();
		if (result)
			return result;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`waited ${milliseconds} ms in vain for: ${what}`);
}

/** Runs the cases, [name, function], as TAP. Each goes on from where the one
 * before left the page, so after a failure the rest is not tried. */
export async function run(cases) {
	let failed = 0;
	console.log(`1..${cases.length}`);
	for (const [index, [name, work]] of cases.entries()) {
		try {
			if (failed)
				throw new Error("not tried, an earlier case failed");
			await work();
			console.log(`ok ${index + 1} ${name}`);
		} catch (error) {
			failed++;
			console.log(String(error.stack).replace(/^/gm, "# "));
			console.log(`not ok ${index + 1} ${name}`);
		}
	}
	return failed ? 1 : 0;
}
