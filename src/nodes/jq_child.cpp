#include "nodes/jq_child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

extern "C" {
#include <jq.h>
#include <jv.h>
}

#include <array>
#include <cerrno>

#include "nodes/jq_wire.hpp"

extern "C" char** environ;

// The process is a copy of one with many threads of which only this one is left, so nothing here takes a lock that
// another thread may have held: glibc makes malloc usable after a fork, and libjq has no locks of its own. Nothing is
// logged, thrown or cleaned up; the process ends by _exit().
namespace meter::nodes {
namespace {

constexpr int jq_socket = 3;
constexpr std::size_t jq_most_error = 1000;
constexpr std::size_t jq_flush = 64u << 10;

void jq_send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(jq_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) ::_exit(0);  // the parent has gone
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void jq_no_memory(void*) {
    constexpr char last_word[jq_head_bytes] = {static_cast<char>(JqMessage::no_memory), 0, 0, 0, 0};
    jq_send({last_word, sizeof last_word});
    ::_exit(3);
}

void jq_limit(decltype(RLIMIT_AS) what, rlim_t value) {
    const rlimit limit{value, value};
    if (::setrlimit(what, &limit) != 0) ::_exit(4);
}

/// Nothing of the outside is left but the socket: no environment, no descriptors, none to be opened.
void jq_lock_in(int socket, std::size_t memory_end) {
    static char* no_environment[] = {nullptr};
    environ = no_environment;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    for (const int signal : {SIGPROF, SIGXCPU, SIGSEGV, SIGBUS, SIGABRT, SIGTERM, SIGINT, SIGPIPE})
        ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);

    const int nowhere = ::open("/dev/null", O_RDWR);
    const int kept = ::fcntl(socket, F_DUPFD, 16);  // out of the way of what is to be replaced
    if (nowhere < 0 || kept < 0) ::_exit(4);
    for (int fd = 0; fd < jq_socket; ++fd) ::dup2(nowhere, fd);
    if (::dup2(kept, jq_socket) < 0) ::_exit(4);
    ::close_range(jq_socket + 1, ~0u, 0);

    jq_limit(RLIMIT_CORE, 0);
    jq_limit(RLIMIT_FSIZE, 0);
    jq_limit(RLIMIT_NOFILE, 0);
    jq_limit(RLIMIT_NPROC, 0);
    jq_limit(RLIMIT_CPU, 86'400);  // the timer of each message is the one that counts
    jq_limit(RLIMIT_AS, memory_end);
}

/// Computing time from here on; when it is used up, SIGPROF ends the process.
void jq_set_timer(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    itimerval timer{};
    timer.it_value.tv_sec = seconds.count();
    timer.it_value.tv_usec = static_cast<suseconds_t>((time - seconds).count() * 1000);
    ::setitimer(ITIMER_PROF, &timer, nullptr);
}

std::string jq_text(jv value) {
    if (jv_get_kind(value) != JV_KIND_STRING) value = jv_dump_string(value, 0);
    std::string text(jv_string_value(value), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(value))));
    jv_free(value);
    return text.substr(0, jq_most_error);
}

class JqServer {
public:
    JqServer(const std::string& program, const JqLimits& limits)
        : limits_(limits), state_(jq_init()), list_(jv_array()) {
        if (state_ == nullptr) ::_exit(4);
        jv_nomem_handler(jq_no_memory, nullptr);
        jq_set_nomem_handler(state_, jq_no_memory, nullptr);
        jq_set_error_cb(state_, keep_error, this);
        // Without these a program that names a module ends in an assertion of libjq instead of an error.
        jq_set_attr(state_, jv_string("JQ_ORIGIN"), jv_string("/nonexistent"));
        jq_set_attr(state_, jv_string("JQ_LIBRARY_PATH"), jv_array());
        jq_set_attr(state_, jv_string("PROGRAM_ORIGIN"), jv_string("/nonexistent"));
        jq_set_timer(limits_.time);
        if (jq_compile(state_, program.c_str()) != 0) {
            append_jq_message(out_, JqMessage::compiled, {});
        } else {
            append_jq_message(out_, JqMessage::malformed, error_.empty() ? "the program is not valid" : error_);
        }
        jq_send(out_);
        out_.clear();
    }

    void serve() {
        std::string in;
        std::array<char, 64u << 10> piece;
        for (;;) {
            const ssize_t count = ::read(jq_socket, piece.data(), piece.size());
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return;
            in.append(piece.data(), static_cast<std::size_t>(count));
            std::size_t used = 0;
            while (const auto message = front_jq_message(std::string_view(in).substr(used))) {
                take(message->kind, message->text);
                used += message->size;
            }
            in.erase(0, used);
            jq_send(out_);
            out_.clear();
        }
    }

private:
    static void keep_error(void* self, jv message) {
        auto& server = *static_cast<JqServer*>(self);
        const std::string text = jq_text(jq_format_error(message));
        if (!server.error_.empty()) server.error_ += "; ";
        server.error_ += text;
        server.error_.resize(std::min(server.error_.size(), jq_most_error));
    }

    void take(JqMessage kind, std::string_view text) {
        jq_set_timer(limits_.time);
        if (kind == JqMessage::list_end) {
            run(list_);
            list_ = jv_array();
        } else {
            const jv value = jv_parse_sized(text.data(), static_cast<int>(text.size()));
            if (!jv_is_valid(value)) {
                fail(value);
            } else if (kind == JqMessage::listed) {
                list_ = jv_array_append(list_, value);
            } else {
                run(value);
            }
        }
        put(JqMessage::done, {});
    }

    void run(jv value) {
        jq_start(state_, value, 0);
        jv result = jq_next(state_);
        for (; jv_is_valid(result); result = jq_next(state_)) {
            const jv text = jv_dump_string(result, 0);
            put(JqMessage::output,
                {jv_string_value(text), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(text)))});
            jv_free(text);
        }
        if (jq_halted(state_)) {
            jv_free(result);
            const jv code = jq_get_exit_code(state_);
            const bool in_order =
                !jv_is_valid(code) || (jv_get_kind(code) == JV_KIND_NUMBER && jv_number_value(code) == 0);
            jv_free(code);
            const jv message = jq_get_error_message(state_);
            if (!in_order) put(JqMessage::failed, "halted: " + jq_text(message));
            return;
        }
        fail(result);
    }

    /// `result` is not valid: the end, or an error.
    void fail(jv result) {
        if (!jv_invalid_has_msg(jv_copy(result))) return jv_free(result);
        put(JqMessage::failed, jq_text(jv_invalid_get_msg(result)));
    }

    void put(JqMessage kind, std::string_view text) {
        append_jq_message(out_, kind, text);
        if (out_.size() < jq_flush) return;
        jq_send(out_);
        out_.clear();
    }

    const JqLimits limits_;
    jq_state* state_;
    jv list_;
    std::string error_;
    std::string out_;
};

}  // namespace

void serve_jq(int socket, const std::string& program, const JqLimits& limits, std::size_t memory_end) {
    jq_lock_in(socket, memory_end);
    try {
        JqServer server(program, limits);
        server.serve();
    } catch (...) {  // std::bad_alloc of the buffers
        jq_no_memory(nullptr);
    }
    ::_exit(0);
}

}  // namespace meter::nodes
