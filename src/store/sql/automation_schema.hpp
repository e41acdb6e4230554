// The tables of the automation dialect.
#pragma once

#include <string_view>

namespace meter::sql {

// Graphs are apart from automations, so that lists touch small rows. Tags are twice there: in order as they were given,
// and as rows to be found by. Names are folded for the search, which ignores case.
inline constexpr std::string_view automation_schema = R"sql(
CREATE TABLE automations (
    automation_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    folded_description TEXT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    tags TEXT NOT NULL,
    is_public BIGINT NOT NULL,
    is_template BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX automations_by_account ON automations (account_id, created_at DESC, automation_id DESC);
CREATE INDEX automations_public ON automations (organization_id) WHERE is_public = 1;

CREATE TABLE automation_graphs (
    automation_id TEXT NOT NULL PRIMARY KEY REFERENCES automations (automation_id) ON DELETE CASCADE,
    nodes TEXT NOT NULL,
    connections TEXT NOT NULL,
    config TEXT NOT NULL,
    settings TEXT NOT NULL
);

CREATE TABLE automation_tags (
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (automation_id, tag)
);

CREATE TABLE automation_shares (
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    shared_at BIGINT NOT NULL,
    PRIMARY KEY (automation_id, user_id)
);
CREATE INDEX automation_shares_by_user ON automation_shares (user_id, automation_id);
CREATE INDEX automation_shares_in_order ON automation_shares (automation_id, position);

CREATE TABLE automation_versions (
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    version_tag TEXT NOT NULL,
    description TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    nodes TEXT NOT NULL,
    connections TEXT NOT NULL,
    config TEXT NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (automation_id, version),
    UNIQUE (automation_id, version_tag)
);
)sql";

}  // namespace meter::sql
