/* message_build(): a draft becomes the bytes of a mail. The header fields are
 * written by fields.h, the MIME parts by GMime. */
#include "signaling/message.h"

#include <gmime/gmime.h>
#include <string.h>

#include "signaling/fields.h"

/* Neither base64 nor quoted-printable ever writes "=_" (RFC 2045 6.7 note),
 * so no text can hold this; and the same draft gives the same bytes. */
#define BOUNDARY "=_ipsp"

static void set_content(GMimePart *part, const char *data, gsize size,
			GMimeContentEncoding encoding)
{
	GMimeStream *stream =
		g_mime_stream_mem_new_with_buffer(data ? data : "", size);
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
	g_mime_object_set_content_disposition_parameter(object, "filename",
							filename);
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

static void add_fields(GString *mail, const struct message_draft *draft)
{
	fields_add_mailbox(mail, "From", draft->from_name, draft->from_address);
	fields_add_mailbox(mail, "To", NULL, draft->to_address);
	fields_add_text(mail, "Subject", draft->subject);
	fields_add_date(mail, "Date", draft->date);
	fields_add_id(mail, "Message-ID", draft->message_id);
	fields_add_id(mail, "In-Reply-To", draft->in_reply_to);
	fields_add_id(mail, "References", draft->in_reply_to);
	if (draft->ipsp) {
		fields_add_text(mail, "IPSP-Version",
				G_STRINGIFY(IPSP_VERSION));
		fields_add_text(mail, "IPSP-Method",
				ipsp_method_name(draft->method));
		fields_add_text(mail, "IPSP-Dialog", draft->did);
		fields_add_text(mail, "IPSP-MAC", draft->mac);
	}
	if (draft->expires)
		fields_add_date(mail, "Expires", draft->expires);
	fields_add_text(mail, "Auto-Submitted",
			draft->auto_replied ? "auto-replied"
					    : "auto-generated");
	/* Exchange answers out-of-office even to auto-replied. */
	if (draft->auto_replied)
		fields_add_text(mail, "X-Auto-Response-Suppress", "All");
	fields_add_text(mail, "MIME-Version", "1.0");
}

GBytes *message_build(const struct message_draft *draft)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeObject *top = body(draft);
	GString *mail = g_string_new(NULL);
	g_autofree char *content = NULL;

	g_mime_format_options_set_newline_format(format,
						 GMIME_NEWLINE_FORMAT_DOS);
	content = g_mime_object_to_string(top, format);
	add_fields(mail, draft);
	g_string_append(mail, content);
	g_object_unref(top);
	g_mime_format_options_free(format);
	return g_string_free_to_bytes(mail);
}
