// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "cli/run.hpp"
#include "support/catch.hpp"
#include "support/shared_data.hpp"

namespace {

struct block {
  std::string kind;
  std::vector<std::string> lines;
};

std::vector<block> blocks_of(const std::string& document) {
  std::vector<block> blocks;
  std::optional<block> open;
  for (const std::string& line : cli_test::lines(document)) {
    if (line.starts_with("```")) {
      if (open) {
        blocks.push_back(*open);
        open.reset();
      } else {
        open = block{line.substr(3), {}};
      }
    } else if (open) {
      open->lines.push_back(line);
    }
  }
  return blocks;
}

// Equal texts, but for the last digits of numbers: exp and log of another C library may differ there.
bool agree(const std::string& found, const std::string& expected) {
  const char *a = found.data(), *b = expected.data();
  const char *const a_end = a + found.size(), *const b_end = b + expected.size();
  while (a < a_end && b < b_end) {
    double x = 0, y = 0;
    const auto number_a = std::from_chars(a, a_end, x), number_b = std::from_chars(b, b_end, y);
    if (number_a.ec == std::errc{} && number_b.ec == std::errc{}) {
      if (!(std::abs(x - y) <= 1e-6 * std::max(1.0, std::abs(y)))) { return false; }
      a = number_a.ptr;
      b = number_b.ptr;
    } else if (*a++ != *b++) {
      return false;
    }
  }
  return a == a_end && b == b_end;
}

}  // namespace

TEST_CASE("documents are compared but for last digits") {
  REQUIRE(agree("a 1.0000000001, 2", "a 1, 2"));
  REQUIRE(!agree("a 1.1, 2", "a 1, 2"));
  REQUIRE(!agree("a 1, 2", "b 1, 2"));
  REQUIRE(!agree("a 1, 2", "a 1"));
}

// A jsonl block of docs/cli.md is rows.jsonl; a console block holds commands after "$ " and what they print.
TEST_CASE("cli: every command of the document prints what the document says") {
  const cli_test::sandbox box;
  int commands = 0;
  for (const block& part : blocks_of(cli_test::contents(test_support::source_root() / "docs" / "cli.md"))) {
    if (part.kind == "jsonl") {
      std::string rows;
      for (const std::string& line : part.lines) { rows += line + "\n"; }
      box.write("rows.jsonl", rows);
    }
    if (part.kind != "console") { continue; }
    for (std::size_t at = 0; at < part.lines.size();) {
      REQUIRE(part.lines[at].starts_with("$ "));
      const std::string command = part.lines[at++].substr(2);
      std::string expected;
      for (; at < part.lines.size() && !part.lines[at].starts_with("$ "); ++at) { expected += part.lines[at] + "\n"; }
      INFO(command);
      const auto result = box.shell("{ " + command + "; } 2>&1");
      INFO(result.out);
      REQUIRE(agree(result.out, expected));
      ++commands;
    }
  }
  REQUIRE(commands > 0);
}
