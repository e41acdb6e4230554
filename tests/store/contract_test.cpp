#include "meter/testing/store_contract.hpp"

#include <doctest/doctest.h>

#include "temporary_folder.hpp"

namespace meter {
namespace {

void check_no_violations(const std::vector<std::string>& violations) {
    for (const auto& violation : violations) FAIL_CHECK(violation);
    CHECK(violations.empty());
}

}  // namespace

TEST_SUITE("store.contract") {
    TEST_CASE("the store in memory keeps every promise") {
        check_no_violations(testing::check_store_contract([] { return open_store("memory:").value(); }));
    }

    TEST_CASE("the store in a file keeps every promise") {
        const tests::TemporaryFolder folder;
        int number = 0;
        check_no_violations(testing::check_store_contract(
            [&] { return open_store(folder.url(std::to_string(++number) + ".db")).value(); }));
    }

    TEST_CASE("a factory that makes nothing breaks the contract") {
        CHECK_FALSE(testing::check_store_contract([] { return std::shared_ptr<Store>(); }).empty());
    }
}

}  // namespace meter
