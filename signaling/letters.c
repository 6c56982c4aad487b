#include "signaling/letters.h"

#include <string.h>

enum { ENGLISH, JAPANESE, LANGUAGES };

/* {words} stand for the facts, see substitute(). The formatter would break
 * the sentences where it likes. */
/* clang-format off */
static const struct {
	const char *subject, *text;
} letters[LETTERS_KINDS][LANGUAGES] = {
	[LETTERS_INVITE][ENGLISH] = { "Joining the conference {room}",
"{person} asks to join the conference {room}.\n"
"(IPSP/1: this mail is read by a program.)\n" },

	[LETTERS_INVITE][JAPANESE] = { "会議 {room} に参加",
"{person} さんが会議室 {room} への参加を求めています。\n"
"(IPSP/1: このメールはプログラムが読みます。)\n" },

	[LETTERS_OK][ENGLISH] = { "You can join {name}",
"Your request to join \"{name}\" ({people} of {max} people) was accepted.\n"
"Your IPSP program connects by itself. If you did not ask for this, ignore\n"
"this mail: without the program that sent the request nobody can join as you.\n" },

	[LETTERS_OK][JAPANESE] = { "{name} に参加できます",
"会議室「{name}」への参加を受け付けました(参加者 {people} 人、定員 {max} 人)。\n"
"接続は IPSP プログラムが自動で行います。お心当たりがない場合は、このメールを\n"
"無視してください。参加を求めたプログラムがなければ、誰もあなたとして参加できません。\n" },

	[LETTERS_BUSY][ENGLISH] = { "{name} is full",
"\"{name}\" is full: {people} of {max} people are in it.\n"
"Please try again in {retry} seconds.\n" },

	[LETTERS_BUSY][JAPANESE] = { "{name} は満員です",
"会議室「{name}」は満員です(参加者 {people} 人、定員 {max} 人)。\n"
"{retry} 秒ほどしてから、もう一度お試しください。\n" },

	[LETTERS_REJECT][ENGLISH] = { "You cannot join {name}",
"You cannot join \"{name}\". {reason}\n" },

	[LETTERS_REJECT][JAPANESE] = { "{name} に参加できません",
"会議室「{name}」に参加できません。{reason}\n" },

	[LETTERS_CANCEL][ENGLISH] = { "Not joining the conference {room}",
"{person} takes back the request to join {room}.\n"
"(IPSP/1: this mail is read by a program.)\n" },

	[LETTERS_CANCEL][JAPANESE] = { "会議 {room} への参加の取り消し",
"{person} さんが会議室 {room} への参加を取り消しました。\n"
"(IPSP/1: このメールはプログラムが読みます。)\n" },

	[LETTERS_BYE][ENGLISH] = { "Leaving the conference {room}",
"{person} leaves the conference {room}.\n"
"(IPSP/1: this mail is read by a program.)\n" },

	[LETTERS_BYE][JAPANESE] = { "会議 {room} から退出",
"{person} さんが会議室 {room} から退出します。\n"
"(IPSP/1: このメールはプログラムが読みます。)\n" },

	[LETTERS_HOW_TO_JOIN][ENGLISH] = { "How to join {name}",
"\"{name}\" is a conference room: you mail it, and you are in the conference.\n"
"A program does this for you. To join, run in a terminal:\n"
"\n"
"    {command}\n"
"\n"
"After --mailbox and --post stand the servers of your own mail account; put in\n"
"yours where they have other names. No other account, number or password is\n"
"needed. The program is part of ipsp-bridge.\n"
"\n"
"A program wrote this answer. It cannot read replies.\n" },

	[LETTERS_HOW_TO_JOIN][JAPANESE] = { "{name} への参加方法",
"「{name}」は会議室です。メールを送ると会議に参加できます。\n"
"メールのやりとりはプログラムが行います。参加するには、端末で次の 1 行を\n"
"実行してください。\n"
"\n"
"    {command}\n"
"\n"
"--mailbox と --post の後ろは、お使いのメールのサーバーです。名前が違う場合は\n"
"置き換えてください。ほかのアカウントや番号、パスワードはいりません。\n"
"このプログラムは ipsp-bridge に含まれています。\n"
"\n"
"この返事はプログラムが書きました。返信は読まれません。\n" },

	[LETTERS_JOIN_LINK][ENGLISH] = { "Your link to {name}",
"\"{name}\" is a conference room. {now}\n"
"\n"
"To join it with your browser, open this link:\n"
"\n"
"    {link}\n"
"\n"
"It is for you alone: it works once, on one device, within {minutes} minutes. For\n"
"another device, or later, write to the room again.\n"
"{door}\n"
"Without a browser the program ipsp-phone does it, from a terminal:\n"
"\n"
"    {command}\n"
"\n"
"A program wrote this answer. It cannot read replies.\n" },

	[LETTERS_JOIN_LINK][JAPANESE] = { "{name} に参加するためのリンク",
"「{name}」は会議室です。{now}\n"
"\n"
"ブラウザで参加するには、次のリンクを開いてください。\n"
"\n"
"    {link}\n"
"\n"
"あなた専用のリンクで、{minutes} 分以内に 1 台の端末で 1 回だけ使えます。別の端末で\n"
"参加するとき、または後で参加するときは、もう一度会議室にメールを送ってください。\n"
"{door}\n"
"ブラウザを使わない場合は、端末で ipsp-phone を実行してください。\n"
"\n"
"    {command}\n"
"\n"
"この返事はプログラムが書きました。返信は読まれません。\n" },

	[LETTERS_PIN][ENGLISH] = { "{name} asks for a PIN",
"\"{name}\" asks for a PIN, and your mail had none, or a wrong one. Please write to\n"
"this address, with the PIN in the place of \"PIN\":\n"
"\n"
"    {pin_address}\n"
"\n"
"A program wrote this answer. It cannot read replies.\n" },

	[LETTERS_PIN][JAPANESE] = { "{name} には PIN が必要です",
"会議室「{name}」には PIN が必要ですが、メールに PIN がないか、間違っています。\n"
"次の宛先の「PIN」を実際の PIN に置き換えて、もう一度お送りください。\n"
"\n"
"    {pin_address}\n"
"\n"
"この返事はプログラムが書きました。返信は読まれません。\n" },

	[LETTERS_LOGIN][ENGLISH] = { "Your log-in link",
"Someone, most likely you, asked to log in to the conference panel as\n"
"{person}. This link does it:\n"
"\n"
"    {link}\n"
"\n"
"It works once, within 10 minutes. If you did not ask for it, ignore this mail:\n"
"then nobody logs in. Do not pass the link on.\n" },

	[LETTERS_LOGIN][JAPANESE] = { "ログイン用リンク",
"会議の管理画面に {person} としてログインする操作がありました。\n"
"次のリンクを開くとログインできます。\n"
"\n"
"    {link}\n"
"\n"
"リンクは 10 分以内に 1 回だけ使えます。お心当たりがない場合は、このメールを\n"
"無視してください。リンクはほかの人に渡さないでください。\n" },

/* Nobody has told in which language its reader wants it. */
#define RECORDING_ENGLISH \
"A recording of \"{name}\", {length} long, has ended. It is here:\n" \
"\n" \
"    {link}\n" \
"\n" \
"Log in as a moderator of {room} to hear it, to keep a copy or to delete it.\n"
#define RECORDING_JAPANESE \
"会議室「{name}」の録音(長さ {length})が終わりました。録音は次の場所にあります。\n" \
"\n" \
"    {link}\n" \
"\n" \
"{room} の司会者としてログインすると、再生、保存、削除ができます。\n"
	[LETTERS_RECORDING][ENGLISH] = { "A recording of {name}",
RECORDING_ENGLISH "\n" RECORDING_JAPANESE },
	[LETTERS_RECORDING][JAPANESE] = { "{name} の録音",
RECORDING_JAPANESE "\n" RECORDING_ENGLISH },

#define CALL_ENGLISH \
"{by} calls you into the conference \"{name}\" ({room}).\n" \
"Where your IPSP program waits for calls it rings now. Else this line in a\n" \
"terminal joins, within two minutes even where the room is locked:\n" \
"\n" \
"    {command}\n" \
"\n" \
"If you do nothing, nobody joins as you.\n"
#define CALL_JAPANESE \
"{by} さんが、あなたを会議室「{name}」({room})に呼んでいます。\n" \
"IPSP プログラムが待ち受け中なら、今、呼び出し音が鳴ります。そうでない場合は、\n" \
"端末で次の 1 行を実行すると参加できます(2 分以内なら鍵がかかっていても入れます)。\n" \
"\n" \
"    {command}\n" \
"\n" \
"何もしなければ、誰もあなたとして参加することはありません。\n"
	[LETTERS_CALL][ENGLISH] = { "You are called into {name}",
CALL_ENGLISH "\n" CALL_JAPANESE },
	[LETTERS_CALL][JAPANESE] = { "{name} から呼ばれています",
CALL_JAPANESE "\n" CALL_ENGLISH },

	[LETTERS_DECLINE][ENGLISH] = { "Not coming to the conference {room}",
"{person} was called into {room} and does not come.\n"
"(IPSP/1: this mail is read by a program.)\n" },

	[LETTERS_DECLINE][JAPANESE] = { "会議 {room} への呼び出しの辞退",
"{person} さんは、会議室 {room} からの呼び出しを辞退しました。\n"
"(IPSP/1: このメールはプログラムが読みます。)\n" },
};

static const struct {
	guint code;
	const char *text[LANGUAGES];
} reasons[] = {
	{ 401, { "It asks for a PIN, and yours is missing or wrong.",
		 "PIN がないか、間違っています。" } },
	{ 403, { "You are not admitted to this room.",
		 "この会議室への参加は許可されていません。" } },
	{ 404, { "There is no such room here.",
		 "その会議室はありません。" } },
	{ 408, { "Your request came too late. Please try again.",
		 "参加の求めが期限を過ぎて届きました。もう一度お試しください。" } },
	{ 410, { "The conference has ended.",
		 "会議は終了しました。" } },
	{ 415, { "Your program and this room have no version or encryption in "
		 "common. Please update the program.",
		 "お使いのプログラムの版か暗号方式が会議室と合いません。"
		 "プログラムを更新してください。" } },
	{ 423, { "The room is locked: nobody new comes in now.",
		 "会議室には鍵がかかっており、今は新しく参加できません。" } },
	{ 429, { "There were too many requests. Please try again later.",
		 "参加の求めが多すぎます。しばらくしてからお試しください。" } },
	{ 486, { "The room is full. Please try again later.",
		 "会議室は満員です。しばらくしてからお試しください。" } },
};

/* What a link is mailed with. */
enum { NOBODY, ONE, SEVERAL, COUNTS };
static const char *const now_there[COUNTS][LANGUAGES] = {
	[NOBODY] = { "Nobody is in it yet.", "まだ誰も参加していません。" },
	[ONE] = { "One person is in it now{names}.",
		  "現在 1 人が参加しています{names}。" },
	[SEVERAL] = { "{people} people are in it now{names}.",
		      "現在 {people} 人が参加しています{names}。" },
};
enum { OPEN, LOBBY, FULL, DOORS };
static const char *const doors[DOORS][LANGUAGES] = {
	[OPEN] = { "", "" },
	[LOBBY] = { "You will wait in its lobby until a moderator lets you in.\n",
		    "会議室に入る前に、司会者が許可するまで待合室で待ちます。\n" },
	[FULL] = { "It is full just now, with {max} people: try the link when "
		   "somebody has left.\n",
		   "現在は満員(定員 {max} 人)です。誰かが退出したらお試しください。\n" },
};
/* clang-format on */

const char *letters_reason(guint code, gboolean japanese)
{
	for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].text[japanese ? JAPANESE : ENGLISH];
	return japanese ? "理由は伝えられていません。" : "No reason was given.";
}

static char *shell_word(const char *text)
{
	gsize safe = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789@%_+=:,./-");

	return text[safe] || !*text ? g_shell_quote(text) : g_strdup(text);
}

char *letters_command(const struct letters_facts *facts)
{
	const char *at = strrchr(facts->person, '@');
	const char *domain = at ? at + 1 : facts->person;
	g_autofree char *imap = g_strconcat("imaps://imap.", domain, NULL);
	g_autofree char *smtp = g_strconcat("smtps://smtp.", domain, NULL);
	g_autofree char *room = shell_word(facts->room);
	g_autofree char *person = shell_word(facts->person);
	g_autofree char *mailbox =
		shell_word(facts->mailbox_url ? facts->mailbox_url : imap);
	g_autofree char *post =
		shell_word(facts->post_url ? facts->post_url : smtp);

	return g_strdup_printf(
		"ipsp-phone call %s --from %s --mailbox %s --post %s", room,
		person, mailbox, post);
}

struct word {
	const char *name;
	char *value; /* owned */
};

static const char *find(const struct word *words, const char *name,
			gsize length)
{
	for (; words->name; words++)
		if (!strncmp(words->name, name, length) && !words->name[length])
			return words->value ? words->value : "";
	return "";
}

/* One pass: a value that holds "{word}" itself stays as it is. */
static char *replace_words(const char *pattern, const struct word *words)
{
	GString *text = g_string_new(NULL);
	const char *open, *close;

	while ((open = strchr(pattern, '{')) != NULL &&
	       (close = strchr(open, '}')) != NULL) {
		g_string_append_len(text, pattern, open - pattern);
		g_string_append(
			text, find(words, open + 1, (gsize)(close - open - 1)));
		pattern = close + 1;
	}
	g_string_append(text, pattern);
	return g_string_free(text, FALSE);
}

/* " (Ann, Ben)", or "". Caller frees. */
static char *names_of(const struct letters_facts *facts)
{
	if (!facts->names)
		return g_strdup("");
	return g_strdup_printf(facts->japanese ? "(%s)" : " (%s)",
			       facts->names);
}

static char *now_of(const struct letters_facts *facts)
{
	int language = facts->japanese ? JAPANESE : ENGLISH;
	g_autofree char *people = g_strdup_printf("%u", facts->people);
	g_autofree char *names = names_of(facts);
	const struct word words[] = { { "people", people },
				      { "names", names },
				      { NULL, NULL } };

	return replace_words(now_there[MIN(facts->people, SEVERAL)][language],
			     words);
}

static char *door_of(const struct letters_facts *facts)
{
	int language = facts->japanese ? JAPANESE : ENGLISH;
	g_autofree char *max = g_strdup_printf("%u", facts->max);
	const struct word words[] = { { "max", max }, { NULL, NULL } };
	int door = facts->max && facts->people >= facts->max ? FULL
		   : facts->lobby			     ? LOBBY
							     : OPEN;

	return replace_words(doors[door][language], words);
}

/* "standup+PIN@conf.example". Caller frees. */
static char *pin_address(const char *room)
{
	const char *at = strrchr(room, '@');

	return g_strdup_printf("%.*s+PIN%s", (int)(at - room), room, at);
}

static char *substitute(const char *pattern, const struct letters_facts *facts)
{
	const char *name = facts->room_name ? facts->room_name : facts->room;
	const char *reason = facts->reason ? facts->reason
					   : letters_reason(0, facts->japanese);
	struct word words[] = {
		{ "room", g_strdup(facts->room) },
		{ "name", g_strdup(name) },
		{ "person", g_strdup(facts->person) },
		{ "people", g_strdup_printf("%u", facts->people) },
		{ "max", g_strdup_printf("%u", facts->max) },
		{ "retry", g_strdup_printf("%u", facts->retry_s) },
		{ "reason", g_strdup(reason) },
		{ "link", g_strdup(facts->link) },
		{ "minutes", g_strdup_printf("%u", facts->seconds / 60) },
		{ "now", now_of(facts) },
		{ "door", door_of(facts) },
		{ "pin_address",
		  facts->room ? pin_address(facts->room) : NULL },
		{ "by", g_strdup(facts->by) },
		{ "length",
		  g_strdup_printf("%u:%02u:%02u", facts->seconds / 3600,
				  facts->seconds / 60 % 60,
				  facts->seconds % 60) },
		{ "command", facts->room && facts->person
				     ? letters_command(facts)
				     : NULL },
		{ NULL, NULL },
	};
	char *text = replace_words(pattern, words);

	for (struct word *word = words; word->name; word++)
		g_free(word->value);
	return text;
}

char *letters_subject(enum letters_kind kind, const struct letters_facts *facts)
{
	int language = facts->japanese ? JAPANESE : ENGLISH;

	if (!facts->subject || !*facts->subject)
		return substitute(letters[kind][language].subject, facts);
	if (!g_ascii_strncasecmp(facts->subject, "re:", 3))
		return g_strdup(facts->subject);
	return g_strconcat("Re: ", facts->subject, NULL);
}

char *letters_text(enum letters_kind kind, const struct letters_facts *facts)
{
	int language = facts->japanese ? JAPANESE : ENGLISH;

	return substitute(letters[kind][language].text, facts);
}
