// The language that the panel speaks. What it says is in words/.

import { en } from "./words/en.js";
import { ja } from "./words/ja.js";

export const catalogues = { en, ja };

/** The first of the browser's languages that we speak. */
export function chooseLanguage(languages) {
	for (const tag of languages) {
		const language = tag.toLowerCase().split("-")[0];
		if (language in catalogues)
			return language;
	}
	return "en";
}

export const language = chooseLanguage(globalThis.navigator?.languages ?? []);
export const words = catalogues[language];
