// Lists who is in the room of a token, and mutes who has the address:
//   ipsp-bridge token --panel standup@conf.example
//   node mute.mjs https://conf.example TOKEN standup@conf.example [ADDRESS]
// Node 18 has no WebSocket, but its HTTP can be upgraded to one (RFC 6455).
import { randomBytes } from "node:crypto";
const [url, token, room, address] = process.argv.slice(2);
const { request } = await import(url.startsWith("https:") ? "node:https" : "node:http");

function frame(text) { // masked, of less than 64 KiB
	const mask = randomBytes(4), n = text.length;
	const size = n < 126 ? [0x80 | n] : [0x80 | 126, n >> 8, n & 255];
	return Buffer.concat([Buffer.from([0x81, ...size]), mask, text.map((byte, i) => byte ^ mask[i % 4])]);
}

async function* messages(socket, data = Buffer.alloc(0)) {
	for await (const chunk of socket)
		for (data = Buffer.concat([data, chunk]); data.length >= 10;) { // none is shorter
			const [at, size] = data[1] < 126 ? [2, data[1]]
				: data[1] === 126 ? [4, data.readUInt16BE(2)] : [10, data.readUInt32BE(6)];
			if (data.length < at + size) break;
			if (data[0] === 0x81) yield JSON.parse(data.subarray(at, at + size));
			data = data.subarray(at + size);
		}
}

request(`${url}/panel`, { headers: { Authorization: `Bearer ${token}`, Connection: "Upgrade",
	Upgrade: "websocket", "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
	"Sec-WebSocket-Version": 13, "Sec-WebSocket-Protocol": "ipsp-panel" } })
	.on("response", ({ statusCode }) => { throw Error(`refused: ${statusCode}`); })
	.on("upgrade", async (answer, socket, head) => {
		const send = (command) => socket.write(frame(Buffer.from(JSON.stringify(command))));
		const ends = { // whether a message is the last that we wait for
			snapshot({ members }) {
				for (const m of members) console.log(m.address, m.state, m.muted ? "muted" : "");
				const found = members.find((m) => m.address === address);
				if (found) send({ id: 2, do: "mute", member: found.id });
				return !found;
			},
			done: ({ id }) => id === 2,
			error({ text }) { throw Error(text); },
		};
		socket.unshift(head);
		send({ id: 1, do: "watch", room });
		for await (const message of messages(socket))
			if (ends[message.t]?.(message)) break;
	}).end();
