#include "doctor/credentials.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "auth/credential_file.hpp"
#include "auth/private_folder.hpp"
#include "auth/resolution.hpp"
#include "platform/files.hpp"

namespace handover::doctor {
namespace {

constexpr std::string_view credential_suffix = ".json";

struct CloseFolder {
    void operator()(DIR* folder) const { (void)closedir(folder); }
};

std::set<std::string> names_in(const std::filesystem::path& folder, int& error_number) {
    const std::unique_ptr<DIR, CloseFolder> opened(opendir(folder.c_str()));
    if (opened == nullptr) {
        error_number = errno == ENOENT ? 0 : errno;
        return {};
    }
    std::set<std::string> names;
    while (const dirent* entry = readdir(opened.get())) names.emplace(entry->d_name);
    return names;
}

Error unreadable(const std::filesystem::path& file, int error_number) {
    return {.code = Errc::store_io,
            .message = "cannot read " + file.string(),
            .reason = platform::error_text(error_number),
            .fix = fmt::format("chmod u+r '{}'", file.string())};
}

// The rule of the store, without its remedies.
Result<std::string> read_private(const std::filesystem::path& file) {
    const platform::Descriptor opened(
        open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!opened.valid()) return fail(unreadable(file, errno));
    struct stat status = {};
    if (fstat(opened.get(), &status) != 0) return fail(unreadable(file, errno));
    if (auto checked = auth::check_private_file(status, file); !checked) return checked.failure();
    std::string contents(auth::longest_credential_file, '\0');
    std::size_t filled = 0;
    while (filled < contents.size()) {
        const auto got = read(opened.get(), contents.data() + filled, contents.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(unreadable(file, errno));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    contents.resize(filled);
    return contents;
}

std::string stem_of(const std::string& name) {
    return name.substr(0, name.size() - credential_suffix.size());
}

std::optional<auth::RefreshRecord> record_for(const auth::Credential& credential,
                                              const std::filesystem::path& file) {
    const auto text = platform::read_file(file, 1U << 16U);
    auto record = text && *text ? auth::parse_record(**text) : std::nullopt;
    return record && record->fingerprint == auth::fingerprint_of(credential.refresh_token)
               ? record
               : std::nullopt;
}

CredentialFacts read_credential(const std::filesystem::path& folder,
                                const std::string& name,
                                const std::set<std::string>& names) {
    CredentialFacts facts = {.name = name, .id = auth::id_of_file_name(name)};
    facts.journal = names.count(stem_of(name) + ".journal") > 0;
    auto text = read_private(folder / name);
    if (!text) {
        facts.trouble = text.error();
        return facts;
    }
    auto credential = auth::parse_credential(*text);
    wipe(*text);
    if (!credential) {
        facts.trouble = credential.error();
        return facts;
    }
    facts.record = record_for(*credential, folder / (stem_of(name) + ".refresh"));
    facts.credential = std::move(*credential);
    return facts;
}

std::string expiry(const auth::StatusReport& report, Time now) {
    if (!report.expires_at) return {};
    const auto left = std::chrono::duration_cast<Milliseconds>(*report.expires_at - now);
    if (left <= Milliseconds(0)) return "; refreshed at its next use";
    return ", expires in " + text::describe_duration(left);
}

Finding judge_login(const auth::Credential& credential,
                    const Purpose& purpose,
                    const auth::StatusFacts& now) {
    if (!purpose.target) {
        return {.state = State::warning,
                .measured = "not used: " + purpose.trouble,
                .expected = "a provider that is set up",
                .fix = fmt::format("set it up again, or: handover auth logout {}",
                                   credential.id.provider)};
    }
    const auth::StoredSource stored = {.credential = credential};
    const auto choice = auth::choose(*purpose.target, stored, {}, false);
    const auto report = auth::report_status(*purpose.target, stored, choice, now);
    if (report.usable() && report.source.kind == auth::SourceKind::stored)
        return ok(fmt::format(
            "{}, {}{}", report.method, auth::status_text(report.status), expiry(report, now.now)));
    auto why = report.note;
    if (report.login_needed)
        why = fmt::format("the provider ended the login ({})", report.login_needed->code);
    if (why.empty()) why = "the access token has expired, and there is no refresh token";
    return {.state = State::problem,
            .measured = why,
            .expected = "a login that may be used",
            .fix = auth::login_command(credential.id),
            .code = Errc::auth_session_expired};
}

Finding open_journal(const auth::CredentialId& id) {
    return {.state = State::warning,
            .measured =
                "a refresh was begun and its end is not known: it runs now, or it was interrupted",
            .expected = "no journal, but for the moment of a refresh",
            .fix = fmt::format("look again in a minute; if it stays: {}", auth::login_command(id))};
}

Finding failing_refresh(const auth::RefreshRecord& record, const auth::CredentialId& id) {
    return {.state = State::warning,
            .measured = fmt::format("the last refresh failed: {}; the next try is not before {}",
                                    record.message,
                                    text::format_rfc3339(record.next_try)),
            .expected = "no refresh that keeps failing",
            .fix = auth::refresh_command(id)};
}

constexpr std::string_view area = "credentials";

std::string subject_of(const auth::CredentialId& id) {
    return id.account == "default" ? id.provider : fmt::format("{} ({})", id.provider, id.account);
}

}  // namespace

CredentialsFacts measure_credentials(const std::filesystem::path& folder) {
    CredentialsFacts facts;
    const auto names = names_in(folder, facts.error_number);
    for (const auto& name : names) {
        const std::filesystem::path as_path = name;
        const auto extension = as_path.extension();
        if (name.find(".corrupt-") != std::string::npos) {
            facts.set_aside.push_back(name);
        } else if (extension == credential_suffix) {
            facts.files.push_back(read_credential(folder, name, names));
        } else if ((extension == ".journal" || extension == ".refresh") &&
                   names.count(as_path.stem().string() + ".json") == 0) {
            facts.left_over.push_back(name);
        }
    }
    return facts;
}

Findings judge_credential(const CredentialFacts& facts,
                          const Purpose& purpose,
                          const auth::StatusFacts& now) {
    if (!facts.id) {
        return {in(std::string(area),
                   facts.name,
                   {.state = State::warning,
                    .measured = "not a name that a login gets: the file is not used",
                    .expected = "PROVIDER@ACCOUNT.json",
                    .fix = "move it out of the folder"})};
    }
    const auto subject = subject_of(*facts.id);
    if (facts.trouble) {
        auto finding = from_error(*facts.trouble);
        finding.expected = "a credential that only you can read";
        if (finding.fix.empty()) finding.fix = auth::login_command(*facts.id);
        return {in(std::string(area), subject, std::move(finding))};
    }
    Findings out = {in(std::string(area), subject, judge_login(*facts.credential, purpose, now))};
    if (facts.journal) out.push_back(in(std::string(area), subject, open_journal(*facts.id)));
    const bool failing = facts.record && facts.record->fate != auth::RefreshFate::terminal;
    if (failing && out.front().state == State::ok)
        out.push_back(in(std::string(area), subject, failing_refresh(*facts.record, *facts.id)));
    return out;
}

Findings judge_folder(const CredentialsFacts& facts, const std::filesystem::path& folder) {
    Findings out;
    if (facts.error_number != 0) {
        out.push_back(
            in(std::string(area), "folder", from_error(unreadable(folder, facts.error_number))));
    } else if (facts.files.empty()) {
        out.push_back(in(std::string(area), "logins", skipped("none is stored")));
    }
    for (const auto& name : facts.set_aside) {
        out.push_back(in(std::string(area),
                         name,
                         {.state = State::warning,
                          .measured = "a damaged credential that was set aside",
                          .expected = "none",
                          .fix = fmt::format("log in again if you have not; then rm '{}'",
                                             (folder / name).string())}));
    }
    for (const auto& name : facts.left_over) {
        out.push_back(
            in(std::string(area), name, skipped("of a login that is not there any more")));
    }
    return out;
}

}  // namespace handover::doctor
