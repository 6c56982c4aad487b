// The browser as a telephone: a page in Debian's Chromium posts its offer to a
// real ipsp-bridge (docs/whip.md), talks with a real ipsp-phone, and each
// hears the other. The page is this test's own, served under the bridge's
// name.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { Bridge, Phone } from "./bed.mjs";
import { browser, BUILD, run, until } from "./lib.mjs";
import { tonesOf, writeTones } from "./sound.mjs";

const ROOM = "standup@conf.test";
const WHIP = `/whip/${encodeURIComponent(ROOM)}`;
const PAGE = "/telephone"; // served by playwright, not by the bridge

const phoneTones = [523, 1370]; // Hz
const pageTones = [887, 2290];

const bridge = await Bridge.prepare();
const phone = new Phone(bridge, "Ann", phoneTones);

let page, other;

/** Runs in the page: a WHIP client of 40 lines. `spoil` changes its offer. */
function telephone() {
	window.join = async (url, token, { spoil = null, direction = "sendrecv" } = {}) => {
		const began = performance.now();
		const pc = new RTCPeerConnection();
		const input = await navigator.mediaDevices.getUserMedia({ audio: {
			echoCancellation: false, noiseSuppression: false,
			autoGainControl: false } });
		pc.addTransceiver(input.getAudioTracks()[0], { direction });
		const context = new AudioContext({ sampleRate: 48000 });
		const analyser = new AnalyserNode(context, { fftSize: 32768 });
		pc.ontrack = ({ track }) => {
			const stream = new MediaStream([track]);
			window.sink = new Audio(); // Chromium wants one, to decode at all
			window.sink.srcObject = stream;
			window.sink.muted = true;
			context.createMediaStreamSource(stream).connect(analyser);
		};
		await pc.setLocalDescription();
		const offer = spoil
			? pc.localDescription.sdp.replace(new RegExp(spoil[0]), spoil[1])
			: pc.localDescription.sdp;
		const reply = await fetch(url, { method: "POST", body: offer, headers: {
			"Authorization": `Bearer ${token}`, "Content-Type": "application/sdp" } });
		const answer = await reply.text();
		if (reply.status !== 201)
			return { status: reply.status, answer };
		const connected = new Promise((resolve) => {
			pc.onconnectionstatechange = () => {
				if (["connected", "failed"].includes(pc.connectionState))
					resolve(pc.connectionState);
			};
		});
		await pc.setRemoteDescription({ type: "answer", sdp: answer });
		window.call = { pc, analyser, location: reply.headers.get("Location"),
			etag: reply.headers.get("ETag"), token };
		return { status: 201, answer, state: await connected,
			ms: Math.round(performance.now() - began) };
	};
	window.hear = () => {
		const samples = new Float32Array(window.call.analyser.fftSize);
		window.call.analyser.getFloatTimeDomainData(samples);
		return Array.from(samples);
	};
	window.patch = (fragment, match) => fetch(window.call.location, {
		method: "PATCH", body: fragment, headers: { ...match,
			"Authorization": `Bearer ${window.call.token}`,
			"Content-Type": "application/trickle-ice-sdpfrag" } });
	window.leave = () => fetch(window.call.location, { method: "DELETE",
		headers: { "Authorization": `Bearer ${window.call.token}` } });
	/** An ICE restart, RFC 9725 4.3.3. */
	window.restart = async () => {
		const { pc } = window.call;
		const old = pc.remoteDescription.sdp;
		const sent = await pc.createOffer({ iceRestart: true });
		await pc.setLocalDescription(sent);
		const lines = sent.sdp.split("\r\n").filter((line) =>
			/^(m=|a=(mid|ice-ufrag|ice-pwd):)/.test(line));
		const reply = await window.patch(`${lines.join("\r\n")}\r\n`,
			{ "If-Match": "*" });
		const fragment = await reply.text();
		const value = (name) => fragment.match(new RegExp(`a=${name}:(.*)\r\n`))[1];
		const before = window.call.etag;
		window.call.etag = reply.headers.get("ETag");
		await pc.setRemoteDescription({ type: "answer", sdp: old
			.replace(/a=ice-ufrag:.*/, `a=ice-ufrag:${value("ice-ufrag")}`)
			.replace(/a=ice-pwd:.*/, `a=ice-pwd:${value("ice-pwd")}`) });
		return { status: reply.status, changed: before !== window.call.etag };
	};
}

function token(...options) {
	return execFileSync(join(BUILD, "bridge/ipsp-bridge"),
		["token", "-c", bridge.config, ROOM, ...options], { encoding: "utf8" }).trim();
}

async function openPage() {
	const context = await chrome.newContext();
	const opened = await context.newPage();
	await opened.route(`**${PAGE}`, (route) => route.fulfill({
		contentType: "text/html", body: "<!doctype html><title>Telephone</title>" }));
	await opened.goto(bridge.url + PAGE);
	await opened.evaluate(telephone);
	return opened;
}

function dial(where, options = {}, bearer = token()) {
	return where.evaluate(([to, secret, how]) => window.join(to, secret, how),
		[WHIP, bearer, options]);
}

async function startBridge() {
	await bridge.start("", [bridge.room(ROOM, "capacity = 5\n")], ["standup"]);
}

async function pageJoins() {
	page = await openPage();
	const joined = await dial(page);
	assert.equal(joined.status, 201, joined.answer);
	console.log(`# connected after ${joined.ms} ms, microphone and all`);
	assert.equal(joined.state, "connected");
	for (const line of ["a=ice-lite", "a=setup:passive", "a=rtcp-mux",
		"a=candidate:1 1 udp", "a=fingerprint:sha-256", "a=group:BUNDLE 0",
		"ssrc-audio-level", "useinbandfec=1"])
		assert.ok(joined.answer.includes(line), line);
}

/** What the page hears, as tones. */
async function heardByPage(hertz) {
	return tonesOf(hertz, Float64Array.from(
		await page.evaluate(() => window.hear())));
}

async function heardByPhone(hertz) {
	return phone.ear.tones(hertz, await phone.ear.seconds() - 1, 1);
}

async function eachHearsTheOther() {
	const words = (tones) => tones.join(", ");
	let heard;
	await until("the page to hear the phone", async () => {
		heard = await heardByPage(phoneTones);
		return heard.every((tone) => tone.heard);
	});
	console.log(`# page hears phone: ${words(heard)}`);
	const own = await heardByPage(pageTones);
	console.log(`# page hears itself: ${words(own)}`);
	assert.ok(own.every((tone) => tone.silent));
	await until("the phone to hear the page", async () => {
		heard = await heardByPhone(pageTones);
		return heard.every((tone) => tone.heard);
	});
	console.log(`# phone hears page: ${words(heard)}`);
}

/** The newest statistics of the page's call: by type. */
function statistics() {
	return page.evaluate(async () => {
		const found = {};
		for (const one of (await window.call.pc.getStats()).values())
			found[one.type] = one;
		return found;
	});
}

async function rtcpIsUnderstood() {
	const found = await until("a report of what the page sends", async () => {
		const all = await statistics();
		return all["remote-inbound-rtp"]?.roundTripTime !== undefined && all;
	});
	const transport = found.transport;
	console.log(`# ${transport.dtlsCipher}, ${transport.srtpCipher}, round trip ` +
		`${(found["remote-inbound-rtp"].roundTripTime * 1000).toFixed(1)} ms, ` +
		`lost ${found["remote-inbound-rtp"].packetsLost}`);
	assert.equal(transport.dtlsState, "connected");
	assert.ok(/GCM/.test(transport.srtpCipher), transport.srtpCipher);
}

async function restartKeepsTheCall() {
	const before = await statistics();
	assert.deepEqual(await page.evaluate(() => window.restart()),
		{ status: 200, changed: true });
	await until("another pair of candidates", async () => {
		const now = await statistics();
		return now.transport.iceState === "connected" &&
			now.transport.iceLocalUsernameFragment !==
				before.transport.iceLocalUsernameFragment;
	});
	await eachHearsTheOther();
}

async function patchesAreRefused() {
	const status = (fragment, match) => page.evaluate(async (what) =>
		(await window.patch(...what)).status, [fragment, match]);
	const etag = await page.evaluate(() => window.call.etag);
	const trickle = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
		"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n";

	assert.equal(await status(trickle, { "If-Match": etag }), 204);
	assert.equal(await status(trickle, {}), 428);
	assert.equal(await status(trickle, { "If-Match": "\"older\"" }), 412);
	assert.equal(await status("a=ice-ufrag:other\r\n", { "If-Match": etag }), 422);
	assert.equal(await status("nonsense\r\n", { "If-Match": etag }), 422);
}

async function offersAreRefused() {
	other = await openPage();
	const without = (line) => dial(other, { spoil: [`${line}[^\r]*\r\n`, ""] });

	for (const line of ["a=ice-pwd", "a=fingerprint"])
		assert.equal((await without(line)).status, 422, line);
	assert.equal((await dial(other, { spoil: ["setup:actpass", "setup:passive"] }))
		.status, 422);
	assert.equal((await dial(other, {}, "wrong")).status, 401);
}

/** Its offer promises another certificate than it has. */
async function fingerprintIsChecked() {
	const joined = await dial(other, { spoil: [
		"a=fingerprint:sha-256 ..:..", "a=fingerprint:sha-256 00:00"] });
	assert.equal(joined.status, 201);
	assert.equal(joined.state, "failed");
	await until("the bridge to say so", () =>
		bridge.logText().includes("not the certificate of its offer"));
}

async function listenerOnlyHears() {
	const joined = await dial(other, { direction: "recvonly" },
		token("--role", "listener"));
	assert.equal(joined.state, "connected");
	await until("the listener to hear the phone", async () => {
		const samples = await other.evaluate(() => window.hear());
		return tonesOf(phoneTones, Float64Array.from(samples))
			.every((tone) => tone.heard);
	});
	await other.close();
}

async function pageLeaves() {
	assert.equal(await page.evaluate(async () => (await window.leave()).status), 200);
	assert.equal(await page.evaluate(async () => (await window.leave()).status), 404);
	await until("the phone to hear the page no more", async () =>
		(await heardByPhone(pageTones)).every((tone) => tone.silent));
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
	["a page joins by WebRTC", pageJoins],
	["phone and page hear each other", eachHearsTheOther],
	["RTCP gives the page its round trip", rtcpIsUnderstood],
	["an ICE restart keeps the call", restartKeepsTheCall],
	["candidates are taken, patches out of turn refused", patchesAreRefused],
	["an offer that cannot be used is refused", offersAreRefused],
	["another certificate than the offer's is refused", fingerprintIsChecked],
	["who only listens hears", listenerOnlyHears],
	["who leaves is heard no more", pageLeaves],
]);
if (status)
	console.log(bridge.logText().slice(-8000).replace(/^/gm, "# "));
await chrome.close();
await phone.program?.stop();
const end = await bridge.stop();
process.exit(status || end);
