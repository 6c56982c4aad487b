// Why something was not done, in both languages. The bridge sends a code and an
// English sentence, which may say more.

const en = {
	whyNot: (code, what, text) => ({
		malformed: "the bridge did not understand it.",
		unknown: "this bridge does not know that.",
		"no-room": "you do not moderate this room any more.",
		"not-here": "that person or recording is not there any more.",
		"not-kept": "another bridge keeps this room, or none can for now.",
		impossible: text,
		"not-supported": text,
		limit: text,
		failed: text,
		"not-connected": "the connection to the bridge is lost. Try again when it is back.",
		"no-answer": "the bridge did not answer. It may have been done: look before you try again.",
	})[code] || "try again.",
	outcome: (code) => ({
		done: "done",
		malformed: "not understood",
		unknown: "not known",
		"no-room": "no such room",
		"not-here": "was not here",
		"not-kept": "another bridge keeps the room",
		impossible: "not possible",
		"not-supported": "not possible here",
		limit: "too many",
		failed: "went wrong",
	})[code] ?? code,
	detail: (text) => ({
		on: "on",
		off: "off",
		up: "up",
		down: "down",
		set: "set",
		none: "none",
		moderator: "moderator",
		member: "member",
		listener: "listener",
	})[text] ?? text,
	theBridge: "The bridge",
};

/* What a command cannot do, where that is all that `impossible` says. */
const impossible = {
	"ask-unmute": "まだ参加していない人とツールには依頼できません。",
	role: "設定で決められた司会者の役割は変えられません。ツールは司会者になれません。",
	refuse: "すでに入室しています。",
	ban: "司会者とツールは入室禁止にできません。",
	floor: "まだ参加していない人には発言権を渡せません。",
	"floor-next": "挙手している人がいません。",
	"floor-extend": "発言権を持つ人がいないか、時間の制限がありません。",
	record: "この会議室は録音できない設定か、誰もいません。",
	"recording-delete": "まだ録音中です。",
	announce: "会議室に誰もいないか、再生できる音声ファイルではありません。",
};

const ja = {
	whyNot: (code, what, text) => ({
		malformed: "ブリッジが操作を理解できませんでした。",
		unknown: "このブリッジにはない操作です。",
		"no-room": "この会議室の司会者ではなくなりました。",
		"not-here": "その人または録音はもうありません。",
		"not-kept": "別のブリッジがこの会議室を管理しているか、いまは管理できません。",
		impossible: impossible[what] ?? "この相手、またはいまの会議室ではできません。",
		"not-supported": "このブリッジの構成ではできません。",
		limit: "数の上限に達しています。",
		failed: `ブリッジでの処理に失敗しました${text ? `（${text}）` : ""}。あとでもう一度お試しください。`,
		"not-connected": "ブリッジとの接続が切れています。再接続後にもう一度お試しください。",
		"no-answer": "ブリッジから応答がありません。実行された可能性があるので、確認してからやり直してください。",
	})[code] ?? "うまくいきませんでした。もう一度お試しください。",
	outcome: (code) => ({
		done: "完了",
		malformed: "理解できず",
		unknown: "未知の操作",
		"no-room": "会議室なし",
		"not-here": "相手が不在",
		"not-kept": "別のブリッジが管理",
		impossible: "実行不可",
		"not-supported": "この構成では不可",
		limit: "上限超過",
		failed: "失敗",
	})[code] ?? code,
	detail: (text) => ({
		on: "オン",
		off: "オフ",
		up: "上げる",
		down: "下げる",
		set: "あり",
		none: "なし",
		moderator: "司会者",
		member: "参加者",
		listener: "聴講者",
	})[text] ?? text,
	theBridge: "ブリッジ",
};

export const errors = { en, ja };
