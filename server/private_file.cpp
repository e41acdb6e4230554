#include "private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "http/listener.hpp"
#include "meter/json.hpp"

namespace meter::server {
namespace {

constexpr std::size_t max_connections_bytes = 1u << 20;
constexpr std::string_view variable_member = "$variable";
constexpr std::string_view variable_prefix = "METER_";

Error file_error(const std::string& path, const std::string& what) {
    return {ErrorCode::invalid_argument, path + what, "config"};
}

/// Puts the variable's value in the place of {"$variable": "METER_..."}.
Result<void> fill_variable(Value& value, const std::string& member, const VariableLookup& variable) {
    const Value* named = value.is_object() ? value.find(variable_member) : nullptr;
    if (named == nullptr) return {};
    const std::string* name = named->if_string();
    // Nothing else of the environment is the server's business.
    if (value.if_object()->size() != 1 || name == nullptr || !name->starts_with(variable_prefix))
        return Error{ErrorCode::invalid_argument, member + " must name a variable that begins with METER_"};
    auto text = variable(*name);
    if (!text) return Error{ErrorCode::invalid_argument, member + ": the variable " + *name + " is not set"};
    value = *std::move(text);
    return {};
}

Result<void> fill_variables(Value& connections, const VariableLookup& variable) {
    if (!connections.is_object()) return {};
    for (auto& [name, connection] : *connections.if_object()) {
        if (!connection.is_object()) continue;
        for (auto& [member, value] : *connection.if_object()) {
            const std::string path = "connections." + name + "." + member;
            if (auto filled = fill_variable(value, path, variable); !filled) return filled;
            if (!value.is_object()) continue;
            for (auto& [inner, text] : *value.if_object())
                if (auto filled = fill_variable(text, path + "." + inner, variable); !filled) return filled;
        }
    }
    return {};
}

}  // namespace

Result<std::string> read_private_file(const std::string& path, std::size_t max_bytes) {
    const auto failure = [&](int code) { return file_error(path, ": " + std::generic_category().message(code)); };
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return failure(errno);
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return failure(errno);
    // It may hold keys and passwords (design, section 7).
    if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
        return file_error(path, " may be read by others: chmod 600 " + path);
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto got = read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure(errno);
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > max_bytes) return file_error(path, " is too large");
    }
}

Result<Connections> read_connections_file(const std::string& path, const VariableLookup& variable) {
    const auto text = read_private_file(path, max_connections_bytes);
    if (!text) return text.error();
    auto value = parse_json(*text);
    if (!value) return file_error(path, ": " + value.error().message);
    if (auto filled = fill_variables(*value, variable); !filled) return file_error(path, ": " + filled.error().message);
    auto connections = Connections::parse(*value);
    if (!connections) return file_error(path, ": " + connections.error().message);
    return connections;
}

}  // namespace meter::server
