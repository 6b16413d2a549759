// SPDX-License-Identifier: MIT
#include "study/run.hpp"

#include <fmt/format.h>

#include <span>
#include <stdexcept>

namespace collapse_study {
namespace {

template <class Value>
Value parse(std::string_view what, std::string_view text, std::span<const Value> values) {
  std::string names;
  for (const Value value : values) {
    if (name(value) == text) return value;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name(value));
  }
  throw std::invalid_argument(fmt::format("{}: expected one of {}, found \"{}\"", what, names, text));
}

}  // namespace

std::string_view name(objective_kind objective) {
  constexpr std::array<std::string_view, 3> names{"dmpo", "sdpo", "mppo"};
  return names.at(static_cast<std::size_t>(objective));
}

std::string_view name(variant kind) {
  constexpr std::array<std::string_view, 4> names{"vanilla", "dynamic", "selection-only", "beta-only"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string_view title(objective_kind objective) {
  constexpr std::array<std::string_view, 3> titles{"DMPO", "S-DPO", "MPPO"};
  return titles.at(static_cast<std::size_t>(objective));
}

std::string_view title(variant kind) {
  constexpr std::array<std::string_view, 4> titles{"vanilla", "DynamicPO", "selection only", "beta only"};
  return titles.at(static_cast<std::size_t>(kind));
}

objective_kind parse_objective(std::string_view text) { return parse<objective_kind>("objective", text, objectives); }

variant parse_variant(std::string_view text) { return parse<variant>("variant", text, variants); }

objective_kind ranked_as(const arm& of) {
  const bool whole_titles = of.objective == objective_kind::mppo && !of.loss.average_log_prob;
  return whole_titles ? objective_kind::dmpo : of.objective;
}

std::string key(const run& which) {
  return fmt::format("{}/{}{}/K={}/rate={}/epochs={}/seed={}", name(which.arm.objective), name(which.arm.variant),
                     spelled(which.arm.loss), which.arm.negatives, which.arm.learning_rate, which.arm.epochs,
                     which.seed);
}

double cost(const arm& of) {
  const bool selects = of.variant == variant::dynamic || of.variant == variant::selection_only;
  // Forward over the items of a row, backward over those of the loss (a selection spares most), then evaluation. Other
  // runs share the reference scores.
  constexpr double evaluation = 20;
  const auto items = static_cast<double>(of.negatives + 1);
  const double trained = selects ? 1 + items / 4 : items;
  return static_cast<double>(of.epochs) * (items + 1.2 * trained) + evaluation;
}

}  // namespace collapse_study
