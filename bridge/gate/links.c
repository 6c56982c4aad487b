#include "bridge/gate/private.h"

void links_init(struct link *head)
{
	*head = (struct link){ .next = head, .previous = head };
}

void links_append(struct link *head, struct link *link, struct session *ses)
{
	links_remove(link);
	*link = (struct link){ .next = head,
			       .previous = head->previous,
			       .ses = ses };
	head->previous->next = link;
	head->previous = link;
}

void links_remove(struct link *link)
{
	if (!link->next)
		return;
	link->next->previous = link->previous;
	link->previous->next = link->next;
	link->next = link->previous = NULL;
}
