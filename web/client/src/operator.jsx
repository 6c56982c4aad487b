// The operator's page: every room, PhoneGate and mailbox of the bridge, how it
// does, and what went wrong of late. Asked for again while it is looked at.

import { useEffect, useState } from "preact/hooks";

import { overview } from "./api.js";
import { Header } from "./header.jsx";
import { lists } from "./operatorlists.jsx";
import { words } from "./words.js";

const REFRESH = 2000; // ms

const when = new Intl.DateTimeFormat(undefined, {
	dateStyle: "medium", timeStyle: "short" });

/** { now: the bridge's answer, or what it last was; refused; up: null at first } */
function useOverview(onLoggedOut) {
	const [seen, setSeen] = useState({ now: null, refused: false, up: null });

	useEffect(() => {
		let asking = false;
		let gone = false;
		async function look() {
			if (document.hidden || asking)
				return;
			asking = true;
			const { status, ...now } = await overview();
			asking = false;
			if (gone)
				return;
			if (status === 401)
				onLoggedOut();
			else if (status === 200)
				setSeen({ now, refused: false, up: true });
			else
				setSeen((was) => ({ ...was, refused: status === 403,
					up: status !== null }));
		}
		const timer = setInterval(look, REFRESH);
		document.addEventListener("visibilitychange", look);
		look();
		return () => {
			gone = true;
			clearInterval(timer);
			document.removeEventListener("visibilitychange", look);
		};
	}, []);
	return seen;
}

function Summary({ now }) {
	return (
		<dl class="roombar">
			<div class={now.ready ? "fact" : "fact alarm"}>
				<dt>{words.readiness}</dt>
				<dd>
					<b>{now.ready ? words.ready : words.notReady}</b>
					{now.missing?.length > 0 && <ul class="alarms">
						{now.missing.map((each) => <li key={each}>{each}</li>)}
					</ul>}
				</dd>
			</div>
			<div class="fact">
				<dt>{words.running}</dt>
				<dd>{when.format(1000 * now.started)}</dd>
			</div>
			<div class="fact">
				<dt>{words.release}</dt>
				<dd>{now.release}</dd>
			</div>
		</dl>
	);
}

function List({ name, title, columns: all, rows }) {
	const columns = all.filter(({ if: field }) =>
		!field || rows.some((row) => row[field] !== undefined));

	return (
		<section class="list" aria-labelledby={name}>
			<h2 id={name}>{title} <span class="count">{rows.length}</span></h2>
			{rows.length === 0 ? <p class="hint">{words.noneOfThese}</p> : (
				<div class="scroll" tabIndex={0} role="group" aria-labelledby={name}>
					<table>
						<thead>
							<tr>
								{columns.map(({ word, number }) => (
									<th key={word} scope="col" class={number ? "number" : ""}>
										{words[word]}</th>
								))}
							</tr>
						</thead>
						<tbody>
							{rows.map((row, at) => (
								<tr key={at}>
									{columns.map(({ word, show, number }, i) => {
										const Cell = i ? "td" : "th";
										return (
											<Cell key={word} scope={i ? undefined : "row"}
												class={number ? "number" : ""}>{show(row)}</Cell>
										);
									})}
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</section>
	);
}

function Body({ now, refused, up }) {
	if (refused)
		return <p class="empty">{words.notOperator}</p>;
	if (!now)
		return <p class="empty">{up === false ? words.unreachable : words.loading}</p>;
	return (
		<>
			<div class="title">
				<h1>{words.operatorTitle}</h1>
				<code>{now.bridge}</code>
			</div>
			<Summary now={now} />
			{lists.map(({ name, title, columns }) => (
				<List key={name} name={name} title={words[title]} columns={columns}
					rows={now[name] ?? []} />
			))}
		</>
	);
}

export function Operator({ who, onLoggedOut }) {
	const seen = useOverview(onLoggedOut);

	return (
		<div class={seen.up === false ? "panel stale" : "panel"}>
			<Header address={who.address} up={seen.up} link={{ to: "/", text: words.toPanel }}
				onLoggedOut={onLoggedOut} />
			<main class="operator"><Body {...seen} /></main>
			<p class="hidden" role="status">
				{seen.up === false && words.unreachable}
			</p>
		</div>
	);
}
