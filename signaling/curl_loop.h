/* curl_loop - libcurl transfers on a GLib main context: one curl multi handle
 * for each context, driven by socket action, so that nothing ever blocks.
 *
 * Lives on the context that is the thread's default. The first use in a
 * process initialises libcurl and ignores SIGPIPE, which OpenSSL raises when
 * a server hangs up. */
#ifndef SIGNALING_CURL_LOOP_H
#define SIGNALING_CURL_LOOP_H

#include <curl/curl.h>
#include <glib.h>

struct curl_loop;

/* The transfer ended. The handle stays in the multi until
 * curl_loop_remove(), which may be called from here: a CONNECT_ONLY handle
 * must stay, since removing it closes its socket. */
typedef void (*curl_loop_func)(CURL *easy, CURLcode result, void *arg);

/* The loop of this thread's context. Give it back with curl_loop_unref(). */
struct curl_loop *curl_loop_ref(void);
/* Accepts NULL; sets *loopp to NULL. */
void curl_loop_unref(struct curl_loop **loopp);

/* Starts a transfer; func is never called from inside. Takes the handle's
 * CURLOPT_PRIVATE; the handle stays the caller's. */
void curl_loop_add(struct curl_loop *loop, CURL *easy, curl_loop_func func,
		   void *arg);
/* Stops it if it is under way. Not from inside a callback of libcurl's. */
void curl_loop_remove(struct curl_loop *loop, CURL *easy);

#endif
