/* imap_folder - a folder's name as IMAP writes it: modified UTF-7 (RFC 3501
 * 5.1.3) in a quoted string. */
#ifndef SIGNALING_IMAP_FOLDER_H
#define SIGNALING_IMAP_FOLDER_H

#include <glib.h>

/* name is UTF-8. Caller frees. NULL and error when it holds what no folder's
 * name may: bytes that are no UTF-8, or control characters. */
char *imap_folder_quote(const char *name, GError **error);

#endif
