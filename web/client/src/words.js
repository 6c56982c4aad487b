// Every word that people read, in English and Japanese. A value that is a
// function takes the words that go into it.

const en = {
	product: "Conference panel",
	loading: "Loading…",

	loginTitle: "Moderator log-in",
	loginExplain: "Enter your mail address. If you moderate a room here, we mail you a link that logs you in.",
	mailAddress: "Mail address",
	mailLink: "Mail me a link",
	linkMailed: (address) => `If ${address} moderates a room here, a link is on its way. It works once, within 10 minutes.`,
	otherAddress: "Use another address",
	linkTitle: "You have a log-in link",
	linkExplain: "It works once. Press the button to log in on this device.",
	logIn: "Log in",
	logOut: "Log out",
	badToken: "This link was used already or is too old. Ask for a new one.",
	tooMany: "That was too often. Try again in ten minutes.",
	failed: "That did not work. Try again.",
	badAddress: "That is not a mail address.",

	live: "Live",
	connecting: "Connecting…",
	reconnecting: "Connection lost. Reconnecting…",
	backAgain: "Connected again.",
	rooms: "Rooms",
	people: (n, capacity) => `${n} of ${capacity} people`,
	noRooms: "You moderate no room at the moment.",
	roomClosed: "This room has ended.",
	emptyRoom: "Nobody is here yet.",
	emptyHint: (address) => `Mail ${address} to join.`,

	caption: (room) => `People in ${room}`,
	person: "Person",
	state: "State",
	gate: "PhoneGate",
	level: "Level",
	quality: "Quality",
	actions: "Actions",
	levelOf: (name) => `Level of ${name}`,
	volumeOf: (name) => `How loud the others hear ${name}`,

	invited: "Invited",
	tool: "tool",
	talking: "Talking",
	listening: "Listening",
	muted: "Muted by moderator",
	mutedBy: (who) => `Muted by ${who}`,
	selfMuted: "Muted own microphone",

	from: "from them",
	to: "to them",
	band: (band) => ({ good: "Good", fair: "Fair", poor: "Poor", unknown: "–" })[band],
	cause: (cause, way) => ({
		loss: way === "in" ? "Loss from them" : "Loss to them",
		late: way === "in" ? "Late from them" : "Late to them",
		jitter: way === "in" ? "Jitter from them" : "Jitter to them",
		delay: "Long delay",
		silence: "No sound from them",
	})[cause],
	figureName: (name) => ({
		mos: "MOS (est.)",
		loss: "Loss",
		late: "Late",
		recovered: "Recovered",
		concealed: "Concealed",
		jitter_ms: "Jitter",
		buffer_ms: "Buffer",
	})[name],
	roundTrip: (ms) => `Round trip ${ms} ms`,

	mute: "Mute",
	unmute: "Unmute",
	kick: "Remove",
	muteWhom: (name) => `Mute ${name}`,
	unmuteWhom: (name) => `Unmute ${name}`,
	kickWhom: (name) => `Remove ${name}…`,
	kickTitle: (name) => `Remove ${name} from the room?`,
	kickExplain: "The call ends at once. They can mail the room again.",
	kickReason: "Reason, shown to them (optional)",
	cancel: "Cancel",

	activity: "Activity",
	noActivity: "What happens is listed here.",
	added: (name) => `${name} was invited`,
	joined: (name) => `${name} is here`,
	wasMuted: (name, by) => `${by} muted ${name}`,
	wasUnmuted: (name, by) => `${by} unmuted ${name}`,
	wasVolume: (name, by) => `${by} changed how loud ${name} is heard`,
	wasKicked: (name, by) => `${by} removed ${name}`,
	left: (name) => `${name} left`,
	lost: (name) => `The connection to ${name} was lost`,
	noShow: (name) => `${name} did not come`,
	replaced: (name) => `${name} came back with another call`,
	notHere: "That person is not in the room any more.",
	notKept: "Another bridge keeps this room, or none can for now. " +
		"Calls go on; nothing can be changed here.",
	commandFailed: (text) => `Not done: ${text}`,
};

const ja = {
	product: "会議パネル",
	loading: "読み込み中…",

	loginTitle: "司会者ログイン",
	loginExplain: "メールアドレスを入力してください。会議室の司会者であれば、ログイン用のリンクをメールで送ります。",
	mailAddress: "メールアドレス",
	mailLink: "リンクをメールで受け取る",
	linkMailed: (address) => `${address} がここの司会者であれば、リンクを送りました。10分以内に一度だけ使えます。`,
	otherAddress: "別のアドレスを使う",
	linkTitle: "ログイン用リンクです",
	linkExplain: "一度だけ使えます。ボタンを押すと、この端末でログインします。",
	logIn: "ログイン",
	logOut: "ログアウト",
	badToken: "このリンクは使用済みか期限切れです。新しいリンクを受け取ってください。",
	tooMany: "回数が多すぎます。10分後にもう一度お試しください。",
	failed: "うまくいきませんでした。もう一度お試しください。",
	badAddress: "メールアドレスではありません。",

	live: "接続中",
	connecting: "接続しています…",
	reconnecting: "接続が切れました。再接続しています…",
	backAgain: "再び接続しました。",
	rooms: "会議室",
	people: (n, capacity) => `${n}人（定員${capacity}人）`,
	noRooms: "現在、司会をしている会議室はありません。",
	roomClosed: "この会議室は終了しました。",
	emptyRoom: "まだ誰もいません。",
	emptyHint: (address) => `${address} にメールを送ると参加できます。`,

	caption: (room) => `${room} の参加者`,
	person: "参加者",
	state: "状態",
	gate: "PhoneGate",
	level: "音量",
	quality: "品質",
	actions: "操作",
	levelOf: (name) => `${name} の音量`,
	volumeOf: (name) => `${name} の聞こえる大きさ`,

	invited: "招待済み",
	tool: "ツール",
	talking: "発言中",
	listening: "聞いています",
	muted: "司会者がミュート",
	mutedBy: (who) => `${who} がミュート`,
	selfMuted: "自分でミュート",

	from: "相手から",
	to: "相手へ",
	band: (band) => ({ good: "良好", fair: "普通", poor: "不良", unknown: "–" })[band],
	cause: (cause, way) => ({
		loss: way === "in" ? "相手からの損失" : "相手への損失",
		late: way === "in" ? "相手からの遅着" : "相手への遅着",
		jitter: way === "in" ? "相手からのゆらぎ" : "相手へのゆらぎ",
		delay: "長い遅延",
		silence: "相手の音声なし",
	})[cause],
	figureName: (name) => ({
		mos: "MOS（推定）",
		loss: "損失",
		late: "遅着",
		recovered: "回復",
		concealed: "補間",
		jitter_ms: "ゆらぎ",
		buffer_ms: "バッファ",
	})[name],
	roundTrip: (ms) => `往復 ${ms} ミリ秒`,

	mute: "ミュート",
	unmute: "ミュート解除",
	kick: "退出",
	muteWhom: (name) => `${name} をミュート`,
	unmuteWhom: (name) => `${name} のミュートを解除`,
	kickWhom: (name) => `${name} を退出させる…`,
	kickTitle: (name) => `${name} を退出させますか？`,
	kickExplain: "通話はすぐに終わります。会議室に再びメールを送ることはできます。",
	kickReason: "理由（相手に表示、任意）",
	cancel: "キャンセル",

	activity: "履歴",
	noActivity: "出来事がここに表示されます。",
	added: (name) => `${name} が招待されました`,
	joined: (name) => `${name} が参加しました`,
	wasMuted: (name, by) => `${by} が ${name} をミュートしました`,
	wasUnmuted: (name, by) => `${by} が ${name} のミュートを解除しました`,
	wasVolume: (name, by) => `${by} が ${name} の聞こえる大きさを変えました`,
	wasKicked: (name, by) => `${by} が ${name} を退出させました`,
	left: (name) => `${name} が退出しました`,
	lost: (name) => `${name} との接続が切れました`,
	noShow: (name) => `${name} は参加しませんでした`,
	replaced: (name) => `${name} が新しい通話で戻りました`,
	notHere: "その人はもう会議室にいません。",
	notKept: "この会議室は別のブリッジが管理しているか、いまは管理できません。" +
		"通話は続いていますが、ここからは変更できません。",
	commandFailed: (text) => `実行できませんでした：${text}`,
};

export const catalogues = { en, ja };

/** The first of the browser's languages that we speak. */
export function chooseLanguage(languages) {
	for (const tag of languages) {
		const language = tag.toLowerCase().split("-")[0];
		if (language in catalogues)
			return language;
	}
	return "en";
}

export const language = chooseLanguage(globalThis.navigator?.languages ?? []);
export const words = catalogues[language];
