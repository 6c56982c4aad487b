/* language - whether the words of a mail are Japanese, so that its answer
 * can be too. */
#ifndef SIGNALING_LANGUAGE_H
#define SIGNALING_LANGUAGE_H

#include <glib.h>

struct language_hints {
	const char *subject, *text;   /* UTF-8; each may be NULL */
	const char *charset;	      /* of the text as sent, or NULL */
	const char *content_language; /* RFC 3282, or NULL */
};

/* Kana decide; Chinese characters do unless another hint says Chinese or
 * Korean; where there are no such words, Content-Language and charset do.
 * Quoted lines (">") are not the writer's own. */
gboolean language_is_japanese(const struct language_hints *hints);

#endif
