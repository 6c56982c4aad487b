// What stands above every page: the connection, who is logged in, the ways out.

import { logOut } from "./api.js";
import { words } from "./words.js";

function Status({ up }) {
	if (up)
		return <span class="status live">{words.live}</span>;
	return (
		<span class="status waiting">
			{up === null ? words.connecting : words.reconnecting}
		</span>
	);
}

/** up: as of useBridge(); link: { to, text } or null; children: more buttons. */
export function Header({ address, up, link, onLoggedOut, children }) {
	async function leave() {
		await logOut();
		onLoggedOut();
	}
	return (
		<header>
			<img src="/icon.svg" alt="" width="28" height="28" />
			<span class="brand">{words.product}</span>
			<Status up={up} />
			<span class="spacer" />
			<span class="who">{address}</span>
			{link && <a href={link.to}>{link.text}</a>}
			{children}
			<button class="quiet" onClick={leave}>{words.logOut}</button>
		</header>
	);
}
