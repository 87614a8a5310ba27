/* text.h - text as UTF-8, and the control characters in it, which a terminal would obey. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdio.h>

/* How many bytes the character at `text` takes, or 0 if it is not UTF-8. */
size_t character_length(const char *text);

/* Whether the character at `text`, which is UTF-8, is a control character: one of ASCII, or U+0080 to U+009F. */
int is_control(const char *text);

/* Writes a text on one line: control characters, and bytes that are not UTF-8, become escapes such as \x1b. */
void write_plainly(FILE *to, const char *text);

/* Returns the next part of a text that looks like an org key, and stores its length, or returns NULL. It is a word that
 * begins with org_ and goes on. A path such as /run/secrets/org_key is none, nor is a device id such as
 * org_7:worker:01. */
const char *find_key(const char *text, size_t *length);

/* Writes org_... into a text in place of everything that looks like an org key. */
void hide_keys(char *text);

#endif
