// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>

#include <CLI/CLI.hpp>

/// Which numbers an option takes. CLI11's own checks name the range to 309 digits.
namespace cli {

/// `expected`: what the message says of the numbers for which `holds`.
inline CLI::Validator number(const char* expected, bool (*holds)(double)) {
  return CLI::Validator(
      [expected, holds](const std::string& text) {
        double value = 0;
        const bool parsed = CLI::detail::lexical_cast(text, value);
        return parsed && holds(value) ? std::string() : std::string("expected ") + expected + ", found " + text;
      },
      "");
}
inline CLI::Validator positive() {
  return number("a positive number", [](double x) { return x > 0 && std::isfinite(x); });
}
inline CLI::Validator not_negative() {
  return number("a number of at least 0", [](double x) { return x >= 0 && std::isfinite(x); });
}

}  // namespace cli
