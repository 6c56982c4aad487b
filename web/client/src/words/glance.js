// What the bar over the room says besides, in both languages.

const en = {
	mailTakes: "Mail takes",
	mailTime: (seconds) => seconds < 1 ? "under 1 s"
		: seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`,
	mailMedian: "median of the last",
	recordingIs: "Recording",
	recordingOnSince: (time) => `on since ${time}`,
	recordingIsOff: "off",
};

const ja = {
	mailTakes: "メールの所要時間",
	mailTime: (seconds) => seconds < 1 ? "1秒未満"
		: seconds < 120 ? `${seconds}秒` : `${Math.round(seconds / 60)}分`,
	mailMedian: "直近の中央値",
	recordingIs: "録音",
	recordingOnSince: (time) => `${time} から録音中`,
	recordingIsOff: "なし",
};

export const glance = { en, ja };
