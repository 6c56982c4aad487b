// A picture of the tree of a room that runs, for people: cascade.py calls it
// while its callers talk. LINK logs a moderator in, HUBS is how many there are,
// and the picture goes to SHOTS.

import { browser, Moderator, until } from "./lib.mjs";

const { LINK, HUBS } = process.env;
const chrome = await browser.launch();
try {
	const chair = await Moderator.open(chrome);
	await chair.useLink(LINK);
	await until(`${HUBS} hubs whose trunks are up`, async () =>
		(await chair.page.locator(".picture .hub").count()) === Number(HUBS) &&
		(await chair.page.locator(".trunk.up").count()) === HUBS - 1);
	await chair.shootElement("live-tree", "section.tree");
	await chair.shoot("live-panel");
	for (const error of chair.errors)
		console.log(error);
	process.exitCode = chair.errors.length ? 1 : 0;
} finally {
	await chrome.close();
}
