#include "model_list/model_list.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>

#include "codex/codex.hpp"
#include "openai/openai.hpp"

using namespace handover;
using model_list::read_model_list;
using sdk::Model;

TEST_CASE("the shapes that services answer with") {
    struct Case {
        const char* name;
        const char* body;
        std::vector<Model> models;
    };
    const Case cases[] = {
        {"OpenAI",
         R"({"object":"list","data":[
             {"id":"gpt-5.5","object":"model","created":1767225600,"owned_by":"openai"},
             {"id":"o9","object":"model","created":1767225601,"owned_by":"system","shutdown_date":null}]})",
         {{.id = "gpt-5.5", .owner = "openai", .created = 1767225600},
          {.id = "o9", .owner = "system", .created = 1767225601}}},
        {"the codex backend: the hidden one is left out",
         R"({"models":[
             {"slug":"gpt-6-sol","display_name":"GPT-6 Sol","visibility":"list","priority":1,
              "context_window":272000,"max_context_window":400000},
             {"slug":"internal","display_name":"x","visibility":"hide"}]})",
         {{.id = "gpt-6-sol", .display_name = "GPT-6 Sol", .context_window = 272000}}},
        {"Together: a bare array",
         R"([{"id":"org/model","display_name":"Model","organization":"Org","created":0,"context_length":8192}])",
         {{.id = "org/model", .display_name = "Model", .owner = "Org", .context_window = 8192}}},
        {"OpenRouter",
         R"({"data":[{"id":"a/b","name":"A: B","created":1767225600,"context_length":131072}]})",
         {{.id = "a/b", .display_name = "A: B", .context_window = 131072, .created = 1767225600}}},
        {"vLLM",
         R"({"data":[{"id":"m","max_model_len":4096}]})",
         {{.id = "m", .context_window = 4096}}},
        {"Mistral: a name that repeats the id",
         R"({"data":[{"id":"m","name":"m","max_context_length":32768}]})",
         {{.id = "m", .context_window = 32768}}},
        {"llama.cpp: both lists; the first counts",
         R"({"models":[{"name":"m.gguf","model":"m.gguf"}],"object":"list","data":[{"id":"m.gguf"}]})",
         {{.id = "m.gguf"}}},
        {"none", R"({"data":[]})", {}},
        {"none, bare", "[]", {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(read_model_list(c.body) == c.models);
        }
    }
}

TEST_CASE("what is odd about an entry costs that entry or member alone") {
    struct Case {
        const char* entry;
        std::vector<Model> models;
    };
    const Case cases[] = {
        {R"({"id":""})", {}},
        {R"({"id":7})", {}},
        {R"({})", {}},
        {R"("m")", {}},
        {R"(null)", {}},
        {R"([])", {}},
        {R"({"id":"m","created":"yesterday","context_window":"big"})", {{.id = "m"}}},
        {R"({"id":"m","created":-1,"context_window":0})", {{.id = "m"}}},
        {R"({"id":"m","created":1,"context_window":1})",
         {{.id = "m", .context_window = 1, .created = 1}}},
        {R"({"id":"m","created":1767225600.9})", {{.id = "m", .created = 1767225600}}},
        {R"({"id":"m","created":7258118400})", {{.id = "m", .created = 7258118400}}},
        {R"({"id":"m","created":7258118401})", {{.id = "m"}}},
        {R"({"id":"m","context_window":1e300})", {{.id = "m"}}},
        {R"({"id":"m"},{"id":"m","owned_by":"again"})", {{.id = "m"}}},
        {R"({"id":"m","visibility":"none"})", {{.id = "m"}}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.entry);
        CHECK(read_model_list(R"({"data":[)" + std::string(c.entry) + "]}") == c.models);
    }
    const std::string longest(256, 'm');
    CHECK(read_model_list("[{\"id\":\"" + longest + "\"}]").size() == 1);
    CHECK(read_model_list("[{\"id\":\"" + longest + "m\"}]").empty());
}

TEST_CASE("no list of models") {
    const std::string whole = R"({"data":[{"id":"m"}]})";
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        CAPTURE(cut);
        CHECK_THROWS_AS(read_model_list(whole.substr(0, cut)), std::runtime_error);
    }
    for (const auto* body : {R"({"data":[{"id":"m"}]} x)",
                             "<html></html>",
                             "null",
                             "7",
                             R"("m")",
                             "{}",
                             R"({"data":{"id":"m"}})",
                             R"({"error":{"message":"no"}})"}) {
        CAPTURE(body);
        CHECK_THROWS_AS(read_model_list(body), std::runtime_error);
    }
}

TEST_CASE("what the plugins ask") {
    const auto codex = codex::models_request(
        {.originator = "handover", .client_version = "1.2.3", .version = "0.1"});
    CHECK(codex.path == "/models?client_version=1.2.3");
    CHECK(codex.headers == std::vector<sdk::Header>{{"Accept", "application/json"},
                                                    {"originator", "handover"},
                                                    {"User-Agent", "handover/0.1"}});
    const auto openai = openai::models_request({.organization = "o", .user_agent = "handover/0.1"});
    CHECK(openai.path == "/models");
    CHECK(openai.headers == std::vector<sdk::Header>{{"Accept", "application/json"},
                                                     {"User-Agent", "handover/0.1"},
                                                     {"OpenAI-Organization", "o"}});
}

TEST_CASE("the client version that the codex plugin tells") {
    const auto version = [](std::string_view options) {
        return codex::read_settings({.options = options}).client_version;
    };
    CHECK(version("{}") == "99.99.99");
    CHECK(version(R"({"client_version":"0.155.0"})") == "0.155.0");
    for (const auto* options : {R"({"client_version":""})",
                                R"({"client_version":"1&x=y"})",
                                R"({"client_version":"1 "})",
                                R"({"client_version":1})"}) {
        CAPTURE(options);
        CHECK_THROWS_AS(version(options), std::runtime_error);
    }
}
