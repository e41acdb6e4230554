#include "nodes/jq_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "meter/json.hpp"
#include "nodes/builtin.hpp"
#include "nodes/file_tree.hpp"
#include "nodes/jq_child.hpp"
#include "nodes/jq_wire.hpp"

namespace meter::nodes {
namespace {

constexpr int jq_poll_ms = 50;
constexpr std::size_t jq_read_ahead = 128u << 10;  // bytes of items that wait to be sent

/// The address space of this process, of which the child begins as a copy.
std::size_t jq_address_space() {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// The child, and the conversation with it. Ends it when it goes.
class JqProcess {
public:
    JqProcess(const JqLimits& limits, bool slurp) : limits_(limits), slurp_(slurp) {}
    JqProcess(const JqProcess&) = delete;
    JqProcess& operator=(const JqProcess&) = delete;

    ~JqProcess() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        (void)wait_for_child();
    }

    Result<void> start(const std::string& program) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return unable();
        FileHandle ours(ends[0]), theirs(ends[1]);
        const std::size_t memory_end = jq_address_space() + limits_.memory;
        pid_ = ::fork();
        if (pid_ < 0) return unable();
        if (pid_ == 0) serve_jq(theirs.get(), program, limits_, memory_end);
        socket_ = std::move(ours);
        return {};
    }

    Result<void> run(ItemSource& in, const std::function<Result<void>(Value)>& emit, const std::stop_token& stop) {
        while (!finished()) {
            if (stop.stop_requested()) return cancelled_error();
            if (auto filled = fill(in); !filled) return filled;
            if (auto moved = move_bytes(); !moved) return moved;
            if (auto taken = take_messages(emit); !taken) return taken;
        }
        return {};
    }

private:
    static Error unable() {
        return {ErrorCode::internal,
                "No process could be started for the transform: " + std::generic_category().message(errno),
                {},
                true};
    }

    bool finished() const { return compiled_ && in_ended_ && open_messages_ == 0; }

    /// Reads items while there is room for them.
    Result<void> fill(ItemSource& in) {
        while (compiled_ && !in_ended_ && out_.size() < jq_read_ahead) {
            auto item = in.next();
            if (!item) return item.error();
            if (*item)
                append_jq_message(out_, slurp_ ? JqMessage::listed : JqMessage::item, to_json(**item));
            else if (slurp_)
                append_jq_message(out_, JqMessage::list_end, {});
            in_ended_ = !*item;
            if (*item || slurp_) ++open_messages_;
            // What the program has made of earlier items goes first.
            if (has_answer()) return {};
        }
        return {};
    }

    bool has_answer() const {
        pollfd entry{socket_.get(), POLLIN, 0};
        return ::poll(&entry, 1, 0) > 0;
    }

    Result<void> move_bytes() {
        if (finished()) return {};
        pollfd entry{socket_.get(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
        const int ready = ::poll(&entry, 1, jq_poll_ms);
        if (ready < 0 && errno != EINTR) return unable();
        if (ready <= 0) return count_idle();
        idle_ms_ = 0;
        if ((entry.revents & POLLOUT) != 0) send_some();
        if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0) return receive_some();
        return {};
    }

    void send_some() {
        const ssize_t count = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) out_.erase(0, static_cast<std::size_t>(count));
    }

    Result<void> receive_some() {
        std::array<char, 64u << 10> piece;
        const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (count <= 0) return ended_early();
        in_.append(piece.data(), static_cast<std::size_t>(count));
        return {};
    }

    /// A child that neither computes nor answers: the limit of computing time never comes.
    Result<void> count_idle() {
        idle_ms_ += jq_poll_ms;
        if (idle_ms_ > 10 * limits_.time.count() + 10'000) return too_slow();
        return {};
    }

    Result<void> take_messages(const std::function<Result<void>(Value)>& emit) {
        std::size_t used = 0;
        while (const auto message = front_jq_message(std::string_view(in_).substr(used))) {
            used += message->size;
            if (auto taken = take(*message, emit); !taken) return taken;
        }
        in_.erase(0, used);
        if (in_.size() > limits_.max_output_bytes + jq_head_bytes)
            return Error{ErrorCode::too_large,
                         "transform: an output is longer than " + std::to_string(limits_.max_output_bytes) + " bytes"};
        return {};
    }

    Result<void> take(const JqIncoming& message, const std::function<Result<void>(Value)>& emit) {
        switch (message.kind) {
            case JqMessage::compiled:
                compiled_ = true;
                return {};
            case JqMessage::malformed:
                return config_error("program", "does not compile: " + std::string(message.text));
            case JqMessage::done:
                --open_messages_;
                outputs_ = 0;
                return {};
            case JqMessage::failed:
                return Error{ErrorCode::unprocessable, "transform: " + std::string(message.text), "config.program"};
            case JqMessage::no_memory:
                return no_memory();
            default:
                return take_output(message.text, emit);
        }
    }

    Result<void> take_output(std::string_view text, const std::function<Result<void>(Value)>& emit) {
        if (++outputs_ > limits_.max_outputs)
            return Error{ErrorCode::too_large,
                         "transform: more than " + std::to_string(limits_.max_outputs) + " outputs for one input"};
        auto value = parse_json(text, {.max_depth = 64, .max_bytes = limits_.max_output_bytes});
        if (!value) return Error{value.error().code, "transform: an output is " + value.error().message};
        return emit(*std::move(value));
    }

    Error too_slow() const {
        return {ErrorCode::timeout,
                "transform: took longer than " + std::to_string(limits_.time.count()) + " ms of computing time"};
    }

    Error no_memory() const {
        return {ErrorCode::too_large,
                "transform: needs more than " + std::to_string(limits_.memory >> 20) + " MiB of memory"};
    }

    Error ended_early() {
        const int status = wait_for_child();
        if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGXCPU)) return too_slow();
        if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
            return {ErrorCode::internal, "transform: the process could not be locked in"};
        if (!compiled_) return config_error("program", "makes the compiler crash or run out of memory");
        return {ErrorCode::unprocessable, "transform: the program crashed or ran out of memory"};
    }

    int wait_for_child() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    const JqLimits limits_;
    const bool slurp_;
    pid_t pid_ = -1;
    FileHandle socket_;
    std::string out_, in_;
    bool compiled_ = false;
    bool in_ended_ = false;
    std::size_t open_messages_ = 0;
    std::size_t outputs_ = 0;
    std::int64_t idle_ms_ = 0;
};

}  // namespace

Result<void> run_jq(const std::string& program, bool slurp, const JqLimits& limits, ItemSource& in,
                    const std::function<Result<void>(Value)>& emit, const std::stop_token& stop) {
    JqProcess process(limits, slurp);
    if (auto started = process.start(program); !started) return started;
    return process.run(in, emit, stop);
}

}  // namespace meter::nodes
