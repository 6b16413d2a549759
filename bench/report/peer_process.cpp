// SPDX-License-Identifier: MIT
#include "report/peer_process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <stdexcept>

namespace bench {

peer_process::peer_process(std::vector<std::string> command) : program_(command.front()) {
  if (!std::filesystem::exists(program_)) {
    absent_ = "not built";
    return;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a program that ended shows as an answer that does not come
  std::array<int, 2> to_child{}, from_child{};
  if (pipe2(to_child.data(), O_CLOEXEC) != 0 || pipe2(from_child.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot make a pipe");
  }
  std::vector<char*> arguments;
  for (std::string& argument : command) { arguments.push_back(argument.data()); }
  arguments.push_back(nullptr);
  child_ = fork();
  if (child_ == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
  close(to_child[0]);
  close(from_child[1]);
  questions_.reset(fdopen(to_child[1], "w"));
  answers_.reset(fdopen(from_child[0], "r"));
  const std::string first = read_line();
  if (first != "ready") { absent_ = first.empty() ? "ended without a word" : first; }
}

peer_process::~peer_process() {
  questions_.reset();
  answers_.reset();
  if (child_ > 0) { waitpid(child_, nullptr, 0); }
}

double peer_process::ask(const std::string& case_name) {
  std::fprintf(questions_.get(), "%s\n", case_name.c_str());
  std::fflush(questions_.get());
  const std::string answer = read_line();
  double figure = 0;
  const auto [end, error] = std::from_chars(answer.data(), answer.data() + answer.size(), figure);
  if (error != std::errc{} || end != answer.data() + answer.size() || !(figure > 0)) {
    throw std::runtime_error(program_ + ", asked for " + case_name + ", answers '" + answer + "'");
  }
  return figure;
}

std::string peer_process::read_line() {
  std::string line;
  for (int c = std::fgetc(answers_.get()); c != EOF && c != '\n'; c = std::fgetc(answers_.get())) {
    line += static_cast<char>(c);
  }
  return line;
}

}  // namespace bench
