// Tables of sentences on real pages (METER_PAGES, default ../shared/pages): wishes that a page cannot fulfil, and
// feedback with the effect it must have.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "meter/generator.hpp"
#include "meter/json.hpp"

namespace {

using namespace meter;
namespace fs = std::filesystem;

std::optional<fs::path> real_cases() {
    const char* root = std::getenv("METER_PAGES");
    const fs::path folder = fs::path(root != nullptr ? root : "../shared/pages") / "cases";
    if (fs::is_directory(folder)) return folder;
    MESSAGE("skipped: no folder " << folder.string() << " (METER_PAGES)");
    return std::nullopt;
}

struct RealPage {
    std::string html, url, description;
};

RealPage real_page(const fs::path& cases, std::string_view name) {
    const auto text = [](const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        REQUIRE(in);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    const fs::path folder = cases / name;
    const auto about = parse_json(text(folder / "case.json"));
    REQUIRE(about);
    return {text(folder / "page.html"), *about->find("url")->if_string(), *about->find("description")->if_string()};
}

bool is_filled(const Value* value) {
    if (value == nullptr || value->is_null()) return false;
    const std::string* text = value->if_string();
    return text == nullptr || !text->empty();
}

/// Of all that was wanted; what was not found counts nothing.
double mean_confidence(const GeneratedPlan& plan) {
    double sum = 0;
    std::size_t wanted = plan.warnings.size();
    for (const auto& [name, entry] : *plan.definition.find("explain")->if_object()) {
        sum += entry.find("confidence")->to_double();
        ++wanted;
    }
    return sum / static_cast<double>(wanted);
}

struct Wish {
    std::string_view page, description;
};

// Nothing of this is on these pages.
constexpr Wish foreign_wishes[] = {
    {"baldur-plants", "flight numbers, departure airports and gates"},
    {"icelandair-news", "flight numbers, departure airports and gates"},
    {"recipe-jamieoliver", "flight numbers, departure airports and gates"},
    {"detail-3suisses", "recipe ingredients, cooking time and servings"},
    {"musicloops-tracks", "recipe ingredients, cooking time and servings"},
    {"vlr-events", "recipe ingredients, cooking time and servings"},
    {"google-serp", "apartment rent, square metres and number of bedrooms"},
    {"pokemon-members", "apartment rent, square metres and number of bedrooms"},
    {"astral-guild", "apartment rent, square metres and number of bedrooms"},
    {"metra-meetings", "ticker symbols, closing prices and dividend yield"},
    {"tripadvisor-ams", "ticker symbols, closing prices and dividend yield"},
    {"delch-opinions", "ticker symbols, closing prices and dividend yield"},
    {"pcbheaven-forum", "chess players with Elo rating and federation"},
    {"amazon-reviews", "chess players with Elo rating and federation"},
    {"gogobot-cinci", "chess players with Elo rating and federation"},
    {"streetstorm-news", "temperature, humidity and wind speed"},
    {"darkveins", "temperature, humidity and wind speed"},
    {"lonelyplanet-nl", "temperature, humidity and wind speed"},
    {"zone-concours", "wine grape variety, vintage and region"},
    {"detail-lafeltrinelli", "wine grape variety, vintage and region"},
    {"bitterkittens", "package license, downloads and latest version"},
    {"ksl-emtb", "package license, downloads and latest version"},
    {"newschittagong", "bus lines, departure times and platforms"},
    {"vlr-results", "bus lines, departure times and platforms"},
    {"binarymarket", "dog breeds, life expectancy and weight"},
    {"detail-bestbuy-ca", "mountain height, first ascent and country"},
    {"hackernews", "exchange rates and currency codes"},
    {"tripadvisor-ams", "blood types and patient numbers"},
    {"mostaql-projects", "blood types and patient numbers"},
    {"amazon-reviews", "salary, employer and contract type"},
    {"pokedex", "salary, employer and contract type"},
    {"tomandlorenzo", "doctor names, phone numbers and opening hours"},
    {"zoover-reviews", "book ISBN, publisher and number of pages"},
    {"patchofland", "book ISBN, publisher and number of pages"},
    {"reportlinker", "car mileage, fuel type and first registration"},
    {"books-toscrape", "car mileage, fuel type and first registration"},
    {"detail-emag", "movie director, runtime and box office"},
    {"vlr-results", "movie director, runtime and box office"},
    {"juanmerodio", "phone number and email of every member"},
    {"recipe-jamieoliver", "phone number and email of every member"},
    {"nba-schedule", "university tuition fees and application deadlines"},
    {"vlr-events", "university tuition fees and application deadlines"},
    {"icelandair-news", "gene names, chromosome and mutation frequency"},
    {"books-toscrape", "ship name, IMO number and tonnage"},
    {"streetstorm-news", "patent number, inventor and filing date"},
    {"hackernews", "hospital beds, wards and nurses"},
    {"kyujin-jobs", "earthquake magnitude and depth"},
    {"virtualtourist", "bird species, habitat and wingspan"},
    {"debijenkorf-jackets", "beer brewery, ABV and IBU"},
    {"arcacenter-releases", "power plant capacity and fuel"},
    {"nycparks-events", "cryptocurrency symbol, market cap and circulating supply"},
    // Wishes of other pages of the set.
    {"books-toscrape", "Extract investment title, address, APR and link"},
    {"darkveins", "Pokemon name, number, total and base experience"},
    {"hackernews", "Pokemon name, number, total and base experience"},
    {"reportlinker", "Extract case name, date, case number and court"},
    {"bitterkittens", "Extract game date, start time, visitor team and home team"},
    {"gogobot-cinci", "job ads with title, company, place, salary"},
    {"amazon-reviews", "Extract recipe title, author and the list of ingredients"},
    {"lonelyplanet-nl", "Get the thread title, poster, views and number of replies"},
    {"icelandair-news", "esports events: title, status, prize pool, dates"},
};

struct Feedback {
    std::string_view page, feedback;
    /// Parts: "+f" is there, "-f" is not, "#f" is a number, "f=text" begins so in the first record; "<10" fewer
    /// records;
    /// "!words" refused, with these words.
    std::string_view effect;
};

constexpr Feedback real_feedback[] = {
    {"books-toscrape", "remove the price", "-price +name"},
    {"books-toscrape", "rename price to cost", "+cost -price"},
    {"books-toscrape", "price as a number", "#price"},
    {"books-toscrape", "the price should include the currency symbol", "price=£"},
    {"books-toscrape", "limit to 5", "<6"},
    {"books-toscrape", "also extract images and availability", "+image +availability"},
    {"books-toscrape", "frobnicate the wobble", "!frobnicate"},
    {"hackernews", "drop the author", "-author +points"},
    {"hackernews", "call points score", "+score -points"},
    {"hackernews", "without comments", "-comments"},
    {"hackernews", "points as a number", "#points"},
    {"hackernews", "translate the titles to French", "!French"},
    {"amazon-reviews", "rename text to body", "+body -text"},
    {"amazon-reviews", "rating as a number", "#rating"},
    {"amazon-reviews", "I don't need the author", "-author"},
    {"amazon-reviews", "sort by rating", "!sort"},
    {"bitterkittens", "rename started_by to author", "+author -started_by"},
    {"bitterkittens", "replies should be a number", "#replies"},
    {"tripadvisor-ams", "drop the rank", "-rank"},
    {"tripadvisor-ams", "reviews as a number", "#reviews"},
    {"tripadvisor-ams", "skip purple monkeys", "!purple"},
    {"debijenkorf-jackets", "price as a number", "#price"},
    {"debijenkorf-jackets", "brand should be called maker", "+maker -brand"},
    {"icelandair-news", "also extract the link", "link=http"},
    {"vlr-events", "only items containing \"2026\"", "<90"},
    {"vlr-events", "skip completed", "<60"},
    {"virtualtourist", "remove photo and address", "-photo -address +name"},
    {"virtualtourist", "name as link", "name=http"},
    {"streetstorm-news", "drop link", "-link"},
    {"musicloops-tracks", "rename composer to artist", "+artist -composer"},
    {"musicloops-tracks", "price as a number", "#price"},
    {"zone-concours", "views as number", "#views"},
    {"zone-concours", "take author out", "-author"},
    {"nba-schedule", "only items containing \"Lakers\"", "<20"},
    {"nba-schedule", "rename visitor to away", "+away -visitor_team"},
    {"nba-schedule", "use the second column for the date", "date=7:30p"},
    {"metra-meetings", "only the first table", "<20"},
    {"google-serp", "leave out the snippet", "-snippet"},
    {"zoover-reviews", "score as a number", "#score"},
    {"reportlinker", "limit to 10 items", "<11"},
    {"mostaql-projects", "drop the brief and the link", "-brief -link"},
    {"detail-bestbuy-ca", "drop the sku", "-sku"},
    {"detail-bestbuy-ca", "also extract the image", "+image"},
    {"darkveins", "also extract the link, and drop the image", "+link -image"},
    {"patchofland", "apr as a number", "#apr"},
    {"newschittagong", "change headline to title", "+title -headline"},
    {"arcacenter-releases", "take the price from .nothing-here", "!price"},
    {"kyujin-jobs", "make it pop", "!pop"},
};

bool has_effect(const Result<GeneratedPlan>& plan, std::string_view effect) {
    if (effect.starts_with('!'))
        return !plan && plan.error().code == ErrorCode::unprocessable &&
               plan.error().message.find(effect.substr(1)) != std::string::npos;
    if (!plan) return false;
    std::istringstream parts{std::string(effect)};
    const std::size_t count = plan->items.size();
    for (std::string part; parts >> part;) {
        const std::string name = part.substr(1);
        std::size_t filled = 0, numbers = 0;
        for (const Value& item : plan->items) {
            const Value* value = item.find(name);
            filled += is_filled(value);
            numbers +=
                value != nullptr && (value->kind() == Value::Kind::integer || value->kind() == Value::Kind::number);
        }
        const std::size_t equals = part.find('=');
        if (part[0] == '+'   ? filled * 2 < count
            : part[0] == '-' ? plan->definition.find("fields")->find(name) != nullptr
            : part[0] == '#' ? numbers * 2 < count
            : part[0] == '<' ? count == 0 || count >= std::stoul(name)
                             : equals == std::string::npos)
            return false;
        if (equals != std::string::npos) {
            const Value* value = plan->items.front().find(part.substr(0, equals));
            const std::string* text = value != nullptr ? value->if_string() : nullptr;
            if (text == nullptr || !text->starts_with(part.substr(equals + 1))) return false;
        }
    }
    return true;
}

}  // namespace

TEST_SUITE("generate.pages.tables") {
    TEST_CASE("Wishes that a page cannot fulfil are refused or null, and none is answered with confidence") {
        const auto cases = real_cases();
        if (!cases) return;
        CHECK(std::size(foreign_wishes) >= 60);
        std::size_t refused = 0;
        for (const Wish& wish : foreign_wishes) {
            CAPTURE(wish.page);
            CAPTURE(wish.description);
            const RealPage page = real_page(*cases, wish.page);
            const auto plan = generate_strategy(page.html, page.url, wish.description);
            if (!plan) {
                CHECK(plan.error().code == ErrorCode::unprocessable);
                CHECK(plan.error().subject.find("looked for") != std::string::npos);
                ++refused;
                continue;
            }
            CHECK(mean_confidence(*plan) < 0.5);
        }
        MESSAGE("refused: " << refused << " of " << std::size(foreign_wishes));
        CHECK(refused * 10 >= std::size(foreign_wishes) * 9);
    }

    TEST_CASE("Feedback on real pages does what it says, or is refused with its words") {
        const auto cases = real_cases();
        if (!cases) return;
        CHECK(std::size(real_feedback) >= 40);
        std::size_t right = 0;
        for (const Feedback& row : real_feedback) {
            const RealPage page = real_page(*cases, row.page);
            const auto plan = generate_strategy(page.html, page.url, page.description);
            REQUIRE_MESSAGE(plan, row.page);
            RefineInput input;
            input.original.page = {.body = page.html, .url = page.url, .content_type = "text/html; charset=utf-8"};
            input.original.description = page.description;
            input.plan = &plan->definition;
            input.feedback = row.feedback;
            const auto refined = make_generator()->refine(input, {});
            const bool fine = has_effect(refined, row.effect);
            right += fine;
            if (!fine) MESSAGE(row.page << ": " << row.feedback << ": not " << row.effect);
            // Nothing is ignored silently: what is no error has changed the plan, or the plan did so already.
            if (refined && !fine) CHECK(to_json(refined->definition) != to_json(plan->definition));
        }
        MESSAGE("as said: " << right << " of " << std::size(real_feedback));
        CHECK(right * 10 >= std::size(real_feedback) * 9);
    }
}
