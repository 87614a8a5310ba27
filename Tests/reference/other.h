/*
 * other.h - a header for Tests/reference
 *
 * It has constructs that machineid.h may have one day.
 *
 *     .example --with "odd" \n
 *     'characters'
 *
 * Heading
 *   Below a heading, with `mid_kind`, MID_A and mid_other().
 *
 * Since then.
 */
#ifndef OTHER_H
#define OTHER_H

/* A limit. */
#define MID_LIMIT 7

/* ---- Things ----------------------------------------------------------
 *
 * data   Passed to the callback.
 */

/* A callback. Called with things. */
typedef void (*mid_callback)(void *data, int what);

/* A pair. */
typedef struct mid_pair {
    int a; /* one; with a semicolon */
    int b;
} mid_pair;

/* Kinds. */
typedef int mid_kind;

enum {
    /* None yet. */
    MID_NONE,

    /* 10: a group. */
    MID_A = 10, /* its comment has
                   two lines */
    MID_B,      /* the next */

    /* 20: another group. */
    /* Its comment, too,
     * has two lines. */
    MID_C = 20,
    /* The last. */
    MID_D
};

/* Lone values. */
enum { MID_ONE = 1, MID_TWO };

/*
 * Sets a callback; once. See mid_other(), (mid_other()), mid_other()'s, and "Heading" above.
 * .Leading dot, \backslash, and never a `const char *`.
 */
mid_status mid_set(mid_client *client, void (*callback)(void *, int),
                   void *data);
mid_status mid_set_again(mid_client *client);

/*
 * Is there another?
 *
 * one     First.
 *           "k"   key
 *           "key" full
 *
 *         Again.
 * two, three   Others.
 */
const char *const *mid_other(const char *one, const char *two, const char *three);

#endif
