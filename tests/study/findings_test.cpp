// SPDX-License-Identifier: MIT
#include "study/findings.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "study/made_up_results.hpp"
#include "study/table.hpp"
#include "support/catch.hpp"

namespace cs = collapse_study;
using cs::objective_kind;
using cs::variant;
using study_test::made_up_results;

namespace {

cs::study_plan plan_with(std::size_t seeds) { return cs::make_plan(cs::data_source::synthetic({}), {.seeds = seeds}); }

std::string all_text(const cs::study_plan& plan, const std::function<double(const cs::run&)>& hit_ratio) {
  std::string text;
  for (const auto& group : cs::findings(plan, made_up_results(plan, hit_ratio))) {
    text += "# " + group.heading + "\n";
    for (const auto& [claim, evidence] : group.findings) text += claim + " [" + evidence + "]\n";
  }
  return text;
}

// A panel's part of the text.
std::string section(const std::string& text, const std::string& heading) {
  const std::size_t begin = text.find("# " + heading);
  REQUIRE(begin != std::string::npos);
  return text.substr(begin, text.find("\n# ", begin) - begin);
}

bool says(const std::string& text, const std::string& words) {
  INFO(text);
  INFO(words);
  return text.find(words) != std::string::npos;
}

double wobble(const cs::run& which) {
  return .0005 * std::sin(5 * static_cast<double>(which.seed) + static_cast<double>(which.arm.negatives) +
                          11 * static_cast<double>(which.arm.variant));
}

}  // namespace

TEST_CASE("findings: numbers are written short") {
  REQUIRE(cs::number(.5012) == ".5012");
  REQUIRE(cs::number(-.5) == "-.5000");
  REQUIRE(cs::number(0) == ".0000");
  REQUIRE(cs::number(1.2041) == "1.204");
  REQUIRE(cs::number(-12.3) == "-12.30");
  REQUIRE(cs::p_value(.00001) == "p < .0001");
  REQUIRE(cs::p_value(.0251) == "p = .0251");
}

TEST_CASE("findings: a contrast claims the sign that the test shows, and no other") {
  const std::vector<double> high{.55, .56, .54, .555}, low{.501, .512, .489, .506};
  REQUIRE(cs::contrast("A", high, "B", low).claim == "A (.5513) is above B (.5020).");
  REQUIRE(cs::contrast("A", low, "B", high).claim == "A (.5020) is below B (.5513).");
  const std::vector<double> mixed{.50, .513, .487, .508};
  REQUIRE(cs::contrast("A", mixed, "B", low).claim == "A (.5020) shows no clear difference from B (.5020).");
  const auto single = cs::contrast("A", std::vector<double>{.6}, "B", std::vector<double>{.5});
  REQUIRE(single.claim == "A (.6000) against B (.5000).");
  REQUIRE(single.evidence == "difference +.1000; one seed, no test");
}

TEST_CASE("findings: collapse is said where accuracy falls with the loss, and denied where it does not") {
  const auto plan = plan_with(5);
  const std::string text = all_text(plan, study_test::usual_hit_ratio);
  const std::string aggressive = section(text, "DMPO, learning rate 0.015 (aggressive)");
  REQUIRE(says(aggressive, "Vanilla DMPO falls from .5"));
  REQUIRE(says(aggressive, "This is the collapse: accuracy falls along with the loss, to below SFT (.5"));
  REQUIRE(says(aggressive, "DynamicPO rises from "));
  REQUIRE(says(aggressive, ") is above vanilla at its best K, 1 ("));
  REQUIRE(says(aggressive, "selection alone brings"));
  const std::string control = section(text, "S-DPO");
  REQUIRE(says(control, "Vanilla S-DPO rises from .5"));
  REQUIRE(says(control, "No collapse is shown."));
  REQUIRE(!says(control, "This is the collapse"));
  REQUIRE(says(section(text, "MPPO"), "Of 6 values of K, DynamicPO's mean is "));

  // The other way round.
  const auto reversed = [](const cs::run& which) {
    cs::run other = which;
    if (which.arm.objective == objective_kind::sdpo)
      other.arm = {objective_kind::dmpo, variant::vanilla, which.arm.negatives, .015, 3};
    if (which.arm.objective == objective_kind::dmpo)
      other.arm = {objective_kind::sdpo, variant::vanilla, which.arm.negatives, .005, 3};
    return study_test::usual_hit_ratio(other) + wobble(which);
  };
  const std::string other = all_text(plan, reversed);
  REQUIRE(says(section(other, "S-DPO"), "This is the collapse"));
  REQUIRE(!says(section(other, "DMPO, learning rate 0.015"), "This is the collapse"));
}

TEST_CASE("findings: a rise that turns into a fall is told from where it turns") {
  const auto plan = plan_with(5);
  const auto turning = [](const cs::run& which) {
    return .52 + wobble(which) + (which.arm.negatives == 5 ? .03 : which.arm.negatives == 19 ? .01 : 0);
  };
  const std::string text = section(all_text(plan, turning), "DMPO, learning rate 0.015");
  REQUIRE(says(text, "Vanilla DMPO rises from .5"));
  REQUIRE(says(text, "From its best K, 5 (.55"));
  REQUIRE(says(text, ") it falls. Accuracy falls along with the loss, but stays above SFT (.5"));
}

TEST_CASE("findings: nothing is claimed of noise or of one seed") {
  const auto noise = [](const cs::run& which) { return .5 + wobble(which); };
  const std::string text = all_text(plan_with(5), noise);
  REQUIRE(says(text, "Vanilla DMPO shows no clear change, .500"));
  REQUIRE(!says(text, "This is the collapse"));
  REQUIRE(!says(text, "selection alone brings"));

  const std::string one = section(all_text(plan_with(1), study_test::usual_hit_ratio), "DMPO, learning rate 0.015");
  REQUIRE(says(one, "One seed cannot tell whether it collapses."));
  REQUIRE(says(one, "Vanilla DMPO goes from .504"));
  for (const std::string word : {" is above ", " is below ", " falls ", " rises ", "no clear"})
    REQUIRE(!says(one, word));
}

TEST_CASE("findings: a baseline above every arm is named") {
  const auto plan = plan_with(3);
  const std::string usual = section(all_text(plan, study_test::usual_hit_ratio), "Baselines");
  REQUIRE(says(usual, "Every arm's mean is below item-cosine's"));
  REQUIRE(!says(usual, "Every arm's mean is below popularity's"));
  const std::string poor =
      section(all_text(plan, [](const cs::run& which) { return .06 + wobble(which); }), "Baselines");
  REQUIRE(says(poor, "Every arm's mean is below popularity's"));
}

TEST_CASE("table: baselines and every arm, mean and deviation of each K") {
  const auto plan = plan_with(3);
  const auto results = made_up_results(plan, study_test::usual_hit_ratio);
  const cs::summary_table table{plan, results};
  REQUIRE(table.blocks.size() == 1 + plan.panels.size());
  REQUIRE(table.blocks[0].rows.size() == 4);
  for (std::size_t i = 1; i < table.blocks.size(); ++i) {
    REQUIRE(table.blocks[i].rows.size() == cs::variants.size());
    for (const auto& row : table.blocks[i].rows) REQUIRE(row.figures.size() == plan.negatives.size());
  }
  // MPPO is ranked per token.
  const auto per_token = table.blocks[4].rows[0].figures[5];
  double mean = 0;
  for (const std::uint64_t seed : plan.seeds) {
    mean += (study_test::usual_hit_ratio({plan.arm(plan.panels[3], variant::vanilla, 19), seed}) - .01) / 3;
  }
  REQUIRE(std::abs(per_token.mean - mean) <= 1e-12);

  const std::string text = cs::to_text(table);
  for (const std::string label : {"popularity", "item-cosine", "SFT", "DynamicPO", "selection only", "beta only",
                                  "K = 19", "MPPO, learning rate"}) {
    REQUIRE(says(text, label));
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    REQUIRE(end - begin <= 110);
}
