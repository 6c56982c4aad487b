#include "web/topology_json.h"

#include <math.h>

#include <jansson.h>

#include "web/panel_json.h"

static json_t *gate_of(const struct topology_gate *gate)
{
	return json_pack("{s:o, s:i, s:i}", "gate",
			 panel_json_string(gate->name), "here", (int)gate->here,
			 "invited", (int)gate->invited);
}

static json_t *trunk_of(const struct topology_trunk *trk)
{
	json_t *object = json_pack("{s:o, s:b, s:i, s:i}", "site",
				   panel_json_string(trk->site), "up", trk->up,
				   "talkers_up", (int)trk->talkers_up,
				   "talkers_down", (int)trk->talkers_down);

	panel_json_put_known(object, "loss_up", trk->loss_up, 0.001);
	panel_json_put_known(object, "loss_down", trk->loss_down, 0.001);
	panel_json_put_known(object, "round_trip_ms", trk->round_trip_ms, 0.1);
	return object;
}

static json_t *hub_of(const struct topology_hub *hub)
{
	static const char *const states[] = {
		[TOPOLOGY_UP] = "up",
		[TOPOLOGY_ALTERNATE] = "alternate",
		[TOPOLOGY_CUT_OFF] = "cut-off",
		[TOPOLOGY_ABSENT] = "absent",
		[TOPOLOGY_LEAVING] = "leaving",
	};
	json_t *gates = json_array();
	json_t *object = json_pack(
		"{s:o, s:s, s:b, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:o}",
		"site", panel_json_string(hub->site), "state",
		states[hub->state], "root", hub->root, "vice", hub->vice,
		"depth", (int)hub->depth, "places", (int)hub->places, "here",
		(int)hub->here, "invited", (int)hub->invited, "standbys",
		(int)hub->standbys, "talkers", (int)hub->talkers, "gates",
		gates);

	for (guint i = 0; i < hub->gates->len; i++)
		json_array_append_new(
			gates, gate_of(&g_array_index(
				       hub->gates, struct topology_gate, i)));
	if (*hub->parent.site)
		json_object_set_new(object, "parent", trunk_of(&hub->parent));
	if (*hub->alternate.site)
		json_object_set_new(object, "alternate",
				    trunk_of(&hub->alternate));
	return object;
}

GBytes *topology_json_tree(const char *room, const struct topology *top)
{
	json_t *hubs = json_array();
	json_t *object =
		json_pack("{s:s, s:o, s:b, s:i, s:o}", "t", "tree", "room",
			  panel_json_string(room), "ours", top->ours, "depth",
			  (int)top->depth, "hubs", hubs);

	if (*top->owner)
		json_object_set_new(object, "owner",
				    panel_json_string(top->owner));
	for (guint i = 0; i < top->hubs->len; i++)
		json_array_append_new(hubs, hub_of(top->hubs->pdata[i]));
	return panel_json_bytes(object);
}

static json_t *site_of(const struct topology_site *site)
{
	return json_pack("{s:o, s:o, s:s, s:i, s:i, s:i, s:o, s:b, s:b, s:o}",
			 "site", panel_json_string(site->site), "host",
			 panel_json_string(site->host), "net",
			 site->global ? "global" : "private", "gates",
			 (int)site->gates, "places", (int)site->places, "used",
			 (int)site->used, "stress",
			 json_real(round(site->stress * 100) / 100), "draining",
			 site->draining, "ours", site->ours, "release",
			 panel_json_string(site->release));
}

GBytes *topology_json_cluster(const struct topology_cluster *cluster)
{
	json_t *sites = json_array();

	for (guint i = 0; i < cluster->sites->len; i++)
		json_array_append_new(sites, site_of(&g_array_index(
						     cluster->sites,
						     struct topology_site, i)));
	return panel_json_bytes(json_pack(
		"{s:s, s:b, s:I, s:o, s:o}", "t", "cluster", "up", cluster->up,
		"since", (json_int_t)cluster->since, "why",
		panel_json_string(cluster->why), "sites", sites));
}
