/* scoped - g_autoptr for structs, which here have no typedef.
 *
 *   SCOPED(message) msg = message_parse(mail, NULL, &error);
 *
 * declares `struct message *msg` and frees it when it goes out of scope. A
 * header that has a free function says so once with SCOPED_FREE(), one that
 * has a destroy function taking ** with SCOPED_DESTROY(). */
#ifndef SIGNALING_SCOPED_H
#define SIGNALING_SCOPED_H

#define SCOPED(name) __attribute__((cleanup(scoped_##name##_end))) struct name *

#define SCOPED_FREE(name, free_function)                                       \
	static inline void scoped_##name##_end(struct name **ptr)              \
	{                                                                      \
		if (*ptr)                                                      \
			free_function(*ptr);                                   \
	}

#define SCOPED_DESTROY(name, destroy_function)                                 \
	static inline void scoped_##name##_end(struct name **ptr)              \
	{                                                                      \
		destroy_function(ptr);                                         \
	}

#endif
