// A generator that answers from a script: for tests of programs that use the library.
#pragma once

#include <functional>
#include <mutex>

#include "meter/generator.hpp"

namespace meter::testing {

/// Answers with what it was told; without a script every call is unprocessable.
/// Threads: all calls from any thread; a script runs on the calling thread, outside any lock.
class METER_EXPORT ScriptedGenerator final : public Generator {
public:
    using Generate = std::function<Result<GeneratedPlan>(const GenerateInput& input, std::stop_token stop)>;
    using Refine = std::function<Result<GeneratedPlan>(const RefineInput& input, std::stop_token stop)>;

    ScriptedGenerator();
    ~ScriptedGenerator() override;

    /// From now on.
    void on_generate(Generate script);
    void on_refine(Refine script);

    Result<GeneratedPlan> generate(const GenerateInput& input, std::stop_token stop) override;
    Result<GeneratedPlan> refine(const RefineInput& input, std::stop_token stop) override;

private:
    mutable std::mutex mutex_;
    Generate generate_;  // guarded by mutex_
    Refine refine_;      // guarded by mutex_
};

}  // namespace meter::testing
