// SPDX-License-Identifier: MIT
#include "study/tune.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include "study/tiny_study.hpp"
#include "support/catch.hpp"

using study_test::contents;
using study_test::temporary_folder;
namespace cs = collapse_study;

namespace {

cs::tune_plan tiny_tune() {
  return {.source = study_test::tiny_data(),
          .seeds = {0, 1},
          .objectives = {cs::objective_kind::dmpo, cs::objective_kind::sdpo},
          .rates = {1e-3, 1e-2},
          .epochs = 2,
          .sweep_epochs = 2,
          .negatives = 4};
}

}  // namespace

TEST_CASE("tune: every arm gets the rate and epochs of the highest development figure") {
  const temporary_folder folder;
  const auto plan = tiny_tune();
  const auto results = cs::run_tune(plan, {.folder = folder.path()});
  REQUIRE(results.arms.size() == 8);

  // By hand, from the file: the mean over seeds after each epoch.
  std::ifstream stream{folder / "tune.jsonl"};
  std::map<std::string, cs::json> records;
  std::string line;
  std::getline(stream, line);
  while (std::getline(stream, line)) {
    const auto record = cs::json::parse(line);
    records[record["run"].get<std::string>()] = record;
  }
  for (const cs::tuned_arm& chosen : results.arms) {
    const std::string objective{cs::name(chosen.arm.objective)};
    const double untrained = (records.at("development/seed=0").at(objective).get<double>() +
                              records.at("development/seed=1").at(objective).get<double>()) /
                             2;
    double highest = untrained;
    bool found = chosen.arm.epochs == 0 && std::abs(chosen.development - untrained) <= 1e-12;
    for (const double rate : plan.rates) {
      cs::run trial{{chosen.arm.objective, chosen.arm.variant, 4, rate, 2}, 0};
      const auto first = records.at("development/" + cs::key(trial)).at("development");
      trial.seed = 1;
      const auto second = records.at("development/" + cs::key(trial)).at("development");
      for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
        const double mean = (first[epoch - 1].get<double>() + second[epoch - 1].get<double>()) / 2;
        highest = std::max(highest, mean);
        found |= chosen.arm.learning_rate == rate && chosen.arm.epochs == epoch &&
                 std::abs(chosen.development - mean) <= 1e-12;
      }
    }
    INFO(cs::key({chosen.arm, 0}));
    REQUIRE(found);
    REQUIRE(std::abs(chosen.development - highest) <= 1e-12);
    REQUIRE(chosen.evaluation.size() == 2);
    if (chosen.arm.epochs == 0) REQUIRE(chosen.evaluation[0] == results.seeds[0].supervised.hit_ratio);
  }

  // Evaluation rows were scored for the chosen arms alone.
  const auto evaluated =
      std::ranges::count_if(records, [](const auto& entry) { return entry.second.contains("evaluation"); });
  const auto trained = std::ranges::count_if(results.arms, [](const auto& one) { return one.arm.epochs > 0; });
  REQUIRE(evaluated == 2 * trained);

  // The choices are a whole tuned.json.
  const auto choices = cs::json::parse(contents(folder / "tuned.json"));
  REQUIRE(choices.contains("real"));
  REQUIRE(choices["synthetic"]["chosen_on"] == "development rows");
  REQUIRE(choices["synthetic"]["arms"].size() == 8);
  REQUIRE(choices["synthetic"]["sweep"].contains("mppo"));
  const double rate = choices["synthetic"]["sweep"]["dmpo"].get<double>();
  REQUIRE(std::ranges::count(plan.rates, rate) == 1);
}

TEST_CASE("tune: cut off anywhere and on any number of threads, it ends with the same bytes", "[threads]") {
  const temporary_folder folder;
  cs::run_tune(tiny_tune(), {.folder = folder / "whole"});
  const std::string whole = contents(folder / "whole/tune.jsonl");
  for (const std::size_t part : {3u, 7u, 9u}) {
    const auto name = std::to_string(part);
    std::filesystem::create_directory(folder / name);
    std::ofstream{folder / (name + "/tune.jsonl"), std::ios::binary} << whole.substr(0, whole.size() * part / 10);
    cs::run_tune(tiny_tune(), {.folder = folder / name, .threads = part});
    REQUIRE(contents(folder / (name + "/tune.jsonl")) == whole);
    REQUIRE(contents(folder / (name + "/tuned.json")) == contents(folder / "whole/tuned.json"));
  }
}
