// SPDX-License-Identifier: MIT
#pragma once

#include <fstream>
#include <string>
#include <thread>

namespace bench {

/// The processor as /proc/cpuinfo names it, its cores, the compiler, and what the kernels were compiled for.
inline std::string describe_machine(const std::string& compiled_for) {
  std::string processor = "unknown processor";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) {
      processor = line.substr(line.find(':') + 2);
      break;
    }
  }
#if defined(__clang__)
  std::string compiler = "clang ";
  compiler += __clang_version__;
#else
  std::string compiler = "g++ ";
  compiler += __VERSION__;
#endif
  std::string text = processor;
  text += ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " + compiler + ", " + compiled_for;
#if !defined(__OPTIMIZE__)
  text += ", not optimised";
#endif
  return text;
}

}  // namespace bench
