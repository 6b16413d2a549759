// SPDX-License-Identifier: MIT
#include "selection_bench/kmeans_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace selection_bench {
namespace {

constexpr char script[] =
#include "selection_bench/kmeans_py.inc"
    ;

}  // namespace

kmeans_process::kmeans_process(int starts, const std::string& python) : starts_{starts} {
  start(python.empty() ? "python3" : python);
  if (!absent_.empty() && python.empty()) {
    // Where a distribution's own Python, with its packages, stands behind another.
    const std::string first = std::exchange(absent_, {});
    stop();
    start("/usr/bin/python3");
    if (!absent_.empty()) absent_ = first;
  }
}

kmeans_process::~kmeans_process() { stop(); }

void kmeans_process::start(const std::string& python) {
  std::signal(SIGPIPE, SIG_IGN);  // a process that ended shows as an answer that does not come
  std::array<int, 2> to_child{}, from_child{};
  if (pipe2(to_child.data(), O_CLOEXEC) != 0 || pipe2(from_child.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  std::string program = python, option = "-c", text = script;
  char* const arguments[]{program.data(), option.data(), text.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int failed = posix_spawnp(&child_, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(to_child[0]);
  close(from_child[1]);
  questions_.reset(fdopen(to_child[1], "w"));
  answers_.reset(fdopen(from_child[0], "r"));
  if (failed != 0) {
    child_ = -1;
    absent_ = fmt::format("{}: {}", python, std::strerror(failed));
    return;
  }
  const std::string first = read_line();
  if (first.starts_with("ready ")) {
    peer_ = first.substr(6);
  } else {
    absent_ = fmt::format("{}: {}", python, first.empty() ? "ended without a word" : first);
  }
}

void kmeans_process::stop() {
  questions_.reset();
  answers_.reset();
  if (child_ > 0) waitpid(std::exchange(child_, -1), nullptr, 0);
}

void kmeans_process::select(const score_rows& rows, std::uint32_t, selected_lists& out) {
  nlohmann::json asked{{"starts", starts_}, {"rows", nlohmann::json::array()}};
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    asked["rows"].push_back({rows.chosen[row], rows.rejected_of(row)});
  }
  std::fputs((asked.dump() + "\n").c_str(), questions_.get());
  std::fflush(questions_.get());
  const std::string line = read_line();
  const auto answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object() || answer.at("selected").size() != rows.rows()) {
    throw std::runtime_error(
        fmt::format("KMeans in Python: expected a selection of each of {} rows, found \"{:.200}\"", rows.rows(), line));
  }
  nanoseconds_ = 1e9 * answer.at("seconds").get<double>();
  out = {.offsets = {0}};
  for (const auto& selected : answer.at("selected")) {
    for (const auto& slot : selected) out.slots.push_back(slot.get<std::int32_t>());
    out.offsets.push_back(static_cast<std::int64_t>(out.slots.size()));
  }
}

std::string kmeans_process::read_line() {
  std::string line;
  for (int c = std::fgetc(answers_.get()); c != EOF && c != '\n'; c = std::fgetc(answers_.get())) {
    line += static_cast<char>(c);
  }
  return line;
}

}  // namespace selection_bench
