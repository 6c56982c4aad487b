// Times that go on while one looks at them.

import { useEffect, useState } from "preact/hooks";

/** Unix ms, again each second while `on`. */
export function useNow(on) {
	const [now, setNow] = useState(Date.now);

	useEffect(() => {
		if (!on)
			return undefined;
		setNow(Date.now());
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, [on]);
	return now;
}

/** "1:05" of 65 s; hours if there are some. */
export function minutes(seconds) {
	const whole = Math.max(0, Math.round(seconds));
	const two = (n) => String(n).padStart(2, "0");
	const hours = Math.floor(whole / 3600);
	const rest = `${Math.floor(whole / 60) % 60}`;

	return `${hours ? `${hours}:${two(rest)}` : rest}:${two(whole % 60)}`;
}
