// The language that the panel speaks. What it says is in words/.

import { chooseLanguage } from "./language.js";
import { en } from "./words/en.js";
import { ja } from "./words/ja.js";
import { errors } from "./words/errors.js";
import { glance } from "./words/glance.js";
import { operator } from "./words/operator.js";
import { sound } from "./words/sound.js";

/** Each with all of its words; no two parts have the same one. */
export const parts = [{ en, ja }, errors, glance, operator, sound];

export const catalogues = {
	en: Object.assign({}, ...parts.map((part) => part.en)),
	ja: Object.assign({}, ...parts.map((part) => part.ja)),
};

export const language = chooseLanguage(globalThis.navigator?.languages ?? [], catalogues);
export const words = catalogues[language];
