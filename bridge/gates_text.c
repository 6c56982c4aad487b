#include "bridge/gates_text.h"

#include "bridge/config.h"

#define SITE_LINE "%-16s %-20s %-8s %10s %6s %7s  %-8s %6s%s\n"

/* "1", or "1-2". Caller frees. */
static char *versions_text(const struct topology_site *site)
{
	return site->protocol_min == site->protocol_max
		       ? g_strdup_printf("%u", site->protocol_max)
		       : g_strdup_printf("%u-%u", site->protocol_min,
					 site->protocol_max);
}

static void site_line(GString *text, const struct topology_site *site)
{
	g_autofree char *number = g_strdup_printf("%u", site->gates);
	g_autofree char *gates =
		site->gates ? g_strdup_printf("%s x %u",
					      site->gates < CONFIG_MAX_GATES
						      ? number
						      : "any",
					      site->places)
			    : g_strdup("none");
	g_autofree char *used = g_strdup_printf("%u", site->used);
	g_autofree char *stress =
		g_strdup_printf("%.0f %%", 100 * site->stress);
	g_autofree char *versions = versions_text(site);

	g_string_append_printf(text, SITE_LINE, site->site, site->host,
			       site->global ? "global" : "private", gates, used,
			       stress, site->release, versions,
			       site->draining ? " draining" : "");
}

static void site_lines(GString *text, const struct gates *gts)
{
	g_autoptr(GArray) sites = gates_sites(gts);

	g_string_append_printf(text, SITE_LINE, "site", "host", "net", "gates",
			       "used", "stress", "release", "trunks", "");
	for (guint i = 0; i < sites->len; i++)
		site_line(text, &g_array_index(sites, struct topology_site, i));
}

static void owner_line(GString *text, const char *account,
		       const struct document_owner *doc)
{
	g_autoptr(GDateTime) since = g_date_time_new_from_unix_utc(doc->since);
	g_autofree char *when =
		since ? g_date_time_format(since, "%F %T UTC") : g_strdup("?");

	g_string_append_printf(text,
			       "account %s is kept by %s on %s, which is there "
			       "since %s\n",
			       account, doc->bridge, doc->host, when);
}

/* Whether another child of the same hub follows it. */
static gboolean is_last(const struct topology *top, guint i)
{
	const struct topology_hub *hub = top->hubs->pdata[i];

	for (i++; i < top->hubs->len; i++) {
		const struct topology_hub *next = top->hubs->pdata[i];

		if (next->depth <= hub->depth)
			return next->depth < hub->depth;
	}
	return TRUE;
}

/* The lines of the tree before it; `open` says at which depths one goes on
 * below. */
static void branch(GString *text, const struct topology *top, guint i,
		   gboolean *open)
{
	const struct topology_hub *hub = top->hubs->pdata[i];

	if (!hub->depth)
		return;
	for (guint depth = 1; depth < hub->depth; depth++)
		g_string_append(text, open[depth] ? "│  " : "   ");
	open[hub->depth] = !is_last(top, i);
	g_string_append(text, open[hub->depth] ? "├─ " : "└─ ");
}

static void trunk_words(GString *text, const struct topology_trunk *trk)
{
	if (trk->protocol)
		g_string_append_printf(text, ", version %u", trk->protocol);
	if (trk->round_trip_ms >= 0)
		g_string_append_printf(text, ", %.1f ms", trk->round_trip_ms);
	if (MAX(trk->loss_up, trk->loss_down) > 0)
		g_string_append_printf(text, ", %.1f %% lost",
				       100 * MAX(trk->loss_up, trk->loss_down));
}

static void hub_line(GString *text, const struct topology_hub *hub)
{
	static const char *const words[] = {
		[TOPOLOGY_UP] = "",
		[TOPOLOGY_ALTERNATE] = ", by its alternate ",
		[TOPOLOGY_CUT_OFF] = ", CUT OFF",
		[TOPOLOGY_ABSENT] = ", NOT THERE",
		[TOPOLOGY_LEAVING] = ", not wanted",
	};
	const gboolean alternate = hub->state == TOPOLOGY_ALTERNATE;

	g_string_append_printf(text, "%s%s%s%s%s", hub->site,
			       hub->root ? " (root)" : "",
			       hub->vice ? " (vice)" : "", words[hub->state],
			       alternate ? hub->alternate.site : "");
	trunk_words(text, alternate ? &hub->alternate : &hub->parent);
	g_string_append_printf(text, ", %u of %u here, %u standbys, gates",
			       hub->here, hub->here + hub->invited,
			       hub->standbys);
	for (guint i = 0; i < hub->gates->len; i++)
		g_string_append_printf(
			text, " %s",
			g_array_index(hub->gates, struct topology_gate, i)
				.name);
	g_string_append(text, hub->gates->len ? "\n" : " none\n");
}

static void room_lines(GString *text, const struct gates *gts,
		       const char *address)
{
	struct topology *top = gates_topology(gts, address);
	g_autofree gboolean *open =
		top ? g_new0(gboolean, top->depth + 1) : NULL;

	g_string_append_printf(text, "\n%s\n", address);
	for (guint i = 0; top && i < top->hubs->len; i++) {
		branch(text, top, i, open);
		hub_line(text, top->hubs->pdata[i]);
	}
	if (!top)
		g_string_append(text, "nobody is there\n");
	topology_destroy(&top);
}

char *gates_text(const struct gates *gts, const char *address)
{
	g_autoptr(GPtrArray) accounts = gates_accounts(gts);
	g_autoptr(GPtrArray) rooms = gates_rooms(gts);
	GString *text = g_string_new(NULL);

	site_lines(text, gts);
	for (guint i = 0; i < accounts->len; i++)
		owner_line(text, accounts->pdata[i],
			   gates_owner(gts, accounts->pdata[i]));
	for (guint i = 0; !address && i < rooms->len; i++)
		room_lines(text, gts, rooms->pdata[i]);
	if (address)
		room_lines(text, gts, address);
	return g_string_free(text, FALSE);
}
