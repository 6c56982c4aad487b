#include "bridge/directory/recommend.h"

#include <string.h>

#define UNMEASURED_MS 100.0
#define RTT_STEP_MS   10.0

enum recommend_gate recommend_table(gboolean n1_global, gboolean n2_global)
{
	if (n1_global)
		return RECOMMEND_PG1;
	return n2_global ? RECOMMEND_PG2 : RECOMMEND_RPG;
}

/* What is said of a site for one caller. */
struct rated {
	const struct recommend_site *site;
	gint reach, same_host, full, hot, lent, far, affinity, quarter,
		rtt_step;
	gdouble load;
};

/* What is sought: a place, or a standby beside one (or NULL). */
struct search {
	const struct recommend_caller *caller;
	gboolean standby;
	const struct recommend_site *beside;
};

static gboolean has_room(const struct recommend_site *it, guint used)
{
	return !it->draining && used < it->places;
}

static gdouble load_of(const struct recommend_site *it, guint used)
{
	return MAX(it->stress, (gdouble)used / it->places);
}

/* Table 1: 0 its own gate, 1 will do, 2 cannot be reached as far as is
 * known. */
static gint reach_of(const struct recommend_caller *caller,
		     const struct recommend_site *it)
{
	enum recommend_gate by = recommend_table(caller->global, it->global);

	if (it->owner == RECOMMEND_CALLER)
		return by == RECOMMEND_PG1 ? 0 : 2;
	return it->global || it->rtt_ms >= 0 ? 1 : 2;
}

static gdouble nearest_ms(const struct recommend_site *sites, guint n)
{
	gdouble nearest = G_MAXDOUBLE;

	for (guint i = 0; i < n; i++)
		if (has_room(&sites[i], sites[i].used) && sites[i].rtt_ms >= 0)
			nearest = MIN(nearest, sites[i].rtt_ms);
	return nearest;
}

/* Standbys share places with those who wait there, too. */
static struct rated rate(const struct search *what,
			 const struct recommend_site *it, gdouble nearest)
{
	const guint waited = it->used + it->standbys;
	const guint used = what->standby ? waited : it->used;
	gdouble rtt = it->rtt_ms < 0 ? UNMEASURED_MS : it->rtt_ms;

	return (struct rated){
		.site = it,
		.reach = reach_of(what->caller, it),
		.same_host = what->beside &&
			     !g_strcmp0(it->host, what->beside->host),
		.full = !has_room(it, used),
		.hot = it->stress >= RECOMMEND_FULL_STRESS,
		.lent = it->owner == RECOMMEND_OTHER,
		.far = it->rtt_ms >= 0 &&
		       it->rtt_ms >= nearest + RECOMMEND_FAR_MS,
		.affinity = (gint)it->affinity,
		.quarter = (gint)(load_of(it, used) * 4),
		.rtt_step = (gint)(rtt / RTT_STEP_MS),
		.load = load_of(it, waited),
	};
}

static gint by_name(const struct recommend_site *a,
		    const struct recommend_site *b)
{
	return strcmp(a->site, b->site);
}

/* Below 0: a is the better one. */
static gint compare(const struct rated *a, const struct rated *b)
{
	const gint rules[][2] = {
		{ a->reach, b->reach },	      { a->same_host, b->same_host },
		{ a->full, b->full },	      { a->hot, b->hot },
		{ a->lent, b->lent },	      { a->far, b->far },
		{ a->affinity, b->affinity }, { a->quarter, b->quarter },
		{ a->rtt_step, b->rtt_step },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i][0] != rules[i][1])
			return rules[i][0] - rules[i][1];
	if (a->load < b->load || a->load > b->load)
		return a->load < b->load ? -1 : 1;
	return by_name(a->site, b->site);
}

static gboolean is_eligible(const struct search *what,
			    const struct recommend_site *it)
{
	if (!what->standby)
		return has_room(it, it->used);
	return !it->draining && it->places && it->owner == RECOMMEND_SITE &&
	       (!what->beside || strcmp(it->site, what->beside->site) != 0);
}

/* n: there is none. */
static guint choose(const struct search *what,
		    const struct recommend_site *sites, guint n)
{
	gdouble nearest = nearest_ms(sites, n);
	struct rated best = { 0 };

	for (guint i = 0; i < n; i++) {
		struct rated it;

		if (!is_eligible(what, &sites[i]))
			continue;
		it = rate(what, &sites[i], nearest);
		if (!best.site || compare(&it, &best) < 0)
			best = it;
	}
	return best.site ? (guint)(best.site - sites) : n;
}

guint recommend_standby(const struct recommend_caller *caller,
			const struct recommend_site *sites, guint n,
			const struct recommend_site *assigned)
{
	return choose(&(struct search){ caller, TRUE, assigned }, sites, n);
}

gboolean recommend(const struct recommend_caller *caller,
		   const struct recommend_site *sites, guint n,
		   struct recommendation *rec_r)
{
	guint assigned = choose(&(struct search){ .caller = caller }, sites, n);
	guint standby;

	if (assigned == n)
		return FALSE;
	standby = recommend_standby(caller, sites, n, &sites[assigned]);
	*rec_r = (struct recommendation){
		.assigned = assigned,
		.standby = standby == n ? assigned : standby,
	};
	return TRUE;
}
