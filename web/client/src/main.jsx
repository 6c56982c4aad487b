// The page: log-in, panel or operator's page, by who the browser is and what it
// was asked for.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { session } from "./api.js";
import { keepFocus } from "./focus.js";
import { Login } from "./login.jsx";
import { Operator } from "./operator.jsx";
import { Panel } from "./panel.jsx";
import { language, words } from "./words.js";

const RETRY = 2000; // ms, while the bridge cannot be reached

/** Of the address that was opened: the token of a log-in link, whether it is
 * the operator's page, and what a mailed link to a recording names. */
function askedFor({ pathname, hash, search }) {
	const query = new URLSearchParams(search);
	return {
		token: pathname === "/login" ? hash.slice(1) : "",
		operator: pathname === "/operator",
		room: query.get("room"),
		recording: query.get("recording"),
	};
}

function App() {
	const [asked] = useState(() => askedFor(location));
	const [token, setToken] = useState(asked.token);
	const [who, setWho] = useState(null); // null: not known yet; false: nobody

	async function check() {
		const answer = await session();
		if (answer === null)
			setTimeout(check, RETRY);
		else
			setWho(answer);
	}
	useEffect(() => {
		// The token is for one use: not for the history, nor a bookmark.
		history.replaceState(null, "", asked.operator ? "/operator" : "/");
		if (!token)
			check();
	}, []);

	function enter() {
		setToken("");
		setWho(null);
		check();
	}

	if (who === null && !token)
		return <p class="loading">{words.loading}</p>;
	if (!who)
		return <Login token={token} onLogIn={enter} />;
	const Page = asked.operator ? Operator : Panel;
	return <Page who={who} asked={asked} onLoggedOut={() => setWho(false)} />;
}

document.documentElement.lang = language;
document.title = words.product;
const root = document.getElementById("app");
root.replaceChildren();
render(<App />, root);
keepFocus(root);
