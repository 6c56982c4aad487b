// The link that was opened, and the session that it has become: what the bridge
// says of them (docs/join.md). The secret is never in a URL that is asked for.

const KEY = "ipsp-join";

/** The secret: of the fragment, which is taken out of the address, or, when this
 * tab was loaded again, the kept one. "": none. */
export function secret() {
	const fragment = location.hash.slice(1);
	if (fragment) {
		history.replaceState(null, "", location.pathname);
		keep(fragment);
		return fragment;
	}
	try {
		return sessionStorage.getItem(KEY) ?? "";
	} catch {
		return "";
	}
}

/** For this tab only. */
export function keep(text) {
	try {
		sessionStorage.setItem(KEY, text);
	} catch {
		// Then a reload asks for a fresh link.
	}
}

async function post(path, token) {
	try {
		const response = await fetch(path, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ token }),
		});
		const answer = await response.json().catch(() => ({}));
		return response.ok ? answer : { error: "failed", ...answer };
	} catch {
		return { error: "failed" };
	}
}

/** What the link is for, or { error, room? }. Uses nothing up. */
export const look = (token) => post("/api/join/look", token);

/** The same with `session`: the link is used up. */
export async function open(token) {
	const answer = await post("/api/join", token);
	if (answer.session)
		keep(answer.session);
	return answer;
}
