/* message_build(): a draft becomes the bytes of a mail.
 *
 * Whatever strings the draft holds, each ends up inside its own header field
 * or part: they pass through text_line(), which leaves no CR, LF or other
 * control character. */
#include "signaling/message.h"

#include <gmime/gmime.h>
#include <string.h>

#include "signaling/text.h"

#define MAX_FIELD 900 /* bytes, fits a line unfolded: RFC 5322 2.1.1 */

/* Neither base64 nor quoted-printable ever writes "=_" (RFC 2045 6.7 note),
 * so no text can hold this; and the same draft gives the same bytes. */
#define BOUNDARY "=_ipsp"

static void set_field(GMimeMessage *mime, const char *name, const char *value)
{
	g_autofree char *line = value ? text_line(value, MAX_FIELD) : NULL;

	if (line && *line)
		g_mime_object_set_header(GMIME_OBJECT(mime), name, line,
					 "utf-8");
}

static void set_id_field(GMimeMessage *mime, const char *name, const char *id)
{
	g_autofree char *bracketed = id ? g_strdup_printf("<%s>", id) : NULL;

	/* Cut, it would name another mail. */
	if (id && strlen(bracketed) <= MAX_FIELD)
		set_field(mime, name, bracketed);
}

static void set_date_field(GMimeMessage *mime, const char *name, gint64 time)
{
	GDateTime *date = g_date_time_new_from_unix_utc(time);
	g_autofree char *text = g_mime_utils_header_format_date(date);

	set_field(mime, name, text);
	g_date_time_unref(date);
}

static void add_mailbox(GMimeMessage *mime, GMimeAddressType type,
			const char *name, const char *address)
{
	g_autofree char *clean = text_line(address, MAX_FIELD);
	g_autofree char *clean_name = name ? text_line(name, MAX_FIELD) : NULL;

	/* What could end the address and begin another. */
	g_strdelimit(clean, "<>,; ", '_');
	g_mime_message_add_mailbox(
		mime, type, clean_name && *clean_name ? clean_name : NULL,
		clean);
}

static void set_content(GMimePart *part, const char *data, gsize size,
			GMimeContentEncoding encoding)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, size);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(
		stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(content);
	g_object_unref(stream);
}

/* Quoted-printable keeps English readable in the raw mail; it would make
 * Japanese three times as long. */
static GMimeObject *text_part(const char *text)
{
	GMimePart *part = g_mime_part_new_with_type("text", "plain");
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
	g_autofree char *canonical = NULL;

	for (char **line = lines; *line; line++)
		g_strchomp(*line);
	canonical = g_strjoinv("\r\n", lines);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset",
						 "utf-8");
	set_content(part, canonical, strlen(canonical),
		    g_str_is_ascii(canonical)
			    ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
			    : GMIME_CONTENT_ENCODING_BASE64);
	return GMIME_OBJECT(part);
}

static GMimeObject *ipsp_part(const struct message_draft *draft)
{
	const char *method = ipsp_method_name(draft->method);
	g_autofree char *lower = g_ascii_strdown(method, -1);
	g_autofree char *filename = g_strconcat(lower, ".ipsp", NULL);
	GMimePart *part = g_mime_part_new_with_type("application", "ipsp+json");
	GMimeObject *object = GMIME_OBJECT(part);
	gsize size;
	const char *data = g_bytes_get_data(draft->ipsp, &size);

	g_mime_object_set_content_type_parameter(object, "method", method);
	g_mime_object_set_content_type_parameter(object, "v", "1");
	g_mime_object_set_disposition(object, GMIME_DISPOSITION_ATTACHMENT);
	g_mime_part_set_filename(part, filename);
	set_content(part, data, size, GMIME_CONTENT_ENCODING_BASE64);
	return object;
}

static GMimeObject *body(const struct message_draft *draft)
{
	GMimeMultipart *multi;
	GMimeObject *text = text_part(draft->text);
	GMimeObject *ipsp;

	if (!draft->ipsp)
		return text;
	multi = g_mime_multipart_new_with_subtype("mixed");
	ipsp = ipsp_part(draft);
	g_mime_multipart_set_boundary(multi, BOUNDARY);
	g_mime_multipart_add(multi, text);
	g_mime_multipart_add(multi, ipsp);
	g_object_unref(text);
	g_object_unref(ipsp);
	return GMIME_OBJECT(multi);
}

static void set_fields(GMimeMessage *mime, const struct message_draft *draft)
{
	g_autofree char *subject = text_line(draft->subject, MAX_FIELD);

	add_mailbox(mime, GMIME_ADDRESS_TYPE_FROM, draft->from_name,
		    draft->from_address);
	add_mailbox(mime, GMIME_ADDRESS_TYPE_TO, NULL, draft->to_address);
	g_mime_message_set_subject(mime, subject, "utf-8");
	set_date_field(mime, "Date", draft->date);
	set_id_field(mime, "Message-ID", draft->message_id);
	set_id_field(mime, "In-Reply-To", draft->in_reply_to);
	set_id_field(mime, "References", draft->in_reply_to);
	if (draft->ipsp) {
		set_field(mime, "IPSP-Version", G_STRINGIFY(IPSP_VERSION));
		set_field(mime, "IPSP-Method", ipsp_method_name(draft->method));
		set_field(mime, "IPSP-Dialog", draft->did);
		set_field(mime, "IPSP-MAC", draft->mac);
	}
	if (draft->expires)
		set_date_field(mime, "Expires", draft->expires);
	set_field(mime, "Auto-Submitted",
		  draft->auto_replied ? "auto-replied" : "auto-generated");
	/* Exchange answers out-of-office even to auto-replied. */
	if (draft->auto_replied)
		set_field(mime, "X-Auto-Response-Suppress", "All");
}

GBytes *message_build(const struct message_draft *draft)
{
	GMimeMessage *mime = g_mime_message_new(FALSE);
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeObject *top = body(draft);
	char *bytes;

	set_fields(mime, draft);
	g_mime_message_set_mime_part(mime, top);
	g_mime_format_options_set_newline_format(format,
						 GMIME_NEWLINE_FORMAT_DOS);
	bytes = g_mime_object_to_string(GMIME_OBJECT(mime), format);
	g_object_unref(top);
	g_object_unref(mime);
	g_mime_format_options_free(format);
	return g_bytes_new_take(bytes, strlen(bytes));
}
