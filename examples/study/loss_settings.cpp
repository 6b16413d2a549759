// SPDX-License-Identifier: MIT
#include "study/loss_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace collapse_study {
namespace {

// Of each enumerator, in order.
std::span<const std::string_view> names_of(toy_llm::selection_score) {
  static constexpr std::string_view names[]{"policy", "log-ratio"};
  return names;
}
std::span<const std::string_view> names_of(toy_llm::step_rule) {
  static constexpr std::string_view names[]{"adamw", "unit-gradient", "fixed-length"};
  return names;
}

// visit(name, member) for each field.
template <class Settings, class Visit>
void each_field(Settings& settings, Visit visit) {
  visit("beta", settings.beta);
  visit("alpha", settings.alpha);
  visit("gamma", settings.gamma);
  visit("clusters", settings.clusters);
  visit("selects_by", settings.selects_by);
  visit("average_log_prob", settings.average_log_prob);
  visit("mean_margin", settings.mean_margin);
  visit("step", settings.step);
}

template <class Value>
json written(const Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    return names_of(value)[static_cast<std::size_t>(value)];
  } else {
    return value;
  }
}

template <class Value>
void read(const json& from, Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    const auto names = names_of(value);
    const auto found = std::ranges::find(names, from.get<std::string>());
    if (found == names.end()) {
      throw std::invalid_argument(
          fmt::format("settings: expected one of {}, found {}", fmt::join(names, ", "), from.dump()));
    }
    value = static_cast<Value>(found - names.begin());
  } else {
    value = from.get<Value>();
  }
}

}  // namespace

json to_json(const loss_settings& settings) {
  json differing = json::object(), defaults;
  constexpr loss_settings standard;
  each_field(standard, [&](const char* field, const auto& value) { defaults[field] = written(value); });
  each_field(settings, [&](const char* field, const auto& value) {
    if (written(value) != defaults[field]) differing[field] = written(value);
  });
  return differing;
}

loss_settings loss_settings_from(const json& fields) {
  loss_settings settings;
  std::size_t found = 0;
  each_field(settings, [&](const char* field, auto& value) {
    if (!fields.contains(field)) return;
    read(fields.at(field), value);
    ++found;
  });
  if (found != fields.size()) throw std::invalid_argument(fmt::format("settings: unknown field in {}", fields.dump()));
  return settings;
}

std::string spelled(const loss_settings& settings) {
  const json differing = to_json(settings);
  std::string text;
  for (const auto& [field, value] : differing.items()) {
    text += fmt::format("/{}={}", field, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

}  // namespace collapse_study
