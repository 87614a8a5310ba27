/*
 * guards.c - what guards cost: processor time of the guards' thread, beside that of mid_validate_many for as many checks.
 *
 *     guards GUARDS INTERVAL_MS SECONDS
 *
 * Prints the guards' checks a second, the microseconds of processor time of one of them and of one device of
 * mid_validate_many, and what the guards take beyond that, in percent of a processor.
 */
#include "bare.h"

#include <dirent.h>

enum { MOST = 10000 };

static mid_guard *guards[MOST];
static const char *ids[MOST];
static int allowed[MOST];

/* The processor time that the kernel has counted in a file of a thread, in seconds. */
static double thread_seconds(const char *task) {
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
        if (file == NULL) continue;
        if (fgets(name, sizeof name, file) != NULL && strcmp(name, "machineid-guard\n") == 0)
            (void)snprintf(task, size, "%s", entry->d_name);
        need(fclose(file) == 0, path);
    }
    need(closedir(tasks) == 0, "closedir");
    need(*task != '\0', "the guards' thread");
}

/* How many checks all guards have made. */
static double count_checks(int count) {
    double sum = 0;
    for (int n = 0; n < count; n++) {
        char *json = NULL;
        int is_allowed = 0;
        json_t *known;
        need(mid_guard_decision(guards[n], &is_allowed, &json) == MID_OK && is_allowed, "mid_guard_decision");
        known = json_loads(json, 0, NULL);
        sum += (double)json_integer_value(json_object_get(known, "checks"));
        json_decref(known);
        mid_free(json);
    }
    return sum;
}

static void rest(double seconds) {
    double end = seconds_now() + seconds;
    struct timespec left;
    while (seconds_now() < end) {
        double wanted = end - seconds_now();
        if (wanted <= 0) break;
        left.tv_sec = (time_t)wanted;
        left.tv_nsec = (long)((wanted - (double)left.tv_sec) * 1e9);
        (void)nanosleep(&left, NULL);
    }
}

/* The processor time of this thread for one device of mid_validate_many. */
static double many_seconds(mid_client *client, int count) {
    struct timespec from, to;
    need(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from) == 0, "clock_gettime");
    need(mid_validate_many(client, ids, (size_t)count, allowed, NULL) == MID_OK, "mid_validate_many");
    need(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to) == 0, "clock_gettime");
    return ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9) / count;
}

int main(int argument_count, char **arguments) {
    int count = argument_count > 3 ? atoi(arguments[1]) : 0;
    int interval = argument_count > 3 ? atoi(arguments[2]) : 0;
    double seconds = argument_count > 3 ? atof(arguments[3]) : 0;
    char options[64], task[256];
    mid_client *client, *other;
    double checks, time, from, many;
    if (count < 1 || count > MOST || interval < 20 || seconds <= 0) return 2;
    client = client_open(8);
    other = client_open(8);
    for (int n = 0; n < count; n++) ids[n] = "agent-01";
    (void)many_seconds(other, count);
    many = many_seconds(other, count);
    (void)snprintf(options, sizeof options, "{\"interval_ms\":%d}", interval);
    for (int n = 0; n < count; n++)
        need(mid_guard_start(client, ids[n], options, &guards[n], NULL) == MID_OK, "mid_guard_start");
    find_guard_thread(task, sizeof task);
    /* The first checks come sooner. */
    rest(1.2 * interval / 1000);
    checks = count_checks(count);
    time = thread_seconds(task);
    from = seconds_now();
    rest(seconds);
    checks = count_checks(count) - checks;
    time = thread_seconds(task) - time;
    from = seconds_now() - from;
    for (int n = 0; n < count; n++) mid_guard_stop(guards[n]);
    many = (many + many_seconds(other, count)) / 2;
    mid_client_free(client);
    mid_client_free(other);
    printf("%.1f %.2f %.2f %.2f\n", checks / from, time / checks * 1e6, many * 1e6, (time - many * checks) / from * 100);
    return 0;
}
