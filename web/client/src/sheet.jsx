// The `?` sheet: the keys, and what a moderator may switch off.

import { useState } from "preact/hooks";

import { Dialog } from "./dialog.jsx";
import { load, save, switches } from "./settings.js";
import { shortcuts } from "./shortcuts.js";
import { words } from "./words.js";

/** [settings, turn(name, on)] */
export function useSettings() {
	const [settings, set] = useState(load);

	function turn(name, on) {
		const now = { ...settings, [name]: on };
		set(now);
		save(now);
	}
	return [settings, turn];
}

export function Sheet({ settings, turn, onClose }) {
	return (
		<Dialog title={words.sheetTitle} onClose={onClose}>
			<dl class="keys">
				{shortcuts.map(({ key, does }) => (
					<div key={key}>
						<dt><kbd>{key}</kbd></dt>
						<dd>{words.shortcut(does)}</dd>
					</div>
				))}
				<div>
					<dt><kbd>↑</kbd> <kbd>↓</kbd></dt>
					<dd>{words.arrowKeys}</dd>
				</div>
			</dl>
			<p class="hint">{words.sheetHint}</p>
			<fieldset>
				<legend>{words.settings}</legend>
				{switches.map((name) => (
					<label key={name} class="check">
						<input type="checkbox" checked={settings[name]}
							onChange={(event) => turn(name, event.target.checked)} />
						{words.switchName(name)}
					</label>
				))}
			</fieldset>
		</Dialog>
	);
}
