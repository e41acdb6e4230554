#include "meter/testing/scripted_generator.hpp"

#include <utility>

namespace meter::testing {
namespace {

Error no_script() {
    return {ErrorCode::unprocessable, "No items could be extracted", "description"};
}

}  // namespace

ScriptedGenerator::ScriptedGenerator() = default;
ScriptedGenerator::~ScriptedGenerator() = default;

void ScriptedGenerator::on_generate(Generate script) {
    std::lock_guard lock(mutex_);
    generate_ = std::move(script);
}

void ScriptedGenerator::on_refine(Refine script) {
    std::lock_guard lock(mutex_);
    refine_ = std::move(script);
}

Result<GeneratedPlan> ScriptedGenerator::generate(const GenerateInput& input, std::stop_token stop) {
    Generate script;
    {
        std::lock_guard lock(mutex_);
        script = generate_;
    }
    if (!script) return no_script();
    return script(input, stop);
}

Result<GeneratedPlan> ScriptedGenerator::refine(const RefineInput& input, std::stop_token stop) {
    Refine script;
    {
        std::lock_guard lock(mutex_);
        script = refine_;
    }
    if (!script) return no_script();
    return script(input, stop);
}

}  // namespace meter::testing
