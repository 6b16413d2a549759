// SPDX-License-Identifier: MIT
#include "cli/row_job.hpp"

#include <CLI/CLI.hpp>

namespace cli {

void row_options::add_to(CLI::App& command) {
  command.add_option("--input", input, "Rows, one JSON object a line; - is standard input")->capture_default_str();
  command.add_option("--output", output, "Results, one a row; complete or absent; - is standard output")
      ->capture_default_str();
  command.add_option("--precision", precision, "Of scores and results")
      ->check(CLI::IsMember({"float", "double"}))
      ->capture_default_str();
  command.add_option("--threads", threads, "0: one a processor; the results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

}  // namespace cli
