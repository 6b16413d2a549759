// SPDX-License-Identifier: MIT
#include "cases/bench_case.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::array work_names{"dmpo", "sdpo", "mppo", "select"};
constexpr std::array layout_names{"dense", "ragged", "masked"};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos; slash = text.find('/')) {
    parts.push_back(text.substr(0, slash));
    text.remove_prefix(slash + 1);
  }
  parts.push_back(text);
  return parts;
}

template <class Enum, std::size_t N>
bool read_name(std::string_view text, const std::array<const char*, N>& names, Enum& value) {
  const auto found = std::find(names.begin(), names.end(), text);
  value = static_cast<Enum>(found - names.begin());
  return found != names.end();
}

template <class Integer>
bool read_number(std::string_view text, char prefix, Integer& value) {
  if (text.empty() || text.front() != prefix) { return false; }
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0;
}

}  // namespace

std::string name_of(const bench_case& wanted) {
  std::string name = work_names[static_cast<std::size_t>(wanted.work)];
  name += wanted.dynamic ? "-dynamic" : "";
  name += wanted.double_precision ? "/f64/K" : "/f32/K";
  name += std::to_string(wanted.negatives);
  name += '/';
  name += layout_names[static_cast<std::size_t>(wanted.layout)];
  name += wanted.threads ? "/threads" : "/seq";
  if (wanted.violators >= 0) { (name += "/v") += std::to_string(wanted.violators); }
  if (wanted.rows > 0) { (name += "/b") += std::to_string(wanted.rows); }
  return name;
}

std::optional<bench_case> parse_case(std::string_view name) {
  const auto parts = split(name);
  if (parts.size() < 5) { return std::nullopt; }
  bench_case found;
  std::string_view objective = parts[0];
  constexpr std::string_view suffix = "-dynamic";
  found.dynamic = objective.ends_with(suffix);
  if (found.dynamic) { objective.remove_suffix(suffix.size()); }
  found.double_precision = parts[1] == "f64";
  found.threads = parts[4] == "threads";
  bool understood = read_name(objective, work_names, found.work) && read_number(parts[2], 'K', found.negatives) &&
                    read_name(parts[3], layout_names, found.layout);
  for (std::size_t i = 5; i < parts.size(); ++i) {
    understood = understood && (read_number(parts[i], 'v', found.violators) || read_number(parts[i], 'b', found.rows));
  }
  // What is not written exactly as name_of writes it is a misspelt case.
  return understood && name_of(found) == name ? std::optional(found) : std::nullopt;
}

double bytes_per_row(const bench_case& wanted) {
  const auto scalar = wanted.double_precision ? 8.0 : 4.0;
  const auto negatives = static_cast<double>(wanted.negatives);
  const bool selects_only = wanted.work == work::select;
  const double arrays = selects_only ? 1.0 : wanted.work == work::mppo ? 2.0 : 3.0;
  double bytes = arrays * (1.0 + negatives) * scalar + (selects_only ? 8.0 : scalar);
  if (wanted.layout == layout::ragged) { bytes += 8.0; }
  if (wanted.layout == layout::masked) { bytes += negatives; }
  return bytes;
}

std::int64_t rows_of(const bench_case& wanted) {
  constexpr double traffic = 256.0 * 1024 * 1024;
  return wanted.rows > 0 ? wanted.rows : static_cast<std::int64_t>(traffic / bytes_per_row(wanted));
}

}  // namespace bench
