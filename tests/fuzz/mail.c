/* links: signaling */
/* What may be in a mailbox: a whole mail, and the JSON part within. What was
 * parsed keeps its promises, and an answer to it can be built and read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signaling/bounce.h"
#include "signaling/letters.h"
#include "signaling/message.h"
#include "signaling/screen.h"
#include "signaling/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

static void check(const struct message *msg)
{
	g_autofree char *again = message_address(msg->from_address);

	require(again && !strcmp(again, msg->from_address));
	require(!msg->from_name || text_is_line(msg->from_name));
	require(!msg->subject || text_is_line(msg->subject));
	require(!msg->message_id || text_is_line(msg->message_id));
	require(!msg->text || g_utf8_validate(msg->text, -1, NULL));
}

/* The line for a terminal is words of ours and one argument of theirs,
 * whatever a shell would make of it. */
static void check_command(const struct letters_facts *facts)
{
	g_autofree char *command = letters_command(facts);
	g_auto(GStrv) words = NULL;

	require(g_shell_parse_argv(command, NULL, &words, NULL));
	require(g_strv_contains((const char *const *)words, facts->person));
	require(!strpbrk(command, "\r\n"));
}

/* An answer with all that comes from the mail in it. */
static void answer(const struct message *msg)
{
	const struct letters_facts facts = {
		.japanese = msg->japanese,
		.subject = msg->subject,
		.room = "room@conf.example",
		.person = msg->from_address,
	};
	g_autofree char *subject = letters_subject(LETTERS_HOW_TO_JOIN, &facts);
	g_autofree char *text = letters_text(LETTERS_HOW_TO_JOIN, &facts);
	const struct message_draft draft = {
		.from_address = "room@conf.example",
		.from_name = msg->from_name,
		.to_address = msg->from_address,
		.subject = subject,
		.message_id = "answer@conf.example",
		.in_reply_to = msg->message_id,
		.text = msg->text ? msg->text : text,
		.ipsp = msg->ipsp,
		.did = "q3R0b1Zr7mC4u8yXn2KfTg",
		.auto_replied = TRUE,
	};
	g_autoptr(GBytes) mail = message_build(&draft);
	SCOPED(message) back = NULL;

	require(text_is_line(subject) && g_utf8_validate(text, -1, NULL));
	check_command(&facts);
	if (g_bytes_get_size(mail) > MESSAGE_MAX_SIZE)
		return;
	back = message_parse(mail, NULL, NULL);
	require(back && !strcmp(back->from_address, draft.from_address));
	require(back->recipients->len == 1 &&
		!strcmp(back->recipients->pdata[0], msg->from_address));
	require((back->ipsp != NULL) == (msg->ipsp != NULL));
	require(!back->ipsp || g_bytes_equal(back->ipsp, msg->ipsp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static gsize once;
	g_autoptr(GBytes) mail = g_bytes_new(data, size);
	SCOPED(message) msg = NULL;
	struct screen_policy policy = { .who = SCREEN_ALIGNED };
	struct ipsp_message ipsp;
	char did[IPSP_DID_LENGTH + 1];
	const char *reason;
	g_autofree char *why = NULL;

	if (g_once_init_enter(&once)) {
		message_init();
		g_once_init_leave(&once, 1);
	}
	if (bounce_reports(mail, "invite@example.org", &why))
		require(!why || text_is_line(why));
	msg = message_parse(mail, "mx.example.net", NULL);
	if (!msg)
		return 0;
	check(msg);
	screen_bounce(msg, did);
	screen_mail(msg,
		    msg->ipsp && ipsp_decode(&ipsp, msg->ipsp, NULL) ? &ipsp
								     : NULL,
		    &policy, &reason);
	answer(msg);
	return 0;
}
