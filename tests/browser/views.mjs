// Every view of the panel, held against axe-core and, with SHOTS=DIRECTORY, as a
// picture. Walked by what the page's own catalogue calls its buttons, so in any
// language.

import { join, resolve } from "node:path";

const SOURCE = resolve(process.env.SOURCE ?? ".");
const { catalogues } = await import(join(SOURCE, "web/client/src/words.js"));

/* A desktop, the same at 200 %, a phone. */
const SIZES = { "": [1280, 760], "-zoom": [640, 380], "-phone": [390, 844] };

const dialogs = [
	...["muteAll", "setPin", "announce", "bans", "audit", "end"].map((word) =>
		[word, ({ press, words }) => press(words[word])]),
	["recordings", async ({ press, page, words }) => {
		await press(words.recordings);
		await page.locator("dialog summary").first().click();
	}],
	["recording-delete", async ({ press, page, words }) => {
		await press(words.recordings);
		await page.locator("[data-recording] .danger").first().click();
	}],
	["person", async ({ press, page, words }, { person }) => {
		await press(words.openWhom(person));
		await page.locator("dialog canvas").first().waitFor();
	}],
	["ban", async ({ press, words }, { person }) => {
		await press(words.openWhom(person));
		await press(words.banWhom(person));
	}],
	["kick", ({ press, words }, { person }) => press(words.kickWhom(person))],
	["refuse", ({ press, words }, { held }) => press(words.refuseWhom(held))],
	["sheet", ({ press, words }) => press(words.sheetTitle)],
];

/** In the scheme that is on, and in the other what differs there: colours. */
export async function lookAt(moderator, language, view) {
	const { page } = moderator;
	const name = `view-${language}-${view}`;
	const dark = await page.evaluate(() =>
		matchMedia("(prefers-color-scheme: dark)").matches);

	for (const [size, [width, height]] of Object.entries(
		process.env.SHOTS ? SIZES : {})) {
		await page.setViewportSize({ width, height });
		await moderator.shoot(`${name}${size}`);
	}
	await page.setViewportSize({ width: 1280, height: 760 });
	await moderator.accessible(name);
	await page.emulateMedia({ colorScheme: dark ? "light" : "dark" });
	await moderator.accessible(`${name}, in the other scheme`, ["color-contrast"]);
	await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
}

/** The room and each dialog: `person` is here, `held` waits, and something was
 * recorded. */
export async function lookAtAll(moderator, language, people) {
	const { page } = moderator;
	const walk = { page, words: catalogues[language],
		press: (name) => page.getByRole("button", { name, exact: true }).click() };

	await lookAt(moderator, language, "room");
	for (const [view, open] of dialogs) {
		await open(walk, people);
		await page.getByRole("dialog").waitFor();
		await lookAt(moderator, language, view);
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "detached" });
	}
}
