// The few HTTP requests (docs/panel-api.md, "HTTP").

async function post(path, body) {
	try {
		const response = await fetch(path, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify(body),
		});
		const answer = await response.json().catch(() => ({}));
		return { ok: response.ok, ...answer };
	} catch {
		return { ok: false, error: "failed" };
	}
}

export const askForLink = (address, language) =>
	post("/api/login-link", { address, language });

export const logIn = (token) => post("/api/login", { token });

export const logOut = () => post("/api/logout", {});

/** true, false, or null when the bridge cannot be reached. */
export async function isLoggedIn() {
	try {
		return (await fetch("/api/session")).ok;
	} catch {
		return null;
	}
}
