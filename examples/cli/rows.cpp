// SPDX-License-Identifier: MIT
#include "cli/rows.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <iostream>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

namespace cli {
namespace {

using nlohmann::json;

constexpr std::size_t batch_rows = 4096;
constexpr std::size_t batch_bytes = std::size_t{16} << 20;

/// What is wrong with a line.
struct line_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Begins with a string: GCC 12 sees overlapping copies in `"\"" + std::string` (its bug 105651).
std::string quoted(const char* field) { return std::string("\"") + field + "\""; }

// nlohmann's text after its own prefix: "[json.exception.parse_error.101] parse error at line 1, column 3: ".
std::string detail_of(const json::exception& error) {
  const std::string text = error.what();
  const auto prefix = text.find("] ");
  const auto column = text.find("column ");
  return text.substr(column != std::string::npos ? column : prefix == std::string::npos ? 0 : prefix + 2);
}

json parse_object(const std::string& text) {
  std::set<std::string> fields;
  const auto once = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1 && !fields.insert(parsed.get<std::string>()).second) {
      throw line_error("expected every field once, found " + parsed.dump() + " twice");
    }
    return true;
  };
  try {
    json object = json::parse(text, once);
    if (!object.is_object()) { throw line_error(std::string("expected a JSON object, found ") + object.type_name()); }
    return object;
  } catch (const json::exception& error) {
    throw line_error("expected a JSON object, found malformed JSON: " + detail_of(error));
  }
}

/// Reads fields of one object.
struct field_reader {
  const json& object;
  double largest;

  const json& field(const char* name, const char* kind, const char* hint) const {
    const auto found = object.find(name);
    if (found == object.end()) {
      throw line_error("expected field " + quoted(name) + " (" + kind + "), found none" + hint);
    }
    return *found;
  }
  double number(const json& value, const std::string& name) const {
    if (!value.is_number()) {
      throw line_error("expected " + name + " to be a number, found " + value.type_name());
    }
    const double result = value.get<double>();
    if (!(std::abs(result) <= largest)) {
      throw line_error("expected " + name + " within the range of the precision, found " + value.dump());
    }
    return result;
  }
  double number(const char* name, const char* hint) const {
    return number(field(name, "a number", hint), quoted(name));
  }
  std::vector<double> numbers(const char* name, const char* hint) const {
    const json& array = field(name, "an array of numbers", hint);
    if (!array.is_array()) {
      throw line_error("expected " + quoted(name) + " to be an array of numbers, found " + array.type_name());
    }
    std::vector<double> values;
    values.reserve(array.size());
    for (const json& value : array) {
      values.push_back(number(value, quoted(name) + "[" + std::to_string(values.size()) + "]"));
    }
    return values;
  }
};

row parse_row(const std::string& text, const row_reader_options& options) {
  const json object = parse_object(text);
  const field_reader read{object, options.largest};
  row result;
  result.policy_chosen = read.number("policy_chosen", "");
  result.policy_rejected = read.numbers("policy_rejected", "");
  if (!options.with_reference) { return result; }
  const char* const hint = " (--reference-free does without)";
  result.reference_chosen = read.number("reference_chosen", hint);
  result.reference_rejected = read.numbers("reference_rejected", hint);
  if (result.reference_rejected.size() != result.policy_rejected.size()) {
    throw line_error("expected as many \"reference_rejected\" as \"policy_rejected\" (" +
                     std::to_string(result.policy_rejected.size()) + "), found " +
                     std::to_string(result.reference_rejected.size()));
  }
  return result;
}

}  // namespace

row_reader::row_reader(row_reader_options options)
    : options_{std::move(options)},
      stream_{options_.path == "-" ? std::cin : file_},
      name_{options_.path == "-" ? "standard input" : options_.path} {
  if (options_.path == "-") { return; }
  file_.open(options_.path, std::ios::binary);
  if (!file_) { throw std::runtime_error(name_ + ": expected a readable file, found: " + std::strerror(errno)); }
}

std::runtime_error row_reader::error(std::int64_t line, const std::string& what) const {
  return std::runtime_error(name_ + ":" + std::to_string(line) + ": " + what);
}

bool row_reader::read_lines() {
  texts_.clear();
  lines_.clear();
  std::size_t bytes = 0;
  std::string text;
  while (texts_.size() < batch_rows && bytes < batch_bytes && std::getline(stream_, text)) {
    ++line_;
    if (text.find_first_not_of(" \t\r") == std::string::npos) { continue; }
    bytes += text.size();
    texts_.push_back(std::move(text));
    lines_.push_back(line_);
  }
  if (stream_.bad()) {
    throw error(line_ + 1, "expected a readable file, found: " + std::string(std::strerror(errno)));
  }
  return !texts_.empty();
}

std::vector<row> row_reader::parse_lines(const dynamicpo::exec::threads& threads) const {
  std::vector<row> rows(texts_.size());
  std::vector<std::string> errors(texts_.size());
  threads.for_each_block(static_cast<dynamicpo::index>(texts_.size()), [&](dynamicpo::index block, dynamicpo::index) {
    const auto i = static_cast<std::size_t>(block);
    try {
      rows[i] = parse_row(texts_[i], options_);
    } catch (const line_error& wrong) {
      errors[i] = wrong.what();
    }
  });
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (!errors[i].empty()) { throw error(lines_[i], errors[i]); }
  }
  return rows;
}

}  // namespace cli
