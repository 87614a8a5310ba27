/// @file machineid_testing.hpp
/// Starts machineid-emulator, the authority on loopback, for tests:
///
///     machineid::testing::emulator emulator;
///     auto client = emulator.client();
#ifndef MACHINEID_TESTING_HPP
#define MACHINEID_TESTING_HPP

#include "machineid.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

extern char **environ;

namespace machineid::testing {

/// An emulator that runs until it is destroyed by the process that started it.
class emulator {
public:
    /// Starts an emulator with an organisation for each of these keys, which are made up. The program is that which the
    /// environment variable MACHINEID_EMULATOR names, or else machineid-emulator in PATH. Throws machineid::error where
    /// it does not start.
    explicit emulator(const std::vector<std::string> &org_keys = {"org_test"}) {
        const char *named = std::getenv("MACHINEID_EMULATOR");
        std::string path = named ? named : "machineid-emulator";
        std::vector<std::string> words = {path, "--port", "0", "--quiet"};
        for (const auto &key : org_keys) words.insert(words.end(), {"--org-key", key});
        descriptor output(start(path, words));
        std::string line;
        for (char c = 0; c != '\n' && read_one(output, c);) line += c;
        constexpr std::string_view mark = "listening on ";
        if (line.rfind(mark, 0) != 0 || line.back() != '\n') {
            stop();
            fail(path + " does not say where it listens");
        }
        url_ = line.substr(mark.size(), line.size() - mark.size() - 1);
    }

    emulator(const emulator &) = delete;
    emulator &operator=(const emulator &) = delete;
    ~emulator() { stop(); }

    /// Where it listens.
    [[nodiscard]] const std::string &url() const noexcept { return url_; }

    /// A client of the organisation with this key.
    [[nodiscard]] machineid::client client(const std::string &org_key = "org_test",
                                           machineid::options options = {}) const {
        options.base_url = url_;
        return machineid::client::make(org_key, options).value();
    }

    /// Begins an outage: so many requests, or all where it is 0, are answered with this HTTP status.
    void outage(const std::string &org_key, int http_status, int requests = 0) const {
        std::string body = "{\"httpStatus\":" + std::to_string(http_status);
        if (requests > 0) body += ",\"requests\":" + std::to_string(requests);
        ask(org_key, "/emulator/outage", body + '}');
    }

    /// Ends an outage.
    void end_outage(const std::string &org_key) const { ask(org_key, "/emulator/outage", "{}"); }

    /// Forgets the devices, ends an outage, and restores the initial plan.
    void reset(const std::string &org_key) const { ask(org_key, "/emulator/reset", "{}"); }

    /// Sends a POST to a path as the organisation with this key. `machineid-emulator --help` has the paths. Throws
    /// machineid::error where the answer is not HTTP 200.
    void ask(const std::string &org_key, const std::string &path, const std::string &body) const {
        descriptor peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url_.substr(url_.rfind(':') + 1).c_str())));
        std::string request = "POST " + path + " HTTP/1.1\r\nHost: emulator\r\nx-org-key: " + org_key +
                              "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
        std::string answer;
        if (connect(peer.number, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 &&
            send(peer.number, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()))
            for (char c = 0; read_one(peer, c);) answer += c;
        if (answer.rfind("HTTP/1.1 200 ", 0) != 0)
            fail("the emulator answers " + path + " with \"" + answer.substr(0, answer.find('\r')) + '"');
    }

private:
    struct descriptor {
        explicit descriptor(int opened) : number(opened) {}
        descriptor(const descriptor &) = delete;
        descriptor &operator=(const descriptor &) = delete;
        ~descriptor() { close(number); }

        const int number;
    };

    [[noreturn]] static void fail(const std::string &what) { detail::raise(error::local(MID_INTERNAL, what)); }

    static bool read_one(const descriptor &from, char &c) {
        ssize_t count = 0;
        do count = read(from.number, &c, 1);
        while (count < 0 && errno == EINTR);
        return count == 1;
    }

    // Starts the program, and returns what it prints.
    int start(const std::string &path, std::vector<std::string> &words) {
        int ends[2] = {-1, -1};
        if (pipe2(ends, O_CLOEXEC) != 0) fail(std::string("no pipe can be made: ") + std::strerror(errno));
        descriptor input(ends[1]);
        std::vector<char *> pointers;
        for (auto &word : words) pointers.push_back(word.data());
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        int problem = posix_spawnp(&process, path.c_str(), &actions, nullptr, pointers.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (problem != 0) {
            process = -1;
            close(ends[0]);
            fail(path + " does not start (" + std::strerror(problem) +
                 "); MACHINEID_EMULATOR names the program machineid-emulator");
        }
        return ends[0];
    }

    void stop() noexcept {
        if (process <= 0 || getpid() != owner) return;
        kill(process, SIGKILL);
        while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {}
        process = -1;
    }

    pid_t process = -1;
    pid_t owner = getpid();
    std::string url_;
};

} // namespace machineid::testing

#endif
