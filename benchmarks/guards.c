/*
 * guards.c - measures the cost of guards: the processor time of their thread, compared with that of a thread that makes
 * as many checks with mid_validate_many(), all at once and at the pace of the guards.
 *
 *     guards GUARDS INTERVAL_MS SECONDS
 *
 * It prints how many checks per second the guards made, and the microseconds of processor time of one check, of one
 * device of mid_validate_many() at the pace of the guards, and of one device when all are asked about at once.
 */
#include "bare.h"

#include <dirent.h>
#include <math.h>

enum { MOST = 10000, CONNECTIONS = 8 };

static mid_guard *guards[MOST];
static const char *ids[MOST];
static int allowed[MOST];

/* The processor time of another thread, by its number, in seconds. */
static double processor_time_of(const char *task) {
    char path[300];
    unsigned long long nanoseconds = 0;
    FILE *file;
    (void)snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", task);
    file = fopen(path, "r");
    need(file != NULL && fscanf(file, "%llu", &nanoseconds) == 1, path);
    need(fclose(file) == 0, path);
    return (double)nanoseconds / 1e9;
}

static void find_guard_thread(char *task, size_t size) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    need(tasks != NULL, "/proc/self/task");
    *task = '\0';
    while ((entry = readdir(tasks)) != NULL) {
        char path[300], name[32] = "";
        FILE *file;
        (void)snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        /* The thread has just ended. */
        if (file == NULL) continue;
        if (fgets(name, sizeof name, file) != NULL && strcmp(name, "machineid-guard\n") == 0)
            (void)snprintf(task, size, "%s", entry->d_name);
        need(fclose(file) == 0, path);
    }
    need(closedir(tasks) == 0, "closedir");
    need(*task != '\0', "the guards' thread");
}

/* Returns the number of checks of all guards, which must be on. */
static double count_checks(int count) {
    double sum = 0;
    for (int n = 0; n < count; n++) {
        char *json = NULL;
        int is_on = 0;
        json_t *known;
        need(mid_guard_decision(guards[n], &is_on, &json) == MID_OK && is_on, "mid_guard_decision");
        known = json_loads(json, 0, NULL);
        sum += json_number_value(json_object_get(known, "checks"));
        json_decref(known);
        mid_free(json);
    }
    return sum;
}

static void rest(double seconds) {
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) != 0) continue;
}

static double processor_time(void) {
    struct timespec now;
    need(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The processor time of a call of mid_validate_many(). */
static double time_of_many(mid_client *client, int count) {
    double from = processor_time();
    need(mid_validate_many(client, ids, (size_t)count, allowed, NULL) == MID_OK, "mid_validate_many");
    return processor_time() - from;
}

/*
 * The same for several calls, with the devices spread evenly over the interval. As guards that fall due within a 256th
 * of the interval, and within 17 ms, are checked together, so are the devices here.
 */
static double time_at_pace(mid_client *client, int count, int interval) {
    double pause = fmin(interval / 256.0, 17) / 1000, began = seconds_now(), used = 0;
    int asked = 0;
    while (asked < count) {
        int due = (int)fmin(ceil((seconds_now() - began + pause) / (interval / 1000.0) * count), count) - asked;
        if (due > 0) {
            used += time_of_many(client, due);
            asked += due;
        }
        rest(pause);
    }
    return used;
}

int main(int argument_count, char **arguments) {
    int count = argument_count > 3 ? atoi(arguments[1]) : 0;
    int interval = argument_count > 3 ? atoi(arguments[2]) : 0;
    double seconds = argument_count > 3 ? atof(arguments[3]) : 0;
    char options[64], task[256];
    mid_client *guarded, *other;
    double checks, time, from, many, paced;
    if (count < 1 || count > MOST || interval < 20 || seconds <= 0) return 2;
    guarded = client_open(CONNECTIONS);
    other = client_open(CONNECTIONS);
    /* This is the device that the canned reply names. */
    for (int n = 0; n < count; n++) ids[n] = "agent-01";
    /* The first call connects. */
    (void)time_of_many(other, count);
    many = time_of_many(other, count);
    /* max_age_ms is long so that no guard lapses on a busy machine. */
    (void)snprintf(options, sizeof options, "{\"interval_ms\":%d,\"max_age_ms\":%d}", interval, interval * 10);
    for (int n = 0; n < count; n++)
        need(mid_guard_start(guarded, ids[n], options, &guards[n], NULL) == MID_OK, "mid_guard_start");
    find_guard_thread(task, sizeof task);
    /* The first check of each guard comes sooner. */
    rest(1.2 * interval / 1000);
    checks = count_checks(count);
    time = processor_time_of(task);
    from = seconds_now();
    rest(seconds);
    checks = count_checks(count) - checks;
    time = processor_time_of(task) - time;
    from = seconds_now() - from;
    for (int n = 0; n < count; n++) mid_guard_stop(guards[n]);
    many = (many + time_of_many(other, count)) / 2 / count;
    paced = time_at_pace(other, count, interval) / count;
    printf("%.1f %.3f %.3f %.3f\n", checks / from, time / checks * 1e6, paced * 1e6, many * 1e6);
    mid_client_free(guarded);
    mid_client_free(other);
    return 0;
}
