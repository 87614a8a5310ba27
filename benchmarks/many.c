/*
 * many.c - measures devices per second, connected and from cold: with a curl_multi loop in C, or with
 * mid_validate_many().
 *
 *     many bare|ours DEVICES ROUNDS CONNECTIONS
 *
 * CONNECTIONS 0 stands for the library's default.
 */
#include "bare.h"

enum { WIDEST = 256, MOST = 10000 };

static const char *ids[MOST];
static int allowed[MOST];
static int width;

static void bare_round(CURLM *multi, struct bare *bares, int count) {
    int begun = 0, ended = 0, running;
    int index[WIDEST];
    for (; begun < width && begun < count; begun++) {
        index[begun] = begun;
        bare_prepare(&bares[begun], ids[begun]);
        curl_multi_add_handle(multi, bares[begun].easy);
    }
    while (ended < count) {
        CURLMsg *message;
        int left;
        need(curl_multi_perform(multi, &running) == CURLM_OK, "curl_multi_perform");
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            int slot = 0;
            while (bares[slot].easy != message->easy_handle) slot++;
            allowed[index[slot]] = message->data.result == CURLE_OK && bare_read(&bares[slot]);
            curl_multi_remove_handle(multi, bares[slot].easy);
            ended++;
            if (begun < count) {
                index[slot] = begun;
                bare_prepare(&bares[slot], ids[begun++]);
                curl_multi_add_handle(multi, bares[slot].easy);
            }
        }
        if (ended < count) need(curl_multi_poll(multi, NULL, 0, 1000, NULL) == CURLM_OK, "curl_multi_poll");
    }
}

int main(int count, char **arguments) {
    static struct bare bares[WIDEST];
    CURLM *multi;
    mid_client *client;
    int devices = count > 4 ? atoi(arguments[2]) : 0;
    int rounds = count > 4 ? atoi(arguments[3]) : 0;
    int is_bare = count > 1 && *arguments[1] == 'b';
    double from, connected = 0, ended = 0;
    width = count > 4 ? atoi(arguments[4]) : 0;
    if (devices < 1 || devices > MOST || rounds < 1 || width < is_bare || width > WIDEST) return 2;
    need(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "curl_global_init");
    need((multi = curl_multi_init()) != NULL, "curl_multi_init");
    /* The cache holds all connections. By default it holds four for each transfer in progress, which at the end of a
     * round is few. */
    need(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)width) == CURLM_OK, "CURLMOPT_MAXCONNECTS");
    client = client_open(width);
    for (int n = 0; n < width; n++) bare_open(&bares[n]);
    /* This is the device that the canned reply names. */
    for (int n = 0; n < devices; n++) ids[n] = "agent-01";
    from = seconds_now();
    /* The first round connects. */
    for (int round = 0; round <= rounds; round++) {
        memset(allowed, 0, sizeof allowed);
        if (is_bare) bare_round(multi, bares, devices);
        else need(mid_validate_many(client, ids, (size_t)devices, allowed, NULL) == MID_OK, "mid_validate_many");
        for (int n = 0; n < devices; n++) need(allowed[n], "allowed");
        ended = seconds_now();
        if (round == 0) connected = ended;
    }
    printf("%.1f %.1f\n", devices * rounds / (ended - connected), devices / (connected - from));
    for (int n = 0; n < width; n++) bare_close(&bares[n]);
    curl_multi_cleanup(multi);
    mid_client_free(client);
    return 0;
}
