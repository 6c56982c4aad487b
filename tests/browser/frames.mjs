// What a panel of 500 people costs its browser while 5 of them talk: script,
// and style, layout and paint, per frame, from Chromium's own trace of 20 s,
// twice: the page left alone, and its rows scrolled. `./dev bench frames`.
//
// With URL and COOKIE (NAME=VALUE of a session) it is the panel of a bridge that
// runs already: `./dev bench panel`. The last line is then all figures as JSON.

import { join } from "node:path";

import { browser, BUILD, freePort, Moderator, Program, until } from "./lib.mjs";

const { URL: PANEL, COOKIE } = process.env;

const SECONDS = Number(process.env.SECONDS ?? 20);
const PEOPLE = Number(process.env.PEOPLE ?? 500);
const TALKERS = 5;
const FRAME = 1e6 / 60; // us, whether or not one was drawn
const GOAL = 8; // ms of script in a frame
const LONG = 1000 / 60; // ms: the next frame is late

const SCRIPT = new Set(["FunctionCall", "EvaluateScript", "RunMicrotasks",
	"FireAnimationFrame", "TimerFire", "EventDispatch", "v8.callFunction",
	"MinorGC", "MajorGC", "V8.GCScavenger", "V8.GC_MC_INCREMENTAL"]);
const DRAWING = new Set(["UpdateLayoutTree", "Layout", "PrePaint", "Paint",
	"Layerize", "Commit"]);

/** Of events in order: those that are in no other. */
function outermost(events) {
	let end = -Infinity;
	return events.filter(({ ts, dur }) => {
		if (ts < end)
			return false;
		end = ts + dur;
		return true;
	});
}

/** ms that the thread computed for the events in each frame: all of an event in
 * the frame in which it begins. By the thread's own clock: while others have the
 * processor it stands. */
function perFrame(events, first, last) {
	const frames = new Float64Array(Math.ceil((last - first) / FRAME));
	for (const { ts, tdur } of events.filter((each) => each.ts >= first))
		frames[Math.floor((ts - first) / FRAME)] += tdur / 1000;
	return frames.sort();
}

function quantile(sorted, part) {
	return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** The main thread of the page is the one with most of these events. */
function mainThread(events) {
	const counts = new Map();
	for (const { name, pid, tid } of events)
		if (name === "FunctionCall")
			counts.set(`${pid} ${tid}`, (counts.get(`${pid} ${tid}`) ?? 0) + 1);
	return [...counts].sort(([, a], [, b]) => b - a)[0][0];
}

function report(name, trace) {
	const main = mainThread(trace.traceEvents);
	const events = trace.traceEvents
		.filter(({ pid, tid }) => `${pid} ${tid}` === main)
		.sort((a, b) => a.ts - b.ts);
	const complete = (names) => events.filter((each) =>
		each.ph === "X" && names.has(each.name));
	const script = complete(SCRIPT);
	const drawing = complete(DRAWING);
	const last = events.at(-1).ts + 1;
	// What the trace has of before it began is not of these frames.
	const first = Math.max(events.find(({ ts }) => ts > 0).ts, last - SECONDS * 1e6);
	const parts = [["script", outermost(script), GOAL],
		["drawing", outermost(drawing), GOAL],
		["both", outermost(complete(new Set([...SCRIPT, ...DRAWING]))), LONG]];
	for (const [what, all, goal] of parts) {
		const frames = perFrame(all, first, last);
		const sum = frames.reduce((total, ms) => total + ms, 0);
		const figures = {
			page: name, what, goal, frames: frames.length,
			p50: quantile(frames, 0.5), p99: quantile(frames, 0.99),
			max: frames.at(-1), over: frames.filter((ms) => ms > goal).length,
			share: sum / ((last - first) / 1000) };
		found.push(figures);
		console.log(`${name}: ${what} per frame: p50 ${figures.p50.toFixed(2)}` +
			` p99 ${figures.p99.toFixed(2)} max ${figures.max.toFixed(2)} ms,` +
			` ${figures.over} of ${figures.frames} over ${goal.toFixed(1)} ms,` +
			` ${(100 * figures.share).toFixed(1)} % of the time`);
	}
}

async function traced(chrome, page, name, work) {
	await chrome.startTracing(page, { categories: ["devtools.timeline",
		"disabled-by-default-devtools.timeline", "v8", "blink.user_timing"] });
	await work();
	report(name, JSON.parse((await chrome.stopTracing()).toString()));
}

/** A web/ of our own, in whose room PEOPLE are; the page shows it. */
async function openOwn(chair) {
	const port = await freePort();
	const host = new Program(join(BUILD, "tests/integration/webhost"),
		[String(port), join(BUILD, "web/client"), "40"]);
	await host.line(/^listening/);
	host.write(`talkers ${TALKERS}`);
	await host.ask(`crowd ${PEOPLE}`, /^crowded/);
	await chair.page.goto(`http://127.0.0.1:${port}`);
	const [, link] = await host.ask("link chair@localhost", /^link (\S+)/);
	await chair.useLink(link);
	return host;
}

async function openPanel(chair) {
	const [name, value] = COOKIE.split("=");
	await chair.context.addCookies([{ name, value, url: PANEL }]);
	await chair.page.goto(PANEL);
	return null;
}

const found = []; // figures
const chrome = await browser.launch();
const chair = await Moderator.open(chrome);
const host = await (PANEL ? openPanel(chair) : openOwn(chair));
await until("rows", async () => (await chair.names()).length > 5);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
await pause(3000);
console.log(`${PEOPLE} people, ${TALKERS} talking, ${
	await chair.page.locator("tr[data-member]").count()} rows in the page, ${
	await chair.page.evaluate(() => document.querySelectorAll("*").length)} elements`);
await traced(chrome, chair.page, "left alone", () => pause(1000 * SECONDS));
const rows = await chair.page.locator(".people").boundingBox();
await chair.page.mouse.move(rows.x + 300, rows.y + 100);
await traced(chrome, chair.page, "scrolled", async () => {
	for (const end = Date.now() + 1000 * SECONDS; Date.now() < end;) {
		await chair.page.mouse.wheel(0, 240);
		await pause(50);
	}
});
await chrome.close();
await host?.stop();
if (PANEL)
	console.log(JSON.stringify(found));
