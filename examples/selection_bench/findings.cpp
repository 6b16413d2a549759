// SPDX-License-Identifier: MIT
#include "selection_bench/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "selection_bench/table.hpp"

namespace selection_bench {
namespace {

std::size_t index_of(const std::string& id) {
  return static_cast<std::size_t>(std::ranges::find(strategies(), id, &strategy_info::id) - strategies().begin());
}

struct span_of {
  double low, high;

  // "93 % to 100 %", "every" for all of it.
  std::string percent() const {
    // Not all is never rounded to all.
    const auto one = [](double share) {
      const double percent = share < 1 ? std::min(100 * share, 99.9) : 100;
      return fmt::format("{:.{}f} %", percent, percent < 10 || (percent > 99 && percent < 100) ? 1 : 0);
    };
    return low == 1 ? "every row" : low == high ? one(low) : fmt::format("{} to {} of the rows", one(low), one(high));
  }
  std::string time() const { return fmt::format("{} to {}", with_unit(low), with_unit(high)); }
  std::string shares() const {
    return low == high ? short_share(low) : fmt::format("{} to {}", short_share(low), short_share(high));
  }

 private:
  static std::string with_unit(double nanoseconds) {
    const std::string text = short_time(nanoseconds);
    return text.ends_with('s') ? text : text + " ns";
  }
};

// Of a figure over some data; empty without any, and where it is missing.
template <class Figure>
std::optional<span_of> over(const std::vector<const data_result*>& data, std::size_t strategy, Figure figure) {
  std::optional<span_of> span;
  for (const data_result* each : data) {
    if (!each->figures[strategy]) return std::nullopt;
    const double value = figure(*each, *each->figures[strategy]);
    if (!span) span = {value, value};
    span->low = std::min(span->low, value);
    span->high = std::max(span->high, value);
  }
  return span;
}

void about_exactness(const bench_results& results, std::vector<std::string>& said) {
  std::vector<const data_result*> all;
  for (const data_result& each : results.data) all.push_back(&each);
  for (const char* id : {"boundary", "jenks", "kmeans-1", "kmeans-10"}) {
    const std::size_t which = index_of(id);
    const auto of = [&](double quality::*figure) {
      return over(all, which, [figure](const data_result&, const quality& q) { return q.*figure; });
    };
    const auto agreement = of(&quality::agreement);
    if (!agreement) continue;
    std::string text = fmt::format("{}: the exact boundary on {}, the same set of permuted negatives on {}; {} a row.",
                                   strategies()[which].title, agreement->percent(),
                                   of(&quality::order_invariance)->percent(), of(&quality::ns_per_row)->time());
    if (agreement->low < 1) {
      // Rows with a violator need no clusters.
      std::vector<const data_result*> clustered;
      for (const data_result* each : all) {
        if (each->violated < 1) clustered.push_back(each);
      }
      const auto wrong = over(clustered, which, [](const data_result& data, const quality& q) {
        return (1 - q.agreement) / (1 - data.violated);
      });
      if (wrong) text += fmt::format(" Where there is no violator it misses the exact set on {}.", wrong->percent());
    }
    said.push_back(std::move(text));
  }
}

// By strategy, on which labelled data it finds most.
void about_known_boundaries(const bench_results& results, std::vector<std::string>& said) {
  std::map<std::size_t, std::vector<const data_result*>> best_on;
  std::size_t labelled = 0;
  for (const data_result& each : results.data) {
    if (!each.data.labelled) continue;
    ++labelled;
    std::size_t best = 0;
    for (std::size_t i = 0; i < each.figures.size(); ++i) {
      if (each.figures[i] && each.figures[i]->f1() > each.figures[best]->f1()) best = i;
    }
    best_on[best].push_back(&each);
  }
  const auto f1 = [](const data_result&, const quality& q) { return q.f1(); };
  for (const auto& [best, data] : best_on) {
    std::string names;
    for (const data_result* each : data) names += fmt::format("{}{}", names.empty() ? "" : "; ", each->data.title);
    said.push_back(fmt::format("{} finds most of the known boundary on {} of {} synthetic data sets ({}): F1 {}{}.",
                               strategies()[best].title, data.size(), labelled, names, over(data, best, f1)->shares(),
                               best == 0 ? "" : fmt::format(", ours {}", over(data, 0, f1)->shares())));
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
  about_exactness(results, said);
  about_known_boundaries(results, said);
  about_training(results, said);
  return said;
}

}  // namespace selection_bench
