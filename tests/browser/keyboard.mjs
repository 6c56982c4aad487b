// Somebody who has a keyboard and no pointer: goes by Tab alone to what has a
// name, and sees at each stop where the focus is.

import assert from "node:assert/strict";

import { until } from "./lib.mjs";

const MOST = 150; // stops on the way to something

/** In the page: what has the focus, and whether one sees that it has. */
function look() {
	const element = document.activeElement;
	const { top, left, bottom, right } = element.getBoundingClientRect();
	const style = getComputedStyle(element);
	const x = (Math.max(0, left) + Math.min(innerWidth, right)) / 2;
	const y = (Math.max(0, top) + Math.min(innerHeight, bottom)) / 2;
	const there = document.elementFromPoint(x, y);
	const label = element.labels?.length && [...element.labels[0].childNodes]
		.map((node) => (node.nodeType === Node.TEXT_NODE ? node.data : "")).join("");
	return {
		nowhere: element === document.body,
		name: element.ariaLabel ?? (label || element.innerText),
		seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 &&
			bottom > 0 && top < innerHeight &&
			(element.contains(there) || Boolean(there?.contains(element))),
		html: element.outerHTML.slice(0, 200),
	};
}

export class KeyboardUser {
	constructor(page) {
		this.page = page;
		this.stops = 0;
	}

	press(key) {
		return this.page.keyboard.press(key);
	}

	type(text) {
		return this.page.keyboard.type(text);
	}

	/** Fails where nobody could see what the focus is on. */
	async at() {
		const at = await this.page.evaluate(look);
		assert.ok(at.nowhere || at.seen, `the focus is not to be seen: ${at.html}`);
		return at;
	}

	/** Presses Tab until the focus is on what has this name. */
	async tabTo(name, key = "Tab") {
		const names = [];
		for (let i = 0; i < MOST; i++) {
			await this.press(key);
			this.stops++;
			const at = await this.at();
			if (!at.nowhere && at.name.trim() === name)
				return;
			names.push(at.name.trim().slice(0, 30));
		}
		assert.fail(`no way to ${name}, only to ${names.join(" | ")}`);
	}

	/** Goes there and presses Enter. */
	async use(name, key = "Tab") {
		await this.tabTo(name, key);
		await this.press("Enter");
	}

	/** That the focus is there by now. */
	async isOn(name) {
		let now;
		await until(`the focus on ${name}`, async () => {
			now = await this.page.evaluate(look);
			return !now.nowhere && now.name.trim() === name;
		}).catch(({ message }) => assert.fail(`${message}, not ${now.html}`));
		await this.at();
	}
}
