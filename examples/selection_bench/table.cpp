// SPDX-License-Identifier: MIT
#include "selection_bench/table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dynamicpo/version.hpp"

namespace selection_bench {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const quality& of) {
  return {{"recall", of.recall},
          {"precision", of.precision},
          {"f1", of.f1()},
          {"agreement", of.agreement},
          {"order_invariance", of.order_invariance},
          {"selected", of.selected},
          {"empty_rows", of.empty_rows},
          {"gradient_share", of.gradient_share},
          {"ns_per_row", of.ns_per_row}};
}

ordered_json json_of(const trained& of) {
  return {{"rate", of.rate},
          {"rate_chosen_on_development_rows", of.chosen_rate},
          {"hit_ratio", of.summary.mean},
          {"half_width", of.half_width},
          {"minus_boundary", of.against_boundary.difference},
          {"p", of.against_boundary.p},
          {"selected", of.selected},
          {"each_seed", of.hit_ratio}};
}

}  // namespace

std::string short_time(double nanoseconds) {
  if (!(nanoseconds >= 0)) return "-";
  if (nanoseconds < 9.95) return fmt::format("{:.1f}", nanoseconds);
  if (nanoseconds < 1e4) return fmt::format("{:.0f}", nanoseconds);
  if (nanoseconds < 1e6) return fmt::format("{:.0f} us", nanoseconds / 1e3);
  return fmt::format("{:.1f} ms", nanoseconds / 1e6);
}

std::string short_share(double share) {
  if (!(share >= 0)) return "-";
  return share < .9995 ? fmt::format("{:.3f}", share).substr(1) : "1.000";
}

std::string short_figure(double share) {
  if (!(share >= 0)) return "-";
  return share < .99995 ? fmt::format("{:.4f}", share).substr(1) : "1.0000";
}

std::string short_p(double p) { return p < .001 ? "< .001" : short_share(p); }

std::string to_text(const bench_results& results) {
  std::string text;
  for (const data_result& of : results.data) {
    text += fmt::format(
        "{}: {}\n{} rows, a violator in {}; {} of {:.3g} negatives on the true boundary "
        "({})\n{:18}{:>8}{:>10}{:>8}{:>8}"
        "{:>9}{:>7}{:>9}{:>10}\n",
        of.data.title, of.data.meaning, of.data.scores.rows(), short_share(of.violated),
        fmt::format("{:.2f}", of.boundary), of.negatives,
        of.data.labelled ? "the generator's" : "the exact one, by brute force", "", "recall", "precision", "exact",
        "order", "negs/row", "empty", "gradient", "ns/row");
    for (std::size_t i = 0; i < of.figures.size(); ++i) {
      text += fmt::format("{:18}", strategies()[i].title);
      if (!of.figures[i]) {
        text += "  skipped\n";
        continue;
      }
      const quality& q = *of.figures[i];
      text +=
          fmt::format("{:>8}{:>10}{:>8}{:>8}{:>9.2f}{:>7}{:>9}{:>10}\n", short_share(q.recall),
                      short_share(q.precision), short_share(q.agreement), short_share(q.order_invariance), q.selected,
                      short_share(q.empty_rows), short_share(q.gradient_share), short_time(q.ns_per_row));
    }
    text += '\n';
  }
  if (!results.end_to_end.empty()) {
    const auto before = collapse_study::summarise(results.supervised);
    text += fmt::format(
        "DMPO over the selected, K = {}, {} data seeds: HR@1 with 95 % intervals over seeds; before: {}\n"
        "{:18}{:>8}{:>9}{:>9}{:>24}{:>10}\n",
        results.options.negatives, results.options.seeds, short_figure(before.mean), "", "HR@1", "+-", "rate",
        "minus boundary", "negs/row");
    for (std::size_t i = 0; i < results.end_to_end.size(); ++i) {
      text += fmt::format("{:18}", strategies()[i].title);
      const auto& of = results.end_to_end[i];
      if (!of) {
        text += results.absent[i].empty() ? "  not trained with --quick\n" : "  skipped\n";
        continue;
      }
      const auto& against = of->against_boundary;
      text += fmt::format("{:>8}{:>9}{:>9}{:>24}{:>10.2f}\n", short_figure(of->summary.mean),
                          short_figure(of->half_width), fmt::format("{:.3g}", of->rate),
                          i == 0                  ? "-"
                          : std::isnan(against.p) ? fmt::format("{:+.4f}", against.difference)
                                                  : fmt::format("{:+.4f} (p {}{})", against.difference,
                                                                against.p < .001 ? "" : "= ", short_p(against.p)),
                          of->selected);
    }
    text += '\n';
  }
  for (std::size_t i = 0; i < results.absent.size(); ++i) {
    if (!results.absent[i].empty()) text += fmt::format("skipped {}: {}\n", strategies()[i].title, results.absent[i]);
  }
  return text;
}

std::string to_json(const bench_results& results, const std::string& machine) {
  const bench_options& options = results.options;
  ordered_json root{{"program", fmt::format("dynamicpo {}", dynamicpo::version)},
                    {"machine", machine},
                    {"peer", results.peer},
                    {"options",
                     {{"rows", options.rows},
                      {"negatives", options.negatives},
                      {"count", options.strategies.count},
                      {"margin", options.strategies.margin},
                      {"seeds", options.seeds},
                      {"evaluation_rows", options.evaluation_rows},
                      {"rates", options.rates},
                      {"seed", options.seed}}},
                    {"skipped", ordered_json::object()},
                    {"data", ordered_json::array()}};
  for (std::size_t i = 0; i < results.absent.size(); ++i) {
    if (!results.absent[i].empty()) root["skipped"][strategies()[i].id] = results.absent[i];
  }
  for (const data_result& of : results.data) {
    ordered_json figures = ordered_json::object();
    for (std::size_t i = 0; i < of.figures.size(); ++i) {
      if (of.figures[i]) figures[strategies()[i].id] = json_of(*of.figures[i]);
    }
    root["data"].push_back({{"id", of.data.id},
                            {"title", of.data.title},
                            {"true_boundary", of.data.labelled ? "generator" : "exact"},
                            {"rows", of.data.scores.rows()},
                            {"negatives", of.negatives},
                            {"boundary", of.boundary},
                            {"violated_rows", of.violated},
                            {"strategies", std::move(figures)}});
  }
  if (!results.end_to_end.empty()) {
    ordered_json figures = ordered_json::object();
    for (std::size_t i = 0; i < results.end_to_end.size(); ++i) {
      if (results.end_to_end[i]) figures[strategies()[i].id] = json_of(*results.end_to_end[i]);
    }
    root["end_to_end"] = {{"objective", "dmpo"},
                          {"before", collapse_study::summarise(results.supervised).mean},
                          {"strategies", std::move(figures)}};
  }
  return root.dump(2) + "\n";
}

}  // namespace selection_bench
