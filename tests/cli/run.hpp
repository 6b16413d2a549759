// SPDX-License-Identifier: MIT
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

/// Runs the command line, whose path is in the environment variable DYNAMICPO_CLI, in a folder of its own.
namespace cli_test {

namespace fs = std::filesystem;

inline std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) { result.push_back(line); }
  return result;
}

struct outcome {
  int status = -1;
  std::string out, err;
};

class sandbox {
 public:
  sandbox() {
    std::string pattern = (fs::temp_directory_path() / "dynamicpo-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
    fs::create_directory(root_ / "files");
    fs::create_directory(root_ / "bin");
    const char* const program = std::getenv("DYNAMICPO_CLI");
    INFO("DYNAMICPO_CLI must name the program");
    REQUIRE(program != nullptr);
    fs::create_symlink(fs::absolute(program), root_ / "bin" / "dynamicpo");
  }
  ~sandbox() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;

  fs::path file(const std::string& name) const { return root_ / "files" / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }
  /// Names of the files there are, in order.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_ / "files")) { names.push_back(entry.path().filename()); }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// Runs a shell command in the folder of the files; it finds the program as `dynamicpo`.
  outcome shell(const std::string& command, const std::string& input = "") const {
    std::ofstream(root_ / "in", std::ios::binary) << input;
    // Begins with a string: GCC 12 sees overlapping copies in `"'" + std::string` (its bug 105651).
    const auto quoted = [&](const char* name) { return std::string("'") + (root_ / name).string() + "'"; };
    const std::string line = std::string("(cd ") + quoted("files") + " && PATH=" + quoted("bin") + ":\"$PATH\" && " +
                             command + ") <" + quoted("in") + " >" + quoted("out") + " 2>" + quoted("err");
    const int status = std::system(line.c_str());
    REQUIRE(WIFEXITED(status));
    return {WEXITSTATUS(status), contents(root_ / "out"), contents(root_ / "err")};
  }
  outcome run(const std::string& arguments, const std::string& input = "") const {
    return shell("dynamicpo " + arguments, input);
  }

 private:
  fs::path root_;
};

inline const std::string good_row =
    R"({"policy_chosen": -1, "policy_rejected": [-2, -3.5], "reference_chosen": -1, "reference_rejected": [-2.5, -3]})"
    "\n";

}  // namespace cli_test
