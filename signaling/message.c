#include "signaling/message.h"

#include <gmime/gmime.h>
#include <string.h>

#include "signaling/authres.h"
#include "signaling/language.h"
#include "signaling/rawmail.h"
#include "signaling/text.h"

#define MAX_NAME       128 /* bytes of a display name that we keep */
#define MAX_SUBJECT    512
#define MAX_ID	       900 /* fits a line, RFC 5322 2.1.1 */
#define MAX_TEXT       4096
#define MAX_RECIPIENTS 100

G_DEFINE_QUARK(message - error - quark, message_error)

void message_init(void)
{
	g_mime_init();
}

static gboolean malformed(GError **error, const char *why)
{
	g_set_error_literal(error, MESSAGE_ERROR, MESSAGE_ERROR_MALFORMED, why);
	return FALSE;
}

/* What is in the MIME tree; the objects are the tree's. */
struct tree {
	guint parts, depth;
	gboolean within_message; /* in a forwarded mail: not the sender's */
	guint n_ipsp;
	GMimePart *ipsp;
	GMimeTextPart *text;
};

static void note_leaf(struct tree *tree, GMimeObject *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(part);

	if (tree->within_message)
		return;
	if (GMIME_IS_PART(part) &&
	    g_mime_content_type_is_type(type, "application", "ipsp+json")) {
		tree->n_ipsp++;
		tree->ipsp = GMIME_PART(part);
	} else if (!tree->text && GMIME_IS_TEXT_PART(part) &&
		   g_mime_content_type_is_type(type, "text", "plain") &&
		   !g_mime_part_is_attachment(GMIME_PART(part))) {
		tree->text = GMIME_TEXT_PART(part);
	}
}

/* Recursion is as deep as the limit allows: deeper parts are only noted. */
static void walk(struct tree *tree, GMimeObject *part, guint depth)
{
	tree->parts++;
	tree->depth = MAX(tree->depth, depth);
	if (depth > MESSAGE_MAX_DEPTH || tree->parts > MESSAGE_MAX_PARTS)
		return;
	if (GMIME_IS_MULTIPART(part)) {
		GMimeMultipart *multi = GMIME_MULTIPART(part);
		int n = g_mime_multipart_get_count(multi);

		for (int i = 0; i < n; i++)
			walk(tree, g_mime_multipart_get_part(multi, i),
			     depth + 1);
	} else if (GMIME_IS_MESSAGE_PART(part)) {
		GMimeMessage *inner = g_mime_message_part_get_message(
			GMIME_MESSAGE_PART(part));
		GMimeObject *top =
			inner ? g_mime_message_get_mime_part(inner) : NULL;
		gboolean outer = tree->within_message;

		tree->within_message = TRUE;
		if (top)
			walk(tree, top, depth + 1);
		tree->within_message = outer;
	} else {
		note_leaf(tree, part);
	}
}

/* The limits again: what the scan of the raw bytes cannot see is a boundary
 * in RFC 2231's spelling. */
static gboolean check_tree(const struct tree *tree, GError **error)
{
	if (tree->parts > MESSAGE_MAX_PARTS ||
	    tree->depth > MESSAGE_MAX_DEPTH) {
		g_set_error_literal(error, MESSAGE_ERROR,
				    MESSAGE_ERROR_TOO_LARGE,
				    "the mail has more than 20 parts, or they "
				    "are nested more than 5 deep");
		return FALSE;
	}
	if (tree->n_ipsp > 1)
		return malformed(error, "the mail has more than one IPSP part");
	return TRUE;
}

static GMimeMessage *parse_mime(GBytes *mail)
{
	gsize size;
	const char *data = g_bytes_get_data(mail, &size);
	GMimeStream *stream =
		g_mime_stream_mem_new_with_buffer(data ? data : "", size);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *mime = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return mime;
}

static gboolean read_from(struct message *msg, GMimeMessage *mime,
			  GError **error)
{
	InternetAddressList *list = g_mime_message_get_from(mime);
	InternetAddress *from;
	const char *name;

	if (!list || internet_address_list_length(list) != 1)
		return malformed(error, "the mail is not From one address");
	from = internet_address_list_get_address(list, 0);
	if (INTERNET_ADDRESS_IS_MAILBOX(from))
		msg->from_address =
			message_address(internet_address_mailbox_get_addr(
				INTERNET_ADDRESS_MAILBOX(from)));
	if (!msg->from_address)
		return malformed(error, "the mail's From is no mail address");
	name = internet_address_get_name(from);
	msg->from_name = name ? text_line(name, MAX_NAME) : NULL;
	if (msg->from_name && !*msg->from_name)
		g_clear_pointer(&msg->from_name, g_free);
	return TRUE;
}

static void add_recipient(struct message *msg, const char *text)
{
	g_autofree char *bare = g_strstrip(g_strdup(text));
	gsize length = strlen(bare);
	char *address;

	if (length > 2 && bare[0] == '<' && bare[length - 1] == '>') {
		bare[length - 1] = '\0';
		address = message_address(bare + 1);
	} else {
		address = message_address(bare);
	}
	if (address && msg->recipients->len < MAX_RECIPIENTS)
		g_ptr_array_add(msg->recipients, address);
	else
		g_free(address);
}

/* Whom delivery named comes before whom the writer named. */
static void read_recipients(struct message *msg, GMimeMessage *mime)
{
	static const char *const delivery[] = { "Delivered-To",
						"X-Original-To" };
	GMimeHeaderList *headers =
		g_mime_object_get_header_list(GMIME_OBJECT(mime));
	InternetAddressList *to = g_mime_message_get_to(mime);

	for (guint i = 0; i < G_N_ELEMENTS(delivery); i++)
		for (int j = 0; j < g_mime_header_list_get_count(headers);
		     j++) {
			GMimeHeader *header =
				g_mime_header_list_get_header_at(headers, j);

			if (!g_ascii_strcasecmp(g_mime_header_get_name(header),
						delivery[i]))
				add_recipient(msg, g_mime_header_get_raw_value(
							   header));
		}
	for (int i = 0; to && i < internet_address_list_length(to); i++) {
		InternetAddress *address =
			internet_address_list_get_address(to, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(address))
			add_recipient(msg, internet_address_mailbox_get_addr(
						   INTERNET_ADDRESS_MAILBOX(
							   address)));
	}
}

/* The first word of a field's body, lower case. Caller frees. */
static char *keyword(const char *value)
{
	g_autofree char *text = g_ascii_strdown(value, -1);

	g_strchug(text);
	return g_strndup(text, strcspn(text, " \t\r\n;("));
}

/* "<id>" without its brackets; NULL when there is none. */
static char *read_id(const char *value)
{
	const char *open = strchr(value, '<');
	const char *close = open ? strchr(open, '>') : NULL;
	g_autofree char *id =
		close ? g_strndup(open + 1, (gsize)(close - open - 1)) : NULL;

	return id && *id && strlen(id) <= MAX_ID && text_is_line(id)
		       ? g_steal_pointer(&id)
		       : NULL;
}

static void replace(char **field, char *value)
{
	g_free(*field);
	*field = value;
}

static void on_message_id(struct message *msg, const char *value)
{
	replace(&msg->message_id, read_id(value));
}

static void on_in_reply_to(struct message *msg, const char *value)
{
	replace(&msg->in_reply_to, read_id(value));
}

static void on_references(struct message *msg, const char *value)
{
	replace(&msg->references, text_line(value, MAX_ID));
}

static void on_mac(struct message *msg, const char *value)
{
	replace(&msg->mac, text_line(value, MAX_ID));
}

static void on_return_path(struct message *msg, const char *value)
{
	g_autofree char *path = g_strstrip(g_strdup(value));

	msg->null_sender |= !strcmp(path, "<>");
}

/* RFC 3834 5: anything but "no" is a machine's. */
static void on_auto_submitted(struct message *msg, const char *value)
{
	g_autofree char *word = keyword(value);

	msg->auto_submitted |= strcmp(word, "no") != 0;
}

static void on_precedence(struct message *msg, const char *value)
{
	g_autofree char *word = keyword(value);

	msg->list |= !strcmp(word, "bulk") || !strcmp(word, "list") ||
		     !strcmp(word, "junk");
}

static const struct {
	const char *name;
	void (*read)(struct message *msg, const char *value);
} fields[] = {
	{ "Message-ID", on_message_id },
	{ "In-Reply-To", on_in_reply_to },
	{ "References", on_references },
	{ "IPSP-MAC", on_mac },
	{ "Return-Path", on_return_path },
	{ "Auto-Submitted", on_auto_submitted },
	{ "Precedence", on_precedence },
};

/* Raw values only: a decoded one could hold what was never on a line of its
 * own. authres is the topmost field of our own authserv-id. */
static void read_fields(struct message *msg, GMimeMessage *mime,
			const char *authserv_id)
{
	GMimeHeaderList *headers =
		g_mime_object_get_header_list(GMIME_OBJECT(mime));
	const char *from_domain = strrchr(msg->from_address, '@') + 1;
	enum authres authres = AUTHRES_FOREIGN;

	for (int i = 0; i < g_mime_header_list_get_count(headers); i++) {
		GMimeHeader *header =
			g_mime_header_list_get_header_at(headers, i);
		const char *name = g_mime_header_get_name(header);
		const char *value = g_mime_header_get_raw_value(header);

		for (guint j = 0; j < G_N_ELEMENTS(fields); j++)
			if (!g_ascii_strcasecmp(name, fields[j].name))
				fields[j].read(msg, value);
		if (!g_ascii_strncasecmp(name, "List-", strlen("List-")))
			msg->list = TRUE;
		if (authserv_id && authres == AUTHRES_FOREIGN &&
		    !g_ascii_strcasecmp(name, "Authentication-Results"))
			authres = authres_read(value, authserv_id, from_domain);
	}
	msg->aligned = authres == AUTHRES_ALIGNED;
}

static GBytes *decoded_content(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *bytes;
	GBytes *result;

	if (content)
		g_mime_data_wrapper_write_to_stream(content, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	result = g_bytes_new(bytes->data, bytes->len);
	g_object_unref(stream);
	return result;
}

/* Valid UTF-8 with lines ended by LF. */
static char *plain_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_auto(GStrv) pieces = g_strsplit(valid, "\r", -1);
	char *plain = g_strjoinv("", pieces);

	text_cut(plain, MAX_TEXT);
	return plain;
}

static void read_words(struct message *msg, GMimeMessage *mime,
		       const struct tree *tree)
{
	/* GMime keeps a mail's Content-* fields at its topmost part. */
	GMimeObject *top = g_mime_message_get_mime_part(mime);
	struct language_hints hints = { 0 };
	const char *subject = g_mime_message_get_subject(mime);

	msg->subject = subject ? text_line(subject, MAX_SUBJECT) : NULL;
	if (tree->text) {
		g_autofree char *text = g_mime_text_part_get_text(tree->text);

		msg->text = text ? plain_text(text) : NULL;
		hints.charset = g_mime_text_part_get_charset(tree->text);
	}
	hints.content_language =
		top ? g_mime_object_get_header(top, "Content-Language") : NULL;
	hints.subject = msg->subject;
	hints.text = msg->text;
	msg->japanese = language_is_japanese(&hints);
}

static gboolean read_message(struct message *msg, GMimeMessage *mime,
			     const char *authserv_id, GError **error)
{
	GMimeObject *top = g_mime_message_get_mime_part(mime);
	struct tree tree = { 0 };

	if (top)
		walk(&tree, top, 1);
	if (!check_tree(&tree, error) || !read_from(msg, mime, error))
		return FALSE;
	read_recipients(msg, mime);
	read_fields(msg, mime, authserv_id);
	read_words(msg, mime, &tree);
	if (tree.ipsp)
		msg->ipsp = decoded_content(tree.ipsp);
	return TRUE;
}

struct message *message_parse(GBytes *mail, const char *authserv_id,
			      GError **error)
{
	SCOPED(message) msg = NULL;
	GMimeMessage *mime;
	gboolean ok;

	if (!rawmail_check(mail, error))
		return NULL;
	mime = parse_mime(mail);
	if (!mime) {
		malformed(error, "the mail has no header fields");
		return NULL;
	}
	msg = g_new0(struct message, 1);
	msg->recipients = g_ptr_array_new_with_free_func(g_free);
	ok = read_message(msg, mime, authserv_id, error);
	g_object_unref(mime);
	return ok ? g_steal_pointer(&msg) : NULL;
}

void message_free(struct message *msg)
{
	if (!msg)
		return;
	g_free(msg->from_address);
	g_free(msg->from_name);
	g_free(msg->message_id);
	g_free(msg->in_reply_to);
	g_free(msg->references);
	g_free(msg->subject);
	g_free(msg->mac);
	g_ptr_array_unref(msg->recipients);
	g_clear_pointer(&msg->ipsp, g_bytes_unref);
	g_free(msg->text);
	g_free(msg);
}
