// The panel in a real browser, against web/ with a real room (webhost.c).
// With SHOTS=DIRECTORY it leaves pictures there.

import assert from "node:assert/strict";
import { join } from "node:path";

import { browser, BUILD, freePort, Moderator, Program, run, until }
	from "./lib.mjs";

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const chrome = await browser.launch();

function startHost() {
	return new Program(join(BUILD, "tests/integration/webhost"),
		[String(port), join(BUILD, "web/client"), "40"]);
}

let host = startHost();
await host.line(/^listening/);

let chair, deputy;
const ids = {};

async function join_(name, address) {
	const [, id] = await host.ask(`join ${name} ${address}`, /^joined (\d+)/);
	ids[name] = id;
}

async function logInByMail() {
	chair = await Moderator.open(chrome);
	await chair.page.goto(url);
	await chair.page.getByLabel("Mail address").fill("Chair@LocalHost");
	await chair.shoot("login");
	await chair.accessible("the log-in");
	const mail = host.line(/^mail chair@localhost (\S+) en$/);
	await chair.page.getByRole("button", { name: "Mail me a link", exact: true }).click();
	await chair.page.getByText("a link is on its way").waitFor();
	const [, link] = await mail;

	/* A mail scanner looks first, and nothing is used up by it. */
	const scanner = await Moderator.open(chrome);
	await scanner.page.goto(link);
	await scanner.page.getByRole("button", { name: "Log in", exact: true }).waitFor();
	await scanner.shoot("link");
	await scanner.accessible("a link's page");
	await scanner.context.close();

	await chair.useLink(link);
	assert.ok(!(await chair.page.url()).includes("#"), "token left in the URL");
	const [cookie] = await chair.context.cookies();
	assert.equal(cookie.httpOnly, true);
	assert.equal(cookie.sameSite, "Strict");

	const second = await Moderator.open(chrome);
	await second.page.goto(link);
	await second.page.getByRole("button", { name: "Log in", exact: true }).click();
	await second.page.getByText("used already or is too old").waitFor();
	await second.context.close();
}

async function strangersGetTheSameAnswer() {
	const stranger = await Moderator.open(chrome);
	let mailed = false;
	host.line(/^mail stranger/, 2000).then(() => { mailed = true; }, () => {});
	await stranger.page.goto(url);
	await stranger.page.getByLabel("Mail address").fill("stranger@localhost");
	await stranger.page.getByRole("button", { name: "Mail me a link", exact: true }).click();
	await stranger.page.getByText("a link is on its way").waitFor();
	await new Promise((resolve) => setTimeout(resolve, 600));
	assert.equal(mailed, false);
	await stranger.context.close();
}

async function rowsAndMovingMeters() {
	await chair.page.getByText("Nobody is here yet").waitFor();
	await chair.shoot("empty");
	await chair.accessible("an empty room");
	await join_("Aiko", "aiko@example.jp");
	await join_("Ben", "ben@example.org");
	await join_("Chloé", "chloe.dubois@example.fr");
	host.write("invite Dmitri dmitri@example.net");
	await chair.row("Chloé").waitFor();
	await chair.row("Dmitri").getByText("Invited").waitFor();
	assert.match(await chair.row("Aiko").innerText(), /aiko@example\.jp/);
	assert.match(await chair.row("Aiko").innerText(), /local-1/);
	await chair.row("Aiko").getByText(/^(Good|Fair)$/).waitFor();
	/* She is silent for 6.3 s between two turns of 6.3 s, whenever that is:
	 * three seconds of a turn lie in one of the next windows. */
	await until("Aiko's meter to move", async () =>
		(await chair.meterPositions("Aiko", 3000)).size > 10, 20000);
	await chair.shoot("panel");
}

async function qualityIsAWordWithItsFigures() {
	/* One of three has a loss of 6 %, webhost.c. */
	const summary = chair.page.locator("details.quality.fair summary").first();
	assert.match(await summary.innerText(), /Fair\s+Loss from them/);
	await summary.focus();
	await chair.page.keyboard.press("Enter");
	const details = chair.page.locator("details.quality[open]");
	await details.getByText("MOS (est.)").waitFor();
	const text = await details.innerText();
	assert.match(text, /MOS \(est\.\)\s+from them\s+3\.4\s+to them\s+4\.3/);
	assert.match(text, /Loss\s+from them\s+6%\s+to them\s+0\.2%/);
	assert.match(text, /Concealed\s+from them\s+2%\s+to them\s+–/);
	assert.match(text, /Round trip \d+ ms/);
	/* The figures go on each second and stay open. */
	await new Promise((resolve) => setTimeout(resolve, 1500));
	assert.equal(await details.count(), 1);
	await chair.shoot("quality");
	await chair.page.keyboard.press("Enter");
	await details.waitFor({ state: "detached" });
}

async function peopleAreFoundFilteredAndSorted() {
	const search = chair.page.getByRole("searchbox");
	await search.fill("chloe");
	await chair.page.getByText("1 of 4 shown").waitFor();
	await until("only Chloé", async () => (await chair.names()).join() === "Chloé");
	await search.fill("nobody");
	await chair.page.getByText("Nobody is like that.").waitFor();
	await search.fill("");
	await chair.page.getByRole("button", { name: "Invited 1", exact: true }).click();
	await until("only Dmitri", async () =>
		(await chair.names()).join() === "Dmitri");
	await chair.page.getByRole("button", { name: "All 4", exact: true }).click();
	const heading = chair.page.getByRole("columnheader", { name: "Person", exact: true });
	for (const [sort, order] of [["ascending", "Aiko,Ben,Chloé,Dmitri"],
		["descending", "Dmitri,Chloé,Ben,Aiko"],
		["none", "Aiko,Ben,Chloé,Dmitri"]]) {
		await heading.getByRole("button").click();
		await until(`${sort} order`, async () =>
			(await heading.getAttribute("aria-sort")) === sort &&
			(await chair.names()).join() === order);
	}
}

async function theRoomAtAGlance() {
	const fact = (name) => chair.page.locator(".fact").filter({
		has: chair.page.getByText(name, { exact: true }) });
	await fact("People").getByText(/4 of 600 people\s*3 here, 1 invited/)
		.first().waitFor();
	await fact("PhoneGates").getByText(/local-1\s+4\/5/).waitFor();
	/* One of three has a loss of 6 %, webhost.c. */
	await fact("Worst sound").getByText("Fair · Loss from them").waitFor();
	assert.match(await fact("Alarms").innerText(), /None/);
	await fact("Worst sound").getByRole("button").click();
	await chair.page.getByRole("dialog").waitFor();
}

/* The dialog of who has the worst sound is open. */
async function figuresOverTimeAreDrawnAndSaid() {
	const dialog = chair.page.getByRole("dialog");
	await until("three charts", async () =>
		(await dialog.locator("canvas").count()) === 3);
	await dialog.getByText(/In the last \d+ s: lost from them 6% now, 6% to 6%/)
		.waitFor();
	await dialog.getByText("Loss: figures as a table").click();
	const table = dialog.getByRole("table", { name: "Loss", exact: true });
	await until("three samples", async () => (await table.getByRole("row").count()) > 3);
	assert.match(await table.getByRole("row").nth(1).innerText(),
		/\d:\d\d.*\s6%\s+0\.1%\s+0\.2%/);
	await chair.shoot("person");
	await chair.accessible("a person's figures");
	await chair.page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	const overTime = chair.page.getByRole("heading",
		{ name: "The room over time", exact: true });
	await overTime.click();
	await until("four charts of the room", async () =>
		(await chair.page.locator(".over-time canvas").count()) === 4);
	await chair.accessible("the room's charts");
	await chair.shootElement("room-charts", ".over-time");
	await overTime.click();
}

/** Waits until the focus is on what has this label. */
function focusOn(label) {
	return until(`the focus on ${label}`, () => chair.page.evaluate((wanted) =>
		document.activeElement.ariaLabel === wanted, label));
}

async function singleKeysActAndCanBeTurnedOff() {
	const { keyboard } = chair.page;
	const sheet = chair.page.getByRole("dialog", { name: "Keys and settings", exact: true });
	await chair.page.locator("body").press("?");
	await sheet.waitFor();
	await chair.shoot("sheet");
	await chair.accessible("the sheet of keys");
	await keyboard.press("Escape");
	await sheet.waitFor({ state: "detached" });
	await keyboard.press("/");
	await keyboard.type("?jm");
	await until("what was typed", async () =>
		(await chair.page.getByRole("searchbox").inputValue()) === "?jm");
	await chair.page.getByRole("searchbox").fill("");
	await chair.page.getByRole("button", { name: "Keys and settings", exact: true }).focus();
	await keyboard.press("j");
	await focusOn("Show figures of Ben");
	await Promise.all([host.line(new RegExp(`^set-muted ${ids.Ben} 1$`)),
		keyboard.press("m")]);
	await chair.row("Ben").getByText("Muted by").waitFor();
	await Promise.all([host.line(new RegExp(`^set-muted ${ids.Ben} 0$`)),
		keyboard.press("m")]);

	await chair.page.getByRole("button", { name: "Keys and settings", exact: true }).click();
	await sheet.getByRole("checkbox", { name: "Single keys act", exact: true }).uncheck();
	await keyboard.press("Escape");
	await sheet.waitFor({ state: "detached" });
	await keyboard.press("?");
	await chair.page.getByRole("button", { name: "Keys and settings", exact: true }).click();
	await sheet.waitFor();
	assert.equal(await sheet.count(), 1);
	await sheet.getByRole("checkbox", { name: "Single keys act", exact: true }).check();
	await keyboard.press("Escape");
	await sheet.waitFor({ state: "detached" });
}

async function aRowIsOneStop() {
	const { keyboard } = chair.page;
	const stops = chair.page.locator("tbody[role=rowgroup] :is(button, summary, input)");
	await until("name, volume, quality, mute and remove of one row", async () =>
		(await stops.evaluateAll((all) =>
			all.filter((each) => each.tabIndex === 0).length)) === 5);
	await chair.page.getByRole("button", { name: "Mute Aiko", exact: true }).focus();
	await keyboard.press("ArrowDown");
	await focusOn("Mute Ben");
	await keyboard.press("End");
	await focusOn("Mute Dmitri");
	await keyboard.press("Home");
	await focusOn("Mute Aiko");
	await keyboard.press("PageDown");
	await focusOn("Mute Dmitri");
}

async function muteAndUnmute() {
	const [answer] = await Promise.all([
		host.line(new RegExp(`^set-muted ${ids.Ben} 1$`)), chair.mute("Ben")]);
	assert.ok(answer);
	await chair.row("Ben").getByText("Muted by chair@localhost").waitFor();
	/* What he says is still seen, but not in the colours of what is heard. */
	await chair.row("Ben").locator(".meter.unheard").waitFor();
	await Promise.all([
		host.line(new RegExp(`^set-muted ${ids.Ben} 0$`)), chair.unmute("Ben")]);
	await chair.page.getByRole("button", { name: "Mute Ben", exact: true }).waitFor();
	await chair.row("Ben").locator(".meter.unheard").waitFor({ state: "detached" });
}

async function nobodyIsUnmutedFromAfar() {
	host.write(`self-mute ${ids.Aiko}`);
	await chair.row("Aiko").getByText("Muted own microphone").waitFor();
	/* A moderator can only add a mute of his own, and take that one back. */
	assert.equal(await chair.page.getByRole("button",
		{ name: "Unmute Aiko" }).count(), 0);
	await chair.mute("Aiko");
	await chair.unmute("Aiko");
	await chair.page.getByRole("button", { name: "Mute Aiko", exact: true }).waitFor();
	await chair.row("Aiko").getByText("Muted own microphone").waitFor();
}

async function secondModeratorSeesBoth() {
	const [, link] = await host.ask("link deputy@localhost", /^link (\S+)/);
	deputy = await Moderator.open(chrome, {
		locale: "ja-JP", colorScheme: "dark" });
	await deputy.page.goto(link);
	await deputy.page.getByRole("button", { name: "ログイン", exact: true }).click();
	/* The deputy has two rooms, the chair but one. */
	await deputy.page.getByRole("button", { name: /Board/ }).waitFor();
	assert.equal(await chair.page.getByText("Board").count(), 0);
	await deputy.page.getByRole("button", { name: /^Stand-up/ }).click();
	await deputy.row("Aiko").waitFor();
	const start = Date.now();
	await chair.mute("Ben");
	await deputy.row("Ben").getByText("chair@localhost がミュート").waitFor();
	console.log(`# click to the other moderator's row: ${Date.now() - start} ms`);
	await deputy.shoot("panel-ja-dark");
	await deputy.accessible("the panel, Japanese and dark");
}

async function volumeIsSetAndSeen() {
	const slider = chair.page.getByRole("slider",
		{ name: "How loud the others hear Ben" });
	const set = (percent) =>
		host.line(new RegExp(`^set-volume ${ids.Ben} ${percent}$`));

	await slider.focus();
	await Promise.all([set(110), chair.page.keyboard.press("ArrowRight")]);
	await chair.row("Ben").getByText("110 %").waitFor();
	await deputy.row("Ben").getByText("110 %").waitFor();
	await deputy.page.getByText("chair@localhost が Ben の聞こえる大きさ")
		.first().waitFor();
	const box = await deputy.row("Ben").getByRole("slider").boundingBox();
	await Promise.all([set(400), deputy.page.mouse.click(
		box.x + box.width - 2, box.y + box.height / 2)]);
	await chair.row("Ben").getByText("400 %").waitFor();
	assert.equal(await slider.inputValue(), "400");
	await chair.shoot("volume");
}

async function kickWithConfirmation() {
	await chair.page.getByRole("button", { name: "Remove Ben…", exact: true }).click();
	await chair.shoot("kick");
	await chair.accessible("the question before a removal");
	await chair.page.getByRole("button", { name: "Cancel", exact: true }).click();
	assert.equal(await chair.row("Ben").count(), 1);
	const told = host.line(new RegExp(`^tell ${ids.Ben} .*kicked.*We go on`));
	const ended = host.line(new RegExp(`^end-media ${ids.Ben}$`));
	await chair.kick("Ben", "We go on alone");
	await Promise.all([told, ended]);
	await chair.row("Ben").waitFor({ state: "detached" });
	await deputy.row("Ben").waitFor({ state: "detached" });
	await deputy.page.getByText("chair@localhost が Ben を退出させました")
		.first().waitFor();
}

async function worksByKeyboard() {
	const button = chair.page.getByRole("button", { name: "Mute Chloé", exact: true });
	await button.focus();
	await chair.page.keyboard.press("Enter");
	await chair.row("Chloé").getByText("Muted by chair").waitFor();
	/* The same button now offers the opposite and kept the focus. */
	assert.equal(await chair.page.evaluate(
		() => document.activeElement.ariaLabel), "Unmute Chloé");
	await chair.page.keyboard.press("Enter");
	await chair.page.keyboard.press("Tab");
	await chair.page.keyboard.press("Enter");
	await chair.page.getByRole("dialog").waitFor();
	await chair.page.keyboard.press("Escape");
	await chair.page.getByRole("dialog").waitFor({ state: "detached" });
}

async function whoDidWhatIsShown() {
	await chair.page.getByRole("button", { name: "Audit…", exact: true }).click();
	const dialog = chair.page.getByRole("dialog", { name: "Who did what", exact: true });
	const rows = dialog.locator("tbody tr");
	await rows.first().waitFor();
	assert.match(await rows.first().innerText(),
		/chair@localhost\s+took a mute back\s+chloe\.dubois@example\.fr/);
	assert.match(await rows.filter({ hasText: "removed" }).first().innerText(),
		/ben@example\.org\s+We go on alone\s+done\s+127\.0\.0\.1/);
	await chair.shoot("audit");
	await chair.accessible("who did what");
	const file = await dialog.getByRole("link").getAttribute("href");
	const csv = await chair.page.evaluate(async (path) =>
		(await fetch(path)).text(), file);
	assert.match(csv, /^row,at,who,.*\r\n\d+,"[^"]*","chair@localhost","127/);
	await chair.page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
}

/* A page of 1280 by 760 at 200 %, then a phone. */
async function narrowScreen() {
	for (const [width, height] of [[640, 380], [390, 844]]) {
		await chair.page.setViewportSize({ width, height });
		await chair.row("Chloé").waitFor();
		const needed = await chair.page.evaluate(
			() => document.documentElement.scrollWidth);
		assert.ok(needed <= width, `scrolls sideways: ${needed} of ${width}`);
	}
	await chair.shoot("narrow");
	await chair.accessible("a narrow screen");
	await chair.page.setViewportSize({ width: 1280, height: 760 });
}

/** What the table says of a hub, a line for each cell. */
async function hubRow(moderator, site) {
	const row = moderator.page.locator(`tr[data-hub="${site}"]`);
	await row.waitFor();
	return row.locator("th, td").allInnerTexts();
}

function hub(site, parent, alternate, state, loss = 0) {
	host.write(`hub ${site} ${parent} ${alternate} ${state} ${loss}`);
}

const HUB_UP = 0, HUB_ALTERNATE = 1, HUB_ABSENT = 3;

async function aLoneBridgeIsOneHub() {
	const [name, state, gates, trunk] = await hubRow(chair, "");
	assert.match(name, /this bridge/);
	assert.equal(state, "Up");
	assert.match(gates, /^local-1 \d\/5 .*Aiko/);
	assert.match(trunk, /root/);
	assert.equal(await chair.page.getByText("Sites of the cluster").count(), 0);
	const box = chair.page.locator(".picture .hub");
	assert.equal(await box.count(), 1);
	assert.match(await box.textContent(), /local-1.*Aiko/s);
}

const SITES = ["north-1", "north-2", "south-1", "south-2", "west-1", "west-2"];

async function aTreeIsDrawnAndSaid() {
	hub("north-1", "-", "-", HUB_UP);
	hub("north-2", "north-1", "-", HUB_UP);
	hub("south-1", "north-1", "north-2", HUB_UP, 0.014);
	hub("south-2", "north-2", "north-1", HUB_UP);
	hub("west-1", "north-2", "north-1", HUB_UP);
	hub("west-2", "south-1", "north-1", HUB_UP);
	const people = ["Dana", "Emeka", "Freya", "Goro", "Hana", "Ilse", "Jun",
		"Kwame", "Lena", "Mio", "Noor", "Otto", "Pia", "Quinn", "Rei", "Sven",
		"Tomo", "Uma", "Vera", "Wim", "Xenia", "Yuki", "Zoë", "健太", "美咲", "Ola"];
	for (const [i, name] of people.entries()) {
		host.write(`gate ${SITES[i % 6]}-${1 + Math.floor(i / 6) % 2}`);
		await join_(name, `${i}@example.org`);
	}
	await until("six hubs with all people", async () =>
		/^north-2-1 3\/5/.test((await hubRow(chair, "north-2"))[2]));
	assert.equal(await chair.page.locator(".picture .hub").count(), 6);
	assert.equal(await chair.page.locator(".trunk.up").count(), 5);
	const [name, state, gates, trunk, standbys] = await hubRow(chair, "south-1");
	assert.equal(name, "south-1");
	assert.equal(state, "Up");
	assert.match(gates, /^south-1-1 2\/5 Freya, Rei Seat nobody new at south-1-1\s+south-1-2 2\/5 Lena, Xenia Seat nobody new at south-1-2$/);
	assert.match(trunk, /^to north-1; 0\.8 ms; 1\.4 % lost; talking: \d+ below it, \d+ above; alternate north-2$/);
	assert.equal(standbys, "0");
	await chair.page.getByText("6 hubs, at most 2 trunks from the root").waitFor();
	/* A trunk that more talkers use is drawn wider: both ends of a turn. */
	await until("a trunk to change its width", async () => {
		const widths = await chair.page.locator(".trunk.up path").evaluateAll(
			(all) => all.map((path) => parseFloat(path.style.strokeWidth)));
		return new Set(widths).size > 1 || Math.max(...widths) > 1.5;
	});
	await chair.shootElement("tree", "section.tree");
}

async function whatIsBrokenIsSeenAndNamed() {
	hub("north-2", "north-1", "-", HUB_ABSENT);
	hub("south-2", "north-2", "north-1", HUB_ALTERNATE);
	hub("west-1", "north-2", "north-1", HUB_ALTERNATE);
	await chair.page.locator('.hub.absent[data-site="north-2"]').waitFor();
	/* Three trunks end at the dead one; two alternates are in use. */
	await until("three broken trunks and four others", async () =>
		(await chair.page.locator(".trunk.broken").count()) === 3 &&
		(await chair.page.locator(".trunk.up").count()) === 4);
	assert.deepEqual(await chair.page.locator(".trunk.broken text")
		.allTextContents(), Array(3).fill("no answer"));
	const [, state, , trunk] = await hubRow(chair, "west-1");
	assert.equal(state, "By its alternate north-1");
	assert.match(trunk, /^to north-1;.*; no answer from north-2$/);
	assert.equal((await hubRow(chair, "north-2"))[1], "Not there");
	await chair.shootElement("tree-broken", "section.tree");
	await deputy.shootElement("tree-broken-ja-dark", "section.tree");
}

async function theDirectoryIsAwayAndSo() {
	host.write("directory up");
	await chair.page.getByText("Sites of the cluster").waitFor();
	await chair.page.getByRole("row", { name: /south-2.*Draining/ }).waitFor();
	assert.equal(await chair.page.locator(".banner").count(), 0);
	host.write("directory down");
	await chair.page.locator(".banner").getByText(
		"Changes wait: the directory does not answer since 12:03. Calls go on.",
	).waitFor();
	await deputy.page.locator(".banner")
		.getByText("ディレクトリが応答していません").waitFor();
	await chair.page.evaluate(() => scrollTo(0, 0));
	await chair.shoot("directory-away");
	host.write("directory up");
	await chair.page.locator(".banner").waitFor({ state: "detached" });
	await chair.shootElement("sites", "section[aria-labelledby=sites]");
	await chair.accessible("a tree with sites");
}

async function aTreeScrollsInItsBox() {
	await chair.page.setViewportSize({ width: 390, height: 844 });
	const { page, box } = await chair.page.evaluate(() => {
		const picture = document.querySelector(".picture");
		return { page: document.documentElement.scrollWidth,
			box: picture.scrollWidth - picture.clientWidth };
	});
	assert.ok(page <= 390, `the page scrolls sideways: ${page}`);
	assert.ok(box > 100, `the picture does not scroll: ${box}`);
	await chair.page.locator(".picture").scrollIntoViewIfNeeded();
	await chair.shootElement("tree-narrow", "section.tree");
	await chair.page.setViewportSize({ width: 1280, height: 760 });
}

async function whoKeepsTheRoomIsNamed() {
	host.write("owner bridge-2");
	await chair.page.getByText("Bridge bridge-2 keeps this room.").waitFor();
}

async function reconnectsAndResynchronises() {
	/* The server goes and comes back: sessions live as long as it, so the
	 * panel must notice that it is logged out; until then it says so. */
	await host.stop();
	await chair.page.getByText("Reconnecting").first().waitFor();
	await chair.shoot("reconnecting");
	host = startHost();
	await host.line(/^listening/);
	await chair.page.getByLabel("Mail address").waitFor();
	const [, link] = await host.ask("link chair@localhost", /^link (\S+)/);
	await chair.useLink(link);
	await join_("Eve", "eve@example.org");
	await chair.row("Eve").waitFor();
	assert.equal(await chair.row("Aiko").count(), 0);
	/* A bridge that does not answer, its connections still open: the panel
	 * notices by itself and, when it is back, shows what happened. */
	host.signal("SIGSTOP");
	await chair.page.getByText("Reconnecting").first().waitFor();
	host.write("join Finn finn@example.org");
	host.write(`leave ${ids.Eve}`);
	host.signal("SIGCONT");
	await chair.row("Finn").waitFor();
	assert.equal(await chair.row("Eve").count(), 0, "a ghost");
	/* A screen reader is told once, by the one live region there is. */
	await chair.page.getByText("While the connection was away: 1 came, 1 left")
		.first().waitFor();
	assert.equal(await chair.page.getByRole("status").count(), 1);
}

/* Nothing of this costs more with 500 people than with 20. */
async function fiveHundredPeople() {
	await host.ask("crowd 500", /^crowded/);
	await chair.page.getByRole("button", { name: /^All 50\d$/ }).waitFor();
	const rows = chair.page.locator("tr[data-member]");
	assert.ok(await rows.count() < 60, `${await rows.count()} rows in the page`);
	await chair.shoot("crowd");
	await chair.accessible("500 people");
	await chair.page.locator("tr[data-member] .name").first().focus();
	await chair.page.keyboard.press("End");
	await focusOn("Show figures of Person-500");
	assert.ok(await rows.count() < 60);
	await chair.page.keyboard.press("ArrowUp");
	await focusOn("Show figures of Person-499");
	await chair.page.getByRole("searchbox").fill("Person-25");
	await chair.page.getByText(/^10 of 50\d shown$/).waitFor();
	assert.equal(await rows.count(), 10);
	await chair.page.getByRole("searchbox").fill("");
}

async function roomEnds() {
	host.write("close");
	await chair.page.getByText("This room has ended").waitFor();
}

async function logsOut() {
	await chair.page.getByRole("button", { name: "Log out", exact: true }).click();
	await chair.page.getByLabel("Mail address").waitFor();
	await chair.page.reload();
	await chair.page.getByLabel("Mail address").waitFor();
}

async function pagesBrokeNoRule() {
	assert.deepEqual([...chair.errors, ...deputy.errors], []);
}

const status = await run([
	["a moderator logs in by mailed link, which works once", logInByMail],
	["an unknown address gets the same answer and no mail",
		strangersGetTheSameAnswer],
	["people are rows and their meters move", rowsAndMovingMeters],
	["quality is a word, with the figures behind it",
		qualityIsAWordWithItsFigures],
	["people are found, filtered and sorted", peopleAreFoundFilteredAndSorted],
	["the room at a glance", theRoomAtAGlance],
	["figures over time are drawn, and said", figuresOverTimeAreDrawnAndSaid],
	["single keys act, and can be turned off", singleKeysActAndCanBeTurnedOff],
	["a row is one stop, the arrows go from row to row", aRowIsOneStop],
	["a moderator mutes and takes the mute back", muteAndUnmute],
	["nobody who muted himself is unmuted from afar", nobodyIsUnmutedFromAfar],
	["a second moderator, in Japanese, sees the mute", secondModeratorSeesBoth],
	["a moderator sets how loud a person is, and both see it",
		volumeIsSetAndSeen],
	["kick asks first, then both moderators see it", kickWithConfirmation],
	["mute and kick work by keyboard", worksByKeyboard],
	["who did what is shown, and comes as a file", whoDidWhatIsShown],
	["a narrow screen shows cards and never scrolls sideways", narrowScreen],
	["a lone bridge is one hub", aLoneBridgeIsOneHub],
	["a tree is drawn, and said in words", aTreeIsDrawnAndSaid],
	["what is broken is seen, and named", whatIsBrokenIsSeenAndNamed],
	["that the directory is away is said, since when", theDirectoryIsAwayAndSo],
	["on a narrow screen the picture scrolls in its box", aTreeScrollsInItsBox],
	["another bridge that keeps the room is named", whoKeepsTheRoomIsNamed],
	["a lost connection comes back without ghosts",
		reconnectsAndResynchronises],
	["500 people are few rows in the page", fiveHundredPeople],
	["the end of the room is said", roomEnds],
	["logging out ends the session", logsOut],
	["no script failed and no security policy was broken", pagesBrokeNoRule],
]);
await chrome.close();
await host.stop();
process.exit(status);
