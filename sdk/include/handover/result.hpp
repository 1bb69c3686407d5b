// Result<T>: a value or an Error, with std::expected's names so that the later move is one header (docs/design).
#pragma once

#include <handover/error.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace handover {

// What `fail` returns; converts to any Result<T>.
struct Failure {
    Error error;
};

[[nodiscard]] inline Failure fail(Error error) {
    return Failure{std::move(error)};
}

template <typename T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure)
        : state_(std::in_place_index<1>, std::move(failure.error)) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    // Precondition: has_value(); std::bad_variant_access otherwise.
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // Precondition: !has_value().
    [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

    // The same error for a Result of another type: `return other.failure();`
    [[nodiscard]] Failure failure() const& { return Failure{error()}; }
    [[nodiscard]] Failure failure() && { return Failure{std::move(*this).error()}; }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Failure failure)
        : error_(std::move(failure.error)) {}

    [[nodiscard]] bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }

    // Precondition: !has_value().
    [[nodiscard]] const Error& error() const { return error_.value(); }
    [[nodiscard]] Failure failure() const { return Failure{error()}; }

private:
    std::optional<Error> error_;
};

}  // namespace handover
