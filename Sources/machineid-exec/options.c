/* options.c - reads the command line. */
#define _GNU_SOURCE /* getopt_long */
#include "options.h"

#include "descendants.h"
#include "help.h"
#include "json.h"
#include "messages.h"
#include "text.h"

#include <getopt.h>
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTER = 256, KEEP_KEY, KEY_FILE, KILL_GROUP, LOG, NO_NEW_PRIVILEGES, OPTIONS, STATUS, HELP, VERSION };

/* "+": the arguments after the program's name belong to the program. ":": a missing value makes it return ':'. */
static const char letters[] = "+:d:g:i:a:f";

static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                        {"foreground", no_argument, NULL, 'f'},
                                        {"grace", required_argument, NULL, 'g'},
                                        {"help", no_argument, NULL, HELP},
                                        {"interval", required_argument, NULL, 'i'},
                                        {"keep-key", no_argument, NULL, KEEP_KEY},
                                        {"key-file", required_argument, NULL, KEY_FILE},
                                        {"kill-group", no_argument, NULL, KILL_GROUP},
                                        {"log", required_argument, NULL, LOG},
                                        {"max-age", required_argument, NULL, 'a'},
                                        {"no-new-privileges", no_argument, NULL, NO_NEW_PRIVILEGES},
                                        {"options", required_argument, NULL, OPTIONS},
                                        {"register", no_argument, NULL, REGISTER},
                                        {"status", required_argument, NULL, STATUS},
                                        {"version", no_argument, NULL, VERSION},
                                        {NULL, 0, NULL, 0}};

/* Refuses a value that looks like an org key, unless it is a path. It is not shown. */
static void refuse_key(const char *name, const char *text, const char *remedy) {
    size_t length;
    if (strchr(text, '/') == NULL && find_key(text, &length) != NULL)
        wrong_use("%s looks like an org key, which is given by --key-file or MACHINEID_ORG_KEY; %s", name, remedy);
}

/* The same for the value of the option that getopt_long() has returned. */
static void refuse_key_as_value(int option) {
    int is_file = option == KEY_FILE || option == STATUS;
    char name[32];
    if (optarg == NULL || option == ':' || option == '?') return;
    for (const struct option *one = options; one->name != NULL; one++) {
        if (one->val != option) continue;
        (void)snprintf(name, sizeof name, "--%s", one->name);
        refuse_key(name, optarg, is_file ? "write ./ before the name of such a file" : "correct it");
    }
}

/* Looks for --log, since a mistake in an option before it is to be told in that form too. */
static void look_ahead(int count, char **arguments) {
    int option;
    while ((option = getopt_long(count, arguments, letters, options, NULL)) != -1)
        if (option == LOG) messages_as_json(strcmp(optarg, "json") == 0);
    optind = 0; /* It begins anew. */
}

static double seconds(const char *option, const char *text, double smallest, double largest) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= smallest && value <= largest))
        wrong_use("%s must be from %.7g to %.7g seconds, not \"%s\"", option, smallest, largest, text);
    return value;
}

static const char *not_empty(const char *option, const char *text, const char *remedy) {
    if (*text == '\0') wrong_use("%s is empty; %s", option, remedy);
    return text;
}

/* Prints why getopt_long() returned '?' or ':'. `optind` is past a long option, but perhaps not past a short one. */
static _Noreturn void refuse(char **arguments, int result) {
    const char *word = arguments[optind - 1];
    if (strncmp(word, "--", 2) != 0) {
        if (result == ':') wrong_use("option -%c needs a value; see machineid-exec --help", optopt);
        wrong_use("unknown option -%c; machineid-exec --help lists them", optopt);
    }
    if (result == ':') wrong_use("option %s needs a value; see machineid-exec --help", word);
    if (optopt != 0) wrong_use("option %.*s takes no value; leave it out", (int)strcspn(word, "="), word);
    /* The value is left out, because it may be a key. */
    wrong_use("unknown option %.*s; machineid-exec --help lists them", (int)strcspn(word, "="), word);
}

/* The rules between options, which are checked before anything is sent. */
static void check(struct settings *settings) {
    if (settings->device == NULL || *settings->device == '\0')
        wrong_use("no device; give --device ID, or set MACHINEID_DEVICE_ID");
    refuse_key("MACHINEID_DEVICE_ID", settings->device, "correct it");
    if (*settings->program == NULL)
        wrong_use("no program to run; give it after the options: machineid-exec --device ID -- PROGRAM");
    if (**settings->program == '\0') wrong_use("the program's name is empty; give it after the options");
    if (settings->max_age == 0) settings->max_age = 3 * settings->interval;
    if (settings->max_age < 2 * settings->interval || settings->max_age > 1000 * settings->interval)
        wrong_use("--max-age must be 2 to 1000 times --interval (%g s), not %g s", settings->interval,
                  settings->max_age);
    if (settings->client_options != NULL && json_member(settings->client_options, "env_var") != NULL)
        wrong_use("--options: env_var is not for machineid-exec, which would leave that variable to the program; give "
                  "--key-file or set MACHINEID_ORG_KEY");
    if (settings->kills_group && descendants(0) < 0)
        wrong_use("--kill-group needs /proc to find what the program started; mount it, or leave the option out");
}

void read_options(int count, char **arguments, struct settings *settings) {
    int option;
    opterr = 0;
    look_ahead(count, arguments);
    while ((option = getopt_long(count, arguments, letters, options, NULL)) != -1) {
        refuse_key_as_value(option);
        switch (option) {
        case 'd': settings->device = not_empty("--device", optarg, "give the device's id"); break;
        case 'g': settings->grace = seconds("--grace", optarg, 0, 86400); break;
        case 'i': settings->interval = seconds("--interval", optarg, 0.02, 3600); break;
        case 'a': settings->max_age = seconds("--max-age", optarg, 0.04, 2147483); break;
        case 'f': settings->is_foreground = 1; break;
        case REGISTER: settings->registers = 1; break;
        case KEEP_KEY: settings->keeps_key = 1; break;
        case KEY_FILE: settings->key_file = not_empty("--key-file", optarg, "give the file with the org key"); break;
        case KILL_GROUP: settings->kills_group = 1; break;
        case NO_NEW_PRIVILEGES: settings->has_no_new_privileges = 1; break;
        case OPTIONS: settings->client_options = optarg; break;
        case STATUS: settings->status_file = not_empty("--status", optarg, "give a file to write"); break;
        case LOG:
            if (strcmp(optarg, "json") != 0 && strcmp(optarg, "text") != 0)
                wrong_use("--log must be json or text, not \"%s\"", optarg);
            settings->logs_json = strcmp(optarg, "json") == 0;
            messages_as_json(settings->logs_json);
            break;
        case HELP: print_help(); exit(0);
        case VERSION: printf("machineid-exec %s\n", mid_version()); exit(0);
        default: refuse(arguments, option);
        }
    }
    settings->program = arguments + optind;
    check(settings);
}
