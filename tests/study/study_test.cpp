// SPDX-License-Identifier: MIT
#include "study/study.hpp"

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "study/tiny_study.hpp"
#include "support/catch.hpp"

using study_test::contents;
using study_test::temporary_folder;
using study_test::tiny_plan;
namespace cs = collapse_study;

TEST_CASE("study: results are the same bytes for any number of threads", "[threads]") {
  const temporary_folder folder;
  for (const std::size_t threads : {1u, 2u, 5u}) {
    cs::run_study(tiny_plan(), {.folder = folder / std::to_string(threads), .threads = threads});
  }
  const std::string bytes = contents(folder / "1/results.jsonl");
  REQUIRE(std::count(bytes.begin(), bytes.end(), '\n') == 1 + 2 + 32);
  REQUIRE(contents(folder / "2/results.jsonl") == bytes);
  REQUIRE(contents(folder / "5/results.jsonl") == bytes);
}

TEST_CASE("study: cut off after any line or in one, it ends with the same bytes and runs only the rest") {
  const temporary_folder folder;
  cs::run_study(tiny_plan(), {.folder = folder / "whole"});
  const std::string whole = contents(folder / "whole/results.jsonl");
  const std::string timings = contents(folder / "whole/timings.jsonl");
  REQUIRE(std::count(timings.begin(), timings.end(), '\n') == 2 + 32);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
    const std::string name = "cut" + std::to_string(size);
    std::filesystem::create_directory(folder / name);
    const std::string rest = whole.substr(0, size);
    std::ofstream{folder / (name + "/results.jsonl"), std::ios::binary} << rest;
    cs::run_study(tiny_plan(), {.folder = folder / name});
    REQUIRE(contents(folder / (name + "/results.jsonl")) == whole);

    const auto kept = std::max<std::ptrdiff_t>(std::count(rest.begin(), rest.end(), '\n') - 1, 0);
    const std::string ran = contents(folder / (name + "/timings.jsonl"));
    REQUIRE(std::count(ran.begin(), ran.end(), '\n') == 2 + 32 - kept);
  }
}

TEST_CASE("study: what is read back is what was measured") {
  const temporary_folder folder;
  const auto plan = tiny_plan();
  const auto results = cs::run_study(plan, {.folder = folder.path()});
  REQUIRE(results.seeds.size() == 2);
  REQUIRE(results.runs.size() == 32);
  const cs::starting_point start{plan.source, 1};
  REQUIRE(results.seeds[1].checksum == start.checksum());
  const cs::run which{plan.arm(plan.panels[0], cs::variant::dynamic, 4), 1};
  const cs::run_result again = cs::execute(which, start);
  const cs::run_result& found = results.at(which);
  REQUIRE(found.evaluation.hit_ratio == again.evaluation.hit_ratio);
  REQUIRE(found.evaluation.chosen_log_probability == again.evaluation.chosen_log_probability);
  REQUIRE(found.training.size() == 1);
  REQUIRE(found.training[0].training_loss == again.training[0].training_loss);
  REQUIRE(found.training[0].same_genre_gradient_share == again.training[0].same_genre_gradient_share);
  REQUIRE(std::isfinite(found.training[0].same_genre_gradient_share));
  REQUIRE_THROWS_AS(results.at({plan.arm(plan.panels[0], cs::variant::dynamic, 3), 1}), std::out_of_range);

  // The seed decides, and so does the arm.
  REQUIRE(results.seeds[0].checksum != results.seeds[1].checksum);
  const auto loss = [&](cs::variant kind, std::size_t count) {
    return results.at({plan.arm(plan.panels[0], kind, count), 1}).training[0].training_loss;
  };
  REQUIRE(loss(cs::variant::vanilla, 4) != loss(cs::variant::dynamic, 4));
  REQUIRE(loss(cs::variant::vanilla, 4) != loss(cs::variant::vanilla, 1));
}

TEST_CASE("study: results of a machine that rounds differently are not continued") {
  const temporary_folder folder;
  cs::run_study(tiny_plan(), {.folder = folder.path()});
  std::string text = contents(folder / "results.jsonl");
  const std::size_t digit = text.rfind("\"checksum\":\"") + 12;
  text[digit] = text[digit] == 'a' ? 'b' : 'a';
  text.erase(text.rfind('\n', text.size() - 2) + 1);  // something is left to run
  std::ofstream{folder / "results.jsonl", std::ios::binary} << text;
  REQUIRE_THROWS_WITH(cs::run_study(tiny_plan(), {.folder = folder.path()}),
                      Catch::Matchers::Contains("does not repeat the model of the results so far"));
}
