// A chart over time: a canvas for who sees it, a sentence for everybody, and the
// figures as a table for who asks.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";

import { sampled, summary } from "./history.js";
import { words } from "./words.js";

const HEIGHT = 150;
const ROWS = 30; // of the table
const SHORT = 300; // s that are shown, where seconds tell times apart
const DASHES = [[], [6, 4], [2, 3]]; // lines differ by more than colour
const COLOURS = ["--accent", "--fair", "--poor"];

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const short = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name);
}

function options({ series, range, format }, width, onPoint) {
	const grid = { stroke: colour("--line"), width: 1 };
	const axis = { stroke: colour("--soft"), grid, ticks: grid, font: "12px system-ui" };

	return {
		width,
		height: HEIGHT,
		legend: { show: false },
		cursor: { drag: { x: false, y: false }, y: false },
		scales: { y: { range: (u, low, high) => range(low ?? 0, high ?? 0) } },
		axes: [
			{ ...axis, space: 90, values: (u, all) => all.map((at) =>
				(all.at(-1) - all[0] < SHORT ? clock : short).format(1000 * at)) },
			{ ...axis, size: 64, values: (u, all) => all.map(format) },
		],
		series: [{}, ...series.map((name, i) => ({
			stroke: colour(COLOURS[i]), width: 2, dash: DASHES[i],
			points: { show: false },
		}))],
		hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
	};
}

/** The canvas; made again when the colours or its width change. */
function Canvas({ chart, data, onPoint }) {
	const place = useRef(null);
	const plot = useRef(null);
	const [look, setLook] = useState({ width: 0, dark: false });

	useLayoutEffect(() => {
		const element = place.current;
		const dark = matchMedia("(prefers-color-scheme: dark)");
		const see = () => setLook({
			width: Math.floor(element.clientWidth), dark: dark.matches });
		const resized = new ResizeObserver(see);
		resized.observe(element);
		dark.addEventListener("change", see);
		return () => {
			resized.disconnect();
			dark.removeEventListener("change", see);
		};
	}, []);
	useLayoutEffect(() => {
		if (!look.width)
			return undefined;
		plot.current = new uPlot(options(chart, look.width, onPoint), data,
			place.current);
		return () => plot.current.destroy();
	}, [look.width, look.dark]);
	useLayoutEffect(() => plot.current?.setData(data), [data]);
	return <div class="canvas" ref={place} aria-hidden="true" />;
}

function Legend({ series, columns, point, format }) {
	const at = point ?? columns.at.length - 1;

	return (
		<p class="legend" aria-hidden="true">
			<span>{clock.format(1000 * columns.at[at])}</span>
			{series.map((name, i) => (
				<span key={name} class={`line-${i}`}>
					{words.series(name)}{" "}
					<b>{columns[name][at] === null ? "–" : format(columns[name][at])}</b>
				</span>
			))}
		</p>
	);
}

function Sentence({ series, columns, format }) {
	const parts = series.map((name) => [name, summary(columns.at, columns[name])])
		.filter(([, known]) => known)
		.map(([name, { now, low, high }]) => words.seriesSummary(
			words.series(name), format(now), format(low), format(high)));
	const seconds = Math.round(columns.at.at(-1) - columns.at[0]);

	return <p class="hint">{parts.length
		? words.chartSummary(parts.join(words.semicolon), seconds)
		: words.nothingKnown}</p>;
}

function Table({ title, series, columns, format }) {
	return (
		<div class="scroll" tabIndex={0} role="group" aria-label={title}>
			<table>
				<caption class="hidden">{title}</caption>
				<thead>
					<tr>
						<th scope="col">{words.time}</th>
						{series.map((name) =>
							<th key={name} scope="col">{words.series(name)}</th>)}
					</tr>
				</thead>
				<tbody>
					{sampled(columns, ROWS).map((row) => (
						<tr key={row.at}>
							<th scope="row">{clock.format(1000 * row.at)}</th>
							{series.map((name) => <td key={name}>
								{row[name] === null ? "–" : format(row[name])}</td>)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** chart: { title, series: names in `columns`, range(low, high), format };
 * columns: as History gives them. */
export function Chart({ chart, columns }) {
	const [point, setPoint] = useState(null);
	const [open, setOpen] = useState(false);
	const { title, series, format } = chart;

	if (!columns)
		return null;
	const data = [columns.at, ...series.map((name) => columns[name])];
	return (
		<figure class="chart">
			<figcaption>{title}</figcaption>
			<Legend series={series} columns={columns} point={point} format={format} />
			<Canvas chart={chart} data={data} onPoint={setPoint} />
			<Sentence series={series} columns={columns} format={format} />
			<details onToggle={(event) => setOpen(event.currentTarget.open)}>
				<summary>{words.asTable(title)}</summary>
				{open && <Table title={title} series={series} columns={columns}
					format={format} />}
			</details>
		</figure>
	);
}
