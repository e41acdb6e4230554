// Connections: the credentials of databases, object stores and services, known to workflows by name only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

/// One set of credentials. There is no way to print it, on purpose: only single members can be read, by the node that
/// connects. Threads: as the standard library's containers.
class METER_EXPORT Connection {
public:
    const std::string& name() const noexcept { return name_; }
    const std::string& type() const noexcept { return type_; }  ///< "postgres", "s3", or an application's own

    /// A text member; empty when it is absent. Valid as long as the connection.
    std::string_view text(std::string_view member) const noexcept;
    /// A number without fraction; `fallback` when it is absent.
    std::int64_t integer(std::string_view member, std::int64_t fallback) const noexcept;
    bool flag(std::string_view member, bool fallback) const noexcept;
    /// Any member; null pointer when it is absent.
    const Value* find(std::string_view member) const noexcept { return members_.find(member); }

private:
    friend class Connections;
    Connection(std::string name, std::string type, Object members);

    std::string name_, type_;
    Object members_;
};

/// The connections of an installation, written by its operator. Workflows name them; what is in them never leaves in
/// answers, logs or errors.
class METER_EXPORT Connections {
public:
    /// None at all.
    Connections() = default;

    /// Reads {"warehouse": {"type": "postgres", "host": "db.lan", "user": "etl", "password": "..."}, ...}. Names have 1
    /// to 100 characters of [A-Za-z0-9_.-]. Types known here, with their members (* required):
    ///   sqlite    path*
    ///   postgres  host* (a name, an address or the folder of a socket), port, database*, user, password, sslmode,
    ///             ca_file
    ///   mysql     host* or socket*, port, database*, user, password, tls, ca_file
    ///   s3        endpoint (`https://s3.<region>.amazonaws.com`), region (us-east-1), access_key_id*,
    ///             secret_access_key*, session_token, private_host
    ///   http      base_url*, headers (an object of texts), private_host
    /// Hosts of databases are the operator's own choice, so the egress gate does not apply to them. Requests to `s3`
    /// and `http` go through it; `private_host`, equal to the host of `endpoint` or `base_url`, opens it for that
    /// origin. Types not known here belong to an application's own nodes and are kept as they are.
    /// Errors: invalid_argument; `subject` is the member at fault ("connections.warehouse.host"). No error has a value
    /// of a member in its message.
    static Result<Connections> parse(const Value& config);

    /// Null pointer when there is none of this name. Valid as long as this object.
    const Connection* find(std::string_view name) const noexcept;
    std::vector<std::string> names() const;  ///< sorted
    bool empty() const noexcept { return by_name_.empty(); }

    /// The text with "***" in the place of every secret: all text members, at any depth, but those that say where and
    /// who (host, port, database, user, path, region, endpoint and the like), from four characters on.
    std::string redact(std::string text) const;

private:
    std::map<std::string, Connection, std::less<>> by_name_;
    std::vector<std::string> secrets_;  // longest first
};

}  // namespace meter
