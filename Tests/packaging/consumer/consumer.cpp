// The same in C++, with owning pointers for the library's objects.
#include <machineid.h>

#include <cstring>
#include <iostream>
#include <memory>

struct Free {
    void operator()(mid_client *client) const { mid_client_free(client); }
    void operator()(char *json) const { mid_free(json); }
};

int main() {
    mid_client *made = nullptr;
    char *text = nullptr;
    mid_status status = mid_client_new("org_consumer", "{\"base_url\":1}", &made, &text);
    std::unique_ptr<mid_client, Free> client(made);
    std::unique_ptr<char, Free> json(text);

    std::cout << MID_VERSION << ' ' << mid_version() << ' ' << mid_status_name(status) << '\n';
    return std::strcmp(MID_VERSION, mid_version()) == 0 && status == MID_INVALID_OPTIONS ? 0 : 1;
}
