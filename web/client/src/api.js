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

/** Who is logged in, { address, operator }; false: nobody; null: the bridge
 * cannot be reached. */
export async function session() {
	try {
		const response = await fetch("/api/session");
		return response.ok && await response.json();
	} catch {
		return null;
	}
}

/** What the operator's page shows, with the answer's `status`; null: none came. */
export async function overview() {
	try {
		const response = await fetch("/api/operator");
		return { ...await response.json().catch(() => ({})), status: response.status };
	} catch {
		return { status: null };
	}
}
