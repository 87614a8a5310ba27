// bench package|plain CALLS: calls of the package for C++, or of libcurl and jansson. languages.py says what it prints.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <curl/curl.h>
#include <fstream>
#include <functional>
#include <jansson.h>
#include <machineid.hpp>
#include <memory>
#include <string>

static std::function<bool()> of_package() {
    machineid::options options;
    options.base_url = std::getenv("MACHINEID_BASE_URL");
    auto client = std::make_shared<machineid::client>(machineid::client::make("org_bench", options).value());
    return [client] { return bool(client->validate("agent-01")); };
}

static size_t receive(char *bytes, size_t size, size_t count, void *reply) {
    static_cast<std::string *>(reply)->append(bytes, size * count);
    return size * count;
}

static bool plain_validate(CURL *easy, std::string &reply) {
    static const std::string body = R"({"deviceId":"agent-01"})";
    long status = 0;
    reply.clear();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    if (curl_easy_perform(easy) != CURLE_OK) return false;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    json_t *object = json_loadb(reply.data(), reply.size(), 0, nullptr);
    bool allowed = status == 200 && json_is_true(json_object_get(object, "allowed"));
    json_decref(object);
    return allowed;
}

static std::function<bool()> plain() {
    static std::string reply;
    CURL *easy = curl_easy_init();
    curl_slist *headers = curl_slist_append(nullptr, "x-org-key: org_bench");
    headers = curl_slist_append(headers, "Content-Type: application/json");
    std::string url = std::string(std::getenv("MACHINEID_BASE_URL")) + "/api/v1/devices/validate";
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
    return [easy] { return plain_validate(easy, reply); };
}

static void ask(const std::function<bool()> &validate, int calls) {
    for (int n = 0; n < calls; n++) {
        if (validate()) continue;
        std::fputs("denied\n", stderr);
        std::exit(1);
    }
}

static long resident() {
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;) {
        long kilobytes = 0;
        if (word == "VmRSS:" && file >> kilobytes) return kilobytes;
    }
    return 0;
}

int main(int, char **arguments) {
    auto validate = std::string(arguments[1]) == "package" ? of_package() : plain();
    int calls = std::atoi(arguments[2]), most = calls - calls / 10;
    ask(validate, calls / 10);
    long before = resident();
    auto start = std::chrono::steady_clock::now();
    ask(validate, most);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.1f %ld %ld\n", most / seconds.count(), before, resident());
    return 0;
}
