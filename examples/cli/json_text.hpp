// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <ranges>
#include <string>

namespace cli {

/// Appends a number in the fewest digits that read back as the same number; null for what JSON cannot write.
template <class T>
  requires std::integral<T> || std::floating_point<T>
void append_json(std::string& text, T value) {
  if constexpr (std::floating_point<T>) {
    if (!std::isfinite(value)) {
      text += "null";
      return;
    }
  }
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

template <std::ranges::input_range Numbers>
void append_json(std::string& text, const Numbers& numbers) {
  text += '[';
  const char* separator = "";
  for (const auto number : numbers) {
    text += separator;
    append_json(text, number);
    separator = ", ";
  }
  text += ']';
}

/// Appends "name": value, after a comma unless it is the first of its object.
template <class Value>
void append_field(std::string& text, const char* name, const Value& value) {
  text += text.ends_with('{') ? "\"" : ", \"";
  text += name;
  text += "\": ";
  append_json(text, value);
}

}  // namespace cli
