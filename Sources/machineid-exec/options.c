/* options.c - reads the command line, and has the text of --help. */
#define _GNU_SOURCE /* getopt_long */
#include "options.h"

#include "messages.h"
#include "statuses.h"

#include <getopt.h>
#include <machineid.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: machineid-exec [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "\n"
    "Runs PROGRAM for as long as the MachineID authority allows the device to run. It\n"
    "does not start when the device is denied. When the device is revoked, or the\n"
    "authority gives no answer for too long, PROGRAM gets SIGTERM, and SIGKILL after\n"
    "the grace.\n"
    "\n"
    "  -d, --device ID         the device. Default: MACHINEID_DEVICE_ID\n"
    "  -g, --grace SECONDS     from SIGTERM to SIGKILL. Default: 10\n"
    "  -i, --interval SECONDS  from one check to the next. Default: 5\n"
    "  -a, --max-age SECONDS   how old an allow may be. Default: 3 times the interval\n"
    "  -f, --foreground        leave PROGRAM in the process group of the terminal, and\n"
    "                          signal it alone, not the processes that it started\n"
    "      --register          register the device first\n"
    "      --help              print this and end\n"
    "      --version           print the version and end\n"
    "\n"
    "Environment: MACHINEID_ORG_KEY is the organisation's key, and MACHINEID_BASE_URL\n"
    "another authority than the service. PROGRAM gets the environment as it is.\n"
    "\n"
    "Signals that would end machineid-exec, except those of a fault, go to PROGRAM;\n"
    "before PROGRAM is started they end machineid-exec. When machineid-exec is killed,\n"
    "so is PROGRAM, unless it is set-user-ID or set-group-ID or has file capabilities;\n"
    "the processes that PROGRAM started are not. While machineid-exec is stopped\n"
    "(SIGSTOP, SIGTSTP), PROGRAM runs on without supervision.\n"
    "\n"
    "machineid-exec ends when PROGRAM has ended. A process that PROGRAM started and\n"
    "that ignores SIGTERM then runs on, as with timeout(1): no SIGKILL follows. If\n"
    "PROGRAM is a shell that starts one process, let it do so with exec.\n"
    "\n"
    "Exit status: that of PROGRAM. When a signal ended it, machineid-exec ends by the\n"
    "same signal, which a shell shows as 128 and its number. 122 when the device is\n"
    "denied and 123 when there is no decision, or an allow older than the greatest\n"
    "age, so that PROGRAM was not started; 124 when PROGRAM was stopped, 137 when it\n"
    "had to be killed; 125 when machineid-exec itself fails, 126 when PROGRAM cannot\n"
    "be run and 127 when it is not found.\n";

static double seconds(const char *option, const char *text, double smallest, double largest) {
    char *end;
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && value >= smallest && value <= largest) return value;
    say("%s must be from %g to %g seconds, not %s", option, smallest, largest, text);
    exit(FAILED);
}

void read_options(int count, char **arguments, struct settings *settings) {
    static const struct option options[] = {
        {"device", required_argument, NULL, 'd'},   {"grace", required_argument, NULL, 'g'},
        {"interval", required_argument, NULL, 'i'}, {"max-age", required_argument, NULL, 'a'},
        {"foreground", no_argument, NULL, 'f'},     {"register", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},           {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0}};
    int option;
    /* "+": the arguments after the program's name belong to the program. */
    while ((option = getopt_long(count, arguments, "+d:g:i:a:f", options, NULL)) != -1) {
        switch (option) {
        case 'd': settings->device = optarg; break;
        case 'g': settings->grace = seconds("--grace", optarg, 0, 86400); break;
        case 'i': settings->interval = seconds("--interval", optarg, 0.02, 3600); break;
        case 'a': settings->max_age = seconds("--max-age", optarg, 0.04, 2147483); break;
        case 'f': settings->foreground = 1; break;
        case 'r': settings->registers = 1; break;
        case 'h': fputs(usage, stdout); exit(0);
        case 'v': printf("machineid-exec %s\n", mid_version()); exit(0);
        default: fputs("Try 'machineid-exec --help'.\n", stderr); exit(FAILED);
        }
    }
    settings->program = arguments + optind;
    if (settings->device == NULL || *settings->device == '\0') {
        say("no device; give --device ID or set MACHINEID_DEVICE_ID");
        exit(FAILED);
    }
    if (*settings->program == NULL) {
        say("no program to run; try 'machineid-exec --help'");
        exit(FAILED);
    }
}
