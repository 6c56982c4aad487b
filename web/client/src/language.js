// Which language a page speaks.

/** The first of the browser's languages that there is a catalogue of. */
export function chooseLanguage(languages, catalogues) {
	for (const tag of languages) {
		const language = tag.toLowerCase().split("-")[0];
		if (language in catalogues)
			return language;
	}
	return "en";
}
