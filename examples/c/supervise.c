/*
 * supervise.c - machineid-exec: runs a program for as long as the authority allows its device to run
 *
 *     cc -o machineid-exec supervise.c $(pkg-config --cflags --libs machineid) -pthread
 *     MACHINEID_ORG_KEY=org_... ./machineid-exec --device worker:prod:07 -- ./worker --queue jobs
 *
 * The process for the program is forked before the client is made. It waits, and runs the program when the authority
 * has allowed the device. So nothing that belongs to the client is ever copied into the program.
 */
#define _GNU_SOURCE /* pipe2, ppoll, getopt_long, pthread_clockjoin_np */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <machineid.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Exit statuses as in env(1) and timeout(1), and two that are specific to machineid-exec. */
enum {
    DENIED = 122,
    UNDECIDED = 123,
    STOPPED = 124,
    FAILED = 125,
    CANNOT_RUN = 126,
    NOT_FOUND = 127
};

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

/*
 * If a standard stream is closed, a descriptor opened from now on would get its number, and messages would be written
 * into it: for example into the pipe that starts the program. For the program the streams stay closed.
 */
static void occupy_closed_streams(void) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) >= 0) continue;
        /* open() returns the lowest free number, which is this one. */
        if (open("/dev/null", O_RDWR | O_CLOEXEC) != stream) exit(FAILED);
    }
}

struct settings {
    const char *device;
    double grace, interval, max_age;
    int foreground, registers;
    char **program;
};

static void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("machineid-exec: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static _Noreturn void fail(const char *what) {
    say("%s: %s", what, strerror(errno));
    exit(FAILED);
}

static double now(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) fail("clock_gettime");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *write_line(void *line) {
    (void)!write(STDERR_FILENO, line, strlen(line));
    free(line);
    return NULL;
}

/*
 * Prints a message while the program runs. The reader of standard error may have stopped reading, so a thread writes
 * the message; it is waited for until `moment`, and for one second at most.
 */
static void say_until(double moment, const char *format, ...) {
    char *message = NULL, *line = NULL;
    double soon = now() + 1, limit = moment < soon ? moment : soon;
    struct timespec time;
    pthread_t writer;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0) message = NULL;
    va_end(arguments);
    if (message != NULL && asprintf(&line, "machineid-exec: %s\n", message) < 0) line = NULL;
    free(message);
    if (line == NULL || pthread_create(&writer, NULL, write_line, line) != 0) {
        free(line);
        return;
    }
    time.tv_sec = (time_t)limit;
    time.tv_nsec = (long)((limit - (double)time.tv_sec) * 1e9);
    if (pthread_clockjoin_np(writer, NULL, CLOCK_MONOTONIC, &time) != 0) (void)pthread_detach(writer);
}

static double seconds(const char *option, const char *text, double smallest, double largest) {
    char *end;
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && value >= smallest && value <= largest) return value;
    say("%s must be from %g to %g seconds, not %s", option, smallest, largest, text);
    exit(FAILED);
}

static void read_options(int count, char **arguments, struct settings *settings) {
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

/* ---- The program ---- */

/* The signals that machineid-exec passes on to the program: SIGCONT, and all that would end it, except those of a
 * fault. */
static void forwarded(sigset_t *set) {
    static const int others[] = {SIGABRT, SIGBUS,  SIGFPE,  SIGILL,  SIGSEGV, SIGSYS,  SIGTRAP,  SIGXCPU,
                                 SIGXFSZ, SIGCHLD, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGURG};
    sigfillset(set);
    for (size_t n = 0; n < sizeof others / sizeof *others; n++) sigdelset(set, others[n]);
}

/* What machineid-exec changes for itself, and restores for the program. */
struct inherited {
    sigset_t mask;
    sighandler_t on_child_end;
};

/* Forks the process that runs the program when a byte arrives through `go`, and ends when `go` is closed instead. */
static pid_t prepare_program(const struct settings *settings, const struct inherited *inherited, int *go) {
    int pipes[2];
    pid_t parent = getpid();
    pid_t child;
    if (pipe2(pipes, O_CLOEXEC) != 0) fail("pipe");
    child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        char byte;
        int error;
        /* The program must not run without a supervisor, which could stop it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(FAILED);
        (void)close(pipes[1]);
        if (read(pipes[0], &byte, 1) != 1) _exit(FAILED);
        (void)signal(SIGCHLD, inherited->on_child_end);
        if (sigprocmask(SIG_SETMASK, &inherited->mask, NULL) != 0) _exit(FAILED);
        execvp(settings->program[0], settings->program);
        error = errno;
        say("%s: %s", settings->program[0], strerror(error));
        _exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
    }
    (void)close(pipes[0]);
    *go = pipes[1];
    return child;
}

static void send_signal(const struct settings *settings, pid_t child, int signal) {
    (void)kill(child, signal);
    if (settings->foreground) return;
    /* Signals the rest of the process group, which machineid-exec leads. supervise() does not pass its own copy of
     * the signal on. */
    (void)kill(0, signal);
    /* A stopped process handles the signal only after SIGCONT. */
    if (signal != SIGCONT) send_signal(settings, child, SIGCONT);
}

/* ---- The guard ---- */

/* Makes the client and the guard. Returns 0 when the device may run, and otherwise the exit status. */
static int start_guard(const struct settings *settings, mid_client **client, mid_guard **guard) {
    char options[128];
    char *json = NULL;
    int interval = (int)(settings->interval * 1000);
    int allowed = 0, result = 0;
    int max_age = settings->max_age > 0 ? (int)(settings->max_age * 1000) : 3 * interval;
    mid_status status = mid_client_from_env(NULL, client, &json);
    (void)snprintf(options, sizeof options, "{\"interval_ms\":%d,\"max_age_ms\":%d}", interval, max_age);
    if (status == MID_OK && settings->registers) {
        status = mid_register(*client, settings->device, &json);
        if (status == MID_OK) {
            mid_free(json);
            json = NULL;
        }
    }
    if (status == MID_OK) status = mid_guard_start(*client, settings->device, options, guard, &json);
    if (status != MID_OK) {
        say("%s: %s %s", settings->device, mid_status_name(status), json != NULL ? json : "");
        result = status == MID_INVALID_ARGUMENT || status == MID_INVALID_OPTIONS || status == MID_NO_ORG_KEY ? FAILED
                                                                                                           : UNDECIDED;
    } else {
        mid_free(json);
        json = NULL;
        status = mid_guard_decision(*guard, &allowed, &json);
        if (!allowed) { /* Not necessarily a denial: an allow that took longer than max-age has already expired. */
            say("%s: not started: %s %s", settings->device, mid_status_name(status), json != NULL ? json : "");
            result = json != NULL && strstr(json, "\"state\":\"denied\"") != NULL ? DENIED : UNDECIDED;
        }
    }
    mid_free(json);
    return result;
}

struct watch {
    const struct settings *settings;
    mid_client *client;
    mid_guard *guard;
    int result; /* what start_guard() returned */
    int bell;   /* gets a byte when `result` is set, and another when the guard goes off */
};

static void *watch_guard(void *argument) {
    struct watch *watch = argument;
    watch->result = start_guard(watch->settings, &watch->client, &watch->guard);
    (void)!write(watch->bell, "", 1);
    if (watch->result != 0) return NULL;
    (void)mid_guard_wait(watch->guard, -1);
    (void)!write(watch->bell, "", 1);
    return NULL;
}

/* Waits for the first answer. Until the program runs, signals have their usual effect on machineid-exec. */
static void wait_for_answer(int bell, const struct inherited *inherited) {
    struct pollfd polled = {bell, POLLIN, 0};
    sigset_t mask = inherited->mask;
    char byte;
    sigaddset(&mask, SIGCHLD); /* stays pending for supervise() */
    while (ppoll(&polled, 1, NULL, &mask) < 0 && errno == EINTR) continue;
    if (read(bell, &byte, 1) != 1) fail("read");
}

static void say_why(const struct settings *settings, mid_guard *guard, double moment) {
    char *json = NULL;
    int allowed;
    mid_status status = mid_guard_decision(guard, &allowed, &json);
    say_until(moment, "%s: stopping: %s %s", settings->device, mid_status_name(status), json != NULL ? json : "");
    mid_free(json);
}

/* ---- Between the two ---- */

/* Milliseconds until the moment, for poll(); -1 for no limit. */
static int until(double moment) {
    double left = moment - now();
    if (moment <= 0) return -1;
    return left <= 0 ? 0 : (int)(left * 1000) + 1;
}

/* Ends in the same way as the program, so that the parent of machineid-exec sees the same. */
static int end_as(int status) {
    sigset_t one;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (!WIFSIGNALED(status)) return FAILED;
    (void)signal(WTERMSIG(status), SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, WTERMSIG(status));
    (void)raise(WTERMSIG(status));
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL);
    return 128 + WTERMSIG(status);
}

/* Passes signals on until the program has ended, and stops it when the guard goes off. */
static int supervise(const struct settings *settings, pid_t child, struct watch *watch, int bell, int signals) {
    struct pollfd polled[2] = {{signals, POLLIN, 0}, {bell, POLLIN, 0}};
    double kill_at = 0;
    int is_off = 0, was_killed = 0;
    for (;;) {
        struct signalfd_siginfo signal;
        pid_t ended;
        int status;
        if (poll(polled, 2, was_killed ? -1 : until(kill_at)) < 0 && errno != EINTR) {
            (void)kill(child, SIGKILL);
            fail("poll");
        }
        while (read(signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
            /* Not the signals that this process sent to the group. */
            if (signal.ssi_signo != SIGCHLD && (pid_t)signal.ssi_pid != getpid())
                send_signal(settings, child, (int)signal.ssi_signo);
        }
        ended = waitpid(child, &status, WNOHANG);
        if (ended < 0) fail("waitpid");
        if (ended == child) {
            if (!is_off) return end_as(status);
            return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 128 + SIGKILL : STOPPED;
        }
        if (!is_off && polled[1].revents != 0) {
            is_off = 1;
            polled[1].fd = -1;
            kill_at = now() + settings->grace;
            send_signal(settings, child, SIGTERM);
            (void)kill(child, SIGCONT); /* also with --foreground */
            say_why(settings, watch->guard, kill_at);
        }
        if (is_off && !was_killed && now() >= kill_at) {
            was_killed = 1;
            (void)kill(child, SIGKILL);
            say_until(now() + 1, "%s: still there after %g seconds: SIGKILL", settings->device, settings->grace);
            /* Kills the processes that the program started, and machineid-exec itself, whose status is then 137. */
            if (!settings->foreground) (void)kill(0, SIGKILL);
        }
    }
}

int main(int count, char **arguments) {
    struct settings settings = {getenv("MACHINEID_DEVICE_ID"), 10, 5, 0, 0, 0, NULL};
    struct watch watch = {&settings, NULL, NULL, FAILED, -1};
    struct rlimit none = {0, 0};
    struct inherited inherited;
    sigset_t caught;
    pthread_t watcher;
    int bell[2], signals, go, result;
    pid_t child;

    occupy_closed_streams();
    read_options(count, arguments, &settings);
    if (!settings.foreground) (void)setpgid(0, 0);
    forwarded(&caught);
    sigaddset(&caught, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &caught, &inherited.mask) != 0) fail("sigprocmask");
    /* If the parent had SIGCHLD ignored, a child's end would bring no signal and leave no status. */
    inherited.on_child_end = signal(SIGCHLD, SIG_DFL);
    child = prepare_program(&settings, &inherited, &go);
    /*
     * Set after the fork, so that the program inherits the original settings. A closed reader must not end the
     * supervisor, and it must not be stopped because a process of its group reads the terminal in the background, or
     * because it writes a message there itself.
     */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTTIN, SIG_IGN);
    (void)signal(SIGTTOU, SIG_IGN);
    (void)setrlimit(RLIMIT_CORE, &none); /* A core dump would hold the org key. */
    signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || pipe2(bell, O_CLOEXEC) != 0) fail("signalfd");

    watch.bell = bell[1];
    if (pthread_create(&watcher, NULL, watch_guard, &watch) != 0) fail("pthread_create");
    wait_for_answer(bell[0], &inherited);
    result = watch.result;
    /* EPIPE: the process has been killed meanwhile; supervise() reports its status all the same. */
    if (result == 0 && write(go, "", 1) != 1 && errno != EPIPE) fail("write");
    (void)close(go);
    if (result == 0) result = supervise(&settings, child, &watch, bell[0], signals);
    else (void)waitpid(child, NULL, 0);
    mid_client_free(watch.client); /* This ends the guard, and so the watcher. */
    (void)pthread_join(watcher, NULL);
    mid_guard_stop(watch.guard);
    return result;
}
