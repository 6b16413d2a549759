// SPDX-License-Identifier: MIT
#include <string>

#include "cli/run.hpp"
#include "support/catch.hpp"

using cli_test::outcome;
using cli_test::sandbox;

TEST_CASE("cli: select prints boundary, rule and the mean of the rest") {
  const sandbox box;
  const outcome result = box.run("select",
                                 R"({"policy_chosen": -3, "policy_rejected": [-2, -3, -7, -9]})" "\n"
                                 R"({"policy_chosen": -1, "policy_rejected": [-9, -2, -2.5, -12]})" "\n"
                                 R"({"policy_chosen": -1, "policy_rejected": [-4, -4]})" "\n"
                                 R"({"policy_chosen": -1, "policy_rejected": []})" "\n");
  REQUIRE(result.err.empty());
  REQUIRE(result.status == 0);
  REQUIRE(result.out ==
          R"({"boundary": [0, 1], "rule": "violators", "mean_rest": -8})" "\n"
          R"({"boundary": [1, 2], "rule": "cluster", "mean_rest": -10.5})" "\n"
          R"({"boundary": [0, 1], "rule": "cluster", "mean_rest": -4})" "\n"
          R"({"boundary": [], "rule": null, "mean_rest": null})" "\n");
}

TEST_CASE("cli: select reads the rows of loss, and finds the boundary that loss uses") {
  const sandbox box;
  const std::string rows = cli_test::good_row + R"({"policy_chosen": -1, "policy_rejected": [0.5, -2]})" "\n";
  const outcome result = box.run("select --threads 2 --precision float", rows);
  REQUIRE(result.status == 0);
  const auto selected = cli_test::lines(result.out);
  const auto losses = cli_test::lines(box.run("loss --objective dmpo --dynamic --reference-free", rows).out);
  REQUIRE(selected.size() == 2);
  REQUIRE(losses.size() == 2);
  for (std::size_t row = 0; row < 2; ++row) {
    const std::string boundary = selected[row].substr(1, selected[row].find(']'));
    REQUIRE(losses[row].find(boundary) != std::string::npos);
  }
}

TEST_CASE("cli: select refuses a bad row like loss does") {
  const sandbox box;
  const outcome result = box.run("select --output boundary.jsonl", cli_test::good_row + "{\"policy_chosen\": 1}\n");
  REQUIRE(result.status == 1);
  REQUIRE(result.err ==
          "dynamicpo: standard input:2: expected field \"policy_rejected\" (an array of numbers), found none\n");
  REQUIRE(box.files().empty());
}
