// SPDX-License-Identifier: MIT
#include "study/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>

namespace collapse_study {

bool run_gnuplot(const std::filesystem::path& script) {
  std::string program = "gnuplot", file = script.filename().string();
  const std::string folder = std::filesystem::absolute(script).parent_path().string(), log = file + ".log";
  char* const arguments[]{program.data(), file.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT) return false;
  if (failed != 0) throw std::system_error(failed, std::generic_category(), "cannot start gnuplot");

  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait for gnuplot");
  }
  if (status != 0) {
    std::ifstream said{std::filesystem::path{folder} / log};
    const std::string text{std::istreambuf_iterator<char>{said}, {}};
    throw std::runtime_error(fmt::format("gnuplot failed on {}: {:.400}", script.string(), text));
  }
  return true;
}

}  // namespace collapse_study
