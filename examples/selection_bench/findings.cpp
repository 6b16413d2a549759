// SPDX-License-Identifier: MIT
#include "selection_bench/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "selection_bench/table.hpp"

namespace selection_bench {
namespace {

std::size_t index_of(const std::string& id) {
  return static_cast<std::size_t>(std::ranges::find(strategies(), id, &strategy_info::id) - strategies().begin());
}

struct span_of {
  double low, high;
  std::string text() const {
    return low == high ? short_share(low) : fmt::format("{} to {}", short_share(low), short_share(high));
  }
};

// Over all data of a strategy; empty where it did not run.
std::optional<span_of> over_data(const bench_results& results, std::size_t strategy, double quality::*figure) {
  std::optional<span_of> span;
  for (const data_result& each : results.data) {
    if (!each.figures[strategy]) return std::nullopt;
    const double value = *each.figures[strategy].*figure;
    if (!span) span = {value, value};
    span->low = std::min(span->low, value);
    span->high = std::max(span->high, value);
  }
  return span;
}

void about_data(const bench_results& results, std::vector<std::string>& said) {
  for (const char* id : {"boundary", "jenks", "kmeans-1", "kmeans-10"}) {
    const std::size_t which = index_of(id);
    const auto agreement = over_data(results, which, &quality::agreement);
    if (!agreement) continue;
    said.push_back(fmt::format(
        "{}: the exact boundary on {} of the rows of a data set; the same set after the negatives are permuted on {}; "
        "{} a row.",
        strategies()[which].title, agreement->text(), over_data(results, which, &quality::order_invariance)->text(),
        [&] {
          const auto time = *over_data(results, which, &quality::ns_per_row);
          return fmt::format("{} to {} ns", short_time(time.low), short_time(time.high));
        }()));
  }
  for (const data_result& each : results.data) {
    if (!each.data.labelled) continue;
    std::size_t best = 0;
    for (std::size_t i = 0; i < each.figures.size(); ++i) {
      if (each.figures[i] && each.figures[i]->f1() > each.figures[best]->f1()) best = i;
    }
    if (best == 0) continue;
    said.push_back(fmt::format("{}: {} finds more of the true boundary than ours (F1 {} against {}).", each.data.title,
                               strategies()[best].title, short_share(each.figures[best]->f1()),
                               short_share(each.figures[0]->f1())));
  }
}

void about_training(const bench_results& results, std::vector<std::string>& said) {
  std::string above, below, level;
  for (std::size_t i = 1; i < results.end_to_end.size(); ++i) {
    const auto& each = results.end_to_end[i];
    if (!each) continue;
    const auto& against = each->against_boundary;
    std::string& list = !against.shows() ? level : against.difference > 0 ? above : below;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", strategies()[i].title);
  }
  const auto say = [&](const char* how, const std::string& list) {
    if (!list.empty()) said.push_back(fmt::format("HR@1 after training, against the boundary's: {}: {}.", how, list));
  };
  say("above (p < .05, paired over seeds)", above);
  say("no clear difference", level);
  say("below (p < .05)", below);
}

}  // namespace

std::vector<std::string> findings(const bench_results& results) {
  std::vector<std::string> said;
  if (!results.data.empty()) about_data(results, said);
  about_training(results, said);
  return said;
}

}  // namespace selection_bench
