// Schedules of workflows (wire contract 19.8): those of strategies, without what belongs to pages.
#include <algorithm>

#include "engine/impl.hpp"
#include "engine/schedules.hpp"
#include "workflow/graph.hpp"

namespace meter {
namespace {

template <class RequestOrPatch>
RequestOrPatch without_pages(RequestOrPatch given) {
    given.url.reset();
    given.urls.reset();
    given.parameters.reset();
    given.ignore.reset();
    given.key.reset();
    return given;
}

}  // namespace

Result<Schedule> Engine::create_workflow_schedule(std::string_view workflow_id, const ScheduleRequest& request,
                                                  const Caller& caller) {
    Impl& self = *impl_;
    if (self.runner->stopping()) return self.stopping_error();
    auto schedule = draft_schedule(self.options, without_pages(request), ScheduleOf::workflow);
    if (!schedule) return schedule;
    const auto workflow = self.require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    if (workflow->nodes.empty()) return bad_request("Workflow has no nodes", "nodes");
    if (auto fit = workflow::check_workflow(workflow->nodes, workflow->edges, workflow::Completeness::required); !fit)
        return fit.error();
    schedule->workflow_id = workflow->workflow_id;
    const auto due = begin_schedule(*schedule, caller.account_id, self.now());
    if (auto stored = self.schedules().insert(*schedule, due); !stored) return stored.error();
    self.scheduler->wake();
    show_next_runs(*schedule);
    return schedule;
}

Result<std::vector<Schedule>> Engine::list_workflow_schedules(std::string_view workflow_id, const Caller& caller) {
    const auto workflow = impl_->require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    auto schedules = impl_->schedules().list(caller.account_id, {.workflow_id = workflow->workflow_id});
    if (schedules) std::for_each(schedules->begin(), schedules->end(), show_next_runs);
    return schedules;
}

Result<UpdatedSchedule> Engine::update_workflow_schedule(std::string_view workflow_id, std::string_view schedule_id,
                                                         const SchedulePatch& patch, const Caller& caller) {
    const auto workflow = impl_->require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    return impl_->patch_schedule(schedule_id, without_pages(patch), caller, workflow->workflow_id);
}

Result<void> Engine::delete_workflow_schedule(std::string_view workflow_id, std::string_view schedule_id,
                                              const Caller& caller) {
    const auto workflow = impl_->require_workflow(workflow_id, caller);
    if (!workflow) return workflow.error();
    return impl_->remove_schedule(schedule_id, caller, workflow->workflow_id);
}

}  // namespace meter
