// The lists of the operator's page: name in the bridge's answer, title and
// columns. A cell shows "–" for what is not known; a column with an `if` is left
// out where that is known of no row.

import { words } from "./words.js";

const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, {
	style: "percent", maximumFractionDigits: 0 });
const moment = new Intl.DateTimeFormat(undefined, {
	dateStyle: "short", timeStyle: "medium" });

const known = (value) => (value === undefined || value === "" ? "–" : value);
const text = (word, field = word) => ({ word,
	show: (row) => <bdi>{known(row[field])}</bdi> });
const number = (word, field = word) => ({ word, number: true,
	show: (row) => known(row[field]) });
const seconds = (word, field) => ({ word, number: true, if: field,
	show: (row) => (row[field] === undefined ? "–"
		: words.seconds(tenths.format(row[field]))) });

function badge(good, said) {
	return <span class={good ? "badge up" : "badge alternate"}>{said}</span>;
}

/** Where an account's mailbox is, and how it does. */
function mailState({ state, since, why }) {
	return (
		<>
			{badge(state !== "connecting", words.mailState(state))}
			<br /><small>{words.since(moment.format(1000 * since))}</small>
			{why && <><br /><small>{why}</small></>}
		</>
	);
}

export const lists = [
	{
		name: "rooms", title: "rooms",
		columns: [
			{ word: "room", show: ({ room, name }) =>
				<><bdi>{name}</bdi><br /><small>{room}</small></> },
			text("account"),
			{ word: "kept", show: ({ kept }) =>
				badge(kept, kept ? words.keptHere : words.keptElsewhere) },
			number("here"), number("invited"), number("capacity"), number("gates"),
		],
	},
	{
		name: "accounts", title: "accounts",
		columns: [
			text("account"), text("mailbox"), { word: "state", show: mailState },
			seconds("mailDelay", "delay_s"), seconds("answerTime", "answer_s"),
			number("mails"), number("sent"), number("waiting"),
			number("lateMails", "late"), number("refused"),
		],
	},
	{
		name: "errors", title: "errors",
		columns: [
			{ word: "time", show: ({ at }) => moment.format(at) },
			{ word: "state", show: ({ level }) =>
				<span class={level === "error" ? "badge absent" : "badge alternate"}>
					{words.errorLevel(level)}</span> },
			text("what", "text"), number("times"),
		],
	},
	{
		name: "refused", title: "refusedMails",
		columns: [
			{ word: "time", show: ({ at }) => moment.format(1000 * at) },
			text("sender", "from"), text("room"), text("account"),
			{ word: "fate", show: ({ how }) => words.mailFate(how) },
			text("reason"), text("file"),
		],
	},
	{
		name: "gates", title: "gates",
		columns: [
			text("gate"), text("site"), text("room"), number("here"), number("invited"),
			{ word: "places", number: true, show: ({ places }) => places || "–" },
		],
	},
	{
		name: "workers", title: "workers",
		columns: [
			text("worker"), number("sessions"),
			{ word: "stress", number: true, show: ({ stress }) => percent.format(stress) },
			{ word: "newcomers", show: ({ open }) =>
				badge(open, open ? words.taken : words.turnedAway) },
			{ word: "lateness", number: true, if: "late_us", show: ({ late_us: late }) =>
				(late === undefined ? "–"
					: words.milliseconds(tenths.format(late / 1000))) },
		],
	},
];
