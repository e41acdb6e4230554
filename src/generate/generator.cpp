#include "meter/generator.hpp"

namespace meter {
namespace {

class BuiltInGenerator final : public Generator {
public:
    Result<GeneratedPlan> generate(const GenerateInput& input, std::stop_token) override {
        return generate_strategy(input.page.body, input.page.url, input.description, input.output_schema);
    }
    Result<GeneratedPlan> refine(const RefineInput&, std::stop_token) override {
        return Error{ErrorCode::unavailable, "Plans cannot be refined yet", "feedback"};
    }
};

}  // namespace

Generator::~Generator() = default;

Result<GeneratedPlan> generate_strategy(std::string_view, std::string_view, std::string_view, const OutputSchema*) {
    return Error{ErrorCode::unavailable, "No plan can be made from a description yet", "description"};
}

std::shared_ptr<Generator> make_generator(std::shared_ptr<Fetcher>) {
    return std::make_shared<BuiltInGenerator>();
}

}  // namespace meter
