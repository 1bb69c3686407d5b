// Measures start-up: how long whole commands take, and how long it takes from exec to the first
// byte of a request at the upstream. All rows of a table run in turn, round after round, so that
// what else the machine does falls on all of them alike; what counts is the ratio to the peer of
// the same table. startup BUILD_DIR WORK_DIR RUNS (startup.sh prepares WORK_DIR).
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "first_byte_server.hpp"

namespace {

using handover::bench::FirstByteServer;
using handover::bench::now;

struct Row {
    std::string name = {};
    std::vector<std::string> command = {};
    std::vector<std::string> environment = {};
    std::vector<double> milliseconds = {};
};

struct Table {
    std::string title = {};
    std::size_t peer = 0;               // the row that ratios refer to
    FirstByteServer* server = nullptr;  // if set, a run ends at its first byte
    std::vector<Row> rows = {};
};

struct Places {
    std::string build = {};
    std::string work = {};
    [[nodiscard]] std::string handover() const { return build + "/bin/handover"; }
};

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (auto& word : words) {
        all.push_back(word.data());
    }
    all.push_back(nullptr);
    return all;
}

pid_t start(Row row) {
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int failed = posix_spawnp(&pid,
                                    row.command[0].c_str(),
                                    &files,
                                    nullptr,
                                    pointers(row.command).data(),
                                    pointers(row.environment).data());
    posix_spawn_file_actions_destroy(&files);
    return failed != 0 ? -1 : pid;
}

// Milliseconds of one run. A command that fails would be measured for nothing: it ends the
// measurement.
double measure(const Row& row, FirstByteServer* server) {
    if (server != nullptr) {
        server->forget();
    }
    const auto began = now();
    const pid_t pid = start(row);
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "%s: failed with wait status %d\n", row.name.c_str(), status);
        std::exit(1);
    }
    const auto ended = server != nullptr ? server->first_byte() : now();
    if (ended == 0) {
        std::fprintf(stderr, "%s: no request arrived\n", row.name.c_str());
        std::exit(1);
    }
    return static_cast<double>(ended - began) / 1e6;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void run(Table& table, int rounds) {
    for (auto& row : table.rows) {
        measure(row, table.server);  // fills the page cache and Handover's own cache
    }
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            auto& row = table.rows[(i + static_cast<std::size_t>(round)) % table.rows.size()];
            row.milliseconds.push_back(measure(row, table.server));
        }
    }
}

void print(const Table& table) {
    const auto& peer = table.rows[table.peer];
    const double unit = median(peer.milliseconds);
    std::printf("\n%s (medians; ratio to \"%s\")\n\n", table.title.c_str(), peer.name.c_str());
    std::printf("| %-44s | %9s | %9s | %6s |\n| %s | ---: | ---: | ---: |\n",
                "what",
                "median ms",
                "least ms",
                "ratio",
                std::string(44, '-').c_str());
    for (const auto& row : table.rows) {
        const double middle = median(row.milliseconds);
        std::printf("| %-44s | %9.2f | %9.2f | %6.2f |\n",
                    row.name.c_str(),
                    middle,
                    *std::min_element(row.milliseconds.begin(), row.milliseconds.end()),
                    middle / unit);
    }
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
}

// A home with a subscription that is good for a day, and providers at both servers.
void write_home(const std::string& home, int http_port, int https_port) {
    const auto provider = [](const std::string& name, const std::string& base_url) {
        return "[providers." + name + "]\nplugin = \"openai\"\nbase_url = \"" + base_url +
               "\"\ndialects = [\"responses\"]\nmodel = \"bench\"\n[providers." + name +
               ".auth.api-key]\nenv = [\"BENCH_KEY\"]\n";
    };
    write_file(
        home + "/config.toml",
        provider("plain", "http://127.0.0.1:" + std::to_string(http_port) + "/v1") +
            provider("secure", "https://127.0.0.1:" + std::to_string(https_port) + "/v1") +
            "[providers.subscription]\nplugin = \"openai\"\nbase_url = "
            "\"http://127.0.0.1:9/v1\"\nauth_method = \"login\"\n"
            "[providers.subscription.auth.login]\nkind = \"oauth2\"\nbilling = \"subscription\"\n"
            "issuer = \"http://127.0.0.1:9\"\nclient_id = \"bench\"\nscopes = [\"openid\"]\n");
    mkdir((home + "/credentials").c_str(), 0700);
    write_file(
        home + "/credentials/subscription@default.json",
        R"({"version": 1, "provider": "subscription", "account": "default", "method": "login",)"
        R"( "access_token": "sandbox-bench-access", "refresh_token": "sandbox-bench-refresh", "token_type": "Bearer",)"
        R"( "expires_at": "2099-01-01T00:00:00Z", "obtained_at": "2026-01-01T00:00:00Z"})");
}

// Every command of a table begins with the same environment; `more` comes on top.
std::vector<std::string> environment(const Places& places,
                                     const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"PATH=/usr/bin:/bin",
                                    "LANG=C.UTF-8",
                                    "HOME=" + places.work,
                                    "HANDOVER_HOME=" + places.work + "/home",
                                    "HANDOVER_PLUGIN_PATH=" + places.build + "/plugins",
                                    "BENCH_KEY=sandbox-bench-key"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

Table whole_commands(const Places& places) {
    const auto env = environment(places);
    const auto handover = places.handover();
    return {
        .title = "Whole commands, exec to exit",
        .peer = 0,
        .server = nullptr,
        .rows = {
            {.name = "empty C++ program, shared libstdc++",
             .command = {places.work + "/empty"},
             .environment = env},
            {.name = "handover --version", .command = {handover, "--version"}, .environment = env},
            {.name = "handover auth status",
             .command = {handover, "auth", "status"},
             .environment = env},
            {.name = "handover auth token, fresh credential",
             .command = {handover, "auth", "token", "subscription"},
             .environment = env},
            {.name = "handover plugins list, 2 plugins",
             .command = {handover, "plugins", "list"},
             .environment = env},
            {.name = "curl --version", .command = {"curl", "--version"}, .environment = env}}};
}

std::vector<std::string> curl(const std::string& url, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {
        "curl", "-sS", "-o", "/dev/null", "--data", "{}", "-H", "Content-Type: application/json"};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(url + "/v1/responses");
    return command;
}

Table first_byte_http(const Places& places, FirstByteServer& server) {
    const auto env = environment(places);
    const auto port = std::to_string(server.port());
    return {
        .title = "Exec to the first byte of a request at the upstream, http",
        .peer = 1,
        .server = &server,
        .rows = {{.name = "static program, raw socket",
                  .command = {places.work + "/raw_request", port},
                  .environment = env},
                 {.name = "curl", .command = curl("http://127.0.0.1:" + port), .environment = env},
                 {.name = "handover run",
                  .command = {places.handover(), "run", "-p", "plain", "hi"},
                  .environment = env}}};
}

Table first_byte_https(const Places& places, FirstByteServer& server) {
    const auto file = places.work + "/roots.pem";
    const auto folder = places.work + "/roots";
    const auto url = "https://127.0.0.1:" + std::to_string(server.port());
    const std::vector<std::string> prompt = {places.handover(), "run", "-p", "secure", "hi"};
    return {.title = "Exec to the first byte of a request at the upstream, https",
            .peer = 0,
            .server = &server,
            .rows = {{.name = "curl, Debian's CA file (its default)",
                      .command = curl(url, {"--cacert", file}),
                      .environment = environment(places)},
                     {.name = "curl, a CA file with one certificate",
                      .command = curl(url, {"--cacert", places.work + "/ca.pem"}),
                      .environment = environment(places)},
                     {.name = "handover run, CA folder (its default)",
                      .command = prompt,
                      .environment = environment(places, {"SSL_CERT_DIR=" + folder})},
                     {.name = "handover run, CA file",
                      .command = prompt,
                      .environment = environment(places, {"SSL_CERT_FILE=" + file})}}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: startup BUILD_DIR WORK_DIR RUNS\n", stderr);
        return 2;
    }
    const Places places{.build = argv[1], .work = argv[2]};
    const int rounds = std::max(3, std::atoi(argv[3]));
    FirstByteServer http;
    FirstByteServer https(places.work + "/server.pem", places.work + "/server.key");
    write_home(places.work + "/home", http.port(), https.port());
    std::printf("%d runs of each, in turn\n", rounds);
    for (auto table :
         {whole_commands(places), first_byte_http(places, http), first_byte_https(places, https)}) {
        run(table, rounds);
        print(table);
        std::fflush(stdout);
    }
    return 0;
}
