#include "web/audit_text.h"

#include <string.h>

#include "web/panel_json.h"

static json_t *row_of(const struct audit_row *row)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "row",
			 (json_int_t)row->id, "at", (json_int_t)row->at, "who",
			 panel_json_string(row->who), "from",
			 panel_json_string(row->from), "what",
			 panel_json_string(row->what), "whom",
			 panel_json_string(row->whom), "detail",
			 panel_json_string(row->detail), "outcome",
			 panel_json_string(row->outcome));
}

GBytes *audit_text_row(const struct audit_row *row)
{
	return panel_json_bytes(json_pack("{s:s, s:o, s:o}", "t", "audited",
					  "room", panel_json_string(row->room),
					  "row", row_of(row)));
}

GBytes *audit_text_rows(gint64 id, const char *room, const GPtrArray *rows,
			guint limit)
{
	json_t *array = json_array();

	for (guint i = 0; i < rows->len && i < limit; i++)
		json_array_append_new(array, row_of(rows->pdata[i]));
	return panel_json_bytes(json_pack("{s:s, s:I, s:o, s:o, s:b}", "t",
					  "audit", "id", (json_int_t)id, "room",
					  panel_json_string(room), "rows",
					  array, "more", rows->len > limit));
}

/* Quoted always. A spreadsheet takes a cell that begins like a formula for
 * one, and what people write comes in here: those get an apostrophe. */
static void put_cell(GString *csv, const char *text, char end)
{
	g_string_append_c(csv, '"');
	if (*text && strchr("=+-@\t\r", *text))
		g_string_append_c(csv, '\'');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(csv, '"');
		g_string_append_c(csv, *text);
	}
	g_string_append_c(csv, '"');
	g_string_append(csv, end == '\n' ? "\r\n" : ",");
}

void audit_text_csv(GString *csv, const GPtrArray *rows)
{
	if (!csv->len)
		g_string_append(csv, "row,at,who,from,what,whom,detail,"
				     "outcome\r\n");
	for (guint i = 0; i < rows->len; i++) {
		const struct audit_row *row = rows->pdata[i];
		g_autoptr(GDateTime) at =
			g_date_time_new_from_unix_utc(row->at);
		g_autofree char *time = g_date_time_format_iso8601(at);

		g_string_append_printf(csv, "%" G_GINT64_FORMAT ",", row->id);
		put_cell(csv, time, ',');
		put_cell(csv, row->who, ',');
		put_cell(csv, row->from, ',');
		put_cell(csv, row->what, ',');
		put_cell(csv, row->whom, ',');
		put_cell(csv, row->detail, ',');
		put_cell(csv, row->outcome, '\n');
	}
}
