// SPDX-License-Identifier: MIT
#include "study/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "study/findings.hpp"
#include "study/metric.hpp"

namespace collapse_study {

summary_table::summary_table(const study_plan& plan, const study_results& results) : columns{plan.negatives} {
  const auto constant = [&](std::string label, auto figure) {
    return row{std::move(label), {summarise(results.each_seed(figure))}};
  };
  block references{"no preference training", {}};
  references.rows.push_back(constant("popularity", [](const seed_result& seed) { return seed.popularity; }));
  references.rows.push_back(constant("item-cosine", [](const seed_result& seed) { return seed.item_cosine; }));
  references.rows.push_back(constant("SFT", [](const seed_result& seed) { return seed.supervised.hit_ratio; }));
  if (std::ranges::count(plan.panels, objective_kind::mppo, &panel::objective) > 0) {
    references.rows.push_back(
        constant("SFT, per token", [](const seed_result& seed) { return seed.supervised.hit_ratio_average; }));
  }
  blocks.push_back(std::move(references));

  for (const panel& shown : plan.panels) {
    block arms{shown.title(), {}};
    for (const variant kind : variants) {
      row figures{std::string{title(kind)}, {}};
      for (const std::size_t count : columns) {
        figures.figures.push_back(summarise(results.each_seed(plan.arm(shown, kind, count), hit_ratio().figure)));
      }
      arms.rows.push_back(std::move(figures));
    }
    blocks.push_back(std::move(arms));
  }
}

std::string scope(const study_plan& plan) {
  const json data = plan.source.identity();
  return fmt::format("{} {} seed{}, {} evaluation rows each", plan.seeds.size(),
                     plan.source.is_synthetic() ? "data" : "model", plan.seeds.size() == 1 ? "" : "s",
                     data.at("evaluation_rows").get<std::size_t>());
}

std::string to_text(const summary_table& table) {
  const auto cell = [](const sample_summary& figure) {
    return number(figure.mean) + (figure.count > 1 ? fmt::format(" ({})", number(figure.deviation)) : "");
  };
  std::string text = fmt::format("{:18}", "");
  for (const std::size_t count : table.columns) text += fmt::format("{:>15}", fmt::format("K = {}", count));
  for (const auto& block : table.blocks) {
    text += fmt::format("\n{}\n", block.title);
    for (const auto& row : block.rows) {
      text += fmt::format("  {:16}", row.label);
      for (const auto& figure : row.figures) text += fmt::format("{:>15}", cell(figure));
      text += '\n';
    }
  }
  return text;
}

}  // namespace collapse_study
