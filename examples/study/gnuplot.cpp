// SPDX-License-Identifier: MIT
#include "study/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>

#include "study/svg.hpp"

namespace collapse_study {
namespace {

// 1, 2 or 5 times a power of ten: about so many ticks.
double tick_step(double span, int ticks) {
  const double power = std::pow(10, std::floor(std::log10(span / ticks))), times = span / ticks / power;
  return power * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
}

}  // namespace

std::string begin_chart(const std::string& id, const chart_box& box, const y_axis& y) {
  const double step = tick_step(y.high - y.low, y.ticks);
  return fmt::format(
      R"(reset
set terminal svg size {width},{height} dynamic font "inherit,13" name "chart"
set output "{id}.svg"
unset key
set lmargin at screen {left}
set rmargin at screen {right}
set tmargin at screen {top}
set bmargin at screen {bottom}
set border 3 lc {axis}
set tics nomirror out scale .5 tc {axis}
set grid ytics lc {grid} dt 1
set ytics {step} offset .7,0
set yrange [{low}:{high}]
set format y "%.{decimals}f"
)",
      fmt::arg("width", box.width), fmt::arg("height", box.height), fmt::arg("id", id),
      fmt::arg("left", 1.0 * box.left / box.width), fmt::arg("right", 1 - 1.0 * box.right / box.width),
      fmt::arg("top", 1 - 1.0 * box.top / box.height), fmt::arg("bottom", 1.0 * box.bottom / box.height),
      fmt::arg("axis", ink(y.ink)), fmt::arg("grid", ink(y.grid_ink)), fmt::arg("step", step), fmt::arg("low", y.low),
      fmt::arg("high", y.high),
      fmt::arg("decimals", std::max(y.least_decimals, static_cast<int>(-std::floor(std::log10(step) + 1e-9)))));
}

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
