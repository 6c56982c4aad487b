// Where a room is: a picture of its tree of hubs, and the same in words; and
// the sites of the cluster.

import { BOX, clip, layout } from "./layout.js";
import { words } from "./words.js";

const DOTS = 8; // at most, of a gate
const MANY = 100000; // gates of a site that opens as many as it takes

function siteName(site) {
	return site || words.thisBridge;
}

/** Who sits at each PhoneGate: name -> members. */
function byGate(members) {
	const people = new Map();
	for (const member of members.values())
		people.set(member.gate, [...people.get(member.gate) ?? [], member]);
	return people;
}

function taken({ here, invited }, { places }) {
	return places ? `${here + invited}/${places}` : String(here + invited);
}

function percent(part) {
	return `${Number((100 * part).toFixed(1))} %`;
}

/** What a trunk is like: its round trip, and loss if there is any. */
function measures({ round_trip_ms: ms, loss_up: up, loss_down: down }) {
	const loss = Math.max(up ?? 0, down ?? 0);
	return [
		ms !== undefined && words.milliseconds(Number(ms.toFixed(ms < 10 ? 1 : 0))),
		loss > 0 && words.lossOf(percent(loss)),
	].filter(Boolean);
}

/* The picture. */

function Dots({ gate, hub, people, y }) {
	const { places } = hub;
	const talking = people.filter((member) => member.talking).length;

	if (!places || places > DOTS)
		return null;
	return Array.from({ length: places }, (_, i) => (
		<circle key={i} cx={BOX - 42 - (places - 1 - i) * 13} cy={y - 4} r="4"
			class={i < talking ? "talking" : i < gate.here ? "here"
				: i < gate.here + gate.invited ? "invited" : "free"} />
	));
}

function Gate({ gate, hub, people, drains, y }) {
	const names = people.map(({ name }) => name).join(words.comma);
	const said = drains ? `${words.draining} · ${names}` : names;

	return (
		<g transform={`translate(0 ${y + 14})`}>
			<text x="12" class="gate">{clip(gate.gate, 15)}
				<title>{gate.gate}</title></text>
			<Dots gate={gate} hub={hub} people={people} y={0} />
			<text x={BOX - 10} class="count">{taken(gate, hub)}</text>
			<text x="12" y="17" class="names">{clip(said, 34)}
				<title>{said}</title></text>
		</g>
	);
}

function note({ hub, more, gates }) {
	if (hub.state !== "up")
		return words.hubState(hub.state, siteName(hub.alternate?.site));
	return more > 0 ? words.moreGates(more)
		: gates.length === 0 ? words.onTheWay : null;
}

function Box({ box, people, draining }) {
	const { hub, gates, x, y, width, height } = box;
	const said = note(box);

	return (
		<g class={`hub ${hub.state}`} transform={`translate(${x} ${y})`}
			data-site={hub.site}>
			<rect width={width} height={height} rx="12" />
			<text x="12" y="22" class="site">
				{clip(siteName(hub.site), hub.root || hub.vice ? 17 : 24)}
				<title>{siteName(hub.site)}</title>
			</text>
			{(hub.root || hub.vice) &&
				<text x={BOX - 10} y="22" class="role">
					{hub.root ? words.root : words.vice}</text>}
			{gates.map(({ gate, y: top }) => (
				<Gate key={gate.gate} gate={gate} hub={hub} y={top}
					people={people.get(gate.gate) ?? []}
					drains={draining.includes(gate.gate)} />
			))}
			{said && <text x="12" y={box.noteY} class="note">{clip(said, 34)}</text>}
		</g>
	);
}

function Line({ line }) {
	const { trunk, state, path, x, y, under, width } = line;
	const said = state === "broken" || state === "waiting"
		? [words.noAnswer] : measures(trunk);

	return (
		<g class={`trunk ${state}`}>
			<path d={path} style={{ strokeWidth: `${width}px` }} />
			{said.map((text, i) => (
				<text key={i} x={x} y={y + 14 * (under ? i : i - said.length + 1)}>
					{text}
				</text>
			))}
		</g>
	);
}

function Picture({ tree, people, draining }) {
	const { boxes, lines, width, height } = layout(tree);

	return (
		<div class="picture" tabIndex={0} role="group" aria-label={words.treePicture}>
			<svg role="img" aria-label={words.treePicture} aria-describedby="tree-words"
				viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
				{lines.map((line) => (
					<Line key={`${line.child.site} ${line.trunk.site}`} line={line} />
				))}
				{boxes.map((box) => (
					<Box key={box.hub.site} box={box} people={people} draining={draining} />
				))}
			</svg>
		</div>
	);
}

/* The same in words. */

function trunkWords(hub) {
	const { parent, alternate, state } = hub;
	const used = state === "alternate" ? alternate : parent;

	if (!used)
		return hub.root ? words.isRoot : words.noTrunk;
	const parts = used.up
		? [words.trunkTo(used.site), ...measures(used),
			words.talkers(used.talkers_up, used.talkers_down)]
		: [words.noAnswerFrom(used.site)];
	if (state === "alternate" && parent)
		parts.push(words.noAnswerFrom(parent.site));
	else if (alternate)
		parts.push(words.otherwise(alternate.site));
	return parts.join(words.semicolon);
}

/** A gate with who sits there, and whether anybody more shall. */
function GateWords({ gate, hub, people, drains, act }) {
	return (
		<li>
			<b>{gate.gate}</b> {taken(gate, hub)}{" "}
			{drains && <span class="badge alternate">{words.draining}</span>}{" "}
			<bdi>{people.map(({ name }) => name).join(words.comma)}</bdi>{" "}
			{act && (
				<button onClick={() => act({ do: "drain", gate: gate.gate, on: !drains })}>
					{(drains ? words.drainOff : words.drainOn)(gate.gate)}
				</button>
			)}
		</li>
	);
}

function Hub({ hub, people, draining, act }) {
	return (
		<tr data-hub={hub.site}>
			<th scope="row" style={{ paddingInlineStart: `${1.1 + 1.2 * hub.depth}rem` }}>
				<bdi>{siteName(hub.site)}</bdi>
				{hub.root && <small> {words.root}</small>}
				{hub.vice && <small> {words.vice}</small>}
			</th>
			<td><span class={`badge ${hub.state}`}>
				{words.hubState(hub.state, siteName(hub.alternate?.site))}
			</span></td>
			<td>
				<ul>
					{hub.gates.map((gate) => (
						<GateWords key={gate.gate} gate={gate} hub={hub} act={act}
							people={people.get(gate.gate) ?? []}
							drains={draining.includes(gate.gate)} />
					))}
				</ul>
			</td>
			<td>{trunkWords(hub)}</td>
			<td class="number">{hub.standbys}</td>
		</tr>
	);
}

function Words({ tree, people, draining, act }) {
	return (
		<div class="scroll" tabIndex={0} role="group" aria-label={words.treeWords}>
			<table id="tree-words">
				<caption class="hidden">{words.treeWords}</caption>
				<thead>
					<tr>
						<th scope="col">{words.hub}</th>
						<th scope="col">{words.state}</th>
						<th scope="col">{words.gates}</th>
						<th scope="col">{words.trunk}</th>
						<th scope="col" class="number">{words.standbys}</th>
					</tr>
				</thead>
				<tbody>
					{tree.hubs.map((hub) => (
						<Hub key={hub.site} hub={hub} people={people}
							draining={draining} act={act} />
					))}
				</tbody>
			</table>
		</div>
	);
}

/** draining: names of PhoneGates; act: does a command, null where the bridge
 * cannot drain one. */
export function Tree({ tree, members, draining = [], act }) {
	const people = byGate(members);

	if (!tree?.hubs.length)
		return null;
	return (
		<section class="tree" aria-labelledby="tree">
			<h2 id="tree">{words.tree}</h2>
			<p class="hint">{words.treeSummary(tree.hubs.length, tree.depth)}</p>
			<Picture tree={tree} people={people} draining={draining} />
			<Words tree={tree} people={people} draining={draining} act={act} />
		</section>
	);
}

/* The cluster. */

function offer({ gates, places }) {
	return gates === 0 ? words.noGates
		: words.offers(gates < MANY ? gates : words.anyGates, places);
}

function Site({ site }) {
	return (
		<tr>
			<th scope="row">
				<bdi>{site.site}</bdi>
				{site.ours && <small> {words.thisBridge}</small>}
			</th>
			<td><bdi>{site.host}</bdi></td>
			<td>{words.net(site.net)}</td>
			<td>{offer(site)}</td>
			<td class="number">{site.used}</td>
			<td class="number">{percent(site.stress)}</td>
			<td>{site.release}</td>
			<td>{site.draining &&
				<span class="badge alternate">{words.draining}</span>}</td>
		</tr>
	);
}

export function Sites({ cluster }) {
	if (!cluster)
		return null;
	return (
		<section class="tree" aria-labelledby="sites">
			<h2 id="sites">{words.sites}</h2>
			<div class="scroll" tabIndex={0} role="group" aria-labelledby="sites">
				<table>
					<thead>
						<tr>
							<th scope="col">{words.site}</th>
							<th scope="col">{words.host}</th>
							<th scope="col">{words.network}</th>
							<th scope="col">{words.gates}</th>
							<th scope="col" class="number">{words.inUse}</th>
							<th scope="col" class="number">{words.load}</th>
							<th scope="col">{words.release}</th>
							<th scope="col">{words.state}</th>
						</tr>
					</thead>
					<tbody>
						{cluster.sites.map((site) => (
							<Site key={site.site} site={site} />
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** That nothing changes while the directory is away, or "". */
export function directoryAway(cluster) {
	return cluster?.up === false
		? words.directoryAway(time.format(1000 * cluster.since)) : "";
}

export function Banner({ cluster }) {
	const said = directoryAway(cluster);

	return said && <p class="banner" title={cluster.why}>{said}</p>;
}
