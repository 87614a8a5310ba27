/* json.h - the little JSON that machineid-exec needs: members of an object, and texts in its own lines. */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdio.h>

/* Returns where the value of an object's member begins, or NULL if `object` is NULL, no object, or has no such member.
 * A key that is written with escapes is not found. Text that is not JSON is read as far as its end. */
const char *json_member(const char *object, const char *key);

/* Copies a string into `room` for people to read: on one line, without control characters, cut to its size. Returns 0,
 * and an empty text, if the value is NULL or no string. */
int json_string(const char *value, char *room, size_t size);

/* Returns the number that a value is, or `otherwise` if it is NULL or no number. */
double json_number(const char *value, double otherwise);

/* Writes a text as a JSON string, and `null` for NULL. Bytes that are not UTF-8 become U+FFFD. */
void json_write(FILE *to, const char *text);

#endif
