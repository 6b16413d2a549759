// SPDX-License-Identifier: MIT
#include "study/ablations.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "study/plan.hpp"
#include "study/tiny_study.hpp"
#include "support/catch.hpp"

using study_test::contents;
using study_test::temporary_folder;
namespace cs = collapse_study;

namespace {

cs::ablation_plan whole_plan(bool quick = false) {
  return cs::make_ablation_plan(cs::data_source::synthetic({}), {.seeds = 3, .quick = quick});
}

// Every kind of setting, on data of milliseconds.
cs::ablation_plan tiny_ablations() {
  const cs::loss_settings fixed{.step = toy_llm::step_rule::fixed_length};
  const auto dmpo = cs::objective_kind::dmpo, mppo = cs::objective_kind::mppo;
  return {.source = study_test::tiny_data(),
          .seeds = {0, 1},
          .ablations = {{"clusters",
                         "Clusters & more",
                         "Which?",
                         {{"3 clusters", {dmpo, cs::variant::dynamic}},
                          {"2 clusters", {dmpo, cs::variant::dynamic, {.clusters = 2}}},
                          {"by log-ratio",
                           {dmpo, cs::variant::dynamic, {.selects_by = toy_llm::selection_score::log_ratio}}}}},
                        {"length",
                         "Steps",
                         "How far?",
                         {{"vanilla", {dmpo, cs::variant::vanilla, fixed, .5}},
                          {"dynamic", {dmpo, cs::variant::dynamic, fixed, .5}},
                          {"MPPO", {mppo, cs::variant::vanilla, {.average_log_prob = false}}, 2}}}},
          .rates = {1e-3, 1e-2},
          .epochs = 2,
          .matched_epochs = 1,
          .negatives = 4};
}

}  // namespace

TEST_CASE("ablations: the plan varies every part, each setting once, each row against a base above it") {
  const auto plan = whole_plan();
  std::vector<std::string> ids;
  for (const cs::ablation& asked : plan.ablations) {
    ids.push_back(asked.id);
    for (std::size_t i = 0; i < asked.rows.size(); ++i) {
      INFO(asked.rows[i].label);
      REQUIRE(asked.rows[i].base <= i);
      const auto& base = asked.rows[asked.rows[i].base];
      REQUIRE((asked.rows[i].base == i) == (base.setting == asked.rows[i].setting));
    }
  }
  REQUIRE(ids == std::vector<std::string>{"gamma", "alpha", "clusters", "gradient-norm", "update-size",
                                          "selection-score", "length-normalisation", "aggregate", "beta", "preset"});
  const auto settings = plan.settings();
  std::set<std::string> keys;
  for (const cs::setting& one : settings) {
    keys.insert(cs::key({plan.arm(one, one.length.value_or(0), 1), 0}));
    REQUIRE(one.length.has_value() == (one.loss.step == toy_llm::step_rule::fixed_length));
  }
  REQUIRE(keys.size() == settings.size());
  const auto has = [&](const cs::loss_settings& loss, cs::variant kind) {
    return std::ranges::any_of(settings,
                               [&](const cs::setting& one) { return one.loss == loss && one.variant == kind; });
  };
  for (const double gamma : {0., 2., 12.}) REQUIRE(has({.gamma = gamma}, cs::variant::dynamic));
  for (const double alpha : {.25, 1.}) REQUIRE(has({.alpha = alpha}, cs::variant::dynamic));
  for (const std::size_t clusters : {2u, 4u, 5u}) REQUIRE(has({.clusters = clusters}, cs::variant::dynamic));
  REQUIRE(has({.selects_by = toy_llm::selection_score::log_ratio}, cs::variant::dynamic));
  REQUIRE(has({.average_log_prob = false}, cs::variant::vanilla));
  REQUIRE(has({.beta = 8, .mean_margin = true}, cs::variant::selection_only));
  REQUIRE(has({.beta = .3}, cs::variant::selection_only));
  // The published one is the base of all that DynamicPO is varied from.
  REQUIRE(settings.front() == cs::setting{cs::objective_kind::dmpo, cs::variant::dynamic});
}

TEST_CASE("ablations: equal plans have equal headers, and the collapse study knows nothing of them") {
  REQUIRE(whole_plan().header().dump() == whole_plan().header().dump());
  REQUIRE(whole_plan(true).header().dump() != whole_plan().header().dump());
  REQUIRE_THROWS_AS(cs::make_ablation_plan(cs::data_source::synthetic({}), {.seeds = 0}), std::invalid_argument);
  const auto collapse = cs::make_plan(cs::data_source::synthetic({}), {});
  for (const cs::run& which : collapse.runs()) REQUIRE(which.arm.loss == cs::loss_settings{});
  REQUIRE(collapse.header().dump().find("settings") == std::string::npos);
}

TEST_CASE("ablations: choices are those of development rows, and evaluation rows are scored for them alone") {
  const temporary_folder folder;
  const auto plan = tiny_ablations();
  const auto results = cs::run_ablations(plan, {.folder = folder.path()});
  std::ifstream stream{folder / "ablations.jsonl"};
  std::map<std::string, cs::json> records;
  std::string line;
  std::getline(stream, line);
  REQUIRE(cs::json::parse(line)["study"] == "ablations");
  while (std::getline(stream, line)) {
    const auto record = cs::json::parse(line);
    records[record["run"].get<std::string>()] = record;
  }
  REQUIRE(results.settings.size() == 6);
  std::size_t evaluated = 0;
  for (const cs::setting_result& one : results.settings) {
    INFO(cs::key({one.arm, 0}));
    REQUIRE(one.arm.loss == one.setting.loss);
    REQUIRE(one.evaluation.size() == 2);
    if (one.setting.length) {
      REQUIRE(one.arm.learning_rate == .5);
      REQUIRE(one.arm.epochs == 1);
      REQUIRE(std::isnan(one.development));
      REQUIRE(std::abs(one.update_norm - .5) <= 1e-6);
    } else {
      double highest = 0;
      for (const double rate : plan.rates) {
        double mean[3]{};
        for (const std::uint64_t seed : plan.seeds) {
          const auto& untrained = records.at("development/seed=" + std::to_string(seed));
          mean[0] += untrained.at(std::string{cs::name(cs::ranked_as(one.arm))}).get<double>() / 2;
          const auto& trial = records.at("development/" + cs::key({plan.arm(one.setting, rate, 2), seed}));
          REQUIRE(trial.at("development").size() == 2);
          for (std::size_t e = 0; e < 2; ++e) mean[e + 1] += trial.at("development")[e].get<double>() / 2;
        }
        highest = std::max(highest, *std::ranges::max_element(mean));
        if (rate == one.arm.learning_rate) REQUIRE(std::abs(one.development - mean[one.arm.epochs]) <= 1e-12);
      }
      REQUIRE(std::abs(one.development - highest) <= 1e-12);
    }
    if (one.arm.epochs == 0) continue;
    evaluated += 2;
    const auto& record = records.at(cs::key({one.arm, 1}));
    REQUIRE(cs::loss_settings_from(record.value("loss", cs::json::object())) == one.setting.loss);
    REQUIRE(record.at("evaluation").at("hit_ratio").get<double>() == one.evaluation[1]);
    REQUIRE(record.at("training")[0].at("gradient_norm").get<double>() > 0);
    REQUIRE(one.gradient_norm > 0);
    REQUIRE(one.mean_beta <= 1.5);
  }
  REQUIRE(evaluated >= 4);
  REQUIRE(evaluated == static_cast<std::size_t>(std::ranges::count_if(
                           records, [](const auto& entry) { return entry.second.contains("evaluation"); })));
}

TEST_CASE("ablations: table, words and page name every setting") {
  const temporary_folder folder;
  const auto plan = tiny_ablations();
  const auto results = cs::run_ablations(plan, {.folder = folder.path()});
  const std::string table = cs::to_text(plan, results);
  cs::write_ablation_page(plan, results, folder.path());
  const std::string page = contents(folder / "ablations.html");
  REQUIRE(page.find("Clusters &amp; more") != std::string::npos);
  for (const cs::ablation& asked : plan.ablations) {
    REQUIRE(table.find(asked.title + '\n') != std::string::npos);
    for (std::size_t i = 0; i < asked.rows.size(); ++i) {
      const auto& row = asked.rows[i];
      INFO(row.label);
      const std::size_t begin = table.find(std::string{static_cast<char>('a' + i), ' '} + row.label);
      REQUIRE(begin != std::string::npos);
      const std::string shown = table.substr(begin, table.find('\n', begin) - begin);
      const auto hits = cs::summarise(results.of(row.setting).evaluation);
      REQUIRE(shown.find(cs::number(hits.mean) + " (" + cs::number(hits.deviation) + ")") != std::string::npos);
      const auto compared =
          cs::compare(results.of(row.setting).evaluation, results.of(asked.rows[row.base].setting).evaluation);
      const std::string base = std::string{"to "} + static_cast<char>('a' + row.base) + ": ";
      REQUIRE((shown.find(base) != std::string::npos) == (row.base != i));
      if (row.base != i) {
        REQUIRE(shown.find(cs::number(compared.difference) + " (" + cs::number(compared.standard_error) + ")") !=
                std::string::npos);
      }
      REQUIRE(page.find("<th scope=\"row\">" + row.label + "</th>") != std::string::npos);
    }
  }
  const auto said = cs::ablation_findings(plan, results);
  REQUIRE(said.size() == 2);
  REQUIRE(said[0].heading == "Clusters & more");
  std::string words;
  for (const cs::finding& one : said[0].findings) words += one.claim;
  REQUIRE(words.find("2 clusters") != std::string::npos);
  REQUIRE(words.find("by log-ratio") != std::string::npos);
  REQUIRE(words.find("3 clusters") == std::string::npos);
  REQUIRE_THROWS_AS(results.of({cs::objective_kind::sdpo, cs::variant::vanilla}), std::out_of_range);
}

TEST_CASE("ablations: cut off anywhere and on any number of threads, they end with the same bytes", "[threads]") {
  const temporary_folder folder;
  cs::run_ablations(tiny_ablations(), {.folder = folder / "whole"});
  const std::string whole = contents(folder / "whole/ablations.jsonl");
  for (const std::size_t part : {3u, 7u, 9u}) {
    const auto name = std::to_string(part);
    std::filesystem::create_directory(folder / name);
    std::ofstream{folder / (name + "/ablations.jsonl"), std::ios::binary} << whole.substr(0, whole.size() * part / 10);
    cs::run_ablations(tiny_ablations(), {.folder = folder / name, .threads = part});
    REQUIRE(contents(folder / (name + "/ablations.jsonl")) == whole);
  }
}
