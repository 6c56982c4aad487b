// The page: log-in or panel, by who the browser is.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { isLoggedIn } from "./api.js";
import { Login } from "./login.jsx";
import { Panel } from "./panel.jsx";
import { language, words } from "./words.js";

const RETRY = 2000; // ms, while the bridge cannot be reached

function tokenOfLink() {
	return location.pathname === "/login" ? location.hash.slice(1) : "";
}

function App() {
	const [token, setToken] = useState(tokenOfLink);
	const [loggedIn, setLoggedIn] = useState(null);

	async function check() {
		const answer = await isLoggedIn();
		if (answer === null)
			setTimeout(check, RETRY);
		else
			setLoggedIn(answer);
	}
	useEffect(() => {
		// The token is for one use: not for the history, nor a bookmark.
		history.replaceState(null, "", "/");
		if (!token)
			check();
	}, []);

	function enter() {
		setToken("");
		setLoggedIn(true);
	}

	if (loggedIn === null && !token)
		return <p class="loading">{words.loading}</p>;
	if (!loggedIn)
		return <Login token={token} onLogIn={enter} />;
	return <Panel onLoggedOut={() => setLoggedIn(false)} />;
}

document.documentElement.lang = language;
document.title = words.product;
document.getElementById("app").replaceChildren();
render(<App />, document.getElementById("app"));
