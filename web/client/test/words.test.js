import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { catalogues as joinCatalogues } from "../src/join/words.js";
import { chooseLanguage } from "../src/language.js";
import { catalogues, parts } from "../src/words.js";

/** What a page is made of: [name, text]. */
function sourcesIn(place) {
	const folder = new URL(place, import.meta.url);
	return readdirSync(folder).filter((name) => /\.jsx?$/.test(name))
		.map((name) => [name, readFileSync(new URL(name, folder), "utf8")]);
}

const { en: english, ja: japanese } = catalogues;

const pages = [
	{ page: "the panel", ...catalogues, sources: sourcesIn("../src/") },
	{ page: "the page of a link", ...joinCatalogues,
		sources: sourcesIn("../src/join/") },
];

for (const { page, en, ja, sources } of pages) {
	test(`both languages have the same words, ${page}`, () => {
		assert.deepEqual(Object.keys(ja), Object.keys(en));
		for (const key of Object.keys(en)) {
			assert.equal(typeof ja[key], typeof en[key], key);
			if (typeof en[key] === "function")
				assert.equal(ja[key].length, en[key].length, `arguments of ${key}`);
			else
				assert.ok(ja[key].length > 0 && en[key].length > 0, key);
		}
	});

	test(`every word that is asked for is there, ${page}`, () => {
		for (const [name, text] of sources)
			for (const [, key] of text.matchAll(/\bwords\.(?!js\b)(\w+)/g))
				assert.ok(Object.hasOwn(en, key), `${name}: words.${key}`);
	});

	test(`no word is left over that nothing asks for, ${page}`, () => {
		const all = sources.map(([, text]) => text).join("\n");
		for (const key of Object.keys(en))
			assert.match(all, new RegExp(`words\\.${key}\\b|"${key}"|\\b${key}: "|: "${key}"`), key);
	});

	/** What a word that chooses among others knows: `word(name)` of each. */
	test(`words that choose among names know each of them, ${page}`, () => {
		const body = (word) => typeof word === "function"
			? [...String(word).matchAll(/^\s*"?([\w-]+)"?: /gm)].map(([, name]) => name)
			: [];
		for (const key of Object.keys(en))
			assert.deepEqual(body(ja[key]), body(en[key]), key);
	});
}

test("no word is in two parts of a catalogue", () => {
	const all = parts.flatMap((part) => Object.keys(part.en));
	assert.deepEqual(all.filter((key, at) => all.indexOf(key) !== at), []);
});

/** Those of web/command.c that are actions: they are in the audit trail. */
test("every action of the bridge has a word, in both languages", () => {
	const c = readFileSync(new URL("../../command.c", import.meta.url), "utf8");
	const asks = ["watch", "audit", "history", "recordings", "announcements"];
	const names = [...c.matchAll(/^\t\[COMMAND_\w+\] = \{ "([\w-]+)"/gm)]
		.map(([, name]) => name).filter((name) => !asks.includes(name));
	assert.ok(names.length > 20, `${names.length} commands found`);
	for (const { command } of [english, japanese])
		for (const name of names)
			assert.notEqual(command(name), name, name);
});

test("every code of an error is said in both languages, by itself", () => {
	const c = readFileSync(new URL("../../action.c", import.meta.url), "utf8");
	const codes = [...c.matchAll(/\[ROOM_ERROR_\w+\] = "([\w-]+)"/g)]
		.map(([, code]) => code);
	assert.ok(codes.length >= 6, `${codes.length} codes found`);
	for (const words of [english, japanese])
		for (const code of codes) {
			assert.notEqual(words.outcome(code), code);
			assert.notEqual(words.whyNot(code, "mute", "It is so."),
				words.whyNot("", "mute", ""), code);
		}
	assert.doesNotMatch(japanese.whyNot("impossible", "floor-next",
		"Nobody's hand is up."), /[a-z]{3}/);
});

/* WCAG 2.5.3: who speaks to the browser says what he sees. */
test("a button's name has what stands on it, in both languages", () => {
	const plain = (text) => text.replace(/…$/, "");
	const named = { muteWhom: "mute", unmuteWhom: "unmute", kickWhom: "kick",
		admitWhom: "admit", refuseWhom: "refuse", unbanWhom: "unban",
		floorWhom: "giveFloor", lowerWhom: "lower", askUnmuteWhom: "askUnmute" };
	for (const words of Object.values(catalogues))
		for (const [name, seen] of Object.entries(named))
			assert.ok(words[name]("Ben").includes(plain(words[seen])), name);
});

test("the first language of the browser that we speak is chosen", () => {
	assert.equal(chooseLanguage(["fr-FR", "ja-JP", "en"], catalogues), "ja");
	assert.equal(chooseLanguage(["de"], catalogues), "en");
	assert.equal(chooseLanguage([], catalogues), "en");
});
